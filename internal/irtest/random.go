package irtest

import (
	"fmt"
	"math"
	"slices"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Config says what Random generates. The zero Config is everything, small.
type Config struct {
	Steps    int              // most steps, an operation or a pattern each; 12 if 0
	MaxElems int              // most elements of a value; 4096 if 0
	Floats   []tensor.DType   // float types, of which a function has one; all if nil
	Only     func(ir.Op) bool // which operations a step may be made for; all if nil
	NoLoops  bool             // no loops, and so no tuples
	// NonFinite puts NaN, infinities, negative zeros and subnormals among the
	// elements of float arguments.
	NonFinite bool
	// NoHuge leaves the largest float out of these: products with it overflow in
	// one order and not in another.
	NoHuge bool
	// Unused leaves in what the last of several results needed, and drops that result.
	Unused bool
}

// Random returns a random function, well-typed, without sizes that vary and
// without operations that fail at run time on the arguments that come with it.
// It depends on the seed and the configuration only.
func Random(seed uint64, cfg Config) (*ir.Func, []*tensor.Tensor) {
	return Generate(Seeded(seed), cfg)
}

// Generate is Random with the choices of src.
func Generate(src Src, cfg Config) (*ir.Func, []*tensor.Tensor) {
	if cfg.Steps == 0 {
		cfg.Steps = 12
	}
	if cfg.MaxElems == 0 {
		cfg.MaxElems = 4096
	}
	if cfg.Floats == nil {
		cfg.Floats = []tensor.DType{tensor.F32, tensor.F32, tensor.F32, tensor.F32, tensor.F64, tensor.BF16, tensor.F16}
	}
	f := ir.NewFunc("random")
	g := &gen{src: src, cfg: cfg, f: f, b: ir.NewBuilder(f), facts: map[*ir.Value]facts{}, steps: stepTable()}
	g.float = cfg.Floats[src.Int(len(cfg.Floats), "float type")]
	for i := range g.pool {
		g.pool[i] = extents[src.Int(len(extents), "pool")]
	}
	if src.Int(40, "empty") == 39 {
		g.pool[0] = 0
	}
	for op := range g.steps {
		g.ops[op] = g.steps[op] != nil && (cfg.Only == nil || cfg.Only(ir.Op(op)))
	}
	if src.Int(2, "swarm") == 1 { // leave out a random half
		for op := range g.ops {
			g.ops[op] = g.ops[op] && src.Int(2, "keep") == 0
		}
	}
	if cfg.NoLoops {
		g.ops[ir.OpLoop] = false
	}
	for range 1 + src.Int(3, "inputs") {
		g.input(g.float, g.shape(1+src.Int(3, "rank")))
	}
	for range 1 + src.Int(cfg.Steps, "steps") {
		g.step()
	}
	g.finish()
	if err := ir.Verify(f); err != nil {
		panic(fmt.Sprintf("irtest: the generator made a function that is not well formed: %v", err))
	}
	return f, g.args
}

// extents straddle the widths of vectors and the sizes of tiles.
var extents = []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 49, 63, 64, 65}

// A gen is one function being made.
type gen struct {
	src   Src
	cfg   Config
	f     *ir.Func
	b     *ir.Builder
	float tensor.DType
	pool  [3]int
	steps [ir.NumOps]stepFunc
	ops   [ir.NumOps]bool // which steps are made
	vals  []*ir.Value     // tensors in scope, the most recent last
	facts map[*ir.Value]facts
	args  []*tensor.Tensor
	depth int // of loops
}

// facts are what the generator knows of a value.
type facts struct {
	mag   float64 // no element is larger
	below int     // if not 0: an integer in 0..below, fit to be an index
	exact bool    // moved from arguments: no rounding error
}

// finish makes results of the values that nothing uses.
func (g *gen) finish() {
	uses := g.f.Uses()
	for _, v := range g.vals {
		if uses[v] == 0 && v.Op != ir.OpParam && len(g.f.Results) < 6 {
			g.f.Results = append(g.f.Results, v)
		}
	}
	if len(g.f.Results) == 0 {
		g.f.Results = g.vals[len(g.vals)-1:]
	}
	g.f.Rebuild()
	if n := len(g.f.Results); g.cfg.Unused && n > 1 {
		g.f.Results = g.f.Results[:n-1]
	}
}

// chance is true once in n times; never for a source that has ended.
func (g *gen) chance(n int, label string) bool { return g.src.Int(n, label) == n-1 }

// extent mostly draws from the pool, so that squares and equal shapes are common.
func (g *gen) extent() int {
	if g.chance(8, "extent from all") {
		return extents[g.src.Int(len(extents), "extent")]
	}
	return g.pool[g.src.Int(len(g.pool), "extent")]
}

// shape draws a shape of the given rank that is not too large.
func (g *gen) shape(rank int) []int {
	shape := make([]int, rank)
	n := 1
	for i := range shape {
		shape[i] = g.extent()
		if n*max(shape[i], 1) > g.cfg.MaxElems {
			shape[i] = 1 + i%2
		}
		n *= max(shape[i], 1)
	}
	return shape
}

// pick returns a value in scope that is ok, recent ones for small choices; nil
// if there is none.
func (g *gen) pick(label string, ok func(*ir.Value) bool) *ir.Value {
	var found []*ir.Value
	for i := len(g.vals) - 1; i >= 0; i-- {
		if ok(g.vals[i]) {
			found = append(found, g.vals[i])
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[g.src.Int(len(found), label)]
}

func isFloat(v *ir.Value) bool { return v.Type.DType.IsFloat() }

// like returns a value of the given type, now and then a fresh input.
func (g *gen) like(d tensor.DType, shape []int) *ir.Value {
	if !g.chance(4, "fresh") {
		want := ir.Make(d, shape...)
		if v := g.pick("operand", func(v *ir.Value) bool { return v.Type.Equal(want) }); v != nil {
			return v
		}
	}
	return g.input(d, shape)
}

// floatOf returns some float value of at least the given rank.
func (g *gen) floatOf(rank int) *ir.Value {
	v := g.pick("float", func(v *ir.Value) bool { return isFloat(v) && v.Type.Rank() >= rank })
	if v == nil {
		v = g.input(g.float, g.shape(max(rank, 1)))
	}
	return v
}

// anyOf returns some value of at least the given rank, now and then integers.
func (g *gen) anyOf(rank int) *ir.Value {
	if g.chance(5, "other type") {
		d := []tensor.DType{tensor.I64, tensor.Bool, tensor.I32, tensor.I8, tensor.U8}[g.src.Int(5, "type")]
		v := g.pick("other", func(v *ir.Value) bool { return v.Type.DType == d && v.Type.Rank() >= rank })
		if v == nil {
			v = g.input(d, g.shape(max(rank, 1)))
		}
		return v
	}
	return g.floatOf(rank)
}

// decided returns a value for a discrete choice: mostly one without error, so
// that few choices are undecided.
func (g *gen) decided(rank int) *ir.Value {
	if g.chance(8, "inexact") {
		return g.anyOf(rank)
	}
	v := g.pick("exact", func(v *ir.Value) bool {
		return v.Type.Rank() >= rank && (g.facts[v].exact || !isFloat(v))
	})
	if v == nil {
		v = g.input(g.float, g.shape(max(rank, 1)))
	}
	return v
}

// axis draws an axis of v.
func (g *gen) axis(v *ir.Value) int { return g.src.Int(v.Type.Rank(), "axis") }

// emit appends an operation. Large floats are brought back into a range in which
// nothing overflows.
func (g *gen) emit(op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	v := g.put(op, attrs, want, args...)
	if isFloat(v) && g.facts[v].mag > limit(v.Type.DType) {
		return g.clip(v, 8)
	}
	return v
}

// put appends an operation as it is.
func (g *gen) put(op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	v, err := g.b.Emit(op, attrs, want, args...)
	if err != nil {
		panic(fmt.Sprintf("irtest: %v", err)) // the generator asked for what is not well-typed
	}
	g.facts[v] = g.infer(v)
	g.vals = append(g.vals, v)
	return v
}

// limit is the largest magnitude that values keep.
func limit(d tensor.DType) float64 {
	if d == tensor.F16 {
		return 512
	}
	return 1 << 48
}

// clip bounds the magnitude of floats.
func (g *gen) clip(v *ir.Value, bound float64) *ir.Value {
	lo, hi := g.constant(v.Type.DType, -bound), g.constant(v.Type.DType, bound)
	v = g.put(ir.OpMax, nil, ir.Type{}, v, lo)
	g.vals = g.vals[:len(g.vals)-1] // it is still as large as before
	v = g.put(ir.OpMin, nil, ir.Type{}, v, hi)
	g.facts[v] = facts{mag: bound}
	return v
}

// constant returns a scalar; it is not put in scope.
func (g *gen) constant(d tensor.DType, x float64) *ir.Value {
	n := ir.FloatNumber(tensor.Round(d, x))
	if !d.IsFloat() {
		n = ir.IntNumber(int64(x))
	}
	v, err := g.b.Full(n, ir.Make(d))
	if err != nil {
		panic(err) // a scalar is always well-typed
	}
	g.facts[v] = facts{mag: math.Abs(x), exact: true}
	return v
}

// infer bounds the result of an operation from its operands.
func (g *gen) infer(v *ir.Value) facts {
	out := facts{}
	arg := func(i int) facts { return g.facts[v.Args[i]] }
	class := v.Op.Info().Class
	if class == ir.Movement || class == ir.Indexed {
		out = arg(0)
		for _, a := range joinedWith(v) {
			b := g.facts[a]
			if out.below == 0 || b.below == 0 {
				out.below = 0 // not all are indices
			} else {
				out.below = max(out.below, b.below)
			}
			out.mag, out.exact = max(out.mag, b.mag), out.exact && b.exact
		}
	} else {
		for i := range v.Args {
			out.mag = max(out.mag, arg(i).mag)
		}
	}
	elems := func(t ir.Type) float64 { return float64(max(t.Elems(), 1)) }
	switch v.Op {
	case ir.OpAdd, ir.OpSub:
		out.mag = arg(0).mag + arg(1).mag
	case ir.OpMul:
		out.mag = arg(0).mag * arg(1).mag
	case ir.OpExp, ir.OpExpm1:
		out.mag = math.Exp(arg(0).mag)
	case ir.OpContract:
		out.mag = 1
		for i := range v.Args {
			out.mag *= arg(i).mag
		}
		sizes, err := ir.IndexSizes(v.Attrs.(*ir.ContractAttrs).Spec, typesOf(v.Args))
		if err != nil {
			panic(err) // Emit has checked it
		}
		space := 1.0
		for _, n := range sizes {
			k, _ := n.Int()
			space *= float64(max(k, 1))
		}
		out.mag *= space / elems(v.Type)
	case ir.OpSum, ir.OpCumSum:
		out.mag *= elems(v.Args[0].Type)
	case ir.OpProd:
		out.mag = math.Pow(max(out.mag, 1), elems(v.Args[0].Type)/elems(v.Type))
	case ir.OpReduceMax, ir.OpReduceMin:
		if v.Type.Elems() > v.Args[0].Type.Elems() { // over nothing
			out.mag = math.Inf(1)
		}
	case ir.OpScatter, ir.OpScatterAlong:
		if !v.Attrs.(*ir.ScatterAttrs).Set {
			out = facts{mag: arg(0).mag + arg(2).mag*elems(v.Args[1].Type)}
		}
	case ir.OpPad:
		out.mag, out.below = max(out.mag, math.Abs(v.Attrs.(*ir.PadAttrs).Value.Float)), 0
	case ir.OpAssume, ir.OpTri, ir.OpDiag:
		out.mag = max(out.mag, 1)
	case ir.OpOneHot, ir.OpSign, ir.OpSin, ir.OpCos, ir.OpTanh, ir.OpErf:
		out = facts{mag: 1, exact: v.Op == ir.OpOneHot}
	case ir.OpIota:
		n := v.Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis]
		out = facts{mag: float64(n), exact: true}
		if v.Type.DType.IsInt() && (v.Type.DType.Size() > 1 || n < 128) {
			out.below = n
		}
	case ir.OpArgMax, ir.OpArgMin:
		out = facts{below: v.Args[0].Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis]}
	case ir.OpArgSort:
		out = facts{below: v.Type.Dims()[v.Attrs.(*ir.SortAttrs).Axis]}
	case ir.OpTopK:
		out = facts{below: v.Args[0].Type.Dims()[v.Attrs.(*ir.TopKAttrs).Axis]}
	case ir.OpConst:
		out = facts{mag: 8, exact: true}
	case ir.OpFull:
		out = facts{mag: 8, exact: true}
	}
	if !v.Type.DType.IsFloat() {
		_, hi := tensor.Range(v.Type.DType)
		out.mag = min(max(out.mag, 1), float64(hi)+1)
		if v.Op != ir.OpConvert && class == ir.Elementwise {
			out.mag = float64(hi) + 1 // it may have wrapped
		}
	}
	return out
}

// joinedWith returns the operands of movement, beside the first, whose elements
// the result has.
func joinedWith(v *ir.Value) []*ir.Value {
	switch v.Op {
	case ir.OpConcat:
		return v.Args[1:]
	case ir.OpUpdate, ir.OpDynUpdate:
		return v.Args[1:2]
	case ir.OpScatter, ir.OpScatterAlong:
		return v.Args[2:]
	}
	return nil
}

func typesOf(vs []*ir.Value) []ir.Type {
	types := make([]ir.Type, len(vs))
	for i, v := range vs {
		types[i] = v.Type
	}
	return types
}

// step makes an operation, or one of the patterns that rewrites look for.
func (g *gen) step() {
	if g.chance(3, "pattern") && g.cfg.Only == nil {
		all := slices.Concat(patterns, lawPatterns)
		all[g.src.Int(len(all), "pattern")](g)
		return
	}
	var ops []ir.Op
	for op, on := range g.ops {
		if on && (g.depth == 0 || ir.Op(op) != ir.OpLoop) {
			ops = append(ops, ir.Op(op))
		}
	}
	if len(ops) == 0 {
		return
	}
	op := ops[g.src.Int(len(ops), "op")]
	g.steps[op](g, op)
}

// nowhere is the place of generated values.
var nowhere source.Pos
