package irtest

import (
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// param adds a parameter with its argument.
func (g *gen) param(t ir.Type, data *tensor.Tensor, fs facts) *ir.Value {
	v := g.f.NewParam(fmt.Sprintf("p%d", len(g.args)), t, g.chance(3, "weight"), nowhere)
	g.args = append(g.args, data)
	g.facts[v] = fs
	g.vals = append(g.vals, v)
	return v
}

// input adds a parameter with data that suits its type.
func (g *gen) input(d tensor.DType, shape []int) *ir.Value {
	t := tensor.New(d, shape...)
	fs := facts{exact: true, mag: 8}
	switch {
	case d.IsFloat():
		fs.mag = g.floats(t)
	case d == tensor.Bool:
		for i := range t.Len() {
			t.SetInt(i, int64(g.draw(2)))
		}
	default:
		for i := range t.Len() {
			n := int64(g.draw(9))
			if d != tensor.U8 {
				n -= 4
			}
			t.SetInt(i, n)
		}
	}
	return g.param(ir.Make(d, shape...), t, fs)
}

// draw is a choice about data.
func (g *gen) draw(n int) int { return g.src.Int(n, "data") }

// floats fills t with small integers, which are exact and have ties, or with
// normals of which some are larger or smaller by up to 2^10, and returns a bound.
func (g *gen) floats(t *tensor.Tensor) float64 {
	integers := !g.chance(2, "normals")
	for i := range t.Len() {
		x := float64(g.draw(9) - 4)
		if !integers {
			x = g.normal() / 2
			if g.draw(16) == 15 {
				reach := 10
				if t.DType() == tensor.F16 {
					reach = 4
				}
				x = math.Copysign(math.Ldexp(1, g.draw(2*reach+1)-reach), x)
			}
		}
		if g.cfg.NonFinite && g.draw(8) == 7 {
			n := len(specials)
			if g.cfg.NoHuge {
				n--
			}
			x = specials[g.draw(n)]
		}
		t.SetFloat(i, x)
	}
	switch {
	case integers:
		return 4
	case t.DType() == tensor.F16:
		return 16
	}
	return 1024
}

// specials are what arithmetic treats in its own way, the largest number last.
var specials = []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0x1p-149, -0x1p-1074, math.MaxFloat32}

// normal draws from a normal distribution, as a sum of twelve (Irwin-Hall), which
// any source can drive; it has no tails beyond 6.
func (g *gen) normal() float64 {
	sum := -6.0
	for range 12 {
		sum += float64(g.draw(1<<16)) / (1 << 16)
	}
	return sum
}

// index returns integers in 0..n of the given shape, n at least 1.
func (g *gen) index(shape []int, n int) *ir.Value {
	if !g.chance(3, "fresh index") {
		v := g.pick("index", func(v *ir.Value) bool {
			b := g.facts[v].below
			return v.Type.DType.IsInt() && b > 0 && b <= n && v.Type.Equal(ir.Make(v.Type.DType, shape...))
		})
		if v != nil {
			return v
		}
	}
	d := []tensor.DType{tensor.I64, tensor.I64, tensor.I32, tensor.U8}[g.src.Int(4, "index type")]
	if d == tensor.U8 && n > 255 {
		d = tensor.I64
	}
	t := tensor.New(d, shape...)
	for i := range t.Len() {
		t.SetInt(i, int64(g.draw(n)))
	}
	return g.param(ir.Make(d, shape...), t, facts{mag: float64(n), below: n, exact: true})
}

// place returns an i64 scalar in 0..n, n at least 1.
func (g *gen) place(n int) *ir.Value {
	v := g.pick("place", func(v *ir.Value) bool {
		b := g.facts[v].below
		return v.IsScalar() && v.Type.DType == tensor.I64 && b > 0 && b <= n
	})
	if v != nil && !g.chance(4, "fresh place") {
		return v
	}
	if g.chance(2, "place in an argument") {
		t := tensor.New(tensor.I64)
		t.SetInt(0, int64(g.draw(n)))
		return g.param(ir.Make(tensor.I64), t, facts{mag: float64(n), below: n, exact: true})
	}
	return g.constant(tensor.I64, float64(g.draw(n)))
}

// matrix adds a parameter of square matrices with structure: what the property
// promises is true of its elements, and systems with it are well conditioned.
// Outside of a triangle or band stands what must not be read.
func (g *gen) matrix(batch []int, n int, props ir.Props) *ir.Value {
	shape := append(append([]int(nil), batch...), n, n)
	t := tensor.New(g.float, shape...)
	g.fillMatrices(t, props)
	return g.param(ir.Make(g.float, shape...).WithProps(props), t, facts{mag: 8, exact: true})
}

// fillMatrices fills the matrices of t, of which all but bands and rows with a
// single one are square.
func (g *gen) fillMatrices(t *tensor.Tensor, props ir.Props) {
	shape := t.Shape()
	rows, cols := shape[len(shape)-2], shape[len(shape)-1]
	for at := 0; at < t.Len(); at += rows * cols {
		g.fillMatrix(t, at, rows, cols, props)
	}
}

func (g *gen) fillMatrix(t *tensor.Tensor, at, rows, cols int, props ir.Props) {
	set := func(i, j int, x float64) { t.SetFloat(at+i*cols+j, x) }
	if props.Any(ir.Permutation | ir.Orthogonal | ir.OneHot) {
		to := make([]int, rows)
		for i := range to {
			to[i] = i
		}
		for i := rows - 1; i > 0; i-- {
			j := g.draw(i + 1)
			to[i], to[j] = to[j], to[i]
		}
		for i := range rows {
			x := 1.0
			if props.Has(ir.Orthogonal) && !props.Has(ir.Permutation) && g.draw(2) == 1 {
				x = -1
			}
			if props.Set == ir.OneHot {
				to[i] = g.draw(cols)
			}
			set(i, to[i], x)
		}
		return
	}
	for i := range rows {
		for j := range cols {
			x := float64(g.draw(9)-4) / 4 / float64(max(cols, 1))
			if i == j {
				x = 1 + float64(g.draw(4))/2 // larger than the rest of its row
			}
			set(i, j, x)
		}
	}
}
