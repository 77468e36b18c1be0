package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A box is one dimension of an update: n elements of the part go to start,
// start+step, ... of size. Steps are positive.
type box struct {
	size, n, step   int
	start           value.Value
	into, out, part int // strides
}

// update emits ir.OpUpdate. Steps may be negative: such a part is read backwards.
func (s *singleEmitter) update() {
	k := s.k
	a := k.Value.Attrs.(*ir.SliceAttrs)
	start := make([]value.Value, len(a.Start))
	step := slices.Clone(a.Step)
	from := k.Operands[1]
	from.Strides = slices.Clone(from.Strides)
	for i, e := range a.Start {
		at, _ := e.Int()
		if n := from.Type.Dims()[i]; step[i] < 0 && n > 0 {
			at += (n - 1) * step[i]
			step[i] = -step[i]
			from.Offset += (n - 1) * from.Strides[i]
			from.Strides[i] = -from.Strides[i]
		}
		start[i] = i64(at)
	}
	s.replace(from, start, step)
}

// dynUpdate emits ir.OpDynUpdate.
func (s *singleEmitter) dynUpdate() {
	k := s.k
	axis := k.Value.Attrs.(*ir.AxisAttrs).Axis
	from, at := k.Operands[1], k.Operands[2]
	r := len(from.Strides)
	start, step := slices.Repeat([]value.Value{i64(0)}, r), slices.Repeat([]int{1}, r)
	i := s.indexOf(at.Type.DType, s.raw(s.runOf(at, i64(at.Offset), part{}), i64(0), 0))
	size, n := k.Out.Type.Dims()[axis], from.Type.Dims()[axis]
	start[axis] = s.startOf(i, size, n)
	if n > size { // wherever it begins, that is an error: nothing is put anywhere
		dims := from.Type.Dims()
		dims[axis] = 0
		from.Type = ir.Make(from.Type.DType, dims...)
	}
	s.replace(from, start, step)
}

// replace writes the first operand with from in its place. Each worker has a range
// of the result's elements; in place, of the part's.
func (s *singleEmitter) replace(from kernel.View, start []value.Value, step []int) {
	k := s.k
	into := k.Operands[0]
	dims, n, out := k.Out.Type.Dims(), from.Type.Dims(), kernel.RowMajor(k.Out.Type.Dims())
	boxes := []box{{size: 1, n: 1, step: 1, start: i64(0)}}
	for i := range dims {
		b := box{dims[i], n[i], step[i], start[i], into.Strides[i], out[i], from.Strides[i]}
		boxes = s.joinBox(boxes, b)
	}
	if slices.Contains(n, 0) && k.InPlace {
		return
	}
	outer, last := boxes[:len(boxes)-1], boxes[len(boxes)-1]
	if k.InPlace {
		s.updateInPlace(from, outer, last)
		return
	}
	rows := 1
	for _, b := range outer {
		rows *= b.size
	}
	s.rows(rows, last.size, func(row, lo, hi value.Value) {
		at := s.digits(row, outer, func(b box) int { return b.size })
		off, fromOff := value.Value(i64(into.Offset)), value.Value(i64(from.Offset))
		hit := value.Value(constant.True)
		for i, b := range outer {
			off = s.add(off, s.mul(at[i], i64(b.into)))
			q, in := s.hits(at[i], b)
			hit = s.cur.NewAnd(hit, in)
			fromOff = s.add(fromOff, s.mul(q, i64(b.part)))
		}
		dst := s.outRun(s.mul(row, i64(last.size)), 1)
		s.copyRun(dst, run{d: dst.d, p: s.at(memType(dst.d), s.ptr(into.Buf), off), stride: last.into}, lo, hi)
		s.when(hit, func() {
			to := s.outRun(s.add(s.mul(row, i64(last.size)), last.start), last.step)
			src := run{d: dst.d, p: s.at(memType(dst.d), s.ptr(from.Buf), fromOff), stride: last.part}
			s.copyRun(to, src, s.firstFrom(lo, last), s.firstFrom(hi, last))
		})
	})
}

// joinBox appends b to boxes, or joins it to the last one where the part covers
// all of b, so that rows get long.
func (s *singleEmitter) joinBox(boxes []box, b box) []box {
	if b.n <= 1 {
		b.step = 1
	}
	a := boxes[len(boxes)-1]
	covered := b.n == b.size && b.step == 1 && a.step == 1
	joins := covered && (a.size == 1 || a.into == b.size*b.into) && (a.n == 1 || a.part == b.n*b.part)
	if a.size == 1 && a.n == 1 { // nothing but a place to begin
		boxes[len(boxes)-1] = b
		return boxes
	}
	if !joins {
		return append(boxes, b)
	}
	boxes[len(boxes)-1] = box{
		size: a.size * b.size, n: a.n * b.n, step: 1, start: s.mul(a.start, i64(b.size)),
		into: b.into, out: b.out, part: b.part,
	}
	return boxes
}

// digits splits a row number into an index for each of boxes.
func (s *singleEmitter) digits(n value.Value, boxes []box, size func(box) int) []value.Value {
	at := make([]value.Value, len(boxes))
	for i := len(boxes) - 1; i >= 0; i-- {
		at[i] = n
		if i > 0 {
			d := i64(size(boxes[i]))
			at[i], n = s.cur.NewURem(n, d), s.cur.NewUDiv(n, d)
		}
	}
	return at
}

// hits returns which element of the part goes to at, and whether one does.
func (s *singleEmitter) hits(at value.Value, b box) (q, in value.Value) {
	rel := s.sub(at, b.start)
	q = rel
	if b.step != 1 {
		q = s.cur.NewSDiv(rel, i64(b.step))
		in = s.icmp(enum.IPredEQ, s.mul(q, i64(b.step)), rel)
		in = s.cur.NewAnd(in, s.icmp(enum.IPredSGE, rel, i64(0)))
		return q, s.cur.NewAnd(in, s.icmp(enum.IPredSLT, q, i64(b.n)))
	}
	return q, s.icmp(enum.IPredULT, q, i64(b.n))
}

// firstFrom returns the first element of the part that goes to i or beyond.
func (s *singleEmitter) firstFrom(i value.Value, b box) value.Value {
	rel := s.atLeast(s.sub(i, b.start), i64(0))
	if b.step != 1 {
		rel = s.cur.NewUDiv(s.add(rel, i64(b.step-1)), i64(b.step))
	}
	return s.atMost(rel, i64(b.n))
}

// updateInPlace writes the part alone.
func (s *singleEmitter) updateInPlace(from kernel.View, outer []box, last box) {
	rows := 1
	for _, b := range outer {
		rows *= b.n
	}
	s.rows(rows, last.n, func(row, lo, hi value.Value) {
		off, fromOff := last.start, value.Value(i64(from.Offset))
		for i, q := range s.digits(row, outer, func(b box) int { return b.n }) {
			b := outer[i]
			at := s.add(b.start, s.mul(q, i64(b.step)))
			off = s.add(off, s.mul(at, i64(b.out)))
			fromOff = s.add(fromOff, s.mul(q, i64(b.part)))
		}
		dst := s.outRun(off, last.step)
		s.copyRun(dst, run{d: dst.d, p: s.at(memType(dst.d), s.ptr(from.Buf), fromOff), stride: last.part}, lo, hi)
	})
}

// startOf returns i where n elements from i on are among size, or 0 after it has
// reported that they are not.
func (s *singleEmitter) startOf(i value.Value, size, n int) value.Value {
	places, code := placesOf(size, n)
	bad := s.icmp(enum.IPredUGE, i, i64(places))
	s.fail(code, s.site(s.k.Value), bad, i, i64(places))
	return s.choose(bad, i64(0), i)
}
