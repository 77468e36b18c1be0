package ir

// Replace makes everything in f that uses old use v.
func (f *Func) Replace(old, v *Value) { f.Region.replace(old, v) }

func (r *Region) replace(old, v *Value) {
	for _, u := range r.Body {
		for i, a := range u.Args {
			if a == old {
				u.Args[i] = v
			}
		}
		if u.Body != nil {
			u.Body.replace(old, v)
		}
	}
	for i, a := range r.Results {
		if a == old {
			r.Results[i] = v
		}
	}
}

// Uses returns how often each value is an operand or a result, in f and in the
// bodies of its loops.
func (f *Func) Uses() map[*Value]int {
	uses := map[*Value]int{}
	var count func(r *Region)
	count = func(r *Region) {
		for _, v := range r.Body {
			for _, a := range v.Args {
				uses[a]++
			}
			if v.Body != nil {
				count(v.Body)
			}
		}
		for _, v := range r.Results {
			uses[v]++
		}
	}
	count(&f.Region)
	return uses
}

// Copy returns a value of its own that computes what v, which has no body, computes
// of other operands. It is in no region yet.
func (f *Func) Copy(v *Value, args []*Value) *Value {
	c := *v
	c.ID, c.Args = f.nextID, args
	f.nextID++
	return &c
}

// Clone returns a function like f with values of its own, and for each value of
// f the one that stands for it there. Attributes are shared.
func (f *Func) Clone() (*Func, map[*Value]*Value) {
	to := map[*Value]*Value{}
	out := *f
	out.Region = *f.Region.clone(to)
	return &out, to
}

func (r *Region) clone(to map[*Value]*Value) *Region {
	copyOf := func(v *Value) *Value {
		u := *v
		to[v] = &u
		return &u
	}
	mapped := func(vs []*Value) []*Value {
		out := make([]*Value, len(vs))
		for i, v := range vs {
			out[i] = to[v]
		}
		return out
	}
	out := &Region{}
	for _, p := range r.Params {
		out.Params = append(out.Params, copyOf(p))
	}
	for _, v := range r.Body {
		u := copyOf(v)
		u.Args = mapped(v.Args)
		if v.Body != nil {
			u.Body = v.Body.clone(to)
		}
		out.Body = append(out.Body, u)
	}
	out.Results = mapped(r.Results)
	return out
}

// Rebuild removes values that nothing uses and numbers the rest in order, so
// that the text form says nothing of how a pass went about its work. What is used
// by what is computed when weights are loaded is computed then, too.
func (f *Func) Rebuild() {
	f.spreadLoad()
	live := map[*Value]bool{}
	f.Region.mark(live)
	f.Region.sweep(live)
	f.nextID = 0
	f.Region.number(&f.nextID)
}

// spreadLoad marks the operands of what is computed when weights are loaded, which
// passes may have put there, and the parts of loops.
func (f *Func) spreadLoad() {
	for i := len(f.Body) - 1; i >= 0; i-- {
		v := f.Body[i]
		if !v.Load {
			continue
		}
		uses := v.Args
		if v.Body != nil {
			uses = append(v.Body.Captures(), uses...)
		}
		for _, a := range uses {
			a.Load = a.Op != OpParam
		}
	}
	for _, v := range f.Body {
		if v.Op == OpGet {
			v.Load = v.Args[0].Load
		}
	}
}

// mark marks what the results of r need, walking the bodies backwards.
func (r *Region) mark(live map[*Value]bool) {
	for _, v := range r.Results {
		live[v] = true
	}
	for i := len(r.Body) - 1; i >= 0; i-- {
		v := r.Body[i]
		if !live[v] {
			continue
		}
		for _, a := range v.Args {
			live[a] = true
		}
		if v.Body != nil {
			v.Body.mark(live)
		}
	}
}

func (r *Region) sweep(live map[*Value]bool) {
	kept := r.Body[:0]
	for _, v := range r.Body {
		if live[v] {
			kept = append(kept, v)
			if v.Body != nil {
				v.Body.sweep(live)
			}
		}
	}
	r.Body = kept
}

func (r *Region) number(next *int) {
	for _, v := range r.Params {
		v.ID = *next
		*next++
	}
	for _, v := range r.Body {
		if v.Body != nil {
			v.Body.number(next)
		}
		v.ID = *next
		*next++
	}
}
