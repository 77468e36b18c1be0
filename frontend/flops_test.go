package frontend_test

import (
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A costCase is an expression with the FLOPs that the tables of language.md and
// cli.md give it where x and y are f32[6, 10], i and r are i64[6, 10] and
// i64[6], a and b are f32[7, 7] and v is f32[7].
type costCase struct {
	expr string
	want int
}

// costCases returns the built-in functions and the operators, each with its cost.
func costCases() []costCase {
	const elems = 6 * 10 // of x
	const cube = 7 * 7 * 7
	// LU and Cholesky of n rows, and what solving with both factors costs.
	lu := func(n int) int { return n*(n-1)/2 + n*(n-1)*(2*n-1)/3 }
	cholesky := func(n int) int { return n + n*(n-1)/2 + n*(n*n-1)/3 }
	return []costCase{
		{"x + y", elems},
		{"x - y", elems},
		{"x * y", elems},
		{"x / y", elems},
		{"x * 2", elems},
		{"-x", elems},
		{"max(x, y)", elems},
		{"min(x, 0)", elems},
		{"abs(x)", elems},
		{"relu(x)", elems},
		{"exp(x)", elems},
		{"log(x)", elems},
		{"log1p(x)", elems},
		{"expm1(x)", elems},
		{"sqrt(x)", elems},
		{"rsqrt(x)", elems},
		{"sin(x)", elems},
		{"cos(x)", elems},
		{"tanh(x)", elems},
		{"erf(x)", elems},
		{"floor(x)", elems},
		{"ceil(x)", elems},
		{"round(x)", elems},
		{"sign(x)", elems},
		{"f32(x < y)", 0},
		{"where(x < y, x, y)", 0},
		{"f32((x < y) and (x > 0) or not (x == y))", 0},
		{"f32(is_nan(x))", 0},
		{"i // 2", elems},
		{"i % 3", elems},
		{"i + 1", elems},
		{"x ^ 0", 0},
		{"x ^ 1", 0},
		{"x ^ 2", elems},
		{"x ^ 3", 2 * elems},
		{"x ^ 4", 2 * elems},
		{"x ^ 7", 4 * elems},
		{"x ^ 15", 5 * elems},
		{"x ^ -1", elems},
		{"x ^ -2", 2 * elems},
		{"x ^ 0.5", elems},
		{"x ^ y", elems},
		{"2 ^ x", elems},
		{"pow(x, y)", elems},
		{"pow(x, 2.5)", elems},
		{"clip(x, 0, 1)", 2 * elems},
		{"square(x)", elems},
		{"sigmoid(x)", 3 * elems},
		{"silu(x)", 4 * elems},
		{"softplus(x)", 4 * elems},
		{"gelu(x)", 5 * elems},
		{"gelu(x, approximate=true)", 9 * elems},
		{"sum(x)", elems},
		{"sum(x, axis=0)", elems},
		{"prod(x, axis=-1)", elems},
		{"max(x)", elems},
		{"min(x, axis=[0, 1])", elems},
		{"any(x < y)", elems},
		{"all(x < y, axis=1, keepdims=true)", elems},
		{"mean(x)", elems},
		{"mean(x, axis=1, keepdims=true)", elems},
		{"var(x, axis=-1)", 4 * elems},
		{"norm(x)", 2 * elems},
		{"norm(x, axis=0)", 2 * elems},
		{"logsumexp(x, axis=1)", 4 * elems},
		{"logsumexp(x)", 4 * elems},
		{"softmax(x)", 5 * elems},
		{"log_softmax(x)", 5 * elems},
		{"softmax(x, axis=0)", 5 * elems},
		{"layernorm(x)", 5 * elems},
		{"rmsnorm(x)", 3 * elems},
		{"layernorm(x, axis=[0,1], eps=1e-3)", 5 * elems},
		{"cumsum(x)", elems},
		{"cumsum(x, axis=0, exclusive=true)", elems},
		{"rope(x, iota(6))", 3 * elems},
		{"scatter_add(zeros(f32[9, 10]), r, x)", elems},
		{"scatter_along(zeros(f32[6, 12]), i, x, axis=1)", elems},
		{"argmax(x)", 0},
		{"argmin(x, axis=0)", 0},
		{"sort(x)", 0},
		{"argsort(x)", 0},
		{"one_hot(r, 9)", 0},
		{"iota(9)", 0},
		{"take(x, r)", 0},
		{"x[r]", 0},
		{"take_along(x, i, axis=0)", 0},
		{"a @ b", 2 * cube},
		{"a @ v", 2 * 49},
		{"v @ v", 14},
		{"v @ a", 98},
		{"outer(v, v)", 49},
		{"v[:, None] @ v[None, :]", 49},
		{"dot(v, v)", 14},
		{"kron(a, b)", 49 * 49},
		{`einsum("ij,jk->ik", a, b)`, 2 * cube},
		{`einsum("ij,jk,kl->il", a, b, a)`, 3 * 7 * 7 * 7 * 7},
		{`einsum("i,ij->ij", v, a)`, 49},
		{`einsum("i,ij,j->ij", v, a, v)`, 147},
		{`einsum("ii->i", a)`, 0},
		{`einsum("ii", a)`, 7},
		{`einsum("ij->ji", a)`, 0},
		{`einsum("ij->i", a)`, 49},
		{"matpow(a, 0)", 0},
		{"matpow(a, 1)", 0},
		{"matpow(a, 2)", 2 * cube},
		{"matpow(a, 7)", 4 * 2 * cube},
		{"matpow(a, 15)", 5 * 2 * cube},
		{"trace(a)", 7},
		{"inv(a)", lu(7) + 2*cube},
		{"cholesky(a)", cholesky(7)},
		{"solve(a, b)", lu(7) + 2*cube},
		{"solve(a, v)", lu(7) + 98},
		{"solve(a.T @ a, b)", 2*cube + cholesky(7) + 2*cube},
		{"solve(a.T @ a + 0.1 * eye(7), b)", 2*cube + 49 + 49 + cholesky(7) + 2*cube},
		{"solve(a @ a.T, v)", 2*cube + cholesky(7) + 98},
		{"solve(cholesky(a), b)", cholesky(7) + cube},
		{"solve(cholesky(a).T, b)", cholesky(7) + cube},
		{"solve(tril(a), b)", cube},
		{"solve(diag(v), b)", 49},
		{"tril(a)", 0},
		{"diag(v)", 0},
		{"diagonal(a)", 0},
		{"block_diag([a, b])", 0},
		{"transpose(x, [1, 0])", 0},
		{"reshape(x, [-1])", 0},
		{"pad(x, [[1, 1], [0, 0]])", 0},
		{"flip(x)", 0},
		{"roll(x, 1, axis=0)", 0},
		{"concat([x, y])", 0},
		{"stack([x, y])", 0},
		{"broadcast(v, [3, 7])", 0},
		{"x.T", 0},
		{"x[1:3, ::-1]", 0},
		// Transposed, scaled and added structure; leading dimensions.
		{"solve(tril(a).T, b)", cube}, {"solve(2 * tril(a, k=-1), b)", 49 + cube}, {"solve(tril(a, k=1), b)", lu(7) + 2*cube},
		{"solve(triu(a, k=1), v)", 49}, {"solve(triu(a, k=-1), v)", lu(7) + 2*49}, {"solve(tril(triu(a)), v)", 7},
		{"solve(0.5 * eye(7) + b.T @ b / 2, v)", 49 + 2*cube + 49 + 49 + cholesky(7) + 2*49},
		{"solve(a.T @ a - eye(7), v)", 2*cube + 49 + lu(7) + 2*49}, {"solve(a.T @ b, v)", 2*cube + lu(7) + 2*49},
		{"solve(a @ a, v)", 2*cube + lu(7) + 2*49}, {`solve(einsum("ki,kj->ij", a, a), v)`, 2*cube + cholesky(7) + 2*49},
		{"s = stack([a, b])\n" + `solve(einsum("bij,bkj->bik", s, s), v)`, 2 * (2*cube + cholesky(7) + 2*49)},
		{"solve(a, stack([b, b]))", lu(7) + 2*2*cube}, {"solve(stack([a, b]), b)", 2 * (lu(7) + 2*cube)},
	}
}

// updateCases returns bodies of functions that update x.
func updateCases() []costCase {
	const elems = 6 * 10
	return []costCase{
		{"x[r] += x\nreturn x", elems},
		{"x[r] -= x\nreturn x", elems},
		{"x[r] = x\nreturn x", 0},
		{"x[0] += 1\nreturn x", 10},
		{"x[0] = 1\nreturn x", 0},
		{"x *= 2\nreturn x", elems},
		{"x[r] *= 2\nreturn x", elems},
		{"s, j = top_k(x, 3)\nreturn s", 0},
	}
}

// TestFlops holds what programs cost against the tables.
func TestFlops(t *testing.T) {
	count := func(c costCase, head string) {
		p := checked(t, head+"{\n"+c.expr+"\n}\n")
		if p == nil {
			return
		}
		f, _, err := p.Instantiate("main", frontend.Binding{})
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			return
		}
		if got := f.Flops(); got != c.want {
			t.Errorf("%s: %d FLOPs, want %d\n%v", c.expr, got, c.want, f)
		}
	}
	for _, c := range costCases() {
		count(c, "fn main(x: f32[6, 10], y: f32[6, 10], i: i64[6, 10], r: i64[6], a: f32[7, 7], b: f32[7, 7], v: f32[7]) ")
	}
	for _, c := range updateCases() {
		count(c, "fn main(x: f32[6, 10], r: i64[6]) ")
	}
}

// checked loads and checks a program; nil after an error, which fails the test.
func checked(t *testing.T, text string) *frontend.Program {
	t.Helper()
	p, err := frontend.LoadText("a.lathe", text)
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return nil
	}
	return p
}

// TestSymbolicTypes: with sizes left symbolic, an expression has the type that
// it has for given sizes, once these are put in.
func TestSymbolicTypes(t *testing.T) {
	sizes := map[string]int{"m": 6, "n": 10, "k": 7}
	params := map[string]ir.Type{
		"x": ir.Make(tensor.F32, 6, 10), "y": ir.Make(tensor.F32, 6, 10), "i": ir.Make(tensor.I64, 6, 10), "r": ir.Make(tensor.I64, 6),
		"a": ir.Make(tensor.F32, 7, 7), "b": ir.Make(tensor.F32, 7, 7), "v": ir.Make(tensor.F32, 7),
	}
	for _, c := range costCases() {
		expr := strings.NewReplacer("zeros(f32[9, 10])", "zeros(f32[9, n])", "zeros(f32[6, 12])", "zeros(f32[m, 12])", "iota(6)", "iota(m)", "eye(7)", "eye(k)", "[3, 7]", "[3, k]").Replace(c.expr)
		p := checked(t, "fn main(x: f32[m, n], y: f32[m, n], i: i64[m, n], r: i64[m], a: f32[k, k], b: f32[k, k], v: f32[k]) {\n"+expr+"\n}\n")
		if p == nil {
			continue
		}
		f, _, err := p.Instantiate("main", frontend.Binding{Params: params})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		got := evaluated(t, p.Entries()[0].Results[0], sizes)
		if want := f.Results[0].Type.String(); got != want {
			t.Errorf("%s: symbolic %s, concrete %s", expr, got, want)
		}
	}
}

// evaluated puts sizes into the text of a type, f32[m, max(n, 2)].
func evaluated(t *testing.T, typ string, sizes map[string]int) string {
	t.Helper()
	elem, rest, has := strings.Cut(typ, "[")
	if !has {
		return typ
	}
	inner, props, _ := strings.Cut(rest, "]")
	var out []string
	depth, start := 0, 0
	for i, r := range inner + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			e, err := dim.Parse(strings.TrimSpace(inner[start:i]))
			if err != nil {
				t.Errorf("%s: %v", typ, err)
			}
			out = append(out, e.Eval(sizes).String())
			start = i + 1
		}
	}
	return elem + "[" + strings.Join(out, ", ") + "]" + props
}
