package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

var (
	noTurn    = &Rule{"no turn", "for i in n..n { y = f(i, y) } = y", Exact}
	oneTurn   = &Rule{"one turn", "for i in n..n+1 { y = f(i, y) } = f(n, y)", Exact}
	lastTurn  = &Rule{"last turn", "for i in m..n { y = f(i) } = f(n-1)", Exact}
	invariant = &Rule{"invariant", "for i in m..n { y = f(x, y, i) } computes what depends on x alone once", Exact}
	loopSum   = &Rule{"sum through product", "sum(a @ x[i] for i) = a @ sum(x[i] for i)", Distribute}
)

// hoist takes work out of loops:
//
//	for i in 0..n { y = y + exp(x) }   becomes   e = exp(x); for i in 0..n { y = y + e }
//
// What does not depend on the turn is computed before the loop, from the inmost
// loop outwards; what may fail only if the loop turns at least once. A loop
// whose turns do not depend on each other is its last turn. A sum over the turns
// of products with the same matrix is one product with the sum, where that costs
// less.
//
// It runs after the order of products is chosen, which is what decides which
// part of a chain does not depend on the turn.
func hoist(ctx *Context, f *ir.Func) error {
	h := &hoisting{ctx: ctx, f: f}
	h.region(&f.Region, 1)
	f.Rebuild()
	return nil
}

// hoisting is the state of hoist.
type hoisting struct {
	ctx *Context
	f   *ir.Func
}

// A place is where a loop stands: the region as far as it is rebuilt, the values
// that it had, and what is to be appended behind the loop.
type place struct {
	*ir.Region
	had   []*ir.Value
	after []*ir.Value
}

// region goes through the loops of a region that is evaluated so many times.
func (h *hoisting) region(r *ir.Region, turns int) {
	at := &place{Region: r, had: r.Body}
	r.Body = nil
	for _, v := range at.had {
		if v.Op != ir.OpLoop {
			r.Body = append(r.Body, v)
			continue
		}
		h.region(v.Body, turns*v.Turns())
		switch n, known := loopTurns(v); {
		case known && n == 0 && h.ctx.allowed(noTurn):
			h.ctx.rewrote(noTurn, v.Pos, 0)
			at.replace(v, v.Args[2:])
		case known && n == 1 && h.ctx.allowed(oneTurn):
			h.ctx.rewrote(oneTurn, v.Pos, 0)
			h.inline(at, v, n)
		case known && n > 1 && !usesCarried(v) && h.ctx.allowed(lastTurn):
			h.ctx.rewrote(lastTurn, v.Pos, v.Work()/n*(n-1)*turns)
			h.inline(at, v, n)
		default:
			at.after = nil
			if known && n > 1 {
				v = h.sums(at, v, n, turns)
			}
			h.invariants(r, v, known && n > 0, turns)
			r.Body = append(append(r.Body, v), at.after...)
		}
	}
}

// loopTurns returns how often a loop turns, if that is known.
func loopTurns(v *ir.Value) (int, bool) {
	for _, bound := range v.Args[:2] {
		if bound.Op != ir.OpFull {
			return 0, false
		}
	}
	return v.Turns(), true
}

// usesCarried reports whether a turn depends on the one before.
func usesCarried(v *ir.Value) bool {
	carried := v.Body.Params[1:]
	uses := slices.ContainsFunc(v.Body.Results, func(u *ir.Value) bool { return slices.Contains(carried, u) })
	walk(v.Body, func(u *ir.Value) {
		for _, a := range u.Args {
			uses = uses || slices.Contains(carried, a)
		}
		if u.Body != nil {
			for _, a := range u.Body.Results {
				uses = uses || slices.Contains(carried, a)
			}
		}
	})
	return uses
}

// walk visits the values of a region and of the regions in it.
func walk(r *ir.Region, visit func(*ir.Value)) {
	for _, v := range r.Body {
		if v.Body != nil {
			walk(v.Body, visit)
		}
		visit(v)
	}
}

// replace makes what uses the results of a loop use other values.
func (at *place) replace(loop *ir.Value, results []*ir.Value) {
	put := func(old, now *ir.Value) {
		for _, list := range [][]*ir.Value{at.Body, at.had, at.after} {
			(&ir.Func{Region: ir.Region{Body: list, Results: at.Results}}).Replace(old, now)
		}
	}
	if loop.Type.Tuple == nil {
		put(loop, results[0])
		return
	}
	for _, list := range [][]*ir.Value{at.had, at.after} {
		for _, v := range list {
			if v.Op == ir.OpGet && v.Args[0] == loop {
				put(v, results[v.Attrs.(*ir.GetAttrs).Index])
			}
		}
	}
}

// inline puts the last of n turns in place of a loop.
func (h *hoisting) inline(at *place, loop *ir.Value, n int) {
	lo := loop.Args[0].Attrs.(*ir.FullAttrs).Value.Int
	last := lo + int64(n-1)*int64(loop.Attrs.(*ir.LoopAttrs).Step)
	i := h.make(loop.Pos, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(last)}, ir.Make(tensor.I64))
	i.Load = loop.Load
	at.Body = append(at.Body, i)
	for _, v := range loop.Body.Body {
		v.Load = loop.Load
	}
	inner := &ir.Func{Region: *loop.Body}
	inner.Replace(loop.Body.Params[0], i)
	for k, p := range loop.Body.Params[1:] {
		inner.Replace(p, loop.Args[2+k])
	}
	at.Body = append(at.Body, inner.Body...)
	at.replace(loop, inner.Results)
}

func (h *hoisting) make(pos source.Pos, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	v, err := h.f.NewValue(pos, op, attrs, want, args...)
	if err != nil {
		panic(err) // a pass knows types
	}
	return v
}

// invariants moves what no turn changes from a loop into the region r that it is
// about to be appended to. turns says whether it turns at least once.
func (h *hoisting) invariants(r *ir.Region, loop *ir.Value, turned bool, outer int) {
	varies := map[*ir.Value]bool{}
	for _, p := range loop.Body.Params {
		varies[p] = true
	}
	var move []*ir.Value
	for _, v := range loop.Body.Body {
		operands := v.Args
		fails := v.Op.Info().Fails
		if v.Body != nil {
			operands = append(slices.Clone(operands), v.Body.Captures()...)
			walk(v.Body, func(u *ir.Value) { fails = fails || u.Op.Info().Fails })
		}
		varies[v] = fails && !turned || slices.ContainsFunc(operands, func(a *ir.Value) bool { return varies[a] })
		if !varies[v] {
			move = append(move, v)
		}
	}
	// Movement and constants cost nothing where they are; they go along with
	// what needs them.
	goes := map[*ir.Value]bool{}
	for _, v := range slices.Backward(move) {
		if !goes[v] && (v.Work() == 0 || !h.ctx.allowed(invariant)) {
			continue
		}
		if !goes[v] {
			h.ctx.rewrote(invariant, v.Pos, v.Work()*(loop.Turns()-1)*outer)
		}
		goes[v] = true
		for _, a := range v.Args {
			goes[a] = true
		}
		if v.Body != nil {
			for _, a := range v.Body.Captures() {
				goes[a] = true
			}
		}
	}
	for _, v := range move {
		if v.Op == ir.OpGet && goes[v.Args[0]] {
			goes[v] = true // a part is where the tuple is
		}
	}
	loop.Body.Body = slices.DeleteFunc(loop.Body.Body, func(v *ir.Value) bool {
		if !goes[v] {
			return false
		}
		v.Load = loop.Load
		r.Body = append(r.Body, v)
		return true
	})
}

// sums takes products with what no turn changes out of the sums that a loop
// makes: it carries the sum of the other factors, if they are fewer.
func (h *hoisting) sums(at *place, loop *ir.Value, n, outer int) *ir.Value {
	uses := (&ir.Func{Region: *loop.Body}).Uses()
	for k := 0; k < len(loop.Body.Results); k++ {
		carried, result := loop.Body.Params[1+k], loop.Body.Results[k]
		if result.Op != ir.OpAdd && result.Op != ir.OpSub || uses[result] != 1 || uses[carried] != 1 {
			continue
		}
		term := result.Args[1]
		if term == carried && result.Op == ir.OpAdd {
			term = result.Args[0]
		} else if result.Args[0] != carried {
			continue
		}
		if term.Op != ir.OpContract || uses[term] != 1 || !term.Type.Equal(result.Type) || term.Cost.Set {
			continue
		}
		if d := term.Type.DType; d == tensor.F16 || d == tensor.BF16 {
			continue // a sum that is rounded to so few bits is not that of the products
		}
		one := -1 // the only operand that varies
		inside := map[*ir.Value]bool{}
		walk(loop.Body, func(v *ir.Value) { inside[v] = true })
		for _, p := range loop.Body.Params {
			inside[p] = true
		}
		for i, a := range term.Args {
			if inside[a] {
				if one >= 0 {
					one = -2
				} else if one == -1 {
					one = i
				}
			}
		}
		if one < 0 || len(term.Args) < 2 {
			continue
		}
		x := term.Args[one]
		saved := ((n-1)*term.Work() + n*result.Work() - n*x.Type.Elems() - result.Work()) * outer
		if saved <= 0 || !h.ctx.allowed(loopSum) {
			continue
		}
		h.ctx.rewrote(loopSum, term.Pos, saved)
		loop = h.carrySum(at, loop, k, term, one)
		uses = (&ir.Func{Region: *loop.Body}).Uses()
		k-- // what is summed now may be a product too
	}
	return loop
}

// carrySum makes a loop carry the sum of operand one of term as its value k, and
// multiplies after it.
func (h *hoisting) carrySum(at *place, loop *ir.Value, k int, term *ir.Value, one int) *ir.Value {
	x, result := term.Args[one], loop.Body.Results[k]
	zero := h.make(term.Pos, ir.OpFull, &ir.FullAttrs{Value: zeroOf(x.Type.DType)}, x.Type.Plain())
	zero.Load = loop.Load
	at.Body = append(at.Body, zero)
	sum := &ir.Value{Op: ir.OpParam, Type: x.Type.Plain(), Pos: term.Pos}
	next := h.make(result.Pos, ir.OpAdd, nil, ir.Type{}, sum, x)
	loop.Body.Body = slices.DeleteFunc(append(loop.Body.Body, next), func(v *ir.Value) bool { return v == result || v == term })
	loop.Body.Params[1+k], loop.Body.Results[k] = sum, next

	args := slices.Clone(loop.Args)
	first := args[2+k]
	args[2+k] = zero
	now := h.make(loop.Pos, ir.OpLoop, loop.Attrs, ir.Type{}, args...)
	now.Body, now.Load = loop.Body, loop.Load

	var after []*ir.Value
	emit := func(v *ir.Value) *ir.Value {
		v.Load = loop.Load
		after = append(after, v)
		return v
	}
	results := []*ir.Value{now}
	if now.Type.Tuple != nil {
		results = nil
		for i := range now.Type.Tuple {
			results = append(results, emit(h.make(loop.Pos, ir.OpGet, &ir.GetAttrs{Index: i}, ir.Type{}, now)))
		}
	}
	factors := slices.Clone(term.Args)
	factors[one] = results[k]
	product := emit(h.make(term.Pos, ir.OpContract, term.Attrs, ir.Type{}, factors...))
	results[k] = emit(h.make(result.Pos, result.Op, nil, ir.Type{}, first, product))
	at.replace(loop, results)
	at.after = append(after, at.after...)
	return now
}

func zeroOf(d tensor.DType) ir.Number {
	if d.IsFloat() {
		return ir.FloatNumber(0)
	}
	return ir.IntNumber(0)
}
