package llvm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// What a run can find wrong, the code of an error slot (see package kernel).
const (
	CodeIndex    = 1 // an index is out of range; value and bound are the index and how many there are
	CodeDivision = 2 // an integer is divided by zero; value is the integer
	CodeSlice    = 4 // a slice is out of range; value is where it begins, bound in how many places it may
)

// An index is the position along one dimension, lane by lane: base + lane*step,
// or vec[lane] if vec is set.
type index struct {
	base value.Value // i64 scalar
	step int         // 0 for the same in all lanes
	vec  value.Value // <lanes x i64>; then base and step mean nothing
}

// at returns the index that is x, an i64, in all lanes.
func at(x value.Value) index { return index{base: x} }

// uniform reports whether an index is the same in all lanes.
func (x index) uniform() bool { return x.vec == nil && x.step == 0 }

func uniform(idx []index) bool {
	return !slices.ContainsFunc(idx, func(x index) bool { return !x.uniform() })
}

// A scope generates elements within one kernel function, by pulling: value asks
// for an element, and its operation asks for the elements of its operands.
//
// Code stands at levels: level 0 is the function's entry, and each loop that is
// made by turns, and each body of inner, is one level more. What is computed is
// kept with its level, so that it is computed once, and outside of the loops on
// whose indices it does not depend.
type scope struct {
	*emitter
	prog  *kernel.Program
	k     *kernel.Kernel
	flat  bool                             // the kernel's indices are one linear position; see kernel.Nest
	lanes int                              // 0: scalar code; else vectors of that many lanes, also odd ones
	ptr   func(*kernel.Buffer) value.Value // pointer to the first element, typed as in memory

	ctx, worker, workers value.Value // parameters of the function: i8*, i64, i64
	indices              value.Value // i64*, the indices of the loops around the kernel, by slot

	table    *[ir.NumOps]puller
	inside   map[*ir.Value]bool // k.Inside
	slots    map[*ir.Value]int  // of loop indices
	levels   []*level
	now      int                 // the level at which code is emitted
	depth    map[value.Value]int // level of a value; one that is not here belongs to where it is used
	ids      map[any]int         // of values, for keys
	multiple map[value.Value]int // what i64 values are known to be multiples of
	bound    map[*ir.Value]int   // the level at which a value was bound last
	reaches  map[*ir.Value][]*ir.Value
	taken    int  // bytes of scratch that the chain holds of which this is a part
	polled   bool // the next loop stops where somebody asks to; see points
	awkward  int  // loads and stores that had to go lane by lane, to compare ways to generate a kernel
}

// A puller emits the elements idx of v, which is computed by one operation.
type puller func(s *scope, v *ir.Value, idx []index) value.Value

// A level holds what is known at one depth of loops.
type level struct {
	memo map[string]value.Value
	// before is the open end of the code before the loop; nil if nothing may be
	// moved out, as from a branch.
	before *llir.Block
}

// newScope starts a scope at the open block of e, which is the entry of a kernel
// function with the parameters ctx, worker, workers and indices.
func newScope(e *emitter, prog *kernel.Program, k *kernel.Kernel, ctx, worker, workers, indices value.Value, ptr func(*kernel.Buffer) value.Value) *scope {
	s := &scope{
		emitter: e, prog: prog, k: k, ptr: ptr, ctx: ctx, worker: worker, workers: workers, indices: indices,
		table: &pullers, inside: map[*ir.Value]bool{}, slots: slotsOf(prog),
		levels: []*level{{memo: map[string]value.Value{}}}, depth: map[value.Value]int{}, ids: map[any]int{},
		multiple: map[value.Value]int{}, bound: map[*ir.Value]int{}, reaches: map[*ir.Value][]*ir.Value{},
	}
	for _, x := range []value.Value{ctx, worker, workers, indices} {
		s.depth[x] = 0
	}
	if k != nil {
		for _, v := range k.Inside {
			s.inside[v] = true
		}
	}
	return s
}

// slotsOf returns the slots of the loop indices of a program.
func slotsOf(prog *kernel.Program) map[*ir.Value]int {
	slots := map[*ir.Value]int{}
	var walk func(steps []kernel.Step)
	walk = func(steps []kernel.Step) {
		for _, step := range steps {
			if l, ok := step.(*kernel.Loop); ok {
				slots[l.Index] = l.Slot
				walk(l.Body)
			}
		}
	}
	walk(prog.Load)
	walk(prog.Steps)
	return slots
}

// regType returns the type that an element has in a register: bf16 and f16 are
// computed as float.
func regType(d ir.DType) types.Type {
	switch d {
	case tensor.F64:
		return types.Double
	case tensor.F32, tensor.BF16, tensor.F16:
		return types.Float
	case tensor.I64:
		return types.I64
	case tensor.I32:
		return types.I32
	case tensor.I8, tensor.U8:
		return types.I8
	case tensor.Bool:
		return types.I1
	}
	panic("llvm: no register holds " + d.String())
}

// memType returns the type that an element has in memory.
func memType(d ir.DType) types.Type {
	switch d {
	case tensor.BF16, tensor.F16:
		return types.I16
	case tensor.Bool:
		return types.I8
	}
	return regType(d)
}

// value returns element idx of v, one index a dimension: computed by its
// operation from elements of its operands, or loaded where v is materialised
// (package kernel says when). It has s.lanes lanes.
func (s *scope) value(v *ir.Value, idx []index) value.Value {
	if len(idx) != v.Type.Rank() && !s.flat {
		panic(fmt.Sprintf("llvm: %d indices for %v : %v", len(idx), v, v.Type))
	}
	idx = s.canonical(v, idx)
	lanes := s.lanes
	if uniform(idx) {
		lanes = 0
	}
	key := s.key(v, idx, lanes)
	x, d := s.find(key)
	if x == nil {
		d = s.levelOf(v, idx)
		x = s.emitAt(d, lanes, func() value.Value { return s.compute(v, idx) })
		s.levels[d].memo[key] = x
	}
	return s.spread(x, d, key)
}

// canonical returns idx with 0 along dimensions of size 1, whatever brought it
// there.
func (s *scope) canonical(v *ir.Value, idx []index) []index {
	if s.flat {
		return idx
	}
	cloned := false
	for i, n := range v.Type.Shape {
		if !ir.IsOne(n) {
			continue
		}
		if at, ok := known(idx[i].base); ok && at == 0 && idx[i].uniform() {
			continue
		}
		if !cloned {
			idx, cloned = slices.Clone(idx), true
		}
		idx[i] = at(i64(0))
	}
	return idx
}

// spread returns x, which is in the memo under key, with s.lanes lanes.
func (s *scope) spread(x value.Value, d int, key string) value.Value {
	if s.lanes == 0 || lanesOf(x) > 0 {
		return x
	}
	wide := key + "x" + strconv.Itoa(s.lanes)
	if y, _ := s.find(wide); y != nil {
		return y
	}
	lanes := s.lanes
	d = max(d, s.floor())
	y := s.emitAt(d, lanes, func() value.Value { return s.splat(x, lanes) })
	s.levels[d].memo[wide] = y
	return y
}

// bind says that element idx of v is x: the skeleton has it in a register, such
// as a tile of a product or a finished sum. It holds until the body of inner or
// the loop ends in which it was said.
func (s *scope) bind(v *ir.Value, idx []index, x value.Value) {
	idx = s.canonical(v, idx)
	lanes := s.lanes
	if uniform(idx) {
		lanes = 0
	}
	s.levels[s.now].memo[s.key(v, idx, lanes)] = x
	s.note(x, s.now)
	s.bound[v] = s.now
}

// inner runs body with vectors of lanes lanes (0: scalars). What is computed
// inside is forgotten outside, so body may be the body of a loop or a branch.
func (s *scope) inner(lanes int, body func()) {
	before := s.lanes
	s.open(nil)
	s.lanes = lanes
	body()
	s.lanes = before
	s.close()
}

// open starts a level; see level.before.
func (s *scope) open(before *llir.Block) {
	s.levels = append(s.levels[:s.now+1], &level{memo: map[string]value.Value{}, before: before})
	s.now++
}

// close ends the level.
func (s *scope) close() {
	s.levels = s.levels[:s.now]
	s.now--
	for v, d := range s.bound {
		if d > s.now {
			delete(s.bound, v)
		}
	}
}

// turns is loop for a loop that turns at least once: what does not depend on the
// index or on what is carried is computed before it.
func (s *scope) turns(lo, hi value.Value, step int, init []value.Value, body func(i value.Value, carried []value.Value) []value.Value) []value.Value {
	polled := s.polled
	s.polled = false
	head := s.fn.NewBlock("")
	s.open(s.cur)
	s.cur = head
	i := head.NewPhi(llir.NewIncoming(lo, s.levels[s.now].before)) // once more below, when before is known
	s.depth[i] = s.now
	phis := make([]*llir.InstPhi, len(init))
	carried := make([]value.Value, len(init))
	for k, x := range init {
		phis[k] = head.NewPhi(llir.NewIncoming(x, s.levels[s.now].before))
		s.depth[phis[k]] = s.now
		carried[k] = phis[k]
	}
	s.multiple[i] = common(s.multipleOf(lo), step)
	next := body(i, carried)
	j := s.cur.NewAdd(i, i64(step))
	pred := enum.IPredSLT
	if step < 0 {
		pred = enum.IPredSGT
	}
	more := s.icmp(pred, j, hi)
	if polled {
		more = s.cur.NewAnd(more, s.poll())
	}
	exit := s.fn.NewBlock("")
	s.cur.NewCondBr(more, head, exit)
	before := s.levels[s.now].before
	before.NewBr(head)
	i.Incs = []*llir.Incoming{llir.NewIncoming(lo, before), llir.NewIncoming(j, s.cur)}
	for k, x := range init {
		phis[k].Incs = []*llir.Incoming{llir.NewIncoming(x, before), llir.NewIncoming(next[k], s.cur)}
	}
	s.cur = exit
	s.close()
	return next
}

// key names element idx of v for the memo.
func (s *scope) key(v *ir.Value, idx []index, lanes int) string {
	b := strconv.AppendInt(nil, int64(s.id(v)), 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(lanes), 10)
	for _, x := range idx {
		b = s.appendIndex(b, x)
	}
	return string(b)
}

func (s *scope) appendIndex(b []byte, x index) []byte {
	if x.vec != nil {
		return s.appendID(append(b, 'v'), x.vec)
	}
	b = s.appendID(append(b, ' '), x.base)
	if x.step != 0 {
		b = strconv.AppendInt(append(b, '+'), int64(x.step), 10)
	}
	return b
}

// appendID appends a name of x that equal constants share.
func (s *scope) appendID(b []byte, x value.Value) []byte {
	if n, ok := known(x); ok {
		return strconv.AppendInt(append(b, '#'), int64(n), 10)
	}
	return strconv.AppendInt(b, int64(s.id(x)), 10)
}

func (s *scope) id(x any) int {
	n, ok := s.ids[x]
	if !ok {
		n = len(s.ids)
		s.ids[x] = n
	}
	return n
}

// known returns the value of an integer constant.
func known(x value.Value) (int, bool) {
	c, ok := x.(*constant.Int)
	if !ok || !c.X.IsInt64() {
		return 0, false
	}
	return int(c.X.Int64()), true
}

// find returns what the memo has under key, and at which level.
func (s *scope) find(key string) (value.Value, int) {
	for d := s.now; d >= 0; d-- {
		if x := s.levels[d].memo[key]; x != nil {
			return x, d
		}
	}
	return nil, 0
}

// depthOf returns the level that x belongs to.
func (s *scope) depthOf(x value.Value) int {
	if _, ok := x.(constant.Constant); ok {
		return 0
	}
	if d, ok := s.depth[x]; ok {
		return min(d, s.now)
	}
	return s.now
}

func (s *scope) depthOfIndex(x index) int {
	if x.vec != nil {
		return s.depthOf(x.vec)
	}
	return s.depthOf(x.base)
}

// floor returns the outermost level that code may be moved to from here.
func (s *scope) floor() int {
	d := s.now
	for d > 0 && s.levels[d].before != nil {
		d--
	}
	return d
}

// levelOf returns the outermost level at which v[idx] can be computed.
func (s *scope) levelOf(v *ir.Value, idx []index) int {
	d := s.floor()
	for _, x := range idx {
		d = max(d, s.depthOfIndex(x))
	}
	for _, r := range s.reached(v) {
		if at, ok := s.bound[r]; ok {
			d = max(d, at)
		}
	}
	return min(d, s.now)
}

// reached returns what may be bound among the values that v is computed from:
// those inside the kernel that are not computed by pulling.
func (s *scope) reached(v *ir.Value) []*ir.Value {
	if out, ok := s.reaches[v]; ok {
		return out
	}
	var out []*ir.Value
	switch {
	case s.inside[v] && (s.table[v.Op] == nil || v.Op == ir.OpContract):
		out = []*ir.Value{v}
	case !s.inside[v] && s.prog.Buf[v] != nil:
	default:
		if s.bound[v] != 0 || s.inside[v] {
			out = []*ir.Value{v} // a row that is kept
		}
		for _, a := range v.Args {
			for _, r := range s.reached(a) {
				if !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
	}
	s.reaches[v] = out
	return out
}

// emitAt runs body with code going to level d, with vectors of lanes lanes.
func (s *scope) emitAt(d, lanes int, body func() value.Value) value.Value {
	savedLanes := s.lanes
	s.lanes = lanes
	defer func() { s.lanes = savedLanes }()
	if d >= s.now {
		x := body()
		s.note(x, s.now)
		return x
	}
	// body may open and close levels of its own.
	cur, now, levels, bound := s.cur, s.now, s.levels, s.bound
	s.cur, s.now, s.levels, s.bound = levels[d+1].before, d, levels[:d+1:d+1], maps.Clone(bound)
	x := body()
	s.note(x, d)
	levels[d+1].before = s.cur
	s.cur, s.now, s.levels, s.bound = cur, now, levels, bound
	return x
}

// note says that x belongs to level d, if nothing is known of it.
func (s *scope) note(x value.Value, d int) {
	if _, ok := x.(constant.Constant); ok {
		return
	}
	if _, ok := s.depth[x]; !ok {
		s.depth[x] = d
	}
}

// compute emits element idx of v.
func (s *scope) compute(v *ir.Value, idx []index) value.Value {
	b := s.prog.Buf[v]
	switch slot, isIndex := s.slots[v]; {
	case isIndex:
		return s.load(types.I64, s.emitter.at(types.I64, s.indices, i64(slot)), 0)
	case !s.inside[v] && b != nil:
		load := func(idx []index) value.Value {
			return s.loadAt(b, v.Type.DType, s.linear(0, strides(v.Type.Dims()), idx))
		}
		switch {
		case masked(v):
			return s.structured(v.Type, s.flatOr(v, idx), load)
		case s.flat && len(idx) == 1:
			return s.loadAt(b, v.Type.DType, idx[0])
		}
		return load(idx)
	case s.table[v.Op] == nil:
		panic(fmt.Sprintf("llvm: %v = %v is neither materialised nor bound in kernel %s", v, v.Op, s.k.Name))
	}
	return s.table[v.Op](s, v, idx)
}
