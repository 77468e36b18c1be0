package llvm

import (
	llvmir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A part is some neighbouring dimensions of a view, joined as far as they are
// passed as one, and without those of size 1.
type part struct{ sizes, strides []int }

// partOf returns the dimensions lo..hi of v.
func partOf(v kernel.View, lo, hi int) part {
	var p part
	dims := v.Type.Dims()
	for i := lo; i < hi; i++ {
		n, stride := dims[i], v.Strides[i]
		if n == 1 {
			continue
		}
		if k := len(p.sizes) - 1; k >= 0 && p.strides[k] == n*stride {
			p.sizes[k] *= n
			p.strides[k] = stride
			continue
		}
		p.sizes = append(p.sizes, n)
		p.strides = append(p.strides, stride)
	}
	return p
}

// even reports whether all neighbours in p are the same distance apart, and how
// far.
func (p part) even() (stride int, ok bool) {
	switch len(p.sizes) {
	case 0:
		return 0, true
	case 1:
		return p.strides[0], true
	}
	return 0, false
}

// offset returns how far element n of p, in row-major order, is from its first.
func (s *singleEmitter) offset(p part, n value.Value) value.Value {
	sum := value.Value(i64(0))
	for i := len(p.sizes) - 1; i >= 0; i-- {
		at := n
		if i > 0 {
			size := i64(p.sizes[i])
			at, n = s.cur.NewURem(n, size), s.cur.NewUDiv(n, size)
		}
		sum = s.add(sum, s.mul(at, i64(p.strides[i])))
	}
	return sum
}

// A run is elements of one buffer that are stride apart, or, if uneven is set,
// as far apart as that part says.
type run struct {
	d      ir.DType
	p      value.Value // to the first element
	stride int
	uneven *part
}

// runOf returns the elements of v along p, from off on.
func (s *singleEmitter) runOf(v kernel.View, off value.Value, p part) run {
	r := run{d: v.Type.DType, p: s.at(memType(v.Type.DType), s.ptr(v.Buf), off)}
	var ok bool
	if r.stride, ok = p.even(); !ok {
		r.uneven = &p
	}
	return r
}

// outRun returns the elements of the result from off on, stride apart.
func (s *singleEmitter) outRun(off value.Value, stride int) run {
	d := s.k.Out.Type.DType
	return run{d: d, p: s.at(memType(d), s.ptr(s.k.Out), off), stride: stride}
}

// place returns the address of element i.
func (s *singleEmitter) place(r run, i value.Value) value.Value {
	if r.uneven != nil {
		return s.at(memType(r.d), r.p, s.offset(*r.uneven, i))
	}
	return s.at(memType(r.d), r.p, s.mul(i, i64(r.stride)))
}

// raw loads lanes elements from i on, which byLanes must allow, as they are in
// memory; element i alone for 0 lanes.
func (s *singleEmitter) raw(r run, i value.Value, lanes int) value.Value {
	t := memType(r.d)
	if lanes > 0 && r.stride == 0 {
		return s.splat(s.load(t, r.p, 0), lanes)
	}
	return s.load(t, s.place(r, i), lanes)
}

// get loads lanes elements from i on as registers hold them.
func (s *singleEmitter) get(r run, i value.Value, lanes int) value.Value {
	return s.fromMemory(r.d, s.raw(r, i, lanes))
}

// putRaw stores what raw has loaded.
func (s *singleEmitter) putRaw(r run, i, x value.Value) { s.emitter.store(x, s.place(r, i)) }

// put stores x, rounded to the element type, from i on.
func (s *singleEmitter) put(r run, i, x value.Value) { s.putRaw(r, i, s.toMemory(r.d, x)) }

// byLanes returns lanes if that many elements of each of runs can be loaded and
// stored at once, and 0 if one goes element by element.
func byLanes(lanes int, runs ...run) int {
	for _, r := range runs {
		if r.uneven != nil || r.stride != 0 && r.stride != 1 {
			return 0
		}
	}
	return lanes
}

// copyRun copies elements lo..hi.
func (s *singleEmitter) copyRun(dst, src run, lo, hi value.Value) {
	s.span(lo, hi, byLanes(s.width(dst.d), dst, src), func(i value.Value, lanes int) { s.putRaw(dst, i, s.raw(src, i, lanes)) })
}

// width returns how many elements of d a vector register holds in memory's form.
func (s *singleEmitter) width(d ir.DType) int { return max(s.m.target.VectorBytes, 16) / d.Size() }

// floatWidth returns how many elements of d a vector register holds.
func (s *singleEmitter) floatWidth(d ir.DType) int {
	return max(s.m.target.VectorBytes, 16) / max(d.Size(), 4)
}

// span runs body for lo <= i < hi: lanes at a time, then a quarter of that, then
// one by one with 0 lanes. lanes is a power of two, and lo at most hi.
func (s *singleEmitter) span(lo, hi value.Value, lanes int, body func(i value.Value, lanes int)) {
	for _, n := range []int{lanes, lanes / 4} {
		if n < 2 {
			continue
		}
		end := s.add(lo, s.cur.NewAnd(s.sub(hi, lo), i64(-n)))
		s.each(lo, end, n, func(i value.Value) { body(i, n) })
		lo = end
	}
	s.each(lo, hi, 1, func(i value.Value) { body(i, 0) })
}

// each runs body for i = lo, lo+step, ... before hi.
func (s *singleEmitter) each(lo, hi value.Value, step int, body func(i value.Value)) {
	s.loop(lo, hi, step, nil, func(i value.Value, _ []value.Value) []value.Value { body(i); return nil })
}

// rows shares out the elements of rows of n elements each. body gets, for each
// row of which this worker has elements, its number and which: from <= i < to.
func (s *singleEmitter) rows(rows, n int, body func(row, from, to value.Value)) {
	if rows*n == 0 {
		return
	}
	lo, hi := s.share(rows * n)
	size := i64(n)
	first, last := s.cur.NewUDiv(lo, size), s.cur.NewUDiv(s.add(hi, i64(n-1)), size)
	s.each(first, last, 1, func(row value.Value) {
		start := s.mul(row, size)
		from, to := s.sub(lo, start), s.sub(hi, start)
		body(row, s.atLeast(from, i64(0)), s.atMost(to, size))
	})
}

func (s *singleEmitter) atLeast(x, lo value.Value) value.Value {
	return s.choose(s.icmp(enum.IPredSGT, x, lo), x, lo)
}

func (s *singleEmitter) atMost(x, hi value.Value) value.Value {
	return s.choose(s.icmp(enum.IPredSLT, x, hi), x, hi)
}

// integer returns an integer of type d, in memory's form, as i64.
func (s *singleEmitter) indexOf(d ir.DType, x value.Value) value.Value {
	switch {
	case types.Equal(x.Type(), types.I64):
		return x
	case d == tensor.U8:
		return s.cur.NewZExt(x, types.I64)
	}
	return s.cur.NewSExt(x, types.I64)
}

// while runs body as long as cond holds for what it carries, which begins as
// init; it returns what is carried at the end.
func (s *singleEmitter) while(init []value.Value, cond func(carried []value.Value) value.Value, body func(carried []value.Value) []value.Value) []value.Value {
	from := s.cur
	head, inside, exit := s.fn.NewBlock(""), s.fn.NewBlock(""), s.fn.NewBlock("")
	from.NewBr(head)
	phis := make([]*llvmir.InstPhi, len(init))
	carried := make([]value.Value, len(init))
	for i, x := range init {
		phis[i] = head.NewPhi(llvmir.NewIncoming(x, from))
		carried[i] = phis[i]
	}
	s.cur = head
	c := cond(carried)
	s.cur.NewCondBr(c, inside, exit)
	s.cur = inside
	for i, x := range body(carried) {
		phis[i].Incs = append(phis[i].Incs, llvmir.NewIncoming(x, s.cur))
	}
	s.cur.NewBr(head)
	s.cur = exit
	return carried
}
