package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

func TestIndexBounds(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"take", `
func f(i: i64[3], x: f32[7, 5]) -> (f32[7, 3]) {
  v2 = take{axis=1} x, i : f32[7, 3]
  return v2
}`, "i<5"},
		{"the least of several, moved and converted", `
func f(i: i32[4, 3], x: f32[7, 5]) -> (f32[7, 4, 3], f32[3, 4, 5], f32[4, 3, 9]) {
  v2 = take{axis=1} x, i : f32[7, 4, 3]
  v3 = transpose{perm=[1, 0]} i : i32[3, 4]
  v4 = convert v3 : i64[3, 4]
  v5 = take{axis=0} x, v4 : f32[3, 4, 5]
  v6 = one_hot i : f32[4, 3, 9]
  return v2, v5, v6
}`, "i<5"},
		{"nothing indexed", `
func f(i: i64[3], x: f32[7]) -> (i64[3]) {
  v2 = add i, i : i64[3]
  return v2
}`, ""},
		{"floats never", `
func f(x: f32[3]) -> (f32[3]) {
  v1 = neg x : f32[3]
  return v1
}`, ""},
		{"offset and scale", `
func f(i: i64[3], x: f32[20]) -> (f32[3]) {
  v2 = full{value=3} : i64
  v3 = full{value=2} : i64
  v4 = mul i, v3 : i64[3]
  v5 = add v4, v2 : i64[3]
  v6 = take{axis=0} x, v5 : f32[3]
  return v6
}`, "i<9"}, // 2*8 + 3 = 19
		{"start of a slice", `
func f(i: i64, x: f32[20]) -> (f32[4]) {
  v2 = dyn_slice{axis=0, size=4} x, i : f32[4]
  return v2
}`, "i<17"},
		{"scatter", `
func f(i: u8[3], x: f32[20], u: f32[3]) -> (f32[20]) {
  v3 = scatter{axis=0, set=false} x, i, u : f32[20]
  return v3
}`, "i<20"},
		{"chosen and joined", `
func f(i: i64[3], j: i64[3], c: bool[3], x: f32[20]) -> (f32[6]) {
  v4 = where c, i, j : i64[3]
  v5 = concat{axis=0} v4, j : i64[6]
  v6 = take{axis=0} x, v5 : f32[6]
  return v6
}`, "i<20 j<20"},
		{"end of a loop", `
func f(n: i64, x: f32[20]) -> (f32) {
  v2 = full{value=0} : i64
  v3 = full{value=0} : f32
  v4 = for{step=1} v2, n, v3 : f32 do (v5: i64, v6: f32) {
    v7 = dyn_slice{axis=0, size=1} x, v5 : f32[1]
    v8 = reshape v7 : f32
    v9 = add v6, v8 : f32
    yield v9
  }
  return v4
}`, "n<21"}, // the last turn is n - 1
		{"carried", `
func f(i: i64, x: f32[20]) -> (f32) {
  v2 = full{value=0} : i64
  v3 = full{value=5} : i64
  v4 = full{value=0} : f32
  v5 = for{step=1} v2, v3, i, v4 : (i64, f32) do (v6: i64, v7: i64, v8: f32) {
    v9 = dyn_slice{axis=0, size=1} x, v7 : f32[1]
    v10 = reshape v9 : f32
    v11 = add v8, v10 : f32
    yield v7, v11
  }
  v12 = get{index=1} v5 : f32
  return v12
}`, "i<20"},
		{"nothing fits", `
func f(i: i64[1], x: f32[0]) -> (f32[1]) {
  v2 = take{axis=0} x, i : f32[1]
  return v2
}`, "i<0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := ir.Parse(&source.File{Name: "f.ir", Text: strings.TrimPrefix(tt.text, "\n")})
			if err != nil {
				t.Fatal(err)
			}
			f := m.Funcs[0]
			bounds := indexBounds(f)
			var got []string
			for _, p := range f.Params {
				if n, ok := bounds[p]; ok {
					got = append(got, fmt.Sprintf("%s<%d", p.Name, n))
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}
