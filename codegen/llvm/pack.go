package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A packEmitter emits the function of a kernel that packs the right operand of
// a product. Workers share the panels of all points of Batch.
type packEmitter struct {
	*scope
	g     *kernel.Gemm
	d     ir.DType
	lanes int
	sum   []kernel.Dim // merged; A is the distance in the packed buffer
	steps int
	// The steps that are packed, where B is banded; nil for all.
	lo, hi value.Value
}

// newPackEmitter prepares packing the right operand of g.
func newPackEmitter(s *scope, g *kernel.Gemm) *packEmitter {
	e := &packEmitter{scope: s, g: g, d: g.Value.Type.DType, lanes: tileLanes(s.m.target, g.Value.Type.DType), steps: 1}
	sum := slices.Clone(g.Sum)
	for i := len(sum) - 1; i >= 0; i-- {
		sum[i].A = e.steps * g.Panel
		e.steps *= sum[i].Size
	}
	if e.sum = sum; g.B.Of == nil { // of what is computed, neighbours are in one row
		e.sum = mergeSum(sum)
	}
	return e
}

// emitPack emits the body of a kernel function for s.k.Pack.
func (s *scope) emitPack() {
	g := s.k.Pack
	e := newPackEmitter(s, g)
	steps := e.steps
	panels := (g.Col.Size + g.Panel - 1) / g.Panel
	items := panels
	for _, d := range g.Batch {
		items *= g.PointsOfB(d)
	}
	if items*steps == 0 {
		return
	}
	lo, hi := s.portion(items, items*steps*g.Panel)
	s.loop(lo, hi, 1, nil, func(item value.Value, _ []value.Value) []value.Value {
		panel, n := s.digit(item, panels)
		from := s.add(i64(g.B.Offset), s.mul(panel, i64(g.Panel*g.Col.B)))
		for i := len(g.Batch) - 1; i >= 0; i-- {
			var at value.Value
			at, n = s.digit(n, g.PointsOfB(g.Batch[i]))
			from = s.add(from, s.mul(at, i64(g.Batch[i].B)))
		}
		dst := s.at(regType(e.d), s.bitcast(s.ptr(g.Packed), types.NewPointer(regType(e.d))), s.mul(item, i64(steps*g.Panel)))
		full, rest := g.Col.Size/g.Panel, g.Col.Size%g.Panel
		switch {
		case rest == 0:
			e.panelInBand(panel, from, dst, g.Panel)
		case full == 0:
			e.panelInBand(panel, from, dst, rest)
		default:
			s.either(s.icmp(enum.IPredSLT, panel, i64(full)),
				func() []value.Value { e.panelInBand(panel, from, dst, g.Panel); return nil },
				func() []value.Value { e.panelInBand(panel, from, dst, rest); return nil })
		}
		return nil
	})
}

// panelInBand packs a panel, of a banded operand as much as is read of it.
func (e *packEmitter) panelInBand(panel, src, dst value.Value, cols int) {
	r := e.g.Right
	if r == nil {
		e.panel(src, dst, cols)
		return
	}
	first, steps := e.mul(panel, i64(e.g.Panel)), i64(e.steps)
	e.lo = e.larger(e.add(first, i64(r.Lo)), i64(0))
	e.hi = e.larger(e.smaller(e.add(first, i64(cols+r.Hi)), steps), e.lo)
	e.panel(src, dst, cols)
	if r.Unit {
		e.loop(e.smaller(first, steps), e.smaller(e.add(first, i64(cols)), steps), 1, nil, func(k value.Value, _ []value.Value) []value.Value {
			at := e.add(e.mul(k, i64(e.g.Panel)), e.sub(k, first))
			e.emitter.store(e.float(regType(e.d), 1), e.at(regType(e.d), dst, at))
			return nil
		})
	}
	e.lo, e.hi = nil, nil
}

// panel packs a panel of which cols columns are valid. Here and below, src is a
// position in the buffer of B, and dst a pointer.
func (e *packEmitter) panel(src, dst value.Value, cols int) {
	single := maskedView(e.g.B)
	if n := len(e.sum); !single && e.g.Col.B != 1 && n > 0 && e.sum[n-1].B == 1 && e.lanes > 1 && sizeOf(regType(e.d)) >= 4 {
		e.walk(e.sum[:n-1], src, dst, func(src, dst value.Value) { e.transposed(src, dst, cols) })
		if pad := e.g.Panel - (cols+e.lanes-1)/e.lanes*e.lanes; pad > 0 {
			e.walk(e.sum, src, dst, func(_, dst value.Value) { e.zeros(dst, e.g.Panel-pad) })
		}
		return
	}
	e.walk(e.sum, src, dst, func(src, dst value.Value) {
		end := cols
		if !single && e.g.Col.B == 1 {
			for at := 0; at < cols; at += e.lanes {
				e.put(e.get(src, at, min(e.lanes, cols-at)), dst, at)
			}
			end = (cols + e.lanes - 1) / e.lanes * e.lanes
		} else {
			e.loop(i64(0), i64(cols), 1, nil, func(j value.Value, _ []value.Value) []value.Value {
				x := e.element(e.g.B, e.add(src, e.mul(j, i64(e.g.Col.B))))
				e.emitter.store(x, e.at(regType(e.d), dst, j))
				return nil
			})
		}
		e.zeros(dst, end)
	})
}

// walk calls body for each point of dims, with src and dst for it.
func (e *packEmitter) walk(dims []kernel.Dim, src, dst value.Value, body func(src, dst value.Value)) {
	if len(dims) == 0 {
		body(src, dst)
		return
	}
	d := dims[0]
	lo, hi := value.Value(i64(0)), value.Value(i64(d.Size))
	if e.lo != nil {
		lo, hi = e.lo, e.hi // the only dimension
	}
	e.loop(lo, hi, 1, nil, func(k value.Value, _ []value.Value) []value.Value {
		src := e.add(src, e.mul(k, i64(d.B)))
		dst := e.at(regType(e.d), dst, e.mul(k, i64(d.A)))
		e.walk(dims[1:], src, dst, body)
		return nil
	})
}

// get reads n neighbours that lie at elements from src.
func (e *packEmitter) get(src value.Value, at, n int) value.Value {
	switch v := e.g.B.Of; {
	case v == nil:
	case e.g.Col.B == 1:
		return e.computed(v, e.indexOf(v, src), i64(at), n, v) // of the same row
	default:
		return e.computed(v, e.indexOf(v, e.add(src, i64(at))), i64(0), n, v)
	}
	if n == 1 {
		return e.element(e.g.B, e.add(src, i64(at)))
	}
	t := memType(e.d)
	return e.fromMemory(e.d, e.load(t, e.emitter.at(t, e.emitter.at(t, e.ptr(e.g.B.Buf), src), i64(at)), n))
}

// element returns the element of an operand at a position in its buffer. Of a
// parameter with a promised structure it is what the structure says.
func (s *scope) element(w kernel.View, pos value.Value) value.Value {
	if w.Of != nil {
		return s.computed(w.Of, s.indexOf(w.Of, pos), i64(0), 1, w.Of)
	}
	v := w.Buf.Value
	if !maskedView(w) {
		t := memType(w.Type.DType)
		return s.fromMemory(w.Type.DType, s.load(t, s.emitter.at(t, s.ptr(w.Buf), pos), 0))
	}
	var x value.Value
	s.inner(0, func() {
		x = s.value(v, s.indexOf(v, pos))
	})
	return x
}

// indexOf returns the indices of the element of v, which is no scalar, at a
// position in row-major order.
func (s *scope) indexOf(v *ir.Value, pos value.Value) []index {
	dims := v.Type.Dims()
	idx := make([]index, len(dims))
	for i := len(dims) - 1; i > 0; i-- {
		var at value.Value
		pos, at = s.over(pos, dims[i])
		idx[i] = index{base: at}
	}
	idx[0] = index{base: pos}
	return idx
}

// computed returns n neighbours in a row of v (kernel.View.Of), from the element
// that is so far behind that of idx; not those of v itself, but of x, which is v or
// an operand of it that broadcasts to it.
func (s *scope) computed(v *ir.Value, idx []index, behind value.Value, n int, x *ir.Value) value.Value {
	row := lastAxis(v)
	idx = slices.Clone(idx)
	idx[row] = index{base: s.add(idx[row].base, behind), step: min(n-1, 1)}
	var out value.Value
	s.inner(vectorOf(n), func() { out = s.value(x, s.stretched(x, idx)) })
	return out
}

// lastAxis returns the last dimension of v of a size other than 1: neighbours in
// memory are neighbours along it.
func lastAxis(v *ir.Value) int {
	last := 0
	for i, n := range v.Type.Dims() {
		if n != 1 {
			last = i
		}
	}
	return last
}

// put writes x at elements from dst, with zeros for the lanes that it lacks.
func (e *packEmitter) put(x, dst value.Value, at int) {
	e.emitter.store(e.padded(x), e.at(regType(e.d), dst, i64(at)))
}

// padded returns x with zeros behind, so that it has all lanes.
func (e *packEmitter) padded(x value.Value) value.Value {
	n := max(lanesOf(x), 1)
	if n == e.lanes {
		return x
	}
	zero := constant.NewZeroInitializer(vec(regType(e.d), e.lanes))
	if n == 1 {
		return e.setLane(zero, x, 0)
	}
	mask := make([]constant.Constant, e.lanes)
	for i := range mask {
		mask[i] = constant.NewInt(types.I32, int64(min(i, n)))
	}
	return e.cur.NewShuffleVector(x, constant.NewZeroInitializer(x.Type()), constant.NewVector(types.NewVector(uint64(e.lanes), types.I32), mask...))
}

// zeros writes zeros from column at to the end of a row.
func (e *packEmitter) zeros(dst value.Value, at int) {
	t := regType(e.d)
	for at < e.g.Panel {
		n := e.lanes
		if at%e.lanes != 0 {
			n = min(e.lanes-at%e.lanes, e.g.Panel-at)
		}
		e.emitter.store(constant.NewZeroInitializer(vec(t, vectorOf(n))), e.at(t, dst, i64(at)))
		at += n
	}
}

// transposed packs along the innermost dimension of the sum, whose elements are
// neighbours, in squares of as many elements as a vector has.
func (e *packEmitter) transposed(src, dst value.Value, cols int) {
	squares := func(src, dst value.Value, cols int) {
		d := e.sum[len(e.sum)-1]
		whole := d.Size / e.lanes * e.lanes
		move := func(k value.Value) (value.Value, value.Value) {
			return e.add(src, k), e.at(regType(e.d), dst, e.mul(k, i64(d.A)))
		}
		lo, hi := value.Value(i64(0)), value.Value(i64(whole))
		if e.lo != nil { // what is packed beside is not read
			lo, hi = e.cur.NewAnd(e.lo, i64(-e.lanes)), e.smaller(e.hi, hi)
		}
		e.loop(lo, hi, e.lanes, nil, func(k value.Value, _ []value.Value) []value.Value {
			src, dst := move(k)
			e.square(src, dst, e.lanes, cols)
			return nil
		})
		if rest := d.Size - whole; rest > 0 {
			src, dst := move(i64(whole))
			e.square(src, dst, rest, cols)
		}
	}
	full := cols / e.lanes
	move := func(j value.Value) (value.Value, value.Value) {
		at := e.mul(j, i64(e.lanes))
		return e.add(src, e.mul(at, i64(e.g.Col.B))), e.at(regType(e.d), dst, at)
	}
	e.loop(i64(0), i64(full), 1, nil, func(j value.Value, _ []value.Value) []value.Value {
		src, dst := move(j)
		squares(src, dst, e.lanes)
		return nil
	})
	if rest := cols % e.lanes; rest > 0 {
		src, dst := move(i64(full))
		squares(src, dst, rest)
	}
}

// square transposes cols columns of n neighbours each and writes n rows, zeros
// in the lanes behind cols.
func (e *packEmitter) square(src, dst value.Value, n, cols int) {
	rows := make([]value.Value, e.lanes)
	for j := range rows {
		if j < cols {
			rows[j] = e.padded(e.get(src, j*e.g.Col.B, n))
		} else {
			rows[j] = constant.NewZeroInitializer(vec(regType(e.d), e.lanes))
		}
	}
	for q, x := range e.transpose(rows)[:n] {
		e.put(x, dst, q*e.g.Panel)
	}
}

// transpose transposes a square of as many vectors as each has lanes, a power
// of two: it swaps lanes at distance 1, then 2, 4 and so on.
func (e *emitter) transpose(rows []value.Value) []value.Value {
	n := len(rows)
	rows = slices.Clone(rows)
	for h := 1; h < n; h *= 2 {
		lo, hi := make([]constant.Constant, n), make([]constant.Constant, n)
		for j := range n {
			l, r := j, n+j-h
			if j&h == 0 {
				l, r = j, j+h
				lo[j], hi[j] = constant.NewInt(types.I32, int64(l)), constant.NewInt(types.I32, int64(r))
			} else {
				lo[j], hi[j] = constant.NewInt(types.I32, int64(r)), constant.NewInt(types.I32, int64(n+l))
			}
		}
		mt := types.NewVector(uint64(n), types.I32)
		low, high := constant.NewVector(mt, lo...), constant.NewVector(mt, hi...)
		for i := range n {
			if i&h == 0 {
				a, b := rows[i], rows[i+h]
				rows[i], rows[i+h] = e.cur.NewShuffleVector(a, b, low), e.cur.NewShuffleVector(a, b, high)
			}
		}
	}
	return rows
}
