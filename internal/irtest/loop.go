package irtest

import (
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// stepLoop makes a loop that carries one or two floats; each turn averages what
// is carried with something of its type, so that nothing grows.
func stepLoop(g *gen, op ir.Op) {
	if g.depth > 0 {
		return
	}
	var inits []*ir.Value
	for range 1 + g.src.Int(2, "carried") {
		inits = append(inits, g.floatOf(0))
	}
	loHi := [][3]int{{0, 2, 1}, {0, 3, 1}, {0, 4, 2}, {1, 4, 1}, {3, -1, -1}, {2, 2, 1}, {0, 1, 1}, {4, 0, -2}}
	bounds := loHi[g.src.Int(len(loHi), "bounds")]
	lo, hi := g.constant(tensor.I64, float64(bounds[0])), g.constant(tensor.I64, float64(bounds[1]))
	if g.chance(4, "bounds of an argument") {
		t := tensor.New(tensor.I64)
		t.SetInt(0, int64(bounds[1]))
		hi = g.param(ir.Make(tensor.I64), t, facts{mag: 4, exact: true})
		g.vals = g.vals[:len(g.vals)-1]
	}
	outside := len(g.vals)
	g.depth++
	results, err := g.b.Loop(lo, hi, bounds[2], inits, func(i *ir.Value, carried []*ir.Value) ([]*ir.Value, error) {
		g.facts[i] = facts{mag: 4, exact: true, below: bounds[1]}
		if bounds[2] < 0 {
			g.facts[i] = facts{mag: 4, exact: true, below: bounds[0] + 1}
		}
		g.vals = append(g.vals, i)
		for k, v := range carried {
			g.facts[v] = facts{mag: max(g.facts[inits[k]].mag, limit(v.Type.DType))}
			g.vals = append(g.vals, v)
		}
		inside := len(g.vals)
		for range 1 + g.src.Int(4, "steps of a turn") {
			g.step()
		}
		out := make([]*ir.Value, len(carried))
		for k, v := range carried {
			out[k] = g.joined(v, inside)
		}
		return out, nil
	})
	g.depth--
	if err != nil {
		panic(err) // carried values keep their types
	}
	// What was made inside is out of scope, but for parameters.
	kept := g.vals[:outside]
	for _, v := range g.vals[outside:] {
		if v.Op == ir.OpParam && v.Name != "" {
			kept = append(kept, v)
		}
	}
	g.vals = kept
	for k, v := range results {
		g.facts[v] = facts{mag: max(g.facts[inits[k]].mag, limit(v.Type.DType))}
		g.vals = append(g.vals, v)
	}
}

// joined returns what is carried on for v: half of it and of a value of the turn.
func (g *gen) joined(v *ir.Value, inside int) *ir.Value {
	var with []*ir.Value
	for _, u := range g.vals[inside:] {
		if u.Type.Equal(v.Type) {
			with = append(with, u)
		}
	}
	if len(with) == 0 {
		return v
	}
	u := with[len(with)-1-g.src.Int(len(with), "joined")]
	half := g.constant(v.Type.DType, 0.5)
	g.facts[v] = facts{mag: 1} // halved and limited, it does not grow
	a := g.emit(ir.OpMul, nil, none, v, half)
	b := g.emit(ir.OpMul, nil, none, u, half)
	return g.emit(ir.OpAdd, nil, none, a, b)
}

// turned makes a loop of a few turns over the rows of a matrix, all or every
// second one, up or down; turn makes what is carried on from a row and what is
// carried.
func (g *gen) turned(rows *ir.Value, turn func(row, carried *ir.Value) *ir.Value) {
	if g.depth > 0 {
		return
	}
	n := rows.Type.Dims()[0]
	first := g.like(rows.Type.DType, []int{1, rows.Type.Dims()[1]})
	outside := len(g.vals)
	g.depth++
	bounds := [][3]int{{0, n, 1}, {0, n, 2}, {1, n, 1}, {n - 1, -1, -1}, {n - 1, 0, -2}}[g.src.Int(5, "bounds")]
	lo, hi := g.constant(tensor.I64, float64(bounds[0])), g.constant(tensor.I64, float64(bounds[1]))
	results, err := g.b.Loop(lo, hi, bounds[2], []*ir.Value{first}, func(i *ir.Value, carried []*ir.Value) ([]*ir.Value, error) {
		g.facts[i] = facts{mag: float64(n), exact: true, below: n}
		g.facts[carried[0]] = facts{mag: g.facts[first].mag + float64(n)*g.facts[rows].mag}
		row := g.emit(ir.OpDynSlice, &ir.DynSliceAttrs{Axis: 0, Size: dim.Const(1)}, none, rows, i)
		return []*ir.Value{turn(row, carried[0])}, nil
	})
	g.depth--
	if err != nil {
		panic(err) // what is carried keeps its type
	}
	g.vals = g.vals[:outside]
	g.facts[results[0]] = facts{mag: limit(rows.Type.DType)}
	g.vals = append(g.vals, results[0])
}

// summedProducts adds up products of rows with a matrix that no turn changes.
func summedProducts(g *gen) {
	n := 2 + g.src.Int(5, "size")
	rows, w := g.like(g.float, []int{1 + g.src.Int(4, "rows"), n}), g.like(g.float, []int{n, n})
	g.turned(rows, func(row, carried *ir.Value) *ir.Value {
		t := g.put(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, row, w)
		if g.chance(3, "subtract") {
			return g.put(ir.OpSub, nil, none, carried, t)
		}
		return g.put(ir.OpAdd, nil, none, carried, t)
	})
}

// overwritten forgets what the turns before made.
func overwritten(g *gen) {
	rows := g.like(g.float, []int{1 + g.src.Int(4, "rows"), 1 + g.src.Int(9, "size")})
	g.turned(rows, func(row, _ *ir.Value) *ir.Value { return g.put(ir.OpTanh, nil, none, row) })
}
