package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

var (
	turnsAtOnce = &Rule{"turns at once", "for i in 0..n { y = y + f(x[i], i) } = y + sum over i of f(x, iota(n))", Reassociate}
	termsAtOnce = &Rule{"terms at once", "f(x[0], 0) + f(x[1], 1) + .. = sum over i of f(x, iota(n))", Reassociate}
)

// A bundle is a sum of terms that differ in a number that counts them: what the
// turns of a loop add up, or terms written one by one.
type bundle struct {
	at      *ir.Value // the loop, or the last addition of the sum
	counter *ir.Value // of the loop; nil where terms are written one by one
	n       int
	leaves  []*ir.Value   // what is added up; of a loop, in a turn
	terms   [][]*ir.Value // each term as a list: its values for all numbers, or the one of a loop
}

// atOnce writes bundles as sums over an axis of their own where that lets sparse
// compute less of them, as it does where tokens choose experts:
//
//	for i in 0..n { y = y + where(choice == i, gate, 0) * f(x, w[i]) }
//
// There all turns compute all tokens, which one product for all turns would too,
// and store it. So each bundle is tried on a copy, and written so only if in the end
// there are fewer FLOPs than without it, and nothing larger than what a turn makes is
// left with the axis.
func atOnce(ctx *Context, f *ir.Func) error {
	pays := map[*ir.Value][]bundle{}
	without := -1 // FLOPs of f after the rest of the pass
	for i, b := range bundles(f) {
		g, _ := f.Clone()
		copied := bundles(g)[i] // the same one: what is found depends on what a function says
		try := ctx.trial()
		made := bundled(try, g, map[*ir.Value][]bundle{copied.at: {copied}})
		if !slices.ContainsFunc(made, func(v *ir.Value) bool { return v.Op == ir.OpContract }) {
			continue
		}
		if without < 0 {
			h, _ := f.Clone()
			if err := sparsely(ctx.trial(), h); err != nil {
				return err
			}
			without = h.Work()
		}
		if err := sparsely(try, g); err != nil {
			return err
		}
		if g.Work() < without && !leftLarge(g, made, copied.largest()) {
			pays[b.at] = append(pays[b.at], b)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if len(pays) > 0 {
		bundled(ctx, f, pays)
	}
	return nil
}

// trial returns a context for what is tried on a copy: without a limit, and telling
// nobody.
func (ctx *Context) trial() *Context {
	try := *ctx
	try.opts.Report, try.opts.Refuse, try.opts.MaxRewrites, try.made = nil, nil, 0, nil
	return &try
}

// leftLarge reports whether one of values that compute something and have more
// elements than most is still in f.
func leftLarge(f *ir.Func, values []*ir.Value, most int) bool {
	large := map[*ir.Value]bool{}
	for _, v := range values {
		large[v] = v.Work() > 0 && v.Type.Elems() > most
	}
	left := false
	f.Walk(func(v *ir.Value) { left = left || large[v] })
	return left
}

// largest returns the elements of the largest value that a term is made of.
func (b bundle) largest() int {
	most := 0
	seen := map[*ir.Value]bool{}
	var visit func(v *ir.Value)
	visit = func(v *ir.Value) {
		if seen[v] || v.Type.Tuple != nil || v.Op == ir.OpParam {
			return
		}
		seen[v] = true
		if v.Work() > 0 {
			most = max(most, v.Type.Elems())
		}
		for _, a := range v.Args {
			visit(a)
		}
	}
	for _, t := range b.terms {
		visit(t[0])
	}
	return most
}

// bundles returns the bundles of f in order.
func bundles(f *ir.Func) []bundle {
	s := &bundling{uses: f.Uses(), shapes: map[*ir.Value]int{}, texts: map[string]int{}}
	s.region(&f.Region)
	return s.found
}

// bundling is the state of bundles. Values have the same number in shapes if they
// are computed alike but for where slices begin, and for integers.
type bundling struct {
	uses   map[*ir.Value]int
	shapes map[*ir.Value]int
	texts  map[string]int
	found  []bundle
}

func (s *bundling) region(r *ir.Region) {
	within := map[*ir.Value]bool{} // additions that are part of a later one
	for _, v := range slices.Backward(r.Body) {
		if v.Op == ir.OpAdd {
			for _, a := range v.Args {
				within[a] = s.continues(v, a)
			}
		}
	}
	here := map[*ir.Value]bool{}
	for _, v := range r.Body {
		here[v] = true
		switch {
		case v.Op == ir.OpLoop:
			s.region(v.Body)
			s.loop(v)
		case v.Op == ir.OpAdd && !within[v] && v.Type.DType.IsFloat() && !rounded(v):
			s.sum(v, here)
		}
	}
}

// continues reports whether the addition v adds to another one, a, only.
func (s *bundling) continues(v, a *ir.Value) bool {
	return a.Op == ir.OpAdd && s.uses[a] == 1 && a.Type.Equal(v.Type) && !v.Cost.Set && !a.Cost.Set
}

// leaves appends what v, an addition, adds up.
func (s *bundling) leaves(v *ir.Value, to []*ir.Value) []*ir.Value {
	for _, a := range v.Args {
		if s.continues(v, a) {
			to = s.leaves(a, to)
		} else {
			to = append(to, a)
		}
	}
	return to
}

// loop finds that a loop from 0 on carries one sum, on which no turn depends.
func (s *bundling) loop(v *ir.Value) {
	n, known := loopTurns(v)
	if !known || n < 2 || len(v.Body.Results) != 1 || v.Attrs.(*ir.LoopAttrs).Step != 1 || v.Args[0].Attrs.(*ir.FullAttrs).Value.Int != 0 {
		return
	}
	carried, result := v.Body.Params[1], v.Body.Results[0]
	if result.Op != ir.OpAdd || !result.Type.DType.IsFloat() || rounded(result) {
		return
	}
	b := bundle{at: v, counter: v.Body.Params[0], n: n, leaves: s.leaves(result, nil)}
	for _, leaf := range b.leaves {
		if leaf == carried {
			continue
		}
		b.terms = append(b.terms, []*ir.Value{leaf})
	}
	if len(b.terms) == len(b.leaves)-1 && len(b.terms) > 0 {
		s.found = append(s.found, b)
	}
}

// sum finds terms of the sum v, in a region that has the values here before it, that
// are computed alike.
func (s *bundling) sum(v *ir.Value, here map[*ir.Value]bool) {
	leaves := s.leaves(v, nil)
	if len(leaves) < 2 {
		return
	}
	alike := map[int][]*ir.Value{}
	var order []int
	for _, leaf := range leaves {
		if !here[leaf] || !leaf.Type.Equal(v.Type) {
			continue
		}
		k := s.shape(leaf)
		if alike[k] == nil {
			order = append(order, k)
		}
		alike[k] = append(alike[k], leaf)
	}
	for _, k := range order {
		if n := len(alike[k]); n > 1 {
			s.found = append(s.found, bundle{at: v, n: n, leaves: leaves, terms: [][]*ir.Value{alike[k]}})
		}
	}
}

// shape returns the number of v in s.shapes.
func (s *bundling) shape(v *ir.Value) int {
	if k, ok := s.shapes[v]; ok {
		return k
	}
	text := fmt.Sprint(len(s.shapes), " alone")
	switch {
	case v.Op == ir.OpFull && v.IsScalar() && v.Type.DType.IsInt():
		text = "number " + v.Type.String()
	case v.Op == ir.OpParam || v.Body != nil || v.Type.Tuple != nil:
	default:
		var b strings.Builder
		fmt.Fprint(&b, v.Op, v.Type, v.Cost)
		if a, ok := v.Attrs.(*ir.SliceAttrs); ok && v.Op == ir.OpSlice {
			fmt.Fprint(&b, a.Step)
		} else {
			b.WriteString(ir.AttrString(v.Attrs))
		}
		for _, a := range v.Args {
			fmt.Fprint(&b, " ", s.shape(a))
		}
		text = b.String()
	}
	k, ok := s.texts[text]
	if !ok {
		k = len(s.texts)
		s.texts[text] = k
	}
	s.shapes[v] = k
	return k
}

// bundled writes bundles, by the values that they stand at, as sums over an axis
// of their own, as far as that can be done, and returns what has such an axis.
func bundled(ctx *Context, f *ir.Func, at map[*ir.Value][]bundle) []*ir.Value {
	var all []*ir.Value
	w := newRewriter(ctx, f)
	w.run(func(v *ir.Value) *ir.Value {
		u := v
		instead := map[*ir.Value]*ir.Value{} // of leaves; nil where they are gone
		for _, b := range at[v] {
			rule := termsAtOnce
			if b.counter != nil {
				rule = turnsAtOnce
			}
			made := len(w.body)
			l := &lifting{rewriter: w, bundle: b, done: map[*ir.Value][]lifted{}}
			sums, ok := l.sums()
			if !ok || !w.allowed(rule) {
				w.body = w.body[:made]
				continue
			}
			w.rewrote(rule, v.Pos, 0)
			all = append(all, l.made...)
			for i, term := range b.terms {
				for _, x := range term {
					instead[x] = nil
				}
				instead[term[0]] = sums[i]
			}
			if b.counter != nil {
				instead[v.Body.Params[1]] = v.Args[2]
			}
			u = nil
			for _, leaf := range b.leaves {
				now, changed := instead[leaf]
				switch {
				case !changed:
					now = w.of(leaf)
				case now == nil:
					continue
				}
				if u == nil {
					u = now
				} else {
					u = w.emit(v, ir.OpAdd, nil, ir.Type{}, u, now)
				}
			}
		}
		return u
	})
	return all
}

// A lifted value is one for all numbers of a bundle: with an axis for them before
// all others, or the same for each.
type lifted struct {
	*ir.Value
	axis bool
	of   []*ir.Value // the list that it stands for
}

// lifting makes the terms of a bundle for all numbers at once.
type lifting struct {
	*rewriter
	bundle
	done map[*ir.Value][]lifted // by the first one of their lists
	made []*ir.Value            // with an axis
}

// sums returns the sum of each term; ok is false where one can't be made.
func (l *lifting) sums() (out []*ir.Value, ok bool) {
	for _, t := range l.terms {
		v, ok := l.lift(t)
		if !ok || !v.axis || !t[0].Type.Plain().Equal(l.at.Type.Plain()) {
			return nil, false
		}
		out = append(out, l.emit(l.at, ir.OpSum, &ir.AxesAttrs{Axes: []int{0}}, ir.Type{}, v.Value))
	}
	return out, true
}

// lift returns what stands for a list of values, one for each number, or the one
// of a loop; ok is false where they are not alike, or their operation knows no
// axis more.
func (l *lifting) lift(list []*ir.Value) (out lifted, ok bool) {
	now := make([]*ir.Value, len(list))
	for i, v := range list {
		now[i] = l.of(v)
	}
	list = now
	first := list[0]
	if l.counter == nil && !slices.ContainsFunc(list, func(v *ir.Value) bool { return v != first }) {
		return lifted{Value: first}, true
	}
	if l.counter != nil && first != l.counter && l.home[first] <= l.depth {
		return lifted{Value: first}, true
	}
	for _, v := range l.done[first] {
		if slices.Equal(v.of, list) {
			return v, true
		}
	}
	defer func() {
		if ok {
			out.of = list
			l.done[first] = append(l.done[first], out)
		}
	}()
	if counted, ok := l.numbers(list); ok {
		return lifted{Value: counted, axis: true}, true
	}
	if first.Op == ir.OpParam || first.Body != nil || first.Type.Tuple != nil {
		return lifted{}, false
	}
	if out, ok := l.part(list); ok {
		return l.note(out)
	}
	for _, v := range list {
		if v.Op != first.Op || !v.Type.Equal(first.Type) || v.Cost != first.Cost || len(v.Args) != len(first.Args) || ir.AttrString(v.Attrs) != ir.AttrString(first.Attrs) {
			return lifted{}, false
		}
	}
	args := make([]lifted, len(first.Args))
	axis := false
	for k := range args {
		operands := make([]*ir.Value, len(list))
		for i, v := range list {
			operands[i] = v.Args[k]
		}
		if args[k], ok = l.lift(operands); !ok {
			return lifted{}, false
		}
		axis = axis || args[k].axis
	}
	if !axis {
		plain := make([]*ir.Value, len(args))
		for k, a := range args {
			plain[k] = a.Value
		}
		u := l.emit(l.at, first.Op, first.Attrs, first.Type.Plain(), plain...)
		u.Cost = first.Cost
		return lifted{Value: u}, true
	}
	return l.note(l.operation(first, args))
}

// note remembers what has an axis.
func (l *lifting) note(v lifted) (lifted, bool) {
	if v.axis {
		l.made = append(l.made, v.Value)
	}
	return v, v.Value != nil
}

// numbers returns 0, 1, .. where a list is that.
func (l *lifting) numbers(list []*ir.Value) (*ir.Value, bool) {
	first := list[0]
	if l.counter != nil {
		if first != l.counter && !(first.Op == ir.OpConvert && first.Args[0] == l.counter && first.Type.DType.IsInt() && first.Type.DType.Size() >= 4) {
			return nil, false
		}
	} else {
		for i, v := range list {
			if v.Op != ir.OpFull || !v.IsScalar() || !v.Type.DType.IsInt() || v.Attrs.(*ir.FullAttrs).Value.Int != int64(i) {
				return nil, false
			}
		}
	}
	return l.emit(l.at, ir.OpIota, &ir.AxisAttrs{}, ir.Make(first.Type.DType, l.n)), true
}

// part returns the parts of a value that are one place along an axis each, that
// of the number.
func (l *lifting) part(list []*ir.Value) (lifted, bool) {
	first := list[0]
	axis, begin := -1, 0
	switch {
	case l.counter != nil && first.Op == ir.OpDynSlice && first.Args[1] == l.counter:
		axis = first.Attrs.(*ir.DynSliceAttrs).Axis
	case l.counter == nil && first.Op == ir.OpSlice:
		starts := first.Attrs.(*ir.SliceAttrs).Start
		for k := range starts {
			a, _ := starts[k].Int()
			b, ok := 0, list[1].Op == ir.OpSlice && len(list[1].Attrs.(*ir.SliceAttrs).Start) == len(starts)
			if ok {
				b, _ = list[1].Attrs.(*ir.SliceAttrs).Start[k].Int()
			}
			if ok && a != b {
				axis, begin = k, a
				break
			}
		}
		if axis < 0 {
			return lifted{}, false
		}
		for i, v := range list {
			if v.Op != ir.OpSlice || v.Args[0] != first.Args[0] || !v.Type.Equal(first.Type) {
				return lifted{}, false
			}
			a, want := v.Attrs.(*ir.SliceAttrs), slices.Clone(starts)
			want[axis] = dim.Const(begin + i)
			if !slices.Equal(a.Step, first.Attrs.(*ir.SliceAttrs).Step) || !slices.EqualFunc(a.Start, want, dim.Expr.Equal) {
				return lifted{}, false
			}
		}
	default:
		return lifted{}, false
	}
	x := first.Args[0]
	whole, ok := lifted{Value: l.of(x)}, true
	if l.counter != nil {
		whole, ok = l.lift([]*ir.Value{x})
	}
	size := first.Type.Dims()
	if !ok || whole.axis || size[axis] != 1 || begin+l.n > x.Type.Dims()[axis] {
		return lifted{}, false
	}
	start, step := make([]dim.Expr, len(size)), make([]int, len(size))
	for k := range size {
		start[k], step[k] = dim.Const(0), 1
	}
	if first.Op == ir.OpSlice {
		copy(start, first.Attrs.(*ir.SliceAttrs).Start)
		copy(step, first.Attrs.(*ir.SliceAttrs).Step)
	}
	step[axis] = 1
	some := slices.Clone(size)
	some[axis] = l.n
	u := whole.Value
	if !slices.Equal(some, u.Type.Dims()) || slices.ContainsFunc(step, func(s int) bool { return s != 1 }) {
		u = l.emit(l.at, ir.OpSlice, &ir.SliceAttrs{Start: start, Step: step}, ir.Make(u.Type.DType, some...), u)
	}
	if axis > 0 {
		perm := []int{axis}
		for k := range size {
			if k != axis {
				perm = append(perm, k)
			}
		}
		u = l.emit(l.at, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, u)
	}
	return lifted{Value: l.withAxis(u, size), axis: true}, true
}

// withAxis returns what has an axis with other sizes behind it.
func (l *lifting) withAxis(x *ir.Value, size []int) *ir.Value {
	for x.Op == ir.OpReshape {
		x = x.Args[0]
	}
	dims := append([]int{l.n}, size...)
	if slices.Equal(dims, x.Type.Dims()) {
		return x
	}
	return l.emit(l.at, ir.OpReshape, nil, ir.Make(x.Type.DType, dims...), x)
}

// operation returns what v makes of operands of which some have an axis; no value
// where it can't.
func (l *lifting) operation(v *ir.Value, args []lifted) lifted {
	dims := v.Type.Dims()
	if len(dims)+1 > ir.MaxRank {
		return lifted{}
	}
	var attrs ir.Attrs
	operands := make([]*ir.Value, len(args))
	for k, a := range args {
		operands[k] = a.Value
	}
	switch {
	case v.Op.Info().Class == ir.Elementwise, v.Op == ir.OpBroadcast:
		for k, a := range args {
			if of := v.Args[k].Type.Dims(); a.axis && len(of) < len(dims) {
				ones := slices.Repeat([]int{1}, len(dims)-len(of))
				operands[k] = l.withAxis(a.Value, append(ones, of...))
			}
		}
	case v.Op == ir.OpReshape:
		return lifted{Value: l.withAxis(operands[0], dims), axis: true}
	case v.Op == ir.OpContract:
		spec, ok := withLetter(v.Attrs.(*ir.ContractAttrs).Spec, args)
		if !ok {
			return lifted{}
		}
		attrs = &ir.ContractAttrs{Spec: spec}
	case v.Op == ir.OpTranspose:
		perm := []int{0}
		for _, p := range v.Attrs.(*ir.PermAttrs).Perm {
			perm = append(perm, p+1)
		}
		attrs = &ir.PermAttrs{Perm: perm}
	case v.Op == ir.OpArgMax, v.Op == ir.OpArgMin:
		attrs = &ir.AxisAttrs{Axis: v.Attrs.(*ir.AxisAttrs).Axis + 1}
	case v.Op.Info().Class == ir.Reduction:
		var axes []int
		for _, i := range v.Attrs.(*ir.AxesAttrs).Axes {
			axes = append(axes, i+1)
		}
		attrs = &ir.AxesAttrs{Axes: axes}
	case v.Op == ir.OpSlice:
		a := v.Attrs.(*ir.SliceAttrs)
		attrs = &ir.SliceAttrs{Start: append([]dim.Expr{dim.Const(0)}, a.Start...), Step: append([]int{1}, a.Step...)}
	default:
		return lifted{}
	}
	u := l.emit(l.at, v.Op, attrs, ir.Make(v.Type.DType, append([]int{l.n}, dims...)...), operands...)
	u.Cost = v.Cost
	return lifted{Value: u, axis: true}
}

// withLetter returns a specification with one more index, the first one, of those
// operands that have an axis and of the result; ok is false if there is no letter
// left.
func withLetter(spec string, args []lifted) (string, bool) {
	operands, result, _ := ir.SplitSpec(spec)
	letter := ""
	for c := byte('a'); c <= 'z'; c++ {
		if !contains(spec, c) {
			letter = string(c)
			break
		}
	}
	for k, a := range args {
		if a.axis {
			operands[k] = letter + operands[k]
		}
	}
	return canonical(strings.Join(operands, ",") + "->" + letter + result), letter != ""
}
