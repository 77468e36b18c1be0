package llvm

import (
	"fmt"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// The steps of a tile are most of the code of a product, and the same code in
// one product as in the next. So all products of a program share functions for
// them, which take what differs (where the operands lie, how long the sum is) as
// arguments and leave the sums in memory: LLVM takes time for each function once.

// sharedSteps is how many steps a sum has at least that is left to such a
// function for the time of compiling alone: it costs a hundredth of the call.
const sharedSteps = 256

// sumsApart reports whether functions that products share sum the tiles. They do
// where the sums go to memory anyway.
func (e *gemmEmitter) sumsApart() bool {
	return len(e.sum) == 1 && e.steps > 0 && !e.banded() && (e.g.Only == nil || e.block != nil) &&
		(e.chunks > 1 || e.heavy() || e.g.Mirror || e.steps >= sharedSteps)
}

// walkApart is walkTiles by those functions: tiles of both heights go through one
// loop, with the code for a finished row once.
func (e *gemmEmitter) walkApart(p panelAt, widths []int) {
	e.loop(p.from, p.to, 1, nil, func(n value.Value, _ []value.Value) []value.Value {
		row, first := e.rowOf(n), value.Value(i64(0))
		if e.chunks > 1 {
			first = e.sub(row, e.rowOf(p.block))
		}
		sum := func(height int) func() []value.Value {
			return func() []value.Value {
				t := tileAt{p, n, row, height, widths, e.left(height)}
				e.callSums(t, first)
				if e.g.Mirror && !p.crossed && e.chunks == 1 {
					e.inner(0, func() { e.finishAcross(t, first) })
				}
				return nil
			}
		}
		height := value.Value(i64(e.cut.height))
		if e.cut.tall == 0 {
			sum(e.cut.height)()
		} else {
			tall := e.icmp(enum.IPredSLT, n, i64(e.cut.tall))
			e.either(tall, sum(e.cut.height+1), sum(e.cut.height))
			height = e.choose(tall, i64(e.cut.height+1), height)
		}
		if e.chunks == 1 { // else all tiles of the block are finished after the last chunk
			e.inner(0, func() { e.finishTile(tileAt{panelAt: p, tile: n, row: row, widths: widths}, height) })
		}
		return nil
	})
}

// callSums sums a tile to the place of its sums, of which the row first is the
// tile's first: from nothing, or where the sum goes by chunks on what is there.
func (e *gemmEmitter) callSums(t tileAt, first value.Value) {
	a, next := e.leftStart(t), e.nextOf(t)
	b, steps := t.b, value.Value(i64(e.steps))
	if e.chunks > 1 {
		a = e.at(t.left.t, a, e.mul(t.lo, i64(t.left.sum[0].A)))
		b = e.at(e.rightType(), b, e.mul(t.lo, i64(t.left.sum[0].B)))
		steps = e.sub(t.hi, t.lo)
	}
	f := e.sumFunc(t)
	if next == nil {
		next = b // which is in the cache: one function for both costs less than a second one
	}
	e.cur.NewCall(f, a, i64(t.left.row), b, e.place(first, 0, len(t.widths)), steps, e.bitcast(next, types.I8Ptr))
}

// sumFunc returns the function for tiles like t, which it makes if the kernel
// has none. Its name says all that its code depends on. It takes where the left
// operand begins, the distance of its rows, where the right one and the sums
// begin, the number of steps, and what to fetch ahead.
func (e *gemmEmitter) sumFunc(t tileAt) *llir.Func {
	// Of many rows the distances take more registers than there are.
	const manyRows = 8
	d := t.left.sum[0]
	distance := t.height > 1 && t.height <= manyRows && t.left.row != 1
	name := fmt.Sprintf("lathe_sums_%v_%d", e.d, t.height)
	for _, w := range t.widths {
		name += fmt.Sprintf("_%d", e.read(w))
	}
	name += fmt.Sprintf("_%d_%d", d.A, d.B)
	if t.height > 1 && !distance {
		name += fmt.Sprintf("_row%d", t.left.row)
	}
	rest := e.steps%unroll > 0
	for _, flag := range []struct {
		set  bool
		text string
	}{
		{t.left.packed, "_left"}, {packed(e.g), "_right"}, {rest, "_rest"},
		{e.chunks > 1, "_on"}, {e.streams(), "_stream"},
	} {
		if flag.set {
			name += flag.text
		}
	}
	raw := e.g.Packs && t.next != nil
	if raw {
		name += fmt.Sprintf("_raw%d_%d", e.rowsAhead(), e.packer.sum[0].B)
	} else if e.g.Packs {
		name += "_alone"
	}
	if f := e.m.externals[name]; f != nil {
		return f
	}
	st := sumType(e.d)
	ps := []*llir.Param{
		llir.NewParam("a", types.NewPointer(t.left.t)), llir.NewParam("distance", types.I64),
		llir.NewParam("b", types.NewPointer(e.rightType())), llir.NewParam("sums", types.NewPointer(st)),
		llir.NewParam("steps", types.I64), llir.NewParam("next", types.I8Ptr),
	}
	f := e.m.declare(name, types.Void, ps[0].Typ, ps[1].Typ, ps[2].Typ, ps[3].Typ, ps[4].Typ, ps[5].Typ)
	f.Visibility = enum.VisibilityHidden

	in := *e
	in.scope = &scope{emitter: newModule(e.m.target, e.m.strict).define(name, enum.LinkageInternal, types.Void, ps...)}
	in.fn.FuncAttrs = append(in.fn.FuncAttrs, enum.FuncAttrNoInline)
	if distance {
		t.left.distance = ps[1]
	}
	if raw || !e.g.Packs {
		t.next = ps[5]
	}
	in.sumInto(t, ps[0], ps[2], ps[3], ps[4], rest)
	in.cur.NewRet(nil)
	e.m.shared = append(e.m.shared, &kernelCode{m: in.m, fn: in.fn, text: in.fn.LLString()})
	return f
}

// sumInto is the body of such a function.
func (e *gemmEmitter) sumInto(t tileAt, a, b, out, steps value.Value, rest bool) {
	n, st := len(t.widths), sumType(e.d)
	place := func(i int) value.Value { return e.at(st, out, i64(i*e.lanes)) }
	start := e.start(t.widths)
	sums := make([]value.Value, t.height*n)
	for i := range sums {
		sums[i] = start[i%n]
		if e.chunks > 1 {
			sums[i] = e.load(st, place(i), lanesOf(sums[i]))
		}
	}
	if d := t.left.sum[0]; rest {
		sums = e.sumRange(t, d, a, b, i64(0), steps, sums)
	} else {
		sums = e.several(t, d, a, b, i64(0), steps, sums)
	}
	for i, x := range sums {
		e.emitter.store(x, place(i))
	}
}
