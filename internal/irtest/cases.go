package irtest

import (
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Case is a small function of one operation, or of the few that it needs, with
// arguments.
type Case struct {
	Name string // "add f32 [2 3] [3]", unlike that of any other
	Func *ir.Func
	Args []*tensor.Tensor
}

// Cases returns the table: every operation, in the element types it takes, over
// ranks, stretched and empty and single axes, negative steps, odd sizes, and
// values that arithmetic treats in its own way. It is the same on every call.
func Cases() []Case {
	var cs cases
	cs.leaves()
	cs.elementwise()
	cs.converts()
	cs.contractions()
	cs.reductions()
	cs.moves()
	cs.structures()
	cs.indexing()
	cs.selections()
	cs.factors()
	cs.loops()
	return cs
}

type cases []Case

// add makes a case from what build appends; its last value is the result, or
// what build returns.
func (cs *cases) add(name string, float tensor.DType, special bool, build func(g *gen) []*ir.Value) {
	h := fnv.New64a()
	h.Write([]byte(name))
	f := ir.NewFunc("case")
	g := &gen{
		src: Seeded(h.Sum64()), f: f, b: ir.NewBuilder(f), facts: map[*ir.Value]facts{}, float: float,
		cfg: Config{NonFinite: special, MaxElems: 1 << 16},
	}
	f.Results = build(g)
	f.Rebuild()
	*cs = append(*cs, Case{name, f, g.args})
}

// one adds a case with a single result.
func (cs *cases) one(name string, d tensor.DType, build func(g *gen) *ir.Value) {
	cs.add(name, d, false, func(g *gen) []*ir.Value { return []*ir.Value{build(g)} })
}

var (
	floatTypes = []tensor.DType{tensor.F64, tensor.F32, tensor.BF16, tensor.F16}
	intTypes   = []tensor.DType{tensor.I64, tensor.I32, tensor.I8, tensor.U8}
	numTypes   = append(slices.Clone(floatTypes), intTypes...)
)

// shapes have no axis, one, several, an empty one, and sizes around vectors.
var shapes = [][]int{{}, {1}, {0}, {17}, {2, 3}, {3, 0, 2}, {1, 5, 1}, {2, 1, 3, 33}}

// pairs of shapes that broadcast.
var pairs = [][2][]int{
	{{}, {}}, {{17}, {17}}, {{17}, {}}, {{}, {17}}, {{2, 3}, {3}}, {{3}, {2, 3}}, {{2, 1}, {1, 33}}, {{4, 1, 5}, {3, 1}},
	{{0}, {1}}, {{1}, {0}}, {{2, 0}, {1}}, {{5, 1}, {5, 9}},
}

func (cs *cases) leaves() {
	for _, d := range tensor.DTypes() {
		cs.one(fmt.Sprintf("full %v", d), d, func(g *gen) *ir.Value {
			n := ir.FloatNumber(0.5)
			if !d.IsFloat() {
				n = ir.IntNumber(1)
			}
			return g.put(ir.OpFull, &ir.FullAttrs{Value: n}, ir.Make(d, 3, 5))
		})
		cs.one(fmt.Sprintf("const %v", d), d, func(g *gen) *ir.Value {
			t := tensor.New(d, 2, 5)
			for i := range t.Len() {
				t.SetFloat(i, float64(i%3))
			}
			return g.put(ir.OpConst, &ir.ConstAttrs{Data: t}, ir.Make(d, 2, 5))
		})
		if d == tensor.Bool {
			continue
		}
		for axis := range 3 {
			cs.one(fmt.Sprintf("iota %v %d", d, axis), d, func(g *gen) *ir.Value {
				return g.put(ir.OpIota, &ir.AxisAttrs{Axis: axis}, ir.Make(d, 3, 17, 2))
			})
		}
	}
	cs.one("iota i8 wraps", tensor.I8, func(g *gen) *ir.Value {
		return g.put(ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I8, 300))
	})
	cs.one("iota bf16 rounds", tensor.BF16, func(g *gen) *ir.Value {
		return g.put(ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.BF16, 300))
	})
}

func (cs *cases) elementwise() {
	realOps := []ir.Op{ir.OpFloor, ir.OpCeil, ir.OpRound, ir.OpSqrt, ir.OpRsqrt, ir.OpExp, ir.OpExpm1, ir.OpLog, ir.OpLog1p, ir.OpSin, ir.OpCos, ir.OpTanh, ir.OpErf}
	for _, op := range append([]ir.Op{ir.OpNeg, ir.OpAbs, ir.OpSign}, realOps...) {
		types := floatTypes
		if !slices.Contains(realOps, op) {
			types = numTypes
		}
		for _, d := range types {
			for _, shape := range shapes {
				cs.unary(op, d, shape, false)
			}
			if d.IsFloat() {
				cs.unary(op, d, []int{65}, true)
			}
		}
	}
	cs.unary(ir.OpNot, tensor.Bool, []int{3, 5}, false)
	for _, d := range numTypes {
		for _, op := range []ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpMax, ir.OpMin} {
			cs.binary(op, d)
		}
		if d.IsFloat() {
			cs.binary(ir.OpDiv, d)
			cs.binary(ir.OpPow, d)
			continue
		}
		cs.divisions(d)
	}
	for _, op := range []ir.Op{ir.OpAnd, ir.OpOr, ir.OpMax, ir.OpMin} {
		cs.binary(op, tensor.Bool)
	}
	for _, d := range tensor.DTypes() {
		for _, op := range []ir.Op{ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe} {
			cs.binary(op, d)
		}
		for _, p := range pairs {
			cs.one(fmt.Sprintf("where %v %v %v", d, p[0], p[1]), d, func(g *gen) *ir.Value {
				return g.put(ir.OpWhere, nil, none, g.input(tensor.Bool, p[0]), g.input(d, p[1]), g.input(d, p[0]))
			})
		}
	}
}

func (cs *cases) unary(op ir.Op, d tensor.DType, shape []int, special bool) {
	name := fmt.Sprintf("%v %v %v", op, d, shape)
	if special {
		name += " special"
	}
	cs.add(name, d, special, func(g *gen) []*ir.Value {
		return []*ir.Value{g.put(op, nil, none, g.input(d, shape))}
	})
}

func (cs *cases) binary(op ir.Op, d tensor.DType) {
	for _, p := range pairs {
		cs.one(fmt.Sprintf("%v %v %v %v", op, d, p[0], p[1]), d, func(g *gen) *ir.Value {
			return g.put(op, nil, none, g.input(d, p[0]), g.input(d, p[1]))
		})
	}
	if d.IsFloat() {
		cs.add(fmt.Sprintf("%v %v special", op, d), d, true, func(g *gen) []*ir.Value {
			return []*ir.Value{g.put(op, nil, none, g.input(d, []int{9, 17}), g.input(d, []int{17}))}
		})
	}
}

// divisions divide integers of both signs, the least one too, by numbers that
// are not zero.
func (cs *cases) divisions(d tensor.DType) {
	lo, hi := tensor.Range(d)
	for _, op := range []ir.Op{ir.OpFloorDiv, ir.OpMod} {
		cs.one(fmt.Sprintf("%v %v", op, d), d, func(g *gen) *ir.Value {
			a, b := tensor.New(d, 9, 1), tensor.New(d, 6)
			for i, n := range []int64{lo, lo + 1, -7, -1, 0, 1, 7, hi - 1, hi} {
				a.SetInt(i, n)
			}
			for i, n := range []int64{lo + one(d == tensor.U8), -3, -1, 1, 3, hi} {
				b.SetInt(i, n)
			}
			x := g.param(ir.Make(d, 9, 1), a, facts{})
			return g.put(op, nil, none, x, g.param(ir.Make(d, 6), b, facts{}))
		})
	}
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (cs *cases) converts() {
	for _, from := range tensor.DTypes() {
		for _, to := range tensor.DTypes() {
			cs.one(fmt.Sprintf("convert %v %v", from, to), from, func(g *gen) *ir.Value {
				return g.put(ir.OpConvert, nil, ir.Make(to, 3, 11), g.input(from, []int{3, 11}))
			})
		}
		if from.IsFloat() {
			for _, to := range tensor.DTypes() {
				cs.add(fmt.Sprintf("convert %v %v special", from, to), from, true, func(g *gen) []*ir.Value {
					return []*ir.Value{g.put(ir.OpConvert, nil, ir.Make(to, 65), g.input(from, []int{65}))}
				})
			}
			continue
		}
		lo, hi := tensor.Range(from)
		for _, to := range tensor.DTypes() {
			cs.one(fmt.Sprintf("convert %v %v extremes", from, to), tensor.F32, func(g *gen) *ir.Value {
				t := tensor.New(from, 4)
				for i, n := range []int64{lo, hi, hi - 1, 0} {
					t.SetInt(i, n)
				}
				return g.put(ir.OpConvert, nil, ir.Make(to, 4), g.param(ir.Make(from, 4), t, facts{}))
			})
		}
	}
}

func (cs *cases) contractions() {
	specs := []struct {
		spec   string
		shapes [][]int
	}{
		{"ab,bc->ac", [][]int{{5, 7}, {7, 3}}}, {"ab,bc->ac", [][]int{{33, 65}, {65, 49}}}, {"ab,bc->ac", [][]int{{1, 17}, {17, 1}}},
		{"ab,bc->ac", [][]int{{3, 0}, {0, 2}}}, {"ab,bc->ac", [][]int{{0, 3}, {3, 2}}}, {"ab,cb->ac", [][]int{{9, 16}, {8, 16}}},
		{"ab,ac->bc", [][]int{{16, 9}, {16, 8}}}, {"abc,acd->abd", [][]int{{2, 3, 5}, {2, 5, 4}}}, {"abc,cd->abd", [][]int{{2, 3, 5}, {5, 4}}},
		{"ab,b->a", [][]int{{31, 33}, {33}}}, {"a,ab->b", [][]int{{31}, {31, 33}}}, {"a,a->", [][]int{{65}, {65}}},
		{"a,b->ab", [][]int{{7}, {9}}}, {",->", [][]int{{}, {}}}, {"ab,->ba", [][]int{{4, 3}, {}}}, {"abc->ca", [][]int{{4, 3, 5}}},
		{"ab,ab->ab", [][]int{{3, 5}, {3, 5}}}, {"ab,ac->a", [][]int{{3, 5}, {3, 4}}}, {"abcd,abde->abce", [][]int{{2, 2, 3, 5}, {2, 2, 5, 4}}},
		{"abcd,aecd->acbe", [][]int{{2, 5, 3, 4}, {2, 6, 3, 4}}}, {"ab,bc,cd->ad", [][]int{{3, 4}, {4, 5}, {5, 2}}}, {"a,a,a->a", [][]int{{17}, {17}, {17}}},
		{"ab,bc,ac->", [][]int{{3, 4}, {4, 5}, {3, 5}}},
	}
	for _, s := range specs {
		for _, d := range numTypes {
			cs.one(fmt.Sprintf("contract %s %v %v", s.spec, d, s.shapes), d, func(g *gen) *ir.Value {
				var args []*ir.Value
				for _, shape := range s.shapes {
					args = append(args, g.input(d, shape))
				}
				return g.put(ir.OpContract, &ir.ContractAttrs{Spec: s.spec}, none, args...)
			})
		}
	}
	for _, d := range floatTypes {
		cs.add(fmt.Sprintf("contract %v special", d), d, true, func(g *gen) []*ir.Value {
			return []*ir.Value{g.put(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, g.input(d, []int{17, 3}), g.input(d, []int{3, 17}))}
		})
	}
}

func (cs *cases) reductions() {
	axes := []struct {
		shape []int
		axes  []int
	}{
		{[]int{}, nil}, {[]int{17}, []int{0}}, {[]int{17}, nil}, {[]int{3, 33}, []int{1}}, {[]int{33, 3}, []int{0}}, {[]int{2, 3, 5}, []int{0, 2}},
		{[]int{2, 3, 5}, []int{0, 1, 2}}, {[]int{2, 3, 5}, []int{1}}, {[]int{0}, []int{0}}, {[]int{3, 0}, []int{1}}, {[]int{0, 3}, []int{1}}, {[]int{4, 1}, []int{1}},
	}
	for _, a := range axes {
		reduce := func(op ir.Op, d tensor.DType) {
			cs.one(fmt.Sprintf("%v %v %v %v", op, d, a.shape, a.axes), d, func(g *gen) *ir.Value {
				return g.put(op, &ir.AxesAttrs{Axes: a.axes}, none, g.input(d, a.shape))
			})
		}
		for _, d := range numTypes {
			reduce(ir.OpSum, d)
			reduce(ir.OpProd, d)
		}
		for _, d := range tensor.DTypes() {
			reduce(ir.OpReduceMax, d)
			reduce(ir.OpReduceMin, d)
		}
		reduce(ir.OpAny, tensor.Bool)
		reduce(ir.OpAll, tensor.Bool)
	}
	for _, d := range floatTypes {
		for _, op := range []ir.Op{ir.OpSum, ir.OpReduceMax, ir.OpReduceMin} {
			cs.add(fmt.Sprintf("%v %v special", op, d), d, true, func(g *gen) []*ir.Value {
				return []*ir.Value{g.put(op, &ir.AxesAttrs{Axes: []int{1}}, none, g.input(d, []int{33, 4}))}
			})
		}
	}
	for _, d := range numTypes {
		for _, shape := range [][]int{{17}, {1}, {0}, {3, 5}, {2, 3, 4}} {
			for axis := range shape {
				for _, exclusive := range []bool{false, true} {
					cs.one(fmt.Sprintf("cumsum %v %v %d %v", d, shape, axis, exclusive), d, func(g *gen) *ir.Value {
						return g.put(ir.OpCumSum, &ir.CumSumAttrs{Axis: axis, Exclusive: exclusive}, none, g.input(d, shape))
					})
				}
			}
		}
	}
}

func (cs *cases) moves() {
	for _, d := range tensor.DTypes() {
		move := func(name string, shape []int, op ir.Op, attrs ir.Attrs, want ir.Type) {
			cs.one(fmt.Sprintf("%v %v %s", op, d, name), d, func(g *gen) *ir.Value {
				return g.put(op, attrs, want, g.input(d, shape))
			})
		}
		move("join", []int{2, 3, 4}, ir.OpReshape, nil, ir.Make(d, 6, 4))
		move("split", []int{12}, ir.OpReshape, nil, ir.Make(d, 2, 1, 6))
		move("scalar", []int{1, 1}, ir.OpReshape, nil, ir.Make(d))
		move("empty", []int{0, 3}, ir.OpReshape, nil, ir.Make(d, 2, 0))
		move("scalar", []int{}, ir.OpBroadcast, nil, ir.Make(d, 2, 17))
		move("rows", []int{17}, ir.OpBroadcast, nil, ir.Make(d, 3, 17))
		move("columns", []int{3, 1}, ir.OpBroadcast, nil, ir.Make(d, 2, 3, 17))
		move("empty", []int{1}, ir.OpBroadcast, nil, ir.Make(d, 0))
		for _, perm := range [][]int{{}, {0}, {1, 0}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}, {0, 2, 1, 3}} {
			move(fmt.Sprint(perm), []int{3, 5, 2, 4}[:len(perm)], ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none)
		}
		for _, s := range []struct{ shape, start, step, size []int }{
			{[]int{17}, []int{3}, []int{1}, []int{9}}, {[]int{17}, []int{16}, []int{-1}, []int{17}}, {[]int{17}, []int{15}, []int{-3}, []int{5}},
			{[]int{17}, []int{1}, []int{2}, []int{8}}, {[]int{5, 7}, []int{4, 0}, []int{-2, 3}, []int{3, 3}}, {[]int{5}, []int{2}, []int{1}, []int{0}},
			{[]int{3, 4}, []int{0, 1}, []int{1, 1}, []int{3, 1}},
		} {
			name := fmt.Sprint(s.shape, s.start, s.step, s.size)
			attrs := &ir.SliceAttrs{Start: ir.Sizes(s.start...), Step: s.step}
			move(name, s.shape, ir.OpSlice, attrs, ir.Make(d, s.size...))
			cs.one(fmt.Sprintf("update %v %s", d, name), d, func(g *gen) *ir.Value {
				return g.put(ir.OpUpdate, attrs, none, g.input(d, s.shape), g.input(d, s.size))
			})
		}
		value := ir.FloatNumber(1)
		if !d.IsFloat() {
			value = ir.IntNumber(1)
		}
		move("both", []int{3, 4}, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(1, 0), Hi: ir.Sizes(2, 5), Value: value}, none)
		move("empty", []int{0}, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(2), Hi: ir.Sizes(1), Value: value}, none)
		for _, k := range []int{0, -1, 2, 9, -9} {
			for _, upper := range []bool{false, true} {
				move(fmt.Sprint(k, upper), []int{2, 4, 5}, ir.OpTri, &ir.TriAttrs{K: dim.Const(k), Upper: upper}, none)
			}
		}
		move("vector", []int{5}, ir.OpDiag, nil, none)
		move("batch", []int{2, 3}, ir.OpDiag, nil, none)
		move("empty", []int{0}, ir.OpDiag, nil, none)
		move("wide", []int{3, 5}, ir.OpDiagonal, nil, none)
		move("tall", []int{2, 5, 3}, ir.OpDiagonal, nil, none)
		for axis := range 2 {
			cs.one(fmt.Sprintf("concat %v %d", d, axis), d, func(g *gen) *ir.Value {
				a, b := []int{3, 4}, []int{3, 4}
				a[axis], b[axis] = 5, 0
				return g.put(ir.OpConcat, &ir.AxisAttrs{Axis: axis}, none, g.input(d, []int{3, 4}), g.input(d, b), g.input(d, a))
			})
		}
	}
}

func (cs *cases) structures() {
	for _, props := range masks {
		for _, d := range []tensor.DType{tensor.F32, tensor.F64, tensor.BF16, tensor.I32} {
			cs.one(fmt.Sprintf("assume %v %v", d, props), d, func(g *gen) *ir.Value {
				v := g.input(d, []int{2, 5, 5})
				return g.put(ir.OpAssume, nil, v.Type.WithProps(props), v)
			})
		}
		cs.one(fmt.Sprintf("assumed product %v", props), tensor.F32, func(g *gen) *ir.Value {
			v := g.input(tensor.F32, []int{17, 17})
			a := g.put(ir.OpAssume, nil, v.Type.WithProps(props), v)
			return g.matmul(a, g.input(tensor.F32, []int{17, 9}))
		})
	}
	for _, p := range []ir.Prop{ir.SPD, ir.Permutation, ir.Orthogonal, ir.OneHot} {
		props := ir.Props{Set: p}
		cs.one(fmt.Sprintf("promised product %v", props), tensor.F32, func(g *gen) *ir.Value {
			return g.matmul(g.matrix(nil, 17, props), g.input(tensor.F32, []int{17, 9}))
		})
	}
}
