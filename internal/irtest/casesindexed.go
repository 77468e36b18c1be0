package irtest

import (
	"fmt"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func (cs *cases) indexing() {
	for _, d := range tensor.DTypes() {
		for axis := range 2 {
			cs.dynamic(d, axis)
			cs.taken(d, axis)
		}
		cs.one(fmt.Sprintf("one_hot %v", d), d, func(g *gen) *ir.Value {
			t := tensor.New(tensor.I64, 2, 4)
			for i, n := range []int64{0, 4, 5, -1, 2, 1 << 40, -1 << 40, 3} { // some out of range
				t.SetInt(i, n)
			}
			return g.put(ir.OpOneHot, nil, ir.Make(d, 2, 4, 5), g.param(ir.Make(tensor.I64, 2, 4), t, facts{}))
		})
	}
	for _, d := range intTypes { // indices of each integer type
		cs.one(fmt.Sprintf("take by %v", d), tensor.F32, func(g *gen) *ir.Value {
			t := tensor.New(d, 6)
			for i := range t.Len() {
				t.SetInt(i, int64(i*2%5))
			}
			return g.put(ir.OpTake, &ir.AxisAttrs{}, none, g.input(tensor.F32, []int{5, 3}), g.param(ir.Make(d, 6), t, facts{}))
		})
	}
	cs.one("take nothing", tensor.F32, func(g *gen) *ir.Value {
		return g.put(ir.OpTake, &ir.AxisAttrs{}, none, g.input(tensor.F32, []int{5, 3}), g.input(tensor.I64, []int{0}))
	})
	cs.one("take from nothing", tensor.F32, func(g *gen) *ir.Value {
		return g.put(ir.OpTake, &ir.AxisAttrs{}, none, g.input(tensor.F32, []int{0, 3}), g.input(tensor.I64, []int{2, 0}))
	})
}

func (cs *cases) dynamic(d tensor.DType, axis int) {
	shape := []int{5, 7}
	for _, size := range []int{0, 1, 3, shape[axis]} {
		part := []int{5, 7}
		part[axis] = size
		for _, start := range []int{0, shape[axis] - size} {
			name := fmt.Sprintf("%v %d %d+%d", d, axis, start, size)
			at := func(g *gen) *ir.Value {
				t := tensor.New(tensor.I64)
				t.SetInt(0, int64(start))
				return g.param(ir.Make(tensor.I64), t, facts{below: shape[axis]})
			}
			if start == 0 && size == shape[axis] {
				name += " whole"
			}
			cs.add("dyn_slice and dyn_update "+name+fmt.Sprint(len(*cs)), d, false, func(g *gen) []*ir.Value {
				x, i := g.input(d, shape), at(g)
				return []*ir.Value{
					g.put(ir.OpDynSlice, &ir.DynSliceAttrs{Axis: axis, Size: dim.Const(size)}, none, x, i),
					g.put(ir.OpDynUpdate, &ir.AxisAttrs{Axis: axis}, none, x, g.input(d, part), i),
				}
			})
		}
	}
}

func (cs *cases) taken(d tensor.DType, axis int) {
	dims := []int{4, 5}
	for _, idx := range [][]int{{}, {1}, {17}, {2, 3}} {
		part := append(append(append([]int(nil), dims[:axis]...), idx...), dims[axis+1:]...)
		for _, set := range []bool{true, false} {
			if d == tensor.Bool && !set {
				continue
			}
			cs.add(fmt.Sprintf("take and scatter %v %d %v %v", d, axis, idx, set), d, false, func(g *gen) []*ir.Value {
				x, i := g.input(d, dims), g.index(idx, dims[axis])
				return []*ir.Value{
					g.put(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, x, i),
					g.put(ir.OpScatter, &ir.ScatterAttrs{Axis: axis, Set: set}, none, x, i, g.input(d, part)),
				}
			})
		}
	}
	for _, count := range []int{0, 1, 9} {
		along := []int{4, 5}
		along[axis] = count
		for _, set := range []bool{true, false} {
			if d == tensor.Bool && !set {
				continue
			}
			cs.add(fmt.Sprintf("take_along and scatter_along %v %d %d %v", d, axis, count, set), d, false, func(g *gen) []*ir.Value {
				x, i := g.input(d, dims), g.index(along, dims[axis])
				return []*ir.Value{
					g.put(ir.OpTakeAlong, &ir.AxisAttrs{Axis: axis}, none, x, i),
					g.put(ir.OpScatterAlong, &ir.ScatterAttrs{Axis: axis, Set: set}, none, x, i, g.input(d, along)),
				}
			})
		}
	}
}

func (cs *cases) selections() {
	for _, d := range tensor.DTypes() {
		for _, special := range []bool{false, true} {
			if special && !d.IsFloat() {
				continue
			}
			for _, shape := range [][]int{{1}, {17}, {3, 9}, {2, 3, 4}, {0, 3}} {
				for axis, n := range shape {
					name := fmt.Sprintf("%v %v %d", d, shape, axis)
					if special {
						name += " special"
					}
					cs.add("orders "+name, d, special, func(g *gen) []*ir.Value {
						x := g.input(d, shape)
						out := []*ir.Value{
							g.put(ir.OpArgSort, &ir.SortAttrs{Axis: axis}, none, x),
							g.put(ir.OpArgSort, &ir.SortAttrs{Axis: axis, Descending: true}, none, x),
							g.put(ir.OpTopK, &ir.TopKAttrs{Axis: axis, K: dim.Const((n + 1) / 2)}, none, x),
							g.put(ir.OpTopK, &ir.TopKAttrs{Axis: axis, K: dim.Const(n)}, none, x),
						}
						if n > 0 {
							out = append(out, g.put(ir.OpArgMax, &ir.AxisAttrs{Axis: axis}, none, x), g.put(ir.OpArgMin, &ir.AxisAttrs{Axis: axis}, none, x))
						}
						return out
					})
				}
			}
		}
	}
}

func (cs *cases) factors() {
	forms := []struct {
		form  string
		props ir.Prop
	}{
		{ir.SolveLU, 0}, {ir.SolveSPD, ir.SPD}, {ir.SolveLower, ir.Lower}, {ir.SolveUpper, ir.Upper},
		{ir.SolveUnitLower, ir.Lower | ir.Unit}, {ir.SolveUnitUpper, ir.Upper | ir.Unit}, {ir.SolveDiagonal, ir.Diagonal},
	}
	for _, d := range floatTypes {
		for _, n := range []int{1, 2, 5, 17} {
			for _, batch := range [][]int{nil, {3}} {
				name := fmt.Sprintf("%v %v %d", d, batch, n)
				cs.one("cholesky "+name, d, func(g *gen) *ir.Value {
					return g.put(ir.OpCholesky, nil, none, g.matrix(batch, n, ir.Props{Set: ir.SPD}))
				})
				cs.one("inv "+name, d, func(g *gen) *ir.Value {
					return g.put(ir.OpInv, nil, none, g.matrix(batch, n, ir.Props{}))
				})
				for _, f := range forms {
					cs.one("solve "+f.form+" "+name, d, func(g *gen) *ir.Value {
						a := g.matrix(batch, n, ir.Props{Set: f.props})
						b := g.input(d, append(append([]int(nil), batch...), n, 3))
						return g.put(ir.OpSolve, &ir.SolveAttrs{Form: f.form}, none, a, b)
					})
				}
			}
		}
		cs.one(fmt.Sprintf("solve nothing %v", d), d, func(g *gen) *ir.Value {
			return g.put(ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLU}, none, g.input(d, []int{0, 0}), g.input(d, []int{0, 3}))
		})
		cs.one(fmt.Sprintf("solve for nothing %v", d), d, func(g *gen) *ir.Value {
			return g.put(ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveSPD}, none, g.matrix(nil, 3, ir.Props{Set: ir.SPD}), g.input(d, []int{3, 0}))
		})
	}
}

func (cs *cases) loops() {
	for _, b := range [][3]int{{0, 3, 1}, {0, 0, 1}, {2, 0, 1}, {1, 6, 2}, {4, -1, -2}, {0, 1, 1}} {
		for _, fromArgs := range []bool{false, true} {
			cs.add(fmt.Sprintf("for %v %v", b, fromArgs), tensor.F32, false, func(g *gen) []*ir.Value { return countedLoop(g, b, fromArgs) })
		}
	}
}

// countedLoop carries a sum and a count, and reads a row that its index names.
func countedLoop(g *gen, bounds [3]int, fromArgs bool) []*ir.Value {
	bound := func(n int) *ir.Value {
		if !fromArgs {
			return g.constant(tensor.I64, float64(n))
		}
		t := tensor.New(tensor.I64)
		t.SetInt(0, int64(n))
		return g.param(ir.Make(tensor.I64), t, facts{})
	}
	lo, hi := bound(bounds[0]), bound(bounds[1])
	x := g.input(tensor.F32, []int{7, 5})
	inits := []*ir.Value{g.input(tensor.F32, []int{5}), g.constant(tensor.I64, 0)}
	out, err := g.b.Loop(lo, hi, bounds[2], inits, func(i *ir.Value, carried []*ir.Value) ([]*ir.Value, error) {
		row := g.put(ir.OpTake, &ir.AxisAttrs{}, none, x, i)
		sum := g.put(ir.OpAdd, nil, none, carried[0], row)
		count := g.put(ir.OpAdd, nil, none, carried[1], g.constant(tensor.I64, 1))
		return []*ir.Value{sum, count}, nil
	})
	if err != nil {
		panic(err) // carried values keep their types
	}
	return out
}
