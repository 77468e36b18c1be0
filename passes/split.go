package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

var loadTime = &Rule{"load time", "f(w) in each call = f(w) once, for weights w", Exact}

// split marks what depends on weights alone, or on nothing, to be computed once,
// when weights are loaded:
//
//	y = x @ (w1 @ w2)   becomes   w = w1 @ w2, when weights are loaded; y = x @ w
//
// A value is marked where calls need it, by what needs it for itself: movement
// that changes strides only is left to who reads it, and so is elementwise work
// that costs less than to read what it makes, as of a broadcast. So a call never
// costs more. What may fail stays where it is, and what takes more memory than
// the weights that it comes from and than a limit.
//
// It runs when nothing else moves or shares any more: all passes before it see
// one function, not two.
func split(ctx *Context, f *ir.Func) error {
	s := &splitting{
		spans: spans{},
		ctx:   ctx, f: f, levels: f.Levels(), weights: map[*ir.Value]map[*ir.Value]bool{},
		known: map[*ir.Value]early{}, needs: map[*ir.Value]need{}, copies: map[*ir.Value]*ir.Value{},
	}
	for _, v := range f.Body {
		if s.levels[v] < ir.CallLevel {
			s.look(v)
		}
	}
	chosen := s.choose()
	if len(chosen) > 0 {
		s.mark(chosen)
		f.Rebuild()
	}
	return nil
}

// splitting is the state of split.
type splitting struct {
	ctx     *Context
	f       *ir.Func
	levels  map[*ir.Value]ir.Level
	known   map[*ir.Value]early              // of values that no argument reaches
	weights map[*ir.Value]map[*ir.Value]bool // that such a value comes from
	needs   map[*ir.Value]need               // by calls, as far as known
	spans   spans
	copies  map[*ir.Value]*ir.Value // of what both calls and loading compute
	body    []*ir.Value             // what is computed early, in order
}

// An early value is one that no argument reaches.
type early struct {
	may     bool // it can be computed when weights are loaded
	uniform bool // it is made of numbers in the text alone
	// Of what a call that computes the value where it is needed does:
	additions int // work
	reads     int // bytes

	spares bool // a call that does not compute it is spared FLOPs, long functions or loads of single elements
}

// A need says how calls use a value.
type need struct {
	used   bool
	elems  int  // of the largest result that it is used for
	memory bool // by an operation that reads its operands from memory
}

// costly is the additions from which on a function is worth sparing, whatever it
// counts.
const costly = 4

// look finds out what there is to know of v.
func (s *splitting) look(v *ir.Value) {
	e := early{may: !s.spans.fails(v), uniform: v.Op != ir.OpConst && v.Op != ir.OpIota && v.Body == nil}
	from := map[*ir.Value]bool{}
	for _, a := range uses(v) {
		if a.Op == ir.OpParam {
			from[a] = true
			e.uniform = false
			e.reads += a.Type.Bytes()
			continue
		}
		o := s.known[a]
		e.may = e.may && o.may
		e.uniform = e.uniform && o.uniform
		e.additions, e.reads, e.spares = e.additions+o.additions, e.reads+o.reads, e.spares || o.spares
		for w := range s.weights[a] {
			from[w] = true
		}
	}
	if v.Body != nil {
		(&ir.Func{Region: *v.Body}).Walk(func(u *ir.Value) { e.may = e.may && !s.spans.fails(u) })
	}
	switch {
	case v.Type.Tuple != nil:
	case computedInPlace(v):
		wide := max(v.Type.DType.Size()/4, 1) // a vector has fewer lanes
		e.additions += (v.Op.Additions() + gathering(v)) * v.Type.Elems() * wide
		// A formula may have no cost of its own, and cosines in it.
		e.spares = e.spares || v.Work() > 0 || v.Op.Additions() >= costly || gathering(v) > 0
	default:
		e.uniform, e.additions, e.reads, e.spares = false, 0, v.Type.Bytes(), false
	}
	s.known[v], s.weights[v] = e, from
}

// uses returns the operands of v and what its body uses from outside.
func uses(v *ir.Value) []*ir.Value {
	if v.Body == nil {
		return v.Args
	}
	return slices.Concat(v.Args, v.Body.Captures())
}

// gathering returns what it costs, in additions, that the neighbours of an element
// of v are no neighbours where they come from, so that each is loaded by itself.
func gathering(v *ir.Value) int {
	const loads = 24
	switch v.Op {
	case ir.OpTake:
		if v.Attrs.(*ir.AxisAttrs).Axis == v.Args[0].Type.Rank()-1 && v.Args[1].Type.Rank() > 0 {
			return loads
		}
	case ir.OpTakeAlong:
		if v.Attrs.(*ir.AxisAttrs).Axis == v.Type.Rank()-1 {
			return loads
		}
	}
	return 0
}

// computedInPlace reports whether an element of v can be computed where it is
// needed; others are made as a whole.
func computedInPlace(v *ir.Value) bool {
	switch info := v.Op.Info(); info.Class {
	case ir.Leaf, ir.Elementwise:
		return true
	case ir.Movement:
		return v.Op != ir.OpConcat && v.Op != ir.OpUpdate
	case ir.Indexed:
		switch v.Op {
		case ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice, ir.OpOneHot:
			return true
		}
	}
	return false
}

// changesStrides reports whether what v is can be read as its operand, at other
// strides.
func changesStrides(v *ir.Value) bool {
	switch v.Op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal:
		return true
	}
	return false
}

// choose returns the values that are worth computing early, in order.
func (s *splitting) choose() []*ir.Value {
	for _, v := range s.f.Results {
		s.need(v, need{elems: v.Type.Elems()})
	}
	var chosen []*ir.Value
	for _, v := range slices.Backward(s.f.Body) {
		n := s.needs[v]
		switch {
		case s.levels[v] == ir.CallLevel:
			s.reads(v)
		case !n.used:
		case s.pays(v, n):
			chosen = append(chosen, v)
		case changesStrides(v):
			s.need(v.Args[0], n)
		default:
			s.reads(v)
		}
	}
	slices.Reverse(chosen)
	return chosen
}

// need adds a need of calls for v.
func (s *splitting) need(v *ir.Value, n need) {
	had := s.needs[v]
	s.needs[v] = need{true, max(had.elems, n.elems), had.memory || n.memory}
}

// reads adds the needs of v, which is computed in calls, and of its body.
func (s *splitting) reads(v *ir.Value) {
	elems := 1
	if v.Type.Tuple == nil {
		elems = v.Type.Elems()
	}
	for i, a := range v.Args {
		if a.Type.Tuple != nil {
			s.need(a, need{})
			continue
		}
		s.need(a, need{elems: max(elems, s.needs[v].elems), memory: readsMemory(v, i)})
	}
	if v.Body != nil {
		for _, u := range v.Body.Body {
			s.reads(u)
		}
		for _, u := range v.Body.Results {
			s.need(u, need{elems: 1})
		}
	}
}

// readsMemory reports whether v reads its operand i from memory as a whole, or at
// strides: it is an operation of its own, or a product with so many rows or
// columns of the other operand that it is multiplied by tiles.
func readsMemory(v *ir.Value, i int) bool {
	const tile = 4
	switch v.Op.Info().Class {
	case ir.Scan, ir.Selection, ir.Factorisation:
		return true
	case ir.Contraction:
		operands, result, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
		if err != nil || len(operands) != 2 {
			return false
		}
		others := 1
		for j, n := range v.Type.Dims() {
			if !slices.Contains([]byte(operands[i]), result[j]) {
				others *= n
			}
		}
		return others >= tile
	}
	switch v.Op {
	case ir.OpUpdate, ir.OpDynUpdate, ir.OpScatter, ir.OpScatterAlong:
		return i > 0 // the first is copied, or overwritten
	}
	return false
}

// pays reports whether calls that need v so are cheaper if they find it computed.
func (s *splitting) pays(v *ir.Value, n need) bool {
	e := s.known[v]
	switch {
	case !e.may || e.uniform || v.Op == ir.OpConst || changesStrides(v) || v.Type.Tuple != nil || v.Load:
		return false
	case !computedInPlace(v) || n.memory:
		return s.fits(v)
	case !e.spares, s.index(v):
		return false
	}
	again := max(1, n.elems/max(v.Type.Elems(), 1))
	more := v.Type.Bytes() - e.reads // than a call reads now
	return e.additions*again > 2*reading(more) && s.fits(v)
}

// index reports whether v is integers that are made of places and numbers in the
// text, by nothing that takes long: codegen knows such indices by their steps.
func (s *splitting) index(v *ir.Value) bool {
	const long = 20
	return s.levels[v] == ir.CompileLevel && !v.Type.DType.IsFloat() && s.known[v].additions < long*v.Type.Elems()
}

// reading returns about how many additions take as long as reading so many
// bytes.
func reading(bytes int) int {
	const near = 1 << 20 // in the second-level cache
	if bytes > near {
		return 3 * bytes
	}
	return max(bytes, 0) * 3 / 4
}

// always is how many bytes what is computed when weights are loaded may take in
// any case.
const always = 16 << 20

// fits reports whether v may take the memory that it does.
func (s *splitting) fits(v *ir.Value) bool {
	limit := s.ctx.opts.LoadMemory // -1 is less than anything takes
	if limit == 0 {
		limit = always
		bytes := 0
		for w := range s.weights[v] {
			bytes += w.Type.Bytes()
		}
		limit = max(limit, bytes)
	}
	if v.Type.Bytes() > limit {
		return false
	}
	return true
}

// mark marks what is chosen and all that it is computed of, and puts it in front.
// What calls need of that too, and cheaply compute themselves, is there twice
// from now on.
func (s *splitting) mark(chosen []*ir.Value) {
	needed := s.needed()
	for _, v := range chosen {
		if s.ctx.allowed(loadTime) && s.movable(v, map[*ir.Value]bool{}) {
			saved := 0
			if needed[v] > 0 {
				saved = spared(v, needed)
			}
			s.early(v, true)
			s.ctx.rewrote(loadTime, v.Pos, saved)
		}
	}
	later := slices.DeleteFunc(s.f.Body, func(v *ir.Value) bool { return v.Load })
	s.f.Body = append(s.body, later...)
}

// movable reports whether early can be called for v: no loop is to be copied.
func (s *splitting) movable(v *ir.Value, seen map[*ir.Value]bool) bool {
	if v.Op == ir.OpParam || v.Load || seen[v] {
		return true
	}
	seen[v] = true
	for _, a := range uses(v) {
		shared := s.needs[a].used && !a.Load
		if shared && (a.Body != nil || a.Type.Tuple != nil) || !s.movable(a, seen) {
			return false
		}
	}
	return true
}

// early makes v be computed when weights are loaded, or if calls compute it too
// and it was not chosen, a copy of it. It returns which.
func (s *splitting) early(v *ir.Value, chosen bool) *ir.Value {
	if v.Op == ir.OpParam || v.Load {
		return v
	}
	if c := s.copies[v]; c != nil {
		return c
	}
	if v.Body != nil {
		for _, a := range v.Body.Captures() {
			if c := s.early(a, false); c != a {
				replaceIn(v.Body, a, c)
			}
		}
	}
	args := make([]*ir.Value, len(v.Args))
	for i, a := range v.Args {
		args[i] = s.early(a, false)
	}
	made := v
	if !chosen && s.needs[v].used {
		made = s.f.Copy(v, args)
		s.copies[v] = made
	}
	made.Args, made.Load = args, true
	s.body = append(s.body, made)
	return made
}

// replaceIn makes everything in r that uses old use v.
func replaceIn(r *ir.Region, old, v *ir.Value) {
	(&ir.Func{Region: *r}).Replace(old, v)
}

// needed counts how often calls use each value: results, and operands of what calls
// compute.
func (s *splitting) needed() map[*ir.Value]int {
	n := map[*ir.Value]int{}
	for _, v := range s.f.Results {
		n[v]++
	}
	for _, v := range slices.Backward(s.f.Body) {
		if n[v] > 0 && !v.Load {
			for _, a := range uses(v) {
				n[a]++
			}
		}
	}
	return n
}

// spared returns the FLOPs that calls no longer compute once v is loaded: v's, and
// those of what nothing else in calls needs, which needed then says.
func spared(v *ir.Value, needed map[*ir.Value]int) int {
	n := v.Work()
	for _, a := range uses(v) {
		if needed[a]--; needed[a] == 0 && a.Op != ir.OpParam && !a.Load {
			n += spared(a, needed)
		}
	}
	return n
}
