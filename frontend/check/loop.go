package check

import (
	"errors"
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// forStmt runs a loop.
func (f *frame) forStmt(s *syntax.For) {
	if !f.canBind(s.Each.Var) {
		f.forget(s.Body)
		return
	}
	if s.Static || s.Each.List != nil {
		items, ok := f.items(s.Each, s.Static)
		if !ok {
			f.forget(s.Body)
			return
		}
		f.unroll(s, items)
		return
	}
	f.rangeLoop(s)
}

// A sequence is what a static loop or a comprehension runs over. Where its
// length is not known, or too much to check, n is negative and at(0) stands for all.
type sequence struct {
	n  int
	at func(i int) value
}

// items evaluates what a variable runs over when compiling.
func (f *frame) items(e *syntax.Each, static bool) (sequence, bool) {
	if e.List == nil {
		return f.rangeItems(e)
	}
	v := f.eval(e.List)
	switch v.kind {
	case badKind:
	case unknownKind:
		return sequence{-1, func(int) value { return v }}, true
	case listKind:
		return sequence{len(v.elems), func(i int) value { return v.elems[i] }}, true
	case subListKind:
		at := func(i int) value { return f.c.element(v.subs, dim.Const(i)) }
		if n, ok := v.subs.n.Int(); ok && f.c.unrolls(n) {
			return sequence{n, at}, true
		}
		return sequence{-1, func(int) value { return f.c.element(v.subs, f.c.unknownSize()) }}, true
	case tensorKind:
		hint := "write for i in 0..n and index it"
		f.c.errorf(e.At, hint, "a loop runs over a range or a list, found %s", v.describe())
	default:
		f.c.errorf(e.At, "", "a loop runs over a range or a list, found %s", v.describe())
	}
	return sequence{}, false
}

// rangeItems evaluates a static range.
func (f *frame) rangeItems(e *syntax.Each) (sequence, bool) {
	lo, ok1 := f.integer(e.Lo, "a bound of a static range")
	hi, ok2 := f.integer(e.Hi, "a bound of a static range")
	step, ok3 := dim.Const(1), true
	if e.Step != nil {
		step, ok3 = f.integer(e.Step, "the step of a range")
	}
	if !ok1 || !ok2 || !ok3 {
		return sequence{}, false
	}
	k, known := step.Int()
	if known && k == 0 {
		f.c.errorf(e.Step.Pos(), "", "a range with step 0 never ends")
		return sequence{}, false
	}
	a, ok1 := lo.Int()
	b, ok2 := hi.Int()
	if known && ok1 && ok2 {
		if n := int(min(ir.Turns(a, b, k), math.MaxInt)); f.c.unrolls(n) {
			return sequence{n, func(i int) value { return intValue(dim.Const(a + i*k)) }}, true
		}
	}
	// Sizes decide how often: one turn stands for all, at lo + t*step with t >= 0.
	i := intValue(dim.Add(lo, dim.Mul(f.c.freshSize(e.Var.Name), step)))
	if !known {
		i = unknownValue
	}
	return sequence{-1, func(int) value { return i }}, true
}

// maxUnrolled is how many turns of a static loop are checked one by one with
// sizes left symbolic.
const maxUnrolled = 64

// unrolls reports whether n turns are evaluated one by one.
func (c *checker) unrolls(n int) bool { return !c.symbolic || n <= maxUnrolled }

// unroll repeats the body of a loop for each item. Names that the body binds
// first end with each turn.
func (f *frame) unroll(s *syntax.For, items sequence) {
	bound := boundNames(s.Body)
	n := items.n
	if n < 0 {
		n = 1
	}
	for i := range n {
		if f.c.stopped() {
			return
		}
		f.c.tick(s.At)
		body := f.branch()
		body.names[s.Each.Var.Name] = items.at(i)
		body.fixed[s.Each.Var.Name] = true
		if v := body.block(s.Body); v.kind != noKind && v.kind != badKind {
			f.c.errorf(s.At, "", "the value of an expression in this loop is not used")
		}
		for _, name := range bound {
			old, ok := f.lookup(name.Name, name.At)
			if !ok {
				continue
			}
			f.names[name.Name] = body.names[name.Name]
			if items.n < 0 {
				// Further turns start from this one's end, which must then look alike.
				f.names[name.Name] = merge(old, body.names[name.Name])
			}
		}
	}
}

// A carried name is one of the outside that the body of a loop binds again.
type carried struct {
	name  *syntax.Name // where the body binds it last
	start value
	elem  tensor.DType // of a static start: what the body makes of it; Invalid while not known
}

// errTrial ends the building of a loop whose values are not wanted.
var errTrial = errors.New("trial")

// rangeLoop runs for i in lo..hi: a loop of the IR.
func (f *frame) rangeLoop(s *syntax.For) {
	lo, ok1 := f.bound(s.Each.Lo)
	hi, ok2 := f.bound(s.Each.Hi)
	step, ok3 := 1, true
	if s.Each.Step != nil {
		step, ok3 = f.step(s.Each.Step)
	}
	if !ok1 || !ok2 || !ok3 {
		f.forget(s.Body)
		return
	}
	var carry []*carried
	for _, n := range boundNames(s.Body) {
		v, ok := f.lookup(n.Name, n.At)
		if !ok {
			continue
		}
		switch v.kind {
		case tensorKind, numberKind, flagKind:
			carry = append(carry, &carried{name: n, start: v})
		case badKind, unknownKind:
		default:
			f.c.errorf(n.At, "", "a loop carries tensors from turn to turn, but %s is %s", source.Quote(n.Name), v.describe())
			f.forget(s.Body)
			return
		}
	}
	if len(carry) == 0 {
		f.trial(s, nil) // nothing comes out of it, but the body must be right
		return
	}
	if !f.settle(s, carry) {
		f.forget(s.Body)
		return
	}
	inits := make([]*ir.Value, len(carry))
	for i, k := range carry {
		init := k.start
		if init.kind != tensorKind {
			init = f.c.conform(init, ir.Make(k.elem), k.name.At, source.Quote(k.name.Name)+" starts")
		}
		if init.kind != tensorKind {
			f.forget(s.Body)
			return
		}
		inits[i] = init.tensor()
	}
	f.c.pos = s.At
	outs, err := f.c.loop(lo, hi, step, inits, func(i *ir.Value, now []*ir.Value) ([]*ir.Value, error) {
		body := f.turn(s, i)
		for j, k := range carry {
			body.names[k.name.Name] = tensorValue(now[j])
		}
		body.block(s.Body)
		ends := make([]*ir.Value, len(carry))
		ok := true
		for j, k := range carry {
			v, fine := f.end(k, body.names[k.name.Name], now[j].Type)
			if !fine {
				ok = false
				continue
			}
			ends[j] = v
		}
		if !ok || f.c.stopped() {
			return nil, errTrial
		}
		return ends, nil
	})
	if err != nil {
		f.c.report(s.At, err)
		f.forget(s.Body)
		return
	}
	for j, k := range carry {
		f.names[k.name.Name] = tensorValue(outs[j])
	}
}

// turn returns the frame of a loop's body, in which i is the loop's variable.
func (f *frame) turn(s *syntax.For, i *ir.Value) *frame {
	body := f.branch()
	body.names[s.Each.Var.Name] = tensorValue(i)
	body.fixed[s.Each.Var.Name] = true
	return body
}

// end returns what a carried name is after a turn, if its type has not changed.
func (f *frame) end(k *carried, v value, want ir.Type) (*ir.Value, bool) {
	name := source.Quote(k.name.Name)
	switch v.kind {
	case badKind:
		return nil, false
	case unknownKind:
		p := f.c.placeholder(want)
		return p, p != nil
	case numberKind, flagKind:
		v = f.c.conform(v, ir.Make(want.DType), k.name.At, name+" is carried by the loop")
		if v.kind != tensorKind {
			return nil, false
		}
	case tensorKind:
	default:
		f.c.errorf(k.name.At, "", "%s is %v when a turn starts and %s when it ends", name, want.Plain(), v.describe())
		return nil, false
	}
	u := v.tensor()
	if !u.Type.Equal(want) {
		hint := "a loop carries a name with its type unchanged"
		if k.start.kind != tensorKind {
			hint = fmt.Sprintf("start it with its final shape, %s = zeros(%v)", name, u.Type.Plain())
		}
		f.c.errorf(k.name.At, hint, "%s is %v when a turn starts and %v when it ends", name, want.Plain(), u.Type.Plain())
		return nil, false
	}
	return u, true
}

// settle finds the element types of static numbers that the loop carries: those
// that the body gives them. It tries the body until nothing changes.
func (f *frame) settle(s *syntax.For, carry []*carried) bool {
	open := func() (n int) {
		for _, k := range carry {
			if k.start.kind != tensorKind && k.elem == tensor.Invalid {
				n++
			}
		}
		return n
	}
	for n := open(); n > 0; n = open() {
		ends := f.trial(s, carry)
		if ends == nil {
			return false
		}
		for i, k := range carry {
			if v := ends[i]; k.start.kind != tensorKind && k.elem == tensor.Invalid && v.kind == tensorKind {
				k.elem = v.tensor().Type.DType
			}
		}
		if open() < n {
			continue
		}
		for _, k := range carry { // static to the end
			if k.start.kind != tensorKind && k.elem == tensor.Invalid {
				k.elem = k.start.naturalDType()
			}
		}
	}
	return true
}

// trial runs the body once without keeping its values, and returns what the
// carried names are at its end; nil after an error.
func (f *frame) trial(s *syntax.For, carry []*carried) []value {
	before := f.c.errs.Len()
	var ends []value
	zero, err := f.c.index(0)
	if err != nil {
		f.c.report(s.At, err)
		return nil
	}
	_, err = f.c.loop(zero, zero, 1, []*ir.Value{zero}, func(i *ir.Value, _ []*ir.Value) ([]*ir.Value, error) {
		body := f.turn(s, i)
		for _, k := range carry {
			v := k.start
			if k.elem != tensor.Invalid {
				if p := f.c.placeholder(ir.Make(k.elem)); p != nil {
					v = tensorValue(p)
				}
			}
			body.names[k.name.Name] = v
		}
		body.block(s.Body)
		for _, k := range carry {
			ends = append(ends, body.names[k.name.Name])
		}
		return nil, errTrial
	})
	if !errors.Is(err, errTrial) {
		f.c.report(s.At, err)
	}
	if f.c.errs.Len() > before || f.c.stopped() {
		return nil
	}
	return ends
}

// bound evaluates a bound of a range: a static integer or an i64 scalar.
func (f *frame) bound(x syntax.Expr) (*ir.Value, bool) {
	v := f.eval(x)
	if v.kind == numberKind {
		if _, problem := v.size(); problem != "" {
			f.c.errorf(x.Pos(), "", "a bound of a loop must be an integer: %s is %s%s", exprString(x), problem, f.values(x))
			return nil, false
		}
	}
	return f.c.loopBound(v, x.Pos())
}

// loopBound makes a value a bound of a loop.
func (c *checker) loopBound(v value, at source.Pos) (*ir.Value, bool) {
	n := 0
	switch v.kind {
	case badKind:
		return nil, false
	case tensorKind:
		if t := v.tensor().Type; t.DType != tensor.I64 || t.Rank() != 0 {
			c.errorf(at, "", "a bound of a loop is a static integer or an i64 scalar, found %v", t.Plain())
			return nil, false
		}
		return v.tensor(), true
	case unknownKind:
	case numberKind:
		size, problem := v.size()
		if problem != "" {
			c.errorf(at, "", "a bound of a loop must be an integer, found %s", problem)
			return nil, false
		}
		n, _ = size.Int() // where sizes decide, any number will do to check the body
	default:
		c.errorf(at, "", "a bound of a loop is a static integer or an i64 scalar, found %s", v.describe())
		return nil, false
	}
	c.pos = at
	i, err := c.index(n)
	if err != nil {
		c.report(at, err)
		return nil, false
	}
	return i, true
}

// step evaluates the step of a loop.
func (f *frame) step(x syntax.Expr) (int, bool) {
	n, ok := f.integer(x, "the step of a loop")
	if !ok {
		return 0, false
	}
	k, known := n.Int()
	if known && k == 0 {
		f.c.errorf(x.Pos(), "", "a loop with step 0 never ends")
		return 0, false
	}
	if !known {
		k = 1
	}
	return k, true
}
