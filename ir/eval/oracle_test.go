package eval

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// trials is how many random cases a test of the oracle looks at.
const trials = 300

// matrixOfNormals draws from N(0, scale), with now and then a large pair that
// cancels.
func matrixOfNormals(rng *rand.Rand, d tensor.DType, rows, cols int, scale float64) *tensor.Tensor {
	t := tensor.New(d, rows, cols)
	for i := range t.Len() {
		x := rng.NormFloat64() * scale
		if rng.IntN(16) == 0 {
			x *= 1 << 10
		}
		t.SetFloat(i, x)
	}
	return t
}

// cancelling makes rows of b repeat with the other sign, so that products with
// equal columns of a nearly vanish.
func cancelling(rng *rand.Rand, a, b *tensor.Tensor) {
	rows, k, cols := a.Shape()[0], a.Shape()[1], b.Shape()[1]
	for p := 0; p+1 < k; p += 2 {
		for i := range rows {
			a.SetFloat(i*k+p+1, a.Float(i*k+p)*(1+rng.Float64()*0x1p-20))
		}
		for j := range cols {
			b.SetFloat((p+1)*cols+j, -b.Float(p*cols+j))
		}
	}
}

// dot32 adds the products of two vectors of n elements in f32, in a random
// order, with or without fused multiply-adds, in one or several partial sums.
func dot32(rng *rand.Rand, n int, a, b func(k int) float32) float32 {
	parts := make([]float32, 1+rng.IntN(8))
	for i, k := range rng.Perm(n) {
		p := &parts[i%len(parts)]
		if rng.IntN(2) == 0 {
			*p = float32(math.FMA(float64(a(k)), float64(b(k)), float64(*p))) // one rounding but for double rounding
		} else {
			*p += float32(a(k) * b(k))
		}
	}
	rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	sum := parts[0]
	for _, p := range parts[1:] {
		sum += p
	}
	return sum
}

func product32(rng *rand.Rand, a, b *tensor.Tensor) *tensor.Tensor {
	m, k, n := a.Shape()[0], a.Shape()[1], b.Shape()[1]
	out := tensor.New(tensor.F32, m, n)
	x, y := view[float32](a), view[float32](b)
	for i := range m {
		for j := range n {
			view[float32](out)[i*n+j] = dot32(rng, k, func(p int) float32 { return x[i*k+p] }, func(p int) float32 { return y[p*n+j] })
		}
	}
	return out
}

// TestLegalOrders computes (a b) c as that and as a (b c), in f32 in random
// orders, with products that cancel: none may leave the band of the source order.
func TestLegalOrders(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	worst := 0.0
	for trial := range trials {
		m, k, l, n := 1+rng.IntN(8), 2+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(8)
		a, b, c := matrixOfNormals(rng, tensor.F32, m, k, 0.02), matrixOfNormals(rng, tensor.F32, k, l, 0.02), matrixOfNormals(rng, tensor.F32, l, n, 0.02)
		if trial%2 == 0 {
			cancelling(rng, a, b)
		}
		f := parse(t, fmt.Sprintf(`
func f(a: f32[%[1]d, %[2]d], b: f32[%[2]d, %[3]d], c: f32[%[3]d, %[4]d]) -> (f32[%[1]d, %[4]d]) {
  v3 = contract{spec="ab,bc->ac"} a, b : f32[%[1]d, %[3]d]
  v4 = contract{spec="ab,bc->ac"} v3, c : f32[%[1]d, %[4]d]
  return v4
}`, m, k, l, n))
		want, err := Bounded(context.Background(), f, []*tensor.Tensor{a, b, c})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []*tensor.Tensor{
			product32(rng, product32(rng, a, b), c),
			product32(rng, a, product32(rng, b, c)),
		} {
			v := Check(got, want[0])
			if !v.OK() || v.BadCount > 0 {
				t.Fatalf("trial %d: %v", trial, v)
			}
			worst = max(worst, v.WorstRatio)
		}
	}
	t.Logf("worst error %.3f of its bound", worst)
	if worst < 0.01 {
		t.Errorf("the bound is a hundred times too wide: worst error %g of it", worst)
	}
}

// TestDroppedTerm drops the last term of dot products of weight-like vectors.
// The shares are those that the bound (n+1) u sum|a b| reaches (reliability
// goal G2).
func TestDroppedTerm(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for _, c := range []struct {
		n      int
		caught float64
	}{{64, 0.99}, {1024, 0.85}} {
		f := parse(t, fmt.Sprintf(`
func f(a: f32[%[1]d], b: f32[%[1]d]) -> (f32) {
  v2 = contract{spec="a,a->"} a, b : f32
  return v2
}`, c.n))
		caught, draws := 0, 2000
		for range draws {
			a, b := tensor.New(tensor.F32, c.n), tensor.New(tensor.F32, c.n)
			for i := range c.n {
				a.SetFloat(i, rng.NormFloat64()*0.02)
				b.SetFloat(i, rng.NormFloat64()*0.02)
			}
			want, err := Bounded(context.Background(), f, []*tensor.Tensor{a, b})
			if err != nil {
				t.Fatal(err)
			}
			x, y := view[float32](a), view[float32](b)
			term := func(v []float32) func(int) float32 { return func(k int) float32 { return v[k] } }
			got := tensor.New(tensor.F32)
			got.SetFloat(0, float64(dot32(rng, c.n, term(x), term(y))))
			if v := Check(got, want[0]); !v.OK() {
				t.Fatalf("n = %d: a correct result: %v", c.n, v)
			}
			got.SetFloat(0, float64(dot32(rng, c.n-1, term(x), term(y))))
			if !Check(got, want[0]).OK() {
				caught++
			}
		}
		if share := float64(caught) / float64(draws); share < c.caught {
			t.Errorf("n = %d: %.3f of dropped terms caught, want %v", c.n, share, c.caught)
		}
	}
}

// TestExactAgainstBig holds the values of the oracle, of f32 and of f64
// programs, to a sum of products of 256 bits.
func TestExactAgainstBig(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for trial := range trials {
		d := []tensor.DType{tensor.F32, tensor.F64}[trial%2]
		m, k, n := 1+rng.IntN(6), 2+rng.IntN(60), 1+rng.IntN(6)
		a, b, c := matrixOfNormals(rng, d, m, k, 1), matrixOfNormals(rng, d, k, n, 1), matrixOfNormals(rng, d, m, n, 1)
		if trial%3 == 0 {
			cancelling(rng, a, b)
		}
		f := parse(t, fmt.Sprintf(`
func f(a: %[4]v[%[1]d, %[2]d], b: %[4]v[%[2]d, %[3]d], c: %[4]v[%[1]d, %[3]d]) -> (%[4]v) {
  v3 = contract{spec="ab,bc->ac"} a, b : %[4]v[%[1]d, %[3]d]
  v4 = mul v3, c : %[4]v[%[1]d, %[3]d]
  v5 = sub v4, c : %[4]v[%[1]d, %[3]d]
  v6 = sum{axes=[0, 1]} v5 : %[4]v
  return v6
}`, m, k, n, d))
		want, err := Bounded(context.Background(), f, []*tensor.Tensor{a, b, c})
		if err != nil {
			t.Fatal(err)
		}
		number := func(x *tensor.Tensor, i int) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(x.Float(i)) }
		sum := new(big.Float).SetPrec(256)
		for i := range m {
			for j := range n {
				inner := new(big.Float).SetPrec(256)
				for p := range k {
					inner.Add(inner, new(big.Float).Mul(number(a, i*k+p), number(b, p*n+j)))
				}
				inner.Mul(inner, number(c, i*n+j))
				sum.Add(sum, inner.Sub(inner, number(c, i*n+j)))
			}
		}
		v, e, _ := want[0].Float(0)
		off, _ := sum.Sub(sum, number(floats([]float64{v}, 1), 0)).Float64()
		allowed := e / 2 // f64 programs: half is the oracle's own
		if d == tensor.F32 {
			allowed = e * 0x1p-20
		}
		if math.Abs(off) > allowed {
			t.Fatalf("trial %d, %v: off by %g of a bound of %g", trial, d, off, e)
		}
	}
}

// TestFunctionBounds moves the operand of each function within its bound: the
// band of the result must hold what comes out.
func TestFunctionBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	p := &precisions[tensor.F32]
	for op, f := range realFuncs {
		if f == nil {
			continue
		}
		decided := 0
		for range 2000 {
			x := elem{v: rng.NormFloat64() * math.Exp2(float64(rng.IntN(8)-4))}
			x.e = math.Abs(x.v) * math.Exp2(-float64(rng.IntN(24)))
			x.m = math.Abs(x.v)
			y := p.unary(ir.Op(op), x)
			if y.has(bad) {
				continue
			}
			decided++
			for _, at := range []float64{-1, -0.5, 0, 0.3, 1} {
				got := f(x.v + at*x.e)
				if distance(got, &y) > 1 {
					t.Fatalf("%v of %g within %g: %g at %g, want %g within %g", ir.Op(op), x.v, x.e, got, x.v+at*x.e, y.v, y.e)
				}
			}
		}
		if decided < 500 {
			t.Errorf("%v: only %d of 2000 cases decided", ir.Op(op), decided)
		}
	}
}

// TestPairBounds does the same for functions of two operands.
func TestPairBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	p := &precisions[tensor.F32]
	for op, f := range map[ir.Op]func(a, b float64) float64{
		ir.OpAdd: func(a, b float64) float64 { return a + b },
		ir.OpSub: func(a, b float64) float64 { return a - b },
		ir.OpMul: func(a, b float64) float64 { return a * b },
		ir.OpDiv: func(a, b float64) float64 { return a / b },
		ir.OpMax: math.Max, ir.OpMin: math.Min, ir.OpPow: math.Pow,
	} {
		draw := func() elem {
			x := exact(rng.NormFloat64() * math.Exp2(float64(rng.IntN(4)-2)))
			x.e = x.m * math.Exp2(-float64(1+rng.IntN(24)))
			return x
		}
		decided := 0
		for range 4000 {
			a, b := draw(), draw()
			if op == ir.OpPow && rng.IntN(2) == 0 {
				b = exact(float64(rng.IntN(7) - 3))
			}
			y := p.binary(op, [2]bool{})(a, b)
			if y.has(bad) {
				continue
			}
			decided++
			for _, s := range []float64{-1, 0, 1} {
				for _, r := range []float64{-1, 0, 1} {
					got := f(a.v+s*a.e, b.v+r*b.e)
					if distance(got, &y) > 1 {
						t.Fatalf("%v of %+v and %+v: %g, want %g within %g", op, a, b, got, y.v, y.e)
					}
				}
			}
		}
		if decided < 1000 {
			t.Errorf("%v: only %d of 4000 cases decided", op, decided)
		}
	}
}

// TestSubnormalAsBool converts to bool what may be taken for zero.
func TestSubnormalAsBool(t *testing.T) {
	f := parse(t, "func f(x: f64[3]) -> (bool[3]) {\n  v1 = convert x : bool[3]\n  return v1\n}")
	bands, err := Bounded(t.Context(), f, []*tensor.Tensor{elements(t, "f64[3]", 1e-310, 1e-300, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false} {
		if got := bands[0].Bad(i); got != want {
			t.Errorf("element %d: undecided %v, want %v", i, got, want)
		}
	}
}

// TestSubnormalConverted converts numbers that one of the two types holds as
// subnormal ones only: zero is right too, and nothing larger.
func TestSubnormalConverted(t *testing.T) {
	f := parse(t, "func f(x: f32[1], y: f64[1]) -> (f64[1], f32[1]) {\n  v1 = convert x : f64[1]\n  v2 = convert y : f32[1]\n  return v1, v2\n}")
	const tiny = 0x1p-130
	bands, err := Bounded(t.Context(), f, []*tensor.Tensor{elements(t, "f32[1]", tiny), elements(t, "f64[1]", tiny)})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range []tensor.DType{tensor.F64, tensor.F32} {
		for got, want := range map[float64]bool{tiny: true, 0: true, 0x1p-124: false} {
			x := tensor.New(d, 1)
			x.SetFloat(0, got)
			if ok := Check(x, bands[i]).OK(); ok != want {
				t.Errorf("%v for %v in %v: accepted %v, want %v", got, tiny, d, ok, want)
			}
		}
	}
}
