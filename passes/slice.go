package passes

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

var partOnly = &Rule{"part only", "f(x)[i] = f(x[i])", Exact}

// slice computes of each value only the elements that something needs:
//
//	(x @ w)[0]   becomes   x[0] @ w
//
// From the results backwards it finds for each axis which indices are needed:
// those of slices, of gathers with constant indices, and the rows that an index
// tensor picks, where it is known before. What all uses need together is
// computed once. An operation passes the demand on to its operands where its
// elements depend on those at the same index only; else it asks for the whole
// axis. So a slice ends at a parameter, at an operation that mixes the axis, or
// where structure makes the whole cheaper than the part (see narrow.go).
//
// It always pays, and is exact: kernels sum in an order that does not depend on
// the rows around. It runs after the passes that choose what is computed.
func slice(ctx *Context, f *ir.Func) error {
	newSlicing(ctx, f).apply(f)
	return nil
}

// apply plans and builds.
func (s *slicing) apply(f *ir.Func) {
	s.region(&f.Region, 1)
	if len(s.plan) == 0 {
		return
	}
	w := newRewriter(s.ctx, f)
	w.run(func(v *ir.Value) *ir.Value {
		if s.plan[v] == nil {
			return v
		}
		return s.build(w, v)
	})
}

// slicing is the state of slice.
type slicing struct {
	ctx    *Context
	need   map[*ir.Value]demand
	plan   map[*ir.Value]*narrowing
	args   map[*ir.Value][]*ir.Value // operands as they were
	levels map[*ir.Value]ir.Level
	order  map[*ir.Value]int // place in its region; parameters of the function are before all
	home   map[*ir.Value]*ir.Region
	worth  map[*ir.Value]bool // whether computing less of it saves anything
	shared *sharedDemand      // what equal values are needed for; nil where there are none
}

// newSlicing returns the state before anything is planned.
func newSlicing(ctx *Context, f *ir.Func) *slicing {
	s := &slicing{
		ctx: ctx, need: map[*ir.Value]demand{}, plan: map[*ir.Value]*narrowing{}, args: map[*ir.Value][]*ir.Value{},
		levels: f.Levels(), order: map[*ir.Value]int{}, home: map[*ir.Value]*ir.Region{}, worth: map[*ir.Value]bool{},
	}
	s.survey(&f.Region, &f.Region)
	return s
}

// survey notes where values stand, and which of them are worth narrowing: an
// operation that computes, joins or fills, or movement of such a value. Movement
// of parameters costs nothing where it stands.
func (s *slicing) survey(r, top *ir.Region) {
	for _, p := range r.Params {
		s.home[p] = r
		s.order[p] = -1
	}
	for i, v := range r.Body {
		s.home[v], s.order[v] = r, i
		if v.Body != nil {
			s.survey(v.Body, top)
		}
		switch {
		case v.Op.Info().Class == ir.Leaf || v.Op == ir.OpGet:
		case v.Op == ir.OpTranspose, v.Op == ir.OpReshape, v.Op == ir.OpBroadcast, v.Op == ir.OpSlice, v.Op == ir.OpTake, v.Op == ir.OpDynSlice:
			s.worth[v] = s.worth[v.Args[0]]
		default:
			s.worth[v] = true
		}
	}
}

// region plans the values of a region that is evaluated so many times, from the
// last to the first.
func (s *slicing) region(r *ir.Region, turns int) {
	for _, v := range r.Results {
		s.want(v, whole(v.Type))
	}
	for i := len(r.Body) - 1; i >= 0; i-- {
		v := r.Body[i]
		if v.Type.Tuple == nil && s.need[v] == nil {
			continue // nothing needs it
		}
		if v.Body != nil {
			s.region(v.Body, turns*v.Turns())
		}
		if n := s.consider(v, turns); n != nil {
			s.plan[v], s.args[v] = n, slices.Clone(v.Args)
			for k, d := range n.operands {
				if d != nil {
					s.want(v.Args[k], d)
				}
			}
			continue
		}
		for _, a := range v.Args {
			if a.Type.Tuple == nil {
				s.want(a, whole(a.Type))
			}
		}
	}
}

// want adds to what is needed of v. What depends on weights alone is not narrowed
// by what a call picks: it is computed once, when they are loaded.
func (s *slicing) want(v *ir.Value, d demand) {
	for _, w := range d {
		if w.pick != nil && (!s.before(w.pick, v) || s.levels[w.pick] > s.levels[v]) {
			d = d.static()
			break
		}
	}
	if s.shared != nil {
		d = s.shared.add(v, d.static())
	}
	s.need[v] = s.need[v].or(d)
}

// before reports whether pick is known where and when v is computed.
func (s *slicing) before(pick, v *ir.Value) bool {
	return s.home[pick] == s.home[v] && s.order[pick] < s.order[v] && (!v.Load || pick.Load || pick.Weight)
}

// consider returns how v is narrowed; nil if it stays.
func (s *slicing) consider(v *ir.Value, turns int) *narrowing {
	d := s.need[v]
	if v.Type.Tuple != nil || !s.worth[v] {
		return nil
	}
	composed := v.Op == ir.OpSlice || v.Op == ir.OpTake || v.Op == ir.OpDynSlice // of what is narrowed
	if d.whole() && !composed {
		return nil
	}
	n := narrow(v, d)
	if n == nil || n.gives.whole() && !composed || !s.ctx.allowed(partOnly) {
		return nil
	}
	if composed || s.shared != nil && s.shared.looking {
		return n
	}
	s.ctx.rewrote(partOnly, v.Pos, (v.Work()-s.work(v, n))*turns)
	return n
}

// work returns the FLOPs of v as n computes it.
func (s *slicing) work(v *ir.Value, n *narrowing) int {
	small := &ir.Value{Op: v.Op, Attrs: v.Attrs, Cost: v.Cost, Type: n.gives.of(v.Type)}
	for k, a := range v.Args {
		part := &ir.Value{Op: ir.OpParam, Type: a.Type}
		if k < len(n.operands) && n.operands[k] != nil {
			part.Type = n.operands[k].of(a.Type)
		}
		small.Args = append(small.Args, part)
	}
	return small.Work()
}

// build makes the part of v that is needed.
func (s *slicing) build(w *rewriter, v *ir.Value) *ir.Value {
	n := s.plan[v]
	part := func(k int, order [][]int) *ir.Value {
		a := s.args[v][k]
		have := whole(a.Type)
		if p := s.plan[a]; p != nil {
			have = p.gives
		}
		return cut(w, v, w.of(a), have, n.operands[k], order)
	}
	if n.order != nil {
		return part(0, n.order)
	}
	return n.build(w, v, func(k int) *ir.Value { return part(k, nil) })
}

// cut returns the elements want of a value that holds the elements have of
// something; in the given order along the axes, or else ascending.
func cut(w *rewriter, like, v *ir.Value, have, want demand, order [][]int) *ir.Value {
	sizes := v.Type.Dims()
	start, step, list := make([]int, len(sizes)), make([]int, len(sizes)), make([][]int, len(sizes))
	same := true
	for i := range want {
		step[i] = 1
		if !want[i].static() || want[i].all && order == nil {
			continue
		}
		at := want[i].indices()
		if order != nil {
			at = order[i]
		}
		places := have[i].indices()
		for k, index := range at {
			place, ok := slices.BinarySearch(places, index)
			if !ok {
				panic(fmt.Sprintf("index %d of axis %d of %v was not kept", index, i, like))
			}
			list[i] = append(list[i], place)
			if k == 1 {
				step[i] = place - list[i][0]
			}
		}
		if len(list[i]) > 0 {
			start[i] = list[i][0]
		}
		for k, place := range list[i] {
			if step[i] == 0 || place != start[i]+k*step[i] {
				step[i] = 0 // no progression
			}
		}
		if step[i] == 0 {
			start[i], step[i] = 0, 1
		} else {
			same = same && len(list[i]) == sizes[i] && step[i] == 1
			sizes[i] = len(list[i])
			list[i] = nil
		}
	}
	if !same {
		v = w.emit(like, ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(start...), Step: step}, ir.Make(v.Type.DType, sizes...), v)
	}
	for i, places := range list {
		if places == nil {
			continue
		}
		data := tensor.New(tensor.I64, len(places))
		for k, place := range places {
			data.SetInt(k, int64(place))
		}
		idx := w.emit(like, ir.OpConst, &ir.ConstAttrs{Data: data}, ir.Make(tensor.I64, len(places)))
		v = w.emit(like, ir.OpTake, &ir.AxisAttrs{Axis: i}, ir.Type{}, v, idx)
	}
	for i, wanted := range want {
		switch {
		case wanted.static() || have[i].pick == wanted.pick && have[i].count == wanted.count:
		case wanted.count > 0:
			v = w.emit(like, ir.OpDynSlice, &ir.DynSliceAttrs{Axis: i, Size: ir.Sizes(wanted.count)[0]}, ir.Type{}, v, w.of(wanted.pick))
		default:
			v = w.emit(like, ir.OpTake, &ir.AxisAttrs{Axis: i}, ir.Type{}, v, w.of(wanted.pick))
		}
	}
	return v
}
