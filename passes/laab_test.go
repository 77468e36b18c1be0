package passes_test

import (
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/passes"
)

// TestAwareness runs the usual passes on the 17 expressions of the Linear
// Algebra Awareness Benchmark (HPAC/LAAB-Python) at n = 3000. The FLOPs must be
// those of its positive references, or fewer where these leave something.
func TestAwareness(t *testing.T) {
	const n = 3000
	for _, c := range []struct {
		name, params, body string
		flops              int
	}{
		{"mm_sgemm", "a: M, b: M", "v1 = contract{spec=\"ab,ac->bc\"} a, b : M", 2 * n * n * n},
		{"mm_trmm", "a: M lower, b: M", "v1 = contract{spec=\"ab,bc->ac\"} a, b : M", n * n * (n + 1)},
		{"mm_syrk", "a: M", "v0 = transpose{perm=[1, 0]} a : M\nv1 = contract{spec=\"ab,bc->ac\"} a, v0 : M", n * n * (n + 1)},
		{"mm_tridiag", "a: M tridiagonal, b: M", "v1 = contract{spec=\"ab,bc->ac\"} a, b : M", 2 * (3*n - 2) * n},
		{"cse_addition", "a: M, b: M", `
			v2 = contract{spec="ab,ac->bc"} a, b : M
			v3 = contract{spec="ab,ac->bc"} a, b : M
			v4 = add v2, v3 : M`, 2*n*n*n + n*n},
		{"cse_matmul_paranthesis", "a: M, b: M", `
			v2 = contract{spec="ab,ac->bc"} a, b : M
			v3 = transpose{perm=[1, 0]} v2 : M
			v4 = contract{spec="ab,ac->bc"} a, b : M
			v5 = contract{spec="ab,bc->ac"} v3, v4 : M`, 2*n*n*n + n*n*(n+1)},
		{"cse_matmul_no_paranthesis", "a: M, b: M", `
			v2 = contract{spec="ab,ac->bc"} a, b : M
			v3 = transpose{perm=[1, 0]} v2 : M
			v4 = contract{spec="ab,cb->ac"} v3, a : M
			v5 = contract{spec="ab,bc->ac"} v4, b : M`, 2*n*n*n + n*n*(n+1)},
		{"cse_suboptimal", "a: M, b: M, y: V", `
			v3 = contract{spec="ab,ac->bc"} a, b : M
			v4 = contract{spec="ab,cb->ac"} v3, a : M
			v5 = contract{spec="ab,bc->ac"} v4, b : M
			v6 = contract{spec="ab,b->a"} v5, y : V`, 8 * n * n},
		{"matchain_rtol", "h: M, x: V", `
			v2 = contract{spec="ab,ac->bc"} h, h : M
			v3 = contract{spec="ab,b->a"} v2, x : V`, 4 * n * n},
		{"matchain_ltor", "h: M, y: V", `
			v2 = contract{spec="a,ba->b"} y, h : V
			v3 = contract{spec="a,ab->b"} v2, h : V`, 4 * n * n},
		{"matchain_mixed", "h: M, y: V, x: V", `
			v3 = contract{spec="ab,a->b"} h, y : V
			v4 = contract{spec="a,b->ab"} v3, x : M
			v5 = contract{spec="ab,bc->ac"} v4, h : M`, 5 * n * n},
		{"am_distributivity1", "a: M, b: M, c: M", `
			v3 = contract{spec="ab,bc->ac"} a, b : M
			v4 = contract{spec="ab,bc->ac"} a, c : M
			v5 = add v3, v4 : M`, 2*n*n*n + n*n},
		{"am_distributivity2", "a: M, h: M, x: V", `
			v3 = contract{spec="ab,ac->bc"} h, h : M
			v4 = sub a, v3 : M
			v5 = contract{spec="ab,b->a"} v4, x : V`, 6*n*n + n},
		{"am_transpose", "a: M, b: M", `
			v2 = transpose{perm=[1, 0]} b : M
			v3 = contract{spec="ab,bc->ac"} v2, a : M
			v4 = transpose{perm=[1, 0]} a : M
			v5 = contract{spec="ab,bc->ac"} v3, v4 : M
			v6 = contract{spec="ab,bc->ac"} v5, b : M`, 2*n*n*n + n*n*(n+1)},
		{"cm_loops", "a: M, b: M, v: f32[3, 3000]", `
			v3 = full{value=0} : i64
			v4 = full{value=3} : i64
			v5 = full{value=0.0} : M
			v12 = for{step=1} v3, v4, v5 : M do (v6: i64, v7: M) {
				v8 = contract{spec="ab,bc->ac"} a, b : M
				v9 = take{axis=0} v, v6 : V
				v10 = contract{spec="a,b->ab"} v9, v9 : M
				v11 = add v8, v10 : M
				yield v11
			}`, 2*n*n*n + 6*n*n},
		{"cm_partial_op_sum", "a: M, b: M", `
			v2 = add a, b : M
			v3 = slice{start=[2, 2], step=[1, 1]} v2 : f32[1, 1]`, 1},
		{"cm_partial_op_prod", "a: M, b: M", `
			v2 = contract{spec="ab,bc->ac"} a, b : M
			v3 = slice{start=[2, 2], step=[1, 1]} v2 : f32[1, 1]`, 2 * n},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(c.body), "\n")
			value, result := "v12", "M" // of the loop
			if last := strings.TrimSpace(lines[len(lines)-1]); last != "}" {
				value, _, _ = strings.Cut(last, " = ")
				result = last[strings.LastIndex(last, " : ")+3:]
			}
			text := "func f(" + c.params + ") -> (" + result + ") {\n" + c.body + "\nreturn " + value + "\n}\n"
			text = strings.NewReplacer(": M", ": f32[3000, 3000]", "(M", "(f32[3000, 3000]", ": V", ": f32[3000]", "(V", "(f32[3000]").Replace(text)
			f := parseFunc(t, text)
			if err := passes.Run(t.Context(), f, passes.Options{Verify: true}); err != nil {
				t.Fatal(err)
			}
			if got := f.Work(); got > c.flops {
				t.Errorf("%d FLOPs, want %d:\n%v", got, c.flops, f)
			} else if got < c.flops {
				t.Logf("%d FLOPs, fewer than the %d of the reference:\n%v", got, c.flops, f)
			}
		})
	}
}
