package passes

import "github.com/lathe-lang/lathe/ir"

// A law is a rule with the code that finds its left side at a value: apply
// returns what makes the right side, nil where the law does not apply.
type law struct {
	*Rule
	apply func(w *rewriter, v *ir.Value) func() *ir.Value
}

// byLaws is a pass that applies laws, each of which makes less of something,
// until none applies any more: to the values of a function from the leaves to
// the results, and to what laws make.
func byLaws(laws []law) func(*Context, *ir.Func) error {
	return func(ctx *Context, f *ir.Func) error {
		w := newRewriter(ctx, f)
		w.laws = laws
		w.run(w.rewritten)
		return nil
	}
}

// rules returns the rules of laws.
func rules(laws []law) []*Rule {
	var out []*Rule
	for _, l := range laws {
		out = append(out, l.Rule)
	}
	return out
}

// rewritten applies laws to v and returns what stands for it then.
func (w *rewriter) rewritten(v *ir.Value) *ir.Value {
	for again := true; again; {
		again = false
		for _, l := range w.laws {
			right := l.apply(w, v)
			if right == nil || !w.allowed(l.Rule) {
				continue
			}
			// What right makes is rewritten too, and reports its own savings.
			i, made, gone := w.rewrote(l.Rule, v.Pos, 0), len(w.body), w.gone
			w.gone = v.Work()
			u := right()
			saved := (w.gone - workSince(u, w.body[made:])) * w.turns
			w.gone = gone
			for _, m := range w.made[i+1:] {
				saved -= m.saved
			}
			w.made[i].saved = saved
			v, again = u, true
			break
		}
	}
	return v
}

// workSince returns the FLOPs of those of the values made that v needs.
func workSince(v *ir.Value, made []*ir.Value) int {
	needed := map[*ir.Value]bool{v: true}
	n := 0
	for i := len(made) - 1; i >= 0; i-- {
		if u := made[i]; needed[u] {
			n += u.Work()
			for _, a := range u.Args {
				needed[a] = true
			}
		}
	}
	return n
}

// instead notes that nothing needs values any more once the law that is being
// applied has been.
func (w *rewriter) instead(values ...*ir.Value) {
	for _, v := range values {
		w.gone += v.Work()
	}
}

// put is emit, and applies the laws to what it makes.
func (w *rewriter) put(like *ir.Value, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	return w.rewritten(w.emit(like, op, attrs, want, args...))
}
