package passes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/passes"
)

func TestFacts(t *testing.T) {
	f := parseFunc(t, `func f(x: f32[9, 4], weight l: f32[4, 4] lower, i: i64[2]) -> (f32[2, 4], f32[2, 4], f32[4, 4]) {
  v3 = contract{spec="ab,bc->ac"} l, l : f32[4, 4]
  v4 = contract{spec="ab,bc->ac"} x, v3 : f32[9, 4]
  v5 = exp v4 : f32[9, 4]
  v6 = slice{start=[1, 0], step=[3, 1]} v5 : f32[2, 4]
  v7 = neg x : f32[9, 4]
  v8 = take{axis=0} v7, i : f32[2, 4]
  v9 = contract{spec="ab,cb->ac"} l, l : f32[4, 4]
  v10 = tanh v9 : f32[4, 4]
  return v6, v8, v9
}`)
	before := f.String()
	got := passes.Facts(f)
	const lines = `value  type       known in  structure                 needed
x      f32[9, 4]  call                                all
l      f32[4, 4]  load      lower, diagonals -3 to 0  all
i      i64[2]     call                                all
v3     f32[4, 4]  load      diagonals -3 to 0         all
v4     f32[9, 4]  call                                [1:5:3, :]
v5     f32[9, 4]  call                                [1:5:3, :]
v6     f32[2, 4]  call                                all
v7     f32[9, 4]  call                                [i, :]
v8     f32[2, 4]  call                                all
v9     f32[4, 4]  load      its own transpose         all
v10    f32[4, 4]  load                                nothing
`
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f.String() != before {
		t.Errorf("the function has changed:\n%v", f)
	}
}

// TestFactsOfTriangles shows of what only a triangle is needed, and ranks.
func TestFactsOfTriangles(t *testing.T) {
	got := passes.Facts(parseFunc(t, `func f(a: f32[6, 2], b: f32[2, 6], u: f32[6]) -> (f32[6, 6], f32[6, 6]) {
  v3 = contract{spec="ab,bc->ac"} a, b : f32[6, 6]
  v4 = tri{k=0, upper=false} v3 : f32[6, 6]
  v5 = contract{spec="a,b->ab"} u, u : f32[6, 6]
  v6 = contract{spec="ab,bc->ac"} a, b : f32[6, 6]
  v7 = add v5, v6 : f32[6, 6]
  return v4, v7
}`))
	const lines = `value  type       known in  structure                          needed
a      f32[6, 2]  call                                         all
b      f32[2, 6]  call                                         all
u      f32[6]     call                                         all
v3     f32[6, 6]  call      rank at most 2                     diagonals -5 to 0
v4     f32[6, 6]  call      diagonals -5 to 0                  all
v5     f32[6, 6]  call      rank at most 1, its own transpose  all
v6     f32[6, 6]  call      rank at most 2                     all
v7     f32[6, 6]  call      rank at most 3                     all
`
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
