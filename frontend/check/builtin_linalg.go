package check

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// linearAlgebra are the rows of linear algebra.
func linearAlgebra() []builtin {
	tri := func(name string, upper bool) builtin {
		return builtin{name, "m, k=", func(b *builtinCall) value {
			k := dim.Const(0)
			if b.has("k") {
				k = b.size("k")
			}
			return tensorValue(b.emit(ir.OpTri, &ir.TriAttrs{K: k, Upper: upper}, ir.Type{}, b.tensor("m")))
		}}
	}
	return []builtin{
		{"einsum", "spec, ...", func(b *builtinCall) value { return tensorValue(b.einsum()) }},
		{"outer", "a, b", func(b *builtinCall) value {
			return tensorValue(b.contract("a,b->ab", b.ranked("a", 1, "vectors"), b.ranked("b", 1, "vectors")))
		}},
		{"dot", "a, b", func(b *builtinCall) value {
			x, y := b.ranked("a", 1, "vectors"), b.ranked("b", 1, "vectors")
			if !ir.SameSize(x.Type.Shape[0], y.Type.Shape[0]) {
				b.fail(b.at, "", "dot takes vectors of one length, found %v and %v", x.Type.Plain(), y.Type.Plain())
			}
			return tensorValue(b.contract("a,a->", x, y))
		}},
		{"trace", "a", func(b *builtinCall) value {
			d := b.op(ir.OpDiagonal, b.tensor("a"))
			return tensorValue(b.reduce(ir.OpSum, d, []int{d.Type.Rank() - 1}))
		}},
		{"kron", "a, b", func(b *builtinCall) value {
			x, y := b.ranked("a", 2, "matrices"), b.ranked("b", 2, "matrices")
			p := b.contract("ab,cd->acbd", x, y)
			s := p.Type.Shape
			return tensorValue(b.reshape(p, []dim.Expr{dim.Mul(s[0], s[1]), dim.Mul(s[2], s[3])}))
		}},
		{"matpow", "a, k", func(b *builtinCall) value { return b.matpow() }},
		{"diag", "v", func(b *builtinCall) value { return tensorValue(b.op(ir.OpDiag, b.tensor("v"))) }},
		{"diagonal", "m", func(b *builtinCall) value { return tensorValue(b.op(ir.OpDiagonal, b.tensor("m"))) }},
		tri("tril", false), tri("triu", true),
		{"block_diag", "xs", func(b *builtinCall) value { return tensorValue(b.blockDiag()) }},
		{"solve", "a, b", func(b *builtinCall) value { return b.solve() }},
		{"inv", "a", func(b *builtinCall) value { return tensorValue(b.op(ir.OpInv, b.tensor("a"))) }},
		{"cholesky", "a", func(b *builtinCall) value { return tensorValue(b.op(ir.OpCholesky, b.tensor("a"))) }},
	}
}

// ranked returns an argument that must be a tensor of a rank.
func (b *builtinCall) ranked(name string, rank int, what string) *ir.Value {
	x := b.tensor(name)
	if x.Type.Rank() != rank {
		b.fail(b.placeOf(name), "", "%s takes %s, found %v", b.name, what, x.Type.Plain())
	}
	return x
}

func (b *builtinCall) contract(spec string, args ...*ir.Value) *ir.Value {
	return b.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, ir.Type{}, args...)
}

// einsum contracts any number of operands. Repeated indices of one operand
// take its diagonal; without -> the result has the indices that stand once, in
// alphabetical order, as NumPy's.
func (b *builtinCall) einsum() *ir.Value {
	a := b.args["spec"]
	if a.value.kind != stringKind {
		b.fail(a.at, `write einsum("ij,jk->ik", x, y)`, "the first argument of einsum is a string, found %s", a.value.describe())
	}
	text := strings.ReplaceAll(a.value.text, " ", "")
	lhs, result, has := strings.Cut(text, "->")
	operands := strings.Split(lhs, ",")
	if len(operands) != len(b.rest) {
		b.fail(a.at, "", "einsum %q names %s, found %d", a.value.text, count(len(operands), "operand"), len(b.rest))
	}
	if strings.Contains(text, "...") {
		b.fail(a.at, "name every dimension by a letter of its own", "einsum %q: ... is not supported", a.value.text)
	}
	for _, r := range strings.Join(operands, "") + result {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			b.fail(a.at, "", "einsum %q: an index is a letter, found %q", a.value.text, r)
		}
	}
	if !has {
		letters := strings.Split(strings.Join(operands, ""), "")
		slices.Sort(letters)
		for _, l := range letters {
			if strings.Count(lhs, l) == 1 {
				result += l
			}
		}
	}
	for i, r := range result {
		if strings.IndexRune(result, r) != i {
			b.fail(a.at, "", "einsum %q repeats %q in the result", a.value.text, r)
		}
		if !strings.ContainsRune(lhs, r) {
			b.fail(a.at, "", "einsum %q: index %q of the result is in no operand", a.value.text, r)
		}
	}
	sizes := map[rune]dim.Expr{}
	args := make([]*ir.Value, len(operands))
	for i, idx := range operands {
		x := b.asTensor(b.rest[i], "an operand")
		if len(idx) != x.Type.Rank() {
			b.fail(b.rest[i].at, "", "einsum %q names %s of operand %d, found %v", a.value.text, count(len(idx), "dimension"), i+1, x.Type.Plain())
		}
		for j, r := range idx {
			n := x.Type.Shape[j]
			if m, ok := sizes[r]; ok && !ir.SameSize(m, n) {
				b.fail(b.rest[i].at, "", "index %q of einsum %q is %v and %v", r, a.value.text, m, n)
			}
			sizes[r] = n
		}
		args[i], operands[i] = b.repeated(x, idx)
	}
	names := map[rune]byte{}
	var spec strings.Builder
	write := func(idx string) {
		for _, r := range idx {
			if names[r] == 0 {
				if len(names) == 26 {
					b.fail(a.at, "", "einsum has more than 26 indices")
				}
				names[r] = byte('a' + len(names))
			}
			spec.WriteByte(names[r])
		}
	}
	for i, idx := range operands {
		if i > 0 {
			spec.WriteByte(',')
		}
		write(idx)
	}
	spec.WriteString("->")
	write(result)
	return b.contract(spec.String(), args...)
}

// repeated takes the diagonal along indices that an operand repeats.
func (b *builtinCall) repeated(x *ir.Value, idx string) (*ir.Value, string) {
	for i := 0; i < len(idx); i++ {
		j := strings.IndexByte(idx[i+1:], idx[i])
		if j < 0 {
			continue
		}
		j += i + 1
		var perm []int
		rest := ""
		for k := range len(idx) {
			if k != i && k != j {
				perm, rest = append(perm, k), rest+idx[k:k+1]
			}
		}
		x = b.emit(ir.OpTranspose, &ir.PermAttrs{Perm: append(perm, i, j)}, ir.Type{}, x)
		return b.repeated(b.op(ir.OpDiagonal, x), rest+idx[i:i+1])
	}
	return x, idx
}

// matpow multiplies by the fewest products.
func (b *builtinCall) matpow() value {
	x := b.tensor("a")
	k := b.integer("k", 0)
	r := x.Type.Rank()
	if r < 2 || !ir.SameSize(x.Type.Shape[r-1], x.Type.Shape[r-2]) {
		b.fail(b.placeOf("a"), "", "matpow takes square matrices, found %v", x.Type.Plain())
	}
	if k < 0 {
		x, k = b.op(ir.OpInv, x), -k
	}
	if k == 0 {
		return tensorValue(b.emit(ir.OpBroadcast, nil, x.Type.Plain(), b.eye(x.Type.Shape[r-1], x.Type.DType)))
	}
	return raise(tensorValue(x), k, func(x, y value) value {
		return tensorValue(b.got(b.c.matmul(b.at, x, y)))
	})
}

// blockDiag puts matrices along the diagonal: each is padded with zeros to the
// width of the whole, then they are joined by rows.
func (b *builtinCall) blockDiag() *ir.Value {
	xs := b.tensors("xs")
	total := dim.Const(0)
	for _, x := range xs {
		if x.Type.Rank() != 2 {
			b.fail(b.placeOf("xs"), "", "block_diag takes matrices, found %v", x.Type.Plain())
		}
		total = dim.Add(total, x.Type.Shape[1])
	}
	before := dim.Const(0)
	zero := dim.Const(0)
	for i, x := range xs {
		after := dim.Sub(dim.Sub(total, before), x.Type.Shape[1])
		n := ir.IntNumber(0)
		if x.Type.DType.IsFloat() {
			n = ir.FloatNumber(0)
		}
		next := dim.Add(before, x.Type.Shape[1])
		xs[i] = b.emit(ir.OpPad, &ir.PadAttrs{Lo: []dim.Expr{zero, before}, Hi: []dim.Expr{zero, after}, Value: n}, ir.Type{}, x)
		before = next
	}
	return b.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 0}, ir.Type{}, xs...)
}
