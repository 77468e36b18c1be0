package frontend_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestValues evaluates expressions without arguments: special values, empty
// tensors, ties. Results are exact.
func TestValues(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"logsumexp(full(f32[3], -inf))", "[-Inf]"},
		{"logsumexp(tensor([1, inf, -inf]))", "[+Inf]"},
		{"logsumexp(zeros(f32[0]))", "[-Inf]"},
		{"logsumexp(tensor([1, nan]))", "[NaN]"},
		{"softmax(full(f32[2], -inf))", "[NaN NaN]"},
		{"max(zeros(f32[0]))", "[-Inf]"},
		{"min(zeros(f32[0]))", "[+Inf]"},
		{"sum(zeros(f32[0]))", "[0]"},
		{"prod(zeros(f32[0]))", "[1]"},
		{"mean(zeros(f32[0]))", "[NaN]"},
		{"var(zeros(f32[0]))", "[NaN]"},
		{"var(zeros(f32[2, 0]), axis=1)", "[NaN NaN]"},
		{"norm(zeros(f32[0]))", "[0]"},
		{"layernorm(zeros(f32[2, 0]))", "[]"},
		{"softmax(zeros(f32[2, 0]))", "[]"},
		{"relu(tensor([nan, -1, 2]))", "[NaN 0 2]"},
		{"clip(tensor([nan, -1, 2]), 0, 1)", "[NaN 0 1]"},
		{"sign(tensor([-3, 0, nan]))", "[-1 0 NaN]"},
		{"softplus(tensor([1000, -1000, inf, -inf]))", "[1000 0 +Inf 0]"},
		{"sigmoid(tensor([1000, -1000]))", "[1 0]"},
		{"silu(tensor([1000, -1000]))", "[1000 -0]"},
		{"sum(tensor([1, 2]) > 1)", "[1]"},
		{"prod(tensor([1, 2]) > 0)", "[1]"},
		{"cumsum(tensor([1, 2, 3]), exclusive=true)", "[0 1 3]"},
		{"cumsum(tensor([1, 2, 3]))", "[1 3 6]"},
		{`einsum("ba", tensor([[1, 2], [3, 4]]))`, "[1 3 2 4]"},
		{`einsum("ii", tensor([[1, 2], [3, 4]]))`, "[5]"},
		{`einsum("iij->ij", reshape(f32(iota(8)), [2, 2, 2]))`, "[0 1 6 7]"},
		{`einsum("iii->i", reshape(f32(iota(8)), [2, 2, 2]))`, "[0 7]"},
		{"roll(tensor([1, 2, 3]), 1)", "[3 1 2]"},
		{"roll(tensor([1, 2, 3]), -1)", "[2 3 1]"},
		{"roll(tensor([1, 2, 3]), 7)", "[3 1 2]"},
		{"roll(tensor([[1, 2], [3, 4]]), 1)", "[4 1 2 3]"},
		{"flip(tensor([1, 2, 3]))", "[3 2 1]"},
		{"tensor([1, 2, 3])[::-1]", "[3 2 1]"},
		{"tensor([1, 2, 3])[5:1:-1]", "[3]"},
		{"tensor([1, 2, 3])[-2:]", "[2 3]"},
		{"tensor([1, 2, 3])[2:1]", "[]"},
		{"tensor([1, 2, 3])[:-5]", "[]"},
		{"tensor([1, 2, 3])[-1:-9:-2]", "[3 1]"},
		{"top_k(tensor([1, nan, 3, 3]), 3)", "[NaN 3 3]"},
		{"sort(tensor([2, nan, 1]))", "[1 2 NaN]"},
		{"sort(tensor([2, nan, 1]), descending=true)", "[NaN 2 1]"},
		{"argsort(tensor([2, 1, 2]), descending=true)", "[0 2 1]"},
		{"one_hot(tensor([0, 5, -1], dtype=i64), 2)", "[1 0 0 0 0 0]"},
		{"tensor([7, -7], dtype=i64) // 2", "[3 -4]"},
		{"tensor([7, -7], dtype=i64) % 3", "[1 2]"},
		{"tensor([2, 3], dtype=i64) ^ 3", "[8 27]"},
		{"tensor([2, 4]) ^ -2", "[0.25 0.0625]"},
		{"tensor([4, 9]) ^ 0.5", "[2 3]"},
		{"2 ^ tensor([3])", "[8]"},
		{"i64(tensor([1.9, -1.9, nan, 1e30]))", "[1 -1 0 9.223372036854776e+18]"},
		{"matpow(tensor([[1, 1], [0, 1]]), 5)", "[1 5 0 1]"},
		{"matpow(tensor([[2, 0], [0, 4]]), -1)", "[0.5 0 0 0.25]"},
		{"kron(tensor([[1, 2]]), tensor([[1], [3]]))", "[1 2 3 6]"},
		{"block_diag([tensor([[1]]), tensor([[2, 3]])])", "[1 0 0 0 2 3]"},
		{"tril(tensor([[1, 2], [3, 4]]), k=-1)", "[0 0 3 0]"},
		{"triu(tensor([[1, 2], [3, 4]]), 1)", "[0 2 0 0]"},
		{"solve(tensor([[2, 0], [0, 4]]), tensor([2, 4]))", "[1 1]"},
		{"tensor([[1, 2], [3, 4]]) @ tensor([1, 1])", "[3 7]"},
		{"tensor([1, 1]) @ tensor([[1, 2], [3, 4]])", "[4 6]"},
		{"tensor([1, 1]) @ ones(f32[2, 2, 3])", "[2 2 2 2 2 2]"},
		{"ones(f32[1, 2, 2]) @ ones(f32[3, 2, 1])", "[2 2 2 2 2 2]"},
		{"ones(f32[3, 1, 1, 2]) @ ones(f32[2, 2, 1])", "[2 2 2 2 2 2]"},
		{"trace(tensor([[1, 2], [3, 4]]))", "[5]"},
		{"rope(tensor([[1, 2]]), tensor([0]))", "[1 2]"},
		{"norm(tensor([3, 4]))", "[5]"},
		{"max(tensor([-0.0, 1]), tensor([nan, 0]))", "[NaN 1]"},
		{"where(tensor([1, 0]) > 0, tensor([1, 1]), nan)", "[1 NaN]"},
		{"max(2, 3) + tensor([0])", "[3]"},
		{"pad(tensor([1]), [[1, 2]], value=9)", "[9 1 9 9]"},
		{"argmax(tensor([1, nan, nan]))", "[1]"},
		{"argmin(tensor([1, nan, 0]))", "[1]"},
		{"mean(tensor([[1, 2], [3, 4]]), axis=0, keepdims=true)", "[2 3]"},
		{"var(tensor([1, 2, 3, 4]))", "[1.25]"},
		{"outer(tensor([1, 2]), tensor([3, 4]))", "[3 4 6 8]"},
		{"full(bool[2], true)", "[1 1]"},
		{"u8(tensor([300, -5], dtype=i64))", "[44 251]"},
		{"split(tensor([1, 2, 3, 4]), 2)[1]", "[3 4]"},
		{"scatter_add(zeros(f32[2]), tensor([0, 0], dtype=i64), tensor([1, 2]))", "[3 0]"},
		{"scatter_along(zeros(f32[1, 2]), tensor([[0, 0]], dtype=i64), tensor([[1, 2]]), axis=1)", "[3 0]"},
		{"solve(stack([2 * eye(2), 4 * eye(2)]), ones(f32[2, 1]))", "[0.5 0.5 0.25 0.25]"},
		{"solve(2 * eye(2), reshape(f32(iota(8)), [2, 2, 2]))", "[0 0.5 1 1.5 2 2.5 3 3.5]"},
		{"solve(stack([2 * eye(2), 4 * eye(2)]), tensor([4, 8]))", "[2 4 1 2]"},
		{"solve(tril(tensor([[2, 7], [2, 4]])), tensor([2, 10]))", "[1 2]"},
		{"solve(tril(tensor([[2, 7], [2, 4]])).T, tensor([4, 4]))", "[1 1]"},
		{"matpow(tensor([[1, 1], [0, 1]]), 31)", "[1 31 0 1]"},
		{"tensor([2]) ^ 23", "[8.388608e+06]"},
	} {
		p := checked(t, "fn main() {\n"+c.expr+"\n}\n")
		if p == nil {
			continue
		}
		f, _, err := p.Instantiate("main", frontend.Binding{})
		if err == nil {
			err = ir.Verify(f)
		}
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		out, err := eval.Run(context.Background(), f, nil, eval.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got := fmt.Sprint(out[0].Floats()); got != c.want {
			t.Errorf("%s = %s, want %s", c.expr, got, c.want)
		}
	}
}
