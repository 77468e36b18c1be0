package check

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An indexArg is one place of the index of a tensor, evaluated.
type indexArg struct {
	at    source.Pos
	kind  indexKind
	place dim.Expr  // of atStatic, which may count from the end
	v     *ir.Value // of atValue, an i64 scalar, and of byTensor
	slice [3]value  // of aSlice: lo, hi, step; none where left out
	text  string    // as written
}

type indexKind uint8

const (
	atStatic  indexKind = iota // x[3]
	atValue                    // x[i]
	byTensor                   // x[idx]
	aSlice                     // x[lo:hi:step]
	newAxis                    // x[None]
	ellipsis                   // x[...]
	openPlace                  // a number or a tensor, for some sizes
)

// indexArgs evaluates what stands in the brackets of an index.
func (f *frame) indexArgs(x *syntax.Index) ([]indexArg, bool) {
	var args []indexArg
	ok := true
	for _, a := range x.Args {
		arg := indexArg{at: a.Pos()}
		switch a := a.(type) {
		case *syntax.Ellipsis:
			arg.kind = ellipsis
		case *syntax.None:
			arg.kind = newAxis
		case *syntax.Slice:
			arg.kind, arg.text = aSlice, exprString(a)
			for i, e := range []syntax.Expr{a.Lo, a.Hi, a.Step} {
				if e != nil {
					arg.slice[i] = f.eval(e)
					ok = ok && f.c.sliceBound(arg.slice[i], e.Pos())
				}
			}
		default:
			arg.text = exprString(a)
			ok = f.placeArg(&arg, a) && ok
		}
		args = append(args, arg)
	}
	return args, ok
}

// sliceBound checks a bound or a step of a slice.
func (c *checker) sliceBound(v value, at source.Pos) bool {
	switch v.kind {
	case badKind:
		return false
	case unknownKind:
		return true
	case numberKind:
		if _, problem := v.size(); problem != "" {
			c.errorf(at, "", "a bound of a slice must be an integer, found %s", problem)
			return false
		}
		return true
	case tensorKind:
		if t := v.tensor().Type; t.DType.IsInt() && t.Rank() == 0 {
			return true
		}
	}
	c.errorf(at, "", "a bound of a slice is a static integer or an i64 scalar, found %s", v.describe())
	return false
}

// placeArg evaluates a place of an index that is no slice.
func (f *frame) placeArg(arg *indexArg, x syntax.Expr) bool {
	v := f.eval(x)
	if v.kind == numberKind {
		if _, problem := v.size(); problem != "" {
			f.c.errorf(x.Pos(), "", "an index must be an integer: %s is %s%s", exprString(x), problem, f.values(x))
			return false
		}
	}
	return f.c.asPlace(arg, v)
}

// asPlace makes a value a place of an index.
func (c *checker) asPlace(arg *indexArg, v value) bool {
	switch v.kind {
	case badKind:
		return false
	case unknownKind:
		arg.kind = openPlace
		return true
	case numberKind:
		n, problem := v.size()
		if problem != "" {
			c.errorf(arg.at, "", "an index must be an integer, found %s", problem)
			return false
		}
		arg.place = n
		return true
	case tensorKind:
		if t := v.tensor().Type; t.DType.IsInt() {
			arg.kind, arg.v = byTensor, v.tensor()
			if t.Rank() == 0 {
				arg.kind = atValue
			}
			return true
		}
	}
	c.errorf(arg.at, "", "an index is an integer, a slice or a tensor of integers, found %s", v.describe())
	return false
}

// A selection says what an index takes of each dimension of a tensor, and what
// becomes of the dimensions: first a slice with constant places, then slices
// at places that are values, then rows by a tensor.
type selection struct {
	start []dim.Expr
	step  []int
	sizes []dim.Expr     // after the slice
	dyn   map[int]*place // dimensions whose first place is a value
	by    int            // the dimension that a tensor indexes, -1 for none
	idx   *ir.Value
	shape []dim.Expr // of the result: places dropped, new axes added
	whole bool       // the slice takes everything
}

// A place is where a slice of known length starts.
type place struct {
	v    *ir.Value
	size dim.Expr
}

// select computes what an index takes of a tensor of type t. It returns nil
// after an error, and false where sizes decide in a way that has no form.
func (c *checker) selects(t ir.Type, args []indexArg, at source.Pos) (*selection, bool) {
	used, dots := 0, -1
	for i, a := range args {
		switch a.kind {
		case newAxis:
		case openPlace:
			return nil, false
		case ellipsis:
			if dots >= 0 {
				c.errorf(a.at, "", "an index has one ... at most")
				return nil, true
			}
			dots = i
		default:
			used++
		}
	}
	if used > t.Rank() {
		c.errorf(at, "", "%d places for the %s of %v", used, count(t.Rank(), "dimension"), t.Plain())
		return nil, true
	}
	rest := make([]indexArg, t.Rank()-used)
	for i := range rest {
		rest[i] = indexArg{kind: aSlice, at: at}
	}
	if dots < 0 {
		args = append(slices.Clone(args), rest...)
	} else {
		args = slices.Concat(args[:dots], rest, args[dots+1:])
	}
	s := &selection{by: -1, dyn: map[int]*place{}, whole: true}
	axis := 0
	for _, a := range args {
		if a.kind == newAxis {
			s.shape = append(s.shape, dim.Const(1))
			continue
		}
		ok, known := c.selectAxis(s, a, axis, t)
		if !ok || !known {
			return nil, ok
		}
		axis++
	}
	if len(s.shape) > ir.MaxRank {
		c.errorf(at, "", "rank %d is above the limit of %d", len(s.shape), ir.MaxRank).Kind = source.ErrLimit
		return nil, true
	}
	return s, true
}

// selectAxis adds what a takes of one dimension.
func (c *checker) selectAxis(s *selection, a indexArg, axis int, t ir.Type) (ok, known bool) {
	n := t.Shape[axis]
	zero, one := dim.Const(0), dim.Const(1)
	add := func(start dim.Expr, step int, size dim.Expr) {
		s.start, s.step, s.sizes = append(s.start, start), append(s.step, step), append(s.sizes, size)
		s.whole = s.whole && step == 1 && start.Equal(zero) && size.Equal(n)
	}
	switch a.kind {
	case atStatic:
		i := a.place
		if k, fixed := i.Int(); fixed && k < 0 {
			i = dim.Add(n, i)
		}
		k, fixed := i.Int()
		if fixed && k < 0 || c.provedLessEq(n, i) {
			c.errorf(a.at, "", "index %s is out of range for dimension %d of %v", a.text, axis, t.Plain())
			return false, true
		}
		add(i, 1, one)
	case atValue:
		if c.loops == 0 && n.Equal(zero) { // a loop may not turn
			c.errorf(a.at, "", "index %s is out of range: dimension %d of %v has no elements", a.text, axis, t.Plain())
			return false, true
		}
		add(zero, 1, n)
		s.dyn[axis] = &place{a.v, one}
	case byTensor:
		if s.by >= 0 {
			c.errorf(a.at, "index twice, or use take_along", "an index has one tensor at most")
			return false, true
		}
		add(zero, 1, n)
		s.by, s.idx = axis, a.v
		s.shape = append(s.shape, a.v.Type.Shape...)
	case aSlice:
		return c.selectSlice(s, a, axis, n, add)
	}
	return true, true
}

// selectSlice adds what a slice takes of a dimension of n.
func (c *checker) selectSlice(s *selection, a indexArg, axis int, n dim.Expr, add func(dim.Expr, int, dim.Expr)) (ok, known bool) {
	step := 1
	if v := a.slice[2]; v.kind != noKind {
		if v.kind != numberKind {
			if v.kind == tensorKind {
				c.errorf(a.at, "", "the step of a slice is a static integer, found %s", v.describe())
				return false, true
			}
			return true, false
		}
		e, _ := v.size()
		k, fixed := e.Int()
		if !fixed {
			return true, false
		}
		if step = k; step == 0 {
			c.errorf(a.at, "", "a slice has step 0")
			return false, true
		}
	}
	lo, hi := a.slice[0], a.slice[1]
	if lo.kind == unknownKind || hi.kind == unknownKind {
		return true, false
	}
	if lo.kind == tensorKind || hi.kind == tensorKind {
		return c.selectDynamic(s, a, axis, n, step, add), true
	}
	start, size, known := c.clip(lo, hi, step, n)
	if !known {
		return true, false
	}
	add(start, step, size)
	s.shape = append(s.shape, size)
	return true, true
}

// clip computes the first place and the number of places of a static slice, as
// NumPy does.
func (c *checker) clip(lo, hi value, step int, n dim.Expr) (start, size dim.Expr, known bool) {
	zero := dim.Const(0)
	least, most := zero, n
	if step < 0 {
		least, most = dim.Const(-1), dim.Sub(n, dim.Const(1))
	}
	bound := func(v value, open dim.Expr) (dim.Expr, bool) {
		if v.kind == noKind {
			return open, true
		}
		e, _ := v.size()
		switch {
		case c.mayBeNegative(e):
			return e, false
		case dim.Less(e, zero) == dim.Yes:
			e = dim.Add(n, e)
		case dim.LessEq(zero, e) != dim.Yes:
			return e, false
		}
		return dim.Max(least, dim.Min(e, most)), true
	}
	first, last := least, most
	if step < 0 {
		first, last = most, least
	}
	start, ok1 := bound(lo, first)
	end, ok2 := bound(hi, last)
	size = dim.Max(zero, dim.Ceil(dim.Quo(dim.Sub(end, start), dim.Const(step))))
	if start.Err() != nil || size.Err() != nil {
		return start, size, false
	}
	return start, size, ok1 && ok2
}

// selectDynamic adds what a slice takes whose bounds are known only at run
// time, but not its length.
func (c *checker) selectDynamic(s *selection, a indexArg, axis int, n dim.Expr, step int, add func(dim.Expr, int, dim.Expr)) bool {
	if step != 1 {
		c.errorf(a.at, "take every second of x[i:i + n] after", "a slice with bounds known only at run time has step 1, found %d", step)
		return false
	}
	lo, hi := a.slice[0], a.slice[1]
	if lo.kind == noKind || hi.kind == noKind {
		c.errorf(a.at, "give both bounds, as in x[i:i + 4]", "the length of the slice %s is not static", a.text)
		return false
	}
	p, ok1 := c.linear(lo)
	q, ok2 := c.linear(hi)
	size, fixed := q.minus(p)
	if !ok1 || !ok2 || !fixed {
		c.errorf(a.at, "write the upper bound as the lower one and a static number: i = ..., x[i:i + 4]", "the length of the slice %s is not static", a.text)
		return false
	}
	if k, known := size.Int(); known && k < 0 || c.loops == 0 && c.provedLessEq(dim.Add(n, dim.Const(1)), size) {
		c.errorf(a.at, "", "the slice %s takes %v elements of %v", a.text, size, n)
		return false
	}
	start := lo
	if lo.kind != tensorKind {
		start = c.scalar(lo, tensor.I64, a.at)
		if start.kind == badKind {
			return false
		}
	}
	add(dim.Const(0), 1, n)
	s.dyn[axis] = &place{start.tensor(), size}
	s.shape = append(s.shape, size)
	return true
}

// A linearForm is a sum of values with factors, and a static number.
type linearForm struct {
	terms  map[*ir.Value]int64
	static dim.Expr
}

// minus returns p - q, if that is static. Terms that were written twice, i[0]
// and i[0], are two values that compute the same.
func (p linearForm) minus(q linearForm) (dim.Expr, bool) {
	if len(p.terms) != len(q.terms) {
		return dim.Expr{}, false
	}
	for v, k := range p.terms {
		found := q.terms[v] == k
		for u, l := range q.terms {
			found = found || l == k && p.terms[u] == 0 && sameValue(u, v, 0)
		}
		if !found {
			return dim.Expr{}, false
		}
	}
	return dim.Sub(p.static, q.static), true
}

// sameValue reports whether two values compute the same by the same operations.
func sameValue(u, v *ir.Value, depth int) bool {
	const deep = 16
	if u == v {
		return true
	}
	if depth > deep || u.Op != v.Op || u.Op == ir.OpParam || u.Body != nil || v.Body != nil || len(u.Args) != len(v.Args) ||
		!u.Type.Equal(v.Type) || u.Type.Props != v.Type.Props || ir.AttrString(u.Attrs) != ir.AttrString(v.Attrs) {
		return false
	}
	for i, a := range u.Args {
		if !sameValue(a, v.Args[i], depth+1) {
			return false
		}
	}
	return true
}

// linear returns the linear form of a bound of a slice.
func (c *checker) linear(v value) (linearForm, bool) {
	out := linearForm{terms: map[*ir.Value]int64{}}
	switch v.kind {
	case numberKind:
		e, problem := v.size()
		out.static = e
		return out, problem == ""
	case tensorKind:
		c.addLinear(&out, v.tensor(), 1, 0)
		return out, true
	}
	return out, false
}

// addLinear adds factor*v to p.
func (c *checker) addLinear(p *linearForm, v *ir.Value, factor int64, depth int) {
	if e, ok := c.scalarOf(v); ok {
		p.static = dim.Add(p.static, dim.Mul(dim.Const(int(factor)), e))
		return
	}
	if depth < 64 {
		switch v.Op {
		case ir.OpAdd:
			c.addLinear(p, v.Args[0], factor, depth+1)
			c.addLinear(p, v.Args[1], factor, depth+1)
			return
		case ir.OpSub:
			c.addLinear(p, v.Args[0], factor, depth+1)
			c.addLinear(p, v.Args[1], -factor, depth+1)
			return
		case ir.OpNeg:
			c.addLinear(p, v.Args[0], -factor, depth+1)
			return
		case ir.OpMul:
			for i, a := range v.Args {
				if e, ok := c.scalarOf(a); ok {
					if k, fixed := e.Int(); fixed && int64(int32(k)) == int64(k) && factor < 1<<20 && factor > -1<<20 {
						c.addLinear(p, v.Args[1-i], factor*int64(k), depth+1)
						return
					}
				}
			}
		}
	}
	p.terms[v] += factor
	if p.terms[v] == 0 {
		delete(p.terms, v)
	}
}

// scalarOf returns the static number that a scalar was made of.
func (c *checker) scalarOf(v *ir.Value) (dim.Expr, bool) {
	if e, ok := c.scalars[v]; ok {
		return e, true
	}
	if v.Op == ir.OpFull && v.Type.Rank() == 0 {
		if n := v.Attrs.(*ir.FullAttrs).Value; n.IsInt {
			return dim.Const(int(n.Int)), true
		}
	}
	return dim.Expr{}, false
}

// indexTensor takes x[args].
func (c *checker) indexTensor(at source.Pos, v value, args []indexArg) value {
	s, known := c.selects(v.tensor().Type, args, at)
	switch {
	case !known:
		return unknownValue
	case s == nil:
		return badValue
	}
	out := c.take(v, s, at)
	if out.kind == badKind {
		return out
	}
	return c.reshaped(out, s.shape, at)
}

// take applies a selection; dimensions that are places stay, with size 1.
func (c *checker) take(v value, s *selection, at source.Pos) value {
	if !s.whole {
		v = c.emit(at, ir.OpSlice, &ir.SliceAttrs{Start: s.start, Step: s.step}, ir.Type{DType: v.tensor().Type.DType, Shape: s.sizes}, v.tensor())
	}
	for axis := range s.start {
		p := s.dyn[axis]
		if p == nil || v.kind == badKind {
			continue
		}
		start := c.toI64(p.v, at)
		if start == nil {
			return badValue
		}
		v = c.emit(at, ir.OpDynSlice, &ir.DynSliceAttrs{Axis: axis, Size: p.size}, ir.Type{}, v.tensor(), start)
	}
	if s.by >= 0 && v.kind != badKind {
		v = c.emit(at, ir.OpTake, &ir.AxisAttrs{Axis: s.by}, ir.Type{}, v.tensor(), s.idx)
	}
	return v
}

// toI64 converts an integer scalar to i64; nil after an error.
func (c *checker) toI64(v *ir.Value, at source.Pos) *ir.Value {
	if v.Type.DType == tensor.I64 {
		return v
	}
	out := c.emit(at, ir.OpConvert, nil, v.Type.WithDType(tensor.I64), v)
	return out.v
}

// reshaped gives a tensor another shape, if it has not that shape already.
func (c *checker) reshaped(v value, shape []dim.Expr, at source.Pos) value {
	t := v.tensor().Type
	if len(t.Shape) == len(shape) && slices.EqualFunc(t.Shape, shape, dim.Expr.Equal) {
		return v
	}
	return c.emit(at, ir.OpReshape, nil, ir.Type{DType: t.DType, Shape: shape}, v.tensor())
}

// A target is what an update is of, y[index] op= v.
type target struct {
	name      string
	at, index source.Pos
	op        syntax.Kind // Assign for =, else the operator
}

// update makes the updated copy of old, y[index] op= v.
func (c *checker) update(st target, old value, index []indexArg, v value) value {
	t := old.tensor().Type
	s, known := c.selects(t, index, st.index)
	switch {
	case !known:
		return old // the type does not change
	case s == nil:
		return badValue
	}
	at := st.at
	if st.op != syntax.Assign && !(s.by >= 0 && (st.op == syntax.Add || st.op == syntax.Sub)) {
		part := c.take(old, s, at)
		if part.kind == badKind {
			return badValue
		}
		v = c.binary(at, st.op, c.reshaped(part, s.shape, at), v)
	} else if v.kind != tensorKind {
		v = c.scalar(v, t.DType, at)
	}
	if v.kind != tensorKind {
		return v
	}
	// What is written has the shape of what is read.
	got := v.tensor().Type
	if got.DType != t.DType {
		c.errorf(at, fmt.Sprintf("convert it: %v(...)", t.DType), "%s is %v, but the value is %v", source.Quote(st.name), t.Plain(), got.Plain())
		return badValue
	}
	want := ir.Type{DType: t.DType, Shape: s.shape}
	if shape, err := ir.BroadcastShape(got.Shape, s.shape); err != nil || len(shape) != len(s.shape) || !(ir.Type{DType: t.DType, Shape: shape}).Equal(want) {
		c.errorf(at, "", "the part is %v, but the value is %v", want, got.Plain())
		return badValue
	}
	if !got.Equal(want) || len(got.Shape) != len(want.Shape) || !slices.EqualFunc(got.Shape, want.Shape, dim.Expr.Equal) {
		v = c.emit(at, ir.OpBroadcast, nil, want, v.tensor())
	}
	if st.op == syntax.Sub && s.by >= 0 && v.kind == tensorKind {
		if v = c.emit(at, ir.OpNeg, nil, ir.Type{}, v.tensor()); v.kind == tensorKind {
			free(v.tensor()) // subtracting costs what adding costs
		}
	}
	if v.kind == badKind {
		return v
	}
	return c.put(old, s, v, 0, st.op == syntax.Add || st.op == syntax.Sub, at)
}

// put writes v over what a selection takes of x. Dimensions whose place is a
// value come first: of each, the slice is taken, changed, and put back.
func (c *checker) put(x value, s *selection, v value, axis int, adds bool, at source.Pos) value {
	for ; axis < len(s.start); axis++ {
		p := s.dyn[axis]
		if p == nil {
			continue
		}
		start := c.toI64(p.v, at)
		if start == nil {
			return badValue
		}
		part := c.emit(at, ir.OpDynSlice, &ir.DynSliceAttrs{Axis: axis, Size: p.size}, ir.Type{}, x.tensor(), start)
		if part.kind == badKind {
			return part
		}
		inner := *s
		inner.start, inner.sizes = slices.Clone(s.start), slices.Clone(s.sizes)
		inner.sizes[axis] = p.size
		part = c.put(part, &inner, v, axis+1, adds, at)
		if part.kind == badKind {
			return part
		}
		return c.emit(at, ir.OpDynUpdate, &ir.AxisAttrs{Axis: axis}, ir.Type{}, x.tensor(), part.tensor(), start)
	}
	dtype := x.tensor().Type.DType
	part := v
	if s.by >= 0 {
		into := x
		if !s.whole {
			into = c.emit(at, ir.OpSlice, &ir.SliceAttrs{Start: s.start, Step: s.step}, ir.Type{DType: dtype, Shape: s.sizes}, x.tensor())
		}
		if into.kind == badKind {
			return into
		}
		shape := slices.Concat(s.sizes[:s.by], s.idx.Type.Shape, s.sizes[s.by+1:])
		if v = c.reshaped(v, shape, at); v.kind == badKind {
			return v
		}
		part = c.emit(at, ir.OpScatter, &ir.ScatterAttrs{Axis: s.by, Set: !adds}, ir.Type{}, into.tensor(), s.idx, v.tensor())
		if s.whole || part.kind == badKind {
			return part
		}
	}
	if part = c.reshaped(part, s.sizes, at); part.kind == badKind || s.replacesAll(x) {
		return part
	}
	return c.emit(at, ir.OpUpdate, &ir.SliceAttrs{Start: s.start, Step: s.step}, ir.Type{}, x.tensor(), part.tensor())
}

// replacesAll reports whether the slice takes all of x.
func (s *selection) replacesAll(x value) bool {
	for axis, n := range x.tensor().Type.Shape {
		if s.step[axis] != 1 || !s.start[axis].Equal(dim.Const(0)) || !s.sizes[axis].Equal(n) {
			return false
		}
	}
	return true
}
