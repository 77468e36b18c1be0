package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// emit makes an operation at c.pos.
func (c *checker) emit(at source.Pos, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) value {
	c.b.Pos = at
	v, err := c.b.Emit(op, attrs, want, args...)
	if err != nil {
		c.report(at, err)
		return badValue
	}
	c.made(v, at)
	return tensorValue(v)
}

// operation makes an elementwise operation that the language writes as an
// operator, which messages name.
func (c *checker) operation(at source.Pos, operator string, op ir.Op, args ...*ir.Value) value {
	for _, x := range args[1:] {
		if first := args[0]; x.Type.DType != first.Type.DType {
			c.errorf(at, differHint(first.Type.DType, x.Type.DType), "%s: element types differ: %v and %v", operator, first.Type.Plain(), x.Type.Plain())
			return badValue
		}
	}
	c.b.Pos = at
	v, err := c.b.Emit(op, nil, ir.Type{}, args...)
	if err != nil {
		c.reportAs(at, operator, err)
		return badValue
	}
	c.made(v, at)
	return tensorValue(v)
}

// differHint returns what to write where element types differ: of an integer
// and a float, the float.
func differHint(d, e tensor.DType) string {
	if e.IsFloat() && (!d.IsFloat() || e.Size() > d.Size()) {
		d = e
	}
	return fmt.Sprintf("convert with %v(...)", d)
}

// reportAs records an error of the IR under the name that the program gives to
// what it asked for, not that of the operation.
func (c *checker) reportAs(at source.Pos, name string, err error) {
	list := source.List(err)
	if len(list) != 1 {
		c.report(at, err)
		return
	}
	e := list[0]
	msg := e.Msg
	if _, rest, ok := strings.Cut(msg, ": "); ok {
		msg = rest
	}
	want, have, both := strings.Cut(msg, ", have ")
	if want, ok := strings.CutPrefix(want, "want "); ok && both {
		msg = name + " takes " + want + ", found " + have
	} else {
		msg = name + ": " + msg
	}
	hint := e.Hint
	switch {
	case hint != "":
	case want == "want floats":
		hint = "convert it: f32(...)"
	case strings.HasPrefix(want, "element types differ"):
		hint = "convert one of them, such as f32(...)"
	}
	c.errorf(at, hint, "%s", msg).Kind = e.Kind
}

// scalar makes a scalar of a static value.
func (c *checker) scalar(v value, d tensor.DType, at source.Pos) value {
	n := ir.Number{}
	var err error
	switch v.kind {
	case badKind, unknownKind:
		return v
	case numberKind, flagKind:
	default:
		c.errorf(at, "", "expected a number, found %s", v.describe())
		return badValue
	}
	if v.kind == flagKind {
		if d != tensor.Bool {
			err = fmt.Errorf("%s is no number, as %v asks for", v.describe(), d)
		}
		n = ir.IntNumber(0)
		if v.flag == yes {
			n = ir.IntNumber(1)
		}
	} else {
		n, err = v.num.element(d)
	}
	if err != nil {
		c.errorf(at, "", "%s", err)
		return badValue
	}
	out := c.emit(at, ir.OpFull, &ir.FullAttrs{Value: n}, ir.Make(d))
	if v.num.sym != nil && out.kind == tensorKind {
		c.scalars[out.v] = *v.num.sym
	}
	return out
}

// assume gives a tensor the structure that a type declares.
func (c *checker) assume(v value, want ir.Type, at source.Pos) value {
	if want.Props == (ir.Props{}) {
		return v
	}
	return c.emit(at, ir.OpAssume, nil, v.tensor().Type.WithProps(want.Props), v.tensor())
}

// fits reports whether a tensor of a type is within the limits.
func (c *checker) fits(t ir.Type) error {
	if !t.Static() {
		return nil
	}
	_, _, err := tensor.Size(t.DType, t.Dims(), 0)
	return err
}

// unary computes -x and not x.
func (c *checker) unary(at source.Pos, op syntax.Kind, x value) value {
	switch x.kind {
	case badKind, unknownKind:
		return x
	case tensorKind:
		if op == syntax.Not {
			return c.operation(at, "not", ir.OpNot, x.tensor())
		}
		return c.operation(at, "-", ir.OpNeg, x.tensor())
	}
	return c.staticUnary(at, op, x)
}

// binary computes x op y.
func (c *checker) binary(at source.Pos, op syntax.Kind, x, y value) value {
	switch {
	case x.kind == badKind || y.kind == badKind:
		return badValue
	case x.kind == unknownKind || y.kind == unknownKind:
		return unknownValue
	case x.kind != tensorKind && y.kind != tensorKind:
		return c.staticBinary(at, op, x, y)
	}
	for _, pair := range [][2]*value{{&x, &y}, {&y, &x}} {
		if v := pair[0]; v.kind != tensorKind && v.kind != numberKind && v.kind != flagKind {
			c.errorf(at, "", "%v takes tensors and numbers, found %s", op, v.describe())
			return badValue
		}
	}
	switch op {
	case syntax.MatMul:
		return c.matmul(at, x, y)
	case syntax.Pow:
		return c.power(at, x, y)
	}
	d := x.dtype()
	if x.kind != tensorKind {
		d = y.dtype()
	}
	if differ := x.kind == tensorKind && y.kind == tensorKind && x.dtype() != y.dtype(); op == syntax.Div && !differ && !d.IsFloat() {
		c.errorf(at, "write // for the quotient rounded down, or convert to a float", "/ takes floats, found %s and %s", x.describe(), y.describe())
		return badValue
	}
	if x = c.operand(x, d, at); x.kind == badKind {
		return x
	}
	if y = c.operand(y, d, at); y.kind == badKind {
		return y
	}
	return c.operation(at, op.String(), operators[op], x.tensor(), y.tensor())
}

// operators are the elementwise operators on tensors.
var operators = map[syntax.Kind]ir.Op{
	syntax.Add: ir.OpAdd, syntax.Sub: ir.OpSub, syntax.Mul: ir.OpMul, syntax.Div: ir.OpDiv,
	syntax.FloorDiv: ir.OpFloorDiv, syntax.Mod: ir.OpMod,
	syntax.Less: ir.OpLt, syntax.LessEq: ir.OpLe, syntax.Greater: ir.OpGt, syntax.GreaterEq: ir.OpGe,
	syntax.Equal: ir.OpEq, syntax.NotEqual: ir.OpNe, syntax.And: ir.OpAnd, syntax.Or: ir.OpOr,
}

// dtype returns the element type of a tensor.
func (v value) dtype() tensor.DType {
	if v.kind != tensorKind {
		return tensor.Invalid
	}
	return v.v.Type.DType
}

// operand makes a scalar of a static value beside a tensor.
func (c *checker) operand(v value, d tensor.DType, at source.Pos) value {
	if v.kind == tensorKind {
		return v
	}
	return c.scalar(v, d, at)
}

// power computes x ^ y elementwise: by products where y is a static integer.
func (c *checker) power(at source.Pos, x, y value) value {
	if x.kind == tensorKind && y.kind == numberKind && y.num.isInt() {
		n, ok := y.num.expr()
		k, fixed := n.Int()
		if ok && !fixed {
			return x // the type stays
		}
		if ok && k <= 1<<20 && k >= -1<<20 && (k >= 0 || x.dtype().IsFloat()) {
			return c.intPower(at, x, k)
		}
	}
	d := x.dtype()
	if x.kind != tensorKind {
		d = y.dtype()
	}
	if x = c.operand(x, d, at); x.kind == badKind {
		return x
	}
	if y = c.operand(y, d, at); y.kind == badKind {
		return y
	}
	return c.operation(at, "^", ir.OpPow, x.tensor(), y.tensor())
}

// intPower computes x ^ k by the fewest products.
func (c *checker) intPower(at source.Pos, x value, k int) value {
	if k > 0 {
		return raise(x, k, func(x, y value) value {
			return c.operation(at, "^", ir.OpMul, x.tensor(), y.tensor())
		})
	}
	one := c.scalar(value{kind: numberKind, num: intNumber(1)}, x.dtype(), at)
	if one.kind == badKind {
		return one
	}
	if k == 0 {
		return c.emit(at, ir.OpBroadcast, nil, x.tensor().Type.Plain(), one.tensor())
	}
	if x = c.intPower(at, x, -k); x.kind == badKind {
		return x
	}
	return c.emit(at, ir.OpDiv, nil, ir.Type{}, one.tensor(), x.tensor())
}

// matmul computes x @ y as NumPy does: vectors on either side, leading
// dimensions broadcast.
func (c *checker) matmul(at source.Pos, x, y value) value {
	if x.kind != tensorKind || y.kind != tensorKind || x.tensor().Type.Rank() == 0 || y.tensor().Type.Rank() == 0 {
		c.errorf(at, "for a number there is *", "@ multiplies vectors and matrices, found %s and %s", x.describe(), y.describe())
		return badValue
	}
	t, u := x.tensor().Type, y.tensor().Type
	m, n := t.Rank(), u.Rank()
	if t.DType != u.DType {
		c.errorf(at, differHint(t.DType, u.DType), "@: element types differ: %v and %v", t.Plain(), u.Plain())
		return badValue
	}
	inner := n - 1
	if n > 1 {
		inner = n - 2
	}
	if !ir.SameSize(t.Shape[m-1], u.Shape[inner]) {
		hint := ""
		switch {
		case n > 1 && ir.SameSize(t.Shape[m-1], u.Shape[n-1]):
			hint = "the right side may be stored transposed: write y.T"
		case m > 1 && ir.SameSize(t.Shape[m-2], u.Shape[inner]):
			hint = "the left side may be stored transposed: write x.T"
		}
		c.errorf(at, hint, "inner sizes differ: %v @ %v (%v and %v)", t.Plain(), u.Plain(), t.Shape[m-1], u.Shape[inner])
		return badValue
	}
	if _, err := ir.BroadcastShape(t.Shape[:max(m-2, 0)], u.Shape[:max(n-2, 0)]); err != nil {
		c.errorf(at, "", "@: the leading dimensions of %v and %v do not broadcast: %v", t.Plain(), u.Plain(), err)
		return badValue
	}
	// Letters are given from the right, so that leading dimensions meet.
	batch := max(m, n) - 2
	if m == 1 || n == 1 {
		batch = max(max(m, n)-2, 0)
	}
	letters := func(rank int) (lead []int) {
		for i := range max(rank-2, 0) {
			lead = append(lead, batch-max(rank-2, 0)+i)
		}
		return lead
	}
	row, col, sum := batch, batch+1, batch+2
	left, right := letters(m), letters(n)
	var result []int
	for i := range batch {
		result = append(result, i)
	}
	if m > 1 {
		left, result = append(left, row), append(result, row)
	}
	left = append(left, sum)
	right = append(right, sum)
	if n > 1 {
		right, result = append(right, col), append(result, col)
	}
	x, left = c.squeeze(x, left, y, right, batch, at)
	if x.kind == badKind {
		return x
	}
	y, right = c.squeeze(y, right, x, left, batch, at)
	if y.kind == badKind {
		return y
	}
	return c.emit(at, ir.OpContract, &ir.ContractAttrs{Spec: spec(left, right, result)}, ir.Type{}, x.tensor(), y.tensor())
}

// squeeze drops leading dimensions of 1 from x where y has others: they stretch.
func (c *checker) squeeze(x value, idx []int, y value, other []int, batch int, at source.Pos) (value, []int) {
	t, u := x.tensor().Type, y.tensor().Type
	var shape []dim.Expr
	var kept []int
	for i, l := range idx {
		j := slices.Index(other, l)
		if l < batch && j >= 0 && ir.IsOne(t.Shape[i]) && !ir.IsOne(u.Shape[j]) {
			continue
		}
		shape, kept = append(shape, t.Shape[i]), append(kept, l)
	}
	return c.reshaped(x, shape, at), kept
}

// spec writes an einsum specification with letters in the order of their first
// appearance.
func spec(left, right, result []int) string {
	names := map[int]byte{}
	var b strings.Builder
	write := func(idx []int) {
		for _, l := range idx {
			if names[l] == 0 {
				names[l] = byte('a' + len(names))
			}
			b.WriteByte(names[l])
		}
	}
	write(left)
	b.WriteByte(',')
	write(right)
	b.WriteString("->")
	write(result)
	return b.String()
}

// transpose swaps the last two dimensions.
func (c *checker) transpose(v value, at source.Pos) value {
	r := v.tensor().Type.Rank()
	if r < 2 {
		c.errorf(at, "a vector is its own row and column; write x[:, None] for a column", "x.T swaps the last two dimensions, found %s", v.describe())
		return badValue
	}
	perm := make([]int, r)
	for i := range perm {
		perm[i] = i
	}
	perm[r-2], perm[r-1] = r-1, r-2
	return c.emit(at, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, v.tensor())
}

// convert computes f32(x).
func (f *frame) convert(x *syntax.Call, t *syntax.TypeLit) value {
	if len(x.Args) != 1 || x.Args[0].Name != nil {
		f.c.errorf(x.At, "", "%s(x) takes one value, found %s", t.Type.Elem, count(len(x.Args), "argument"))
		return badValue
	}
	v := f.eval(x.Args[0].Value)
	return f.c.convert(x.At, elemType(t.Type), v)
}

// convert gives a value the element type d.
func (c *checker) convert(at source.Pos, d tensor.DType, v value) value {
	switch v.kind {
	case badKind, unknownKind:
		return v
	case numberKind, flagKind:
		return c.convertStatic(v, d, at)
	case tensorKind:
		if v.dtype() == d {
			return v
		}
		return c.emit(at, ir.OpConvert, nil, v.tensor().Type.WithDType(d), v.tensor())
	}
	c.errorf(at, "", "%v(x) converts tensors and static numbers, found %s", d, v.describe())
	return badValue
}

// convertStatic makes a scalar of a static value by the rule of conversions.
func (c *checker) convertStatic(v value, d tensor.DType, at source.Pos) value {
	switch {
	case v.kind == flagKind && d != tensor.Bool:
		n := intNumber(0)
		if v.flag == yes {
			n = intNumber(1)
		}
		v = value{kind: numberKind, num: n}
	case v.kind == numberKind && d == tensor.Bool:
		return c.scalar(flagValue(compare(syntax.NotEqual, v.num, intNumber(0), nil) == yes), d, at)
	case v.kind == numberKind && d.IsInt() && !v.num.isInt() && v.num.sym == nil:
		v.num = intNumber(tensor.Saturate(d, v.num.float()))
	}
	return c.scalar(v, d, at)
}
