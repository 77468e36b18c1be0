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

// TestFactsOfSizes shows which values are finite for any arguments: a table of
// positions is, but not what an argument or a weight has a part in, nor what is
// too large for its type, nor a mask that is added.
func TestFactsOfSizes(t *testing.T) {
	got := passes.Facts(parseFunc(t, `func f(x: f32[300], weight w: f32[300], i: i64[4]) -> (f32[300], f32[300], f32[4, 300], f16[300], f16[300], f32[300], f32[300], f32[300], f32[300]) {
  v3 = iota{axis=0} : i64[300]
  v4 = convert v3 : f32[300]
  v5 = sin v4 : f32[300]
  v6 = mul v5, w : f32[300]
  v7 = add v5, x : f32[300]
  v8 = one_hot i : f32[4, 300]
  v9 = convert v3 : f16[300]
  v10 = mul v9, v9 : f16[300]
  v11 = gt x, w : bool[300]
  v12 = full{value=0.0} : f32[300]
  v13 = full{value=-inf} : f32[300]
  v14 = where v11, v12, v13 : f32[300]
  v15 = where v11, v5, v12 : f32[300]
  v16 = exp v5 : f32[300]
  v17 = exp v4 : f32[300]
  return v6, v7, v8, v9, v10, v14, v15, v16, v17
}`))
	const lines = `value  type         known in  structure                          needed
x      f32[300]     call                                         all
w      f32[300]     load                                         all
i      i64[4]       call                                         all
v3     i64[300]     compile                                      all
v4     f32[300]     compile   finite                             all
v5     f32[300]     compile   finite                             all
v6     f32[300]     load                                         all
v7     f32[300]     call                                         all
v8     f32[4, 300]  call      at most a one in each row, finite  all
v9     f16[300]     compile   finite                             all
v10    f16[300]     compile                                      all
v11    bool[300]    call                                         all
v12    f32[300]     compile   finite                             all
v13    f32[300]     compile                                      all
v14    f32[300]     call                                         all
v15    f32[300]     call      finite                             all
v16    f32[300]     compile   finite                             all
v17    f32[300]     compile                                      all
`
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
