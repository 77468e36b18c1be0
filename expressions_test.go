package lathe_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/passes"
)

// FLOPs by the rule of the command line, for TestExpressions.
func lu(n int) int       { return n*(n-1)/2 + n*(n-1)*(2*n-1)/3 }
func cholesky(n int) int { return n + n*(n-1)/2 + n*(n*n-1)/3 }

// TestExpressions runs the usual passes on formulas as people write them. Each
// must come out with at most the FLOPs counted by hand for the best way known;
// of the traps, whose tempting rewrite loses, that is how they are written, or
// nearly.
func TestExpressions(t *testing.T) {
	const n, m, k = 60, 20, 5
	for _, c := range []struct {
		name, params, result, body string
		flops                      int
	}{
		// Order, and products that several others need.
		{"bound product", "a: M, b: M, y: V", "V", "s = a.T @ b\ns @ (s @ y)", 8 * n * n},
		{"product of two vectors each", "a: M, b: M, x: V, y: V", "(V, V)", "s = a @ b\nreturn s @ x, s @ y", 8 * n * n},
		{"power and vector", "a: M, x: V", "V", "matpow(a, 5) @ x", 10 * n * n},
		{"bound difference", "a: M, h: M, x: V", "V", "s = a - h.T @ h\ns @ (s @ x)", 12*n*n + 2*n},
		{"bound low rank", "a: M, u: T, v: T, x: V, y: V", "(V, V)", "s = a + u @ v.T\nreturn s @ x, s @ y", 2 * (2*n*n + 4*n*k + n)},
		{"rank one twice", "u: V, v: V, x: V, y: V", "V", "s = outer(u, v)\ns @ x + s @ y", 4 * n},
		{"sixth power of a product", "a: M, b: M", "M", "a @ b @ a @ b @ a @ b @ a @ b @ a @ b @ a @ b", 8 * n * n * n},
		{"linear attention", "q: T, p: T, v: T", "T", "(q @ p.T) @ v", 4 * n * k * k},
		{"outer products", "u: V, v: V, w: V, z: V", "M", "outer(u, v) @ outer(w, z)", n*n + 3*n},
		{"norm of a thin product", "u: T, v: T", "f32", "sum(square(u @ v.T))", 2*n*k*(k+1) + 2*k*k},
		// Results that are their own transpose, and triangles.
		{"congruence", "x: R, s: M symmetric", "Q", "x.T @ s @ x", 2*n*n*m + n*m*(m+1)},
		{"congruence with a sum", "x: R, s: M", "Q", "x.T @ (s + s.T) @ x", n*n + 2*n*n*m + n*m*(m+1)},
		{"weighted gram", "x: R, d: V", "Q", "x.T @ diag(d) @ x", n*m + n*m*(m+1)},
		{"sum of grams", "a: M, b: M", "M", "a @ a.T + b @ b.T", 2*n*n*(n+1) + n*n},
		{"gain", "p: Q symmetric, h: f32[k, m], r: f32[k, k] symmetric", "f32[m, k]", "p @ h.T @ inv(h @ p @ h.T + r)", 2*k*m*m + m*k*(k+1) + k*k + lu(k) + 2*k*k*m},
		{"triangle of a product", "a: M, b: M", "M", "tril(a @ b)", n * n * (n + 1)},
		{"triangle by where", "a: M, b: M", "M", "where(iota(n)[:, None] >= iota(n)[None, :], a @ b, 0)", n * n * (n + 1)},
		{"causal product", "q: T, p: T, v: T", "T", "tril(q @ p.T) @ v", 2 * n * (n + 1) * k},
		{"product twice", "a: M, b: M", "M", "a @ b.T + b @ a.T", 2*n*n*n + n*n},
		// Sums of products.
		{"common factor", "a: M, b: M, c: M", "M", "a @ b + a @ c", 2*n*n*n + n*n},
		{"low rank and vector", "a: M, u: V, v: V, x: V", "V", "(a + outer(u, v)) @ x", 2*n*n + 4*n},
		{"polynomial and vector", "a: M, x: V", "V", "(a @ a + 2 * a + eye(n)) @ x", 4*n*n + 4*n},
		{"quadratic forms", "a: M, x: V, y: V", "f32", "dot(x, a @ y) + dot(y, a.T @ x)", 2*n*n + 2*n + 1},
		// Parts of products.
		{"diagonal in a loop", "a: M, b: M", "V", "c = zeros(f32[n])\nfor i in 0..n { c[i] = (a @ b)[i, i] }\nc", 2 * n * n},
		{"trace with a diagonal", "a: M, d: V, b: M", "f32", "trace(a @ diag(d) @ b)", 2*n*n + 2*n},
		{"mean of a linear map", "x: R, w: Q, b: f32[m]", "f32[m]", "mean(x @ w + b, axis=0)", n*m + 2*m*m + 3*m + 1},
		{"rows of a table", "e: f32[k, n], w: R, i: i64[n]", "R", "e[i] @ w", 2 * k * n * m},
		// Structure.
		{"Kronecker and vector", "a: f32[k, k], b: f32[k, k], x: f32[k*k]", "f32[k*k]", "kron(a, b) @ x", 4 * k * k * k},
		{"Kronecker products", "a: f32[k, k], b: f32[k, k], c: f32[k, k], d: f32[k, k]", "f32[k*k, k*k]", "kron(a, b) @ kron(c, d)", 4*k*k*k + k*k*k*k},
		{"Kronecker with an identity", "a: f32[k, k], x: f32[k*k]", "f32[k*k]", "kron(a, eye(k)) @ x", 2 * k * k * k},
		{"Kronecker sum", "a: f32[k, k], b: f32[k, k], x: f32[k*k]", "f32[k*k]", "(kron(a, eye(k)) + kron(eye(k), b)) @ x", 4*k*k*k + k*k},
		{"Kronecker sum and columns", "a: f32[k, k], b: Q, x: f32[k*m, 3]", "f32[k*m, 3]", "(kron(a, eye(m)) - kron(eye(k), b)) @ x", 3 * (2*k*k*m + 2*k*m*m + k*m)},
		{"Kronecker sum with a diagonal", "a: f32[k, k], b: f32[k, k], d: f32[k*k], x: f32[k*k]", "f32[k*k]", "x @ (kron(a, eye(k)) + kron(eye(k), b) + diag(d))", 4*k*k*k + 3*k*k},
		{"blocks", "a: Q, b: Q, x: f32[2*m, k]", "f32[2*m, k]", "block_diag([a, b]) @ x", 4 * m * m * k},
		{"solve by blocks", "a: Q, b: Q, x: f32[2*m, k]", "f32[2*m, k]", "solve(block_diag([a, b]), x)", 2 * (lu(m) + 2*m*m*k)},
		{"inverse twice", "a: M, x: V, y: V", "(V, V)", "return inv(a) @ x, inv(a) @ y", lu(n) + 4*n*n},
		{"least squares", "x: R, y: V", "f32[m]", "inv(x.T @ x) @ x.T @ y", n*m*(m+1) + cholesky(m) + 2*m*m + 2*n*m},
		{"orthogonal factors", "q: M orthogonal, a: M, b: M", "M", "(q @ a).T @ (q @ b)", 2 * n * n * n},
		{"orthogonal in a sum", "q: M orthogonal, a: M, b: M, x: V", "V", "a @ (q.T @ (q @ x)) + b @ x", 2*n*n + n*n},
		{"congruence by an orthogonal", "q: M orthogonal, a: M, x: R", "R", "q @ a @ q.T @ q @ a @ q.T @ x", 8 * n * n * m},
		{"projection", "x: R, y: V", "V", "x @ inv(x.T @ x) @ x.T @ y", n*m*(m+1) + cholesky(m) + 2*m*m + 4*n*m},
		{"projection of columns", "x: R, y: T", "T", "x @ inv(x.T @ x) @ x.T @ y", n*m*(m+1) + cholesky(m) + 2*m*m*k + 4*n*m*k},
		{"row of a projection", "x: R, y: V", "V", "(y @ x) @ inv(x.T @ x) @ x.T", n*m*(m+1) + cholesky(m) + 2*m*m + 4*n*m},
		{"projection of many", "x: R, y: f32[n, 3 * n]", "f32[n, 3 * n]", "x @ inv(x.T @ x) @ x.T @ y", n*m*(m+1) + cholesky(m) + 2*n*m*m + 12*n*n*m},
		// Loops.
		{"descent", "a: R, b: V, x: f32[m]", "f32[m]", "for i in 0..1000 { x = x - 0.01 * (a.T @ (a @ x - b)) }\nx", n*m*(m+1) + m*m + n*m + 2*n*m + 1000*(2*m*m+2*m)},
		{"product in a loop", "a: Q, b: Q, x: f32[m]", "f32[m]", "for i in 0..1000 { x = a @ b @ x }\nx", 2*m*m*m + 1000*2*m*m},
		// Traps.
		{"result that others need", "a: M, b: M, c: M", "(M, M)", "p = a @ b\nreturn p, p + a @ c", 4*n*n*n + n*n},
		{"product for a vector and a matrix", "a: M, b: M, x: V, y: M", "(V, M)", "s = a @ b\nreturn s @ x, s @ y", 4*n*n*n + 2*n*n},
		{"structure that a sum loses", "d: M diagonal, l: M lower, b: M", "M", "d @ b + l @ b", n*n*(n+1) + 2*n*n},
		{"factored sums", "a: M, b: M, c: M, d: M", "M", "(a + b) @ (c + d)", 2*n*n*n + 2*n*n},
		{"activation between", "a: M, b: M, c: M", "M", "relu(a @ b) + relu(a @ c)", 4*n*n*n + 3*n*n},
		{"few turns", "a: R, b: V, x: f32[m]", "f32[m]", "for i in 0..3 { x = x - 0.01 * (a.T @ (a @ x - b)) }\nx", 3*(4*n*m+n+2*m) + n*m},
		{"congruence that is none", "x: R, y: R, s: M symmetric", "Q", "y.T @ s @ x", 2*n*n*m + 2*n*m*m},
		{"thin weights apart", "x: R, u: f32[m, k], v: f32[k, n]", "M", "x @ u @ v", 2*n*m*k + 2*n*n*k},
		{"loop that may not turn", "a: M spd, b: V, turns: i64", "V", "x = b\nfor i in 0..turns { x = x + solve(a, b) }\nx", cholesky(n) + 2*n*n + n},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sizes := strings.NewReplacer(": M", ": f32[n, n]", ": V", ": f32[n]", ": R", ": f32[n, m]", ": Q", ": f32[m, m]", ": T", ": f32[n, k]")
			result := strings.NewReplacer("M", "f32[n, n]", "V", "f32[n]", "R", "f32[n, m]", "Q", "f32[m, m]", "T", "f32[n, k]").Replace(c.result)
			text := fmt.Sprintf("const n = %d\nconst m = %d\nconst k = %d\nfn f(%s) -> %s {\n%s\n}\n", n, m, k, sizes.Replace(c.params), result, c.body)
			p, err := lathe.LoadText("f.lathe", text)
			if err != nil {
				t.Fatal(err)
			}
			f, _, err := p.Func("f", lathe.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := passes.Run(t.Context(), f, passes.Options{Verify: true}); err != nil {
				t.Fatal(err)
			}
			if got := f.Work(); got > c.flops {
				t.Errorf("%d FLOPs, want at most %d:\n%v", got, c.flops, f)
			} else if got < c.flops {
				t.Logf("%d FLOPs, fewer than %d", got, c.flops)
			}
		})
	}
}
