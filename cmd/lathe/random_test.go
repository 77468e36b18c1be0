package main

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/draw"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func drawn(t *testing.T, seed uint64, name string, typ ir.Type, bound int) *lathe.Tensor {
	t.Helper()
	r, err := draw.New(seed, name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Value(typ, bound)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestStructure draws matrices of every property, and of pairs that go
// together, and tests them as --check does.
func TestStructure(t *testing.T) {
	sets := []ir.Props{
		{Set: ir.Lower}, {Set: ir.Upper}, {Set: ir.Lower | ir.Unit}, {Set: ir.Upper | ir.Unit}, {Set: ir.Diagonal},
		{Set: ir.Tridiagonal}, {Set: ir.Banded, Below: 1, Above: 2}, {Set: ir.Banded, Above: 1}, {Set: ir.Symmetric},
		{Set: ir.SPD}, {Set: ir.Orthogonal}, {Set: ir.Permutation}, {Set: ir.OneHot},
		{Set: ir.Symmetric | ir.Tridiagonal}, {Set: ir.SPD | ir.Tridiagonal}, {Set: ir.Symmetric | ir.Orthogonal},
		{Set: ir.Symmetric | ir.Banded, Below: 2, Above: 1}, {Set: ir.SPD | ir.Banded, Below: 1, Above: 2},
		{Set: ir.Lower | ir.Banded, Below: 2, Above: 2}, {Set: ir.Permutation | ir.Orthogonal}, {Set: ir.Permutation | ir.Symmetric},
		{Set: ir.Lower | ir.Orthogonal}, {Set: ir.OneHot | ir.Lower}, {Set: ir.Diagonal | ir.SPD},
	}
	for _, p := range sets {
		for _, d := range []tensor.DType{tensor.F64, tensor.F32, tensor.BF16} {
			for n := range 13 {
				typ := ir.Make(d, 2, n, n).WithProps(p)
				v := drawn(t, uint64(n), "m", typ, 0)
				var c checked
				c.promises("m", v, p)
				if !c.ok() {
					t.Errorf("%v: %v", typ, c.failures)
				}
			}
		}
	}
}

// TestRectangles draws the properties that matrices of any shape may have.
func TestRectangles(t *testing.T) {
	for _, p := range []ir.Props{{Set: ir.OneHot}, {Set: ir.Tridiagonal}, {Set: ir.Banded, Below: 1, Above: 2}} {
		for m := 1; m < 8; m++ {
			for n := 1; n < 8; n++ {
				var c checked
				c.promises("m", drawn(t, 1, "m", ir.Make(tensor.F32, m, n).WithProps(p), 0), p)
				if !c.ok() {
					t.Errorf("%d x %d: %v", m, n, c.failures)
				}
			}
		}
	}
}

// TestRandomScale holds mean and variance of what is drawn to six standard
// deviations of what n normal elements have.
func TestRandomScale(t *testing.T) {
	for _, c := range []struct {
		shape    []int
		variance float64
	}{{[]int{20000}, 1}, {[]int{64, 300}, 1. / 64}, {[]int{5, 16, 200}, 1. / 16}} {
		v := drawn(t, 1, "x", ir.Make(tensor.F64, c.shape...), 0)
		n := float64(v.Len())
		sum, squares := 0.0, 0.0
		for _, x := range v.Floats() {
			sum += x
			squares += x * x
		}
		if mean := sum / n; math.Abs(mean) > 6*math.Sqrt(c.variance/n) {
			t.Errorf("%v: mean %g", c.shape, mean)
		}
		if got := squares / n; math.Abs(got/c.variance-1) > 6*math.Sqrt(2/n) {
			t.Errorf("%v: variance %g, want %g", c.shape, got, c.variance)
		}
	}
}

func TestRandomIntegers(t *testing.T) {
	for _, c := range []struct {
		dtype       tensor.DType
		bound, most int64
	}{{tensor.I64, 0, 1}, {tensor.I64, 1, 0}, {tensor.I32, 7, 6}, {tensor.I8, 1000, 127}, {tensor.U8, 1000, 255}, {tensor.Bool, 0, 1}} {
		v := drawn(t, 1, "i", ir.Make(c.dtype, 20000), int(c.bound))
		seen := map[int64]bool{}
		for _, x := range v.Ints() {
			if x < 0 || x > c.most {
				t.Fatalf("%v below %d: drew %d", c.dtype, c.bound, x)
			}
			seen[x] = true
		}
		if int64(len(seen)) != c.most+1 {
			t.Errorf("%v below %d: %d different values", c.dtype, c.bound, len(seen))
		}
	}
}

// TestRandomNames sees that seed and name decide, and nothing else.
func TestRandomNames(t *testing.T) {
	typ := ir.Make(tensor.F32, 3, 4)
	a := drawn(t, 1, "a", typ, 0)
	if !tensor.Equal(a, drawn(t, 1, "a", typ, 0)) {
		t.Error("the same draw gives other values")
	}
	for _, other := range []*lathe.Tensor{drawn(t, 2, "a", typ, 0), drawn(t, 1, "b", typ, 0)} {
		if tensor.Equal(a, other) {
			t.Error("another seed or name gives the same values")
		}
	}
}

func TestProgress(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var stderr bytes.Buffer
		e := &env{stderr: &stderr, terminal: terminal}
		p := e.progress("compiling")
		p.say("running")
		p.done()
		p.done()
		if shown := stderr.Len() > 0; shown != terminal {
			t.Errorf("terminal %v: wrote %q", terminal, stderr.String())
		}
	}
}

func TestSI(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1 k", -1500: "-1.5 k", 1234567: "1.23 M", 999499: "999 k", 999500: "1 M", 2e9: "2 G", 3e12: "3 T"} {
		if got := si(n); got != want {
			t.Errorf("si(%d) = %q, want %q", n, got, want)
		}
	}
	for x, want := range map[float64]string{1.5: "1.5 s", 0.9996: "1 s", 0.25: "250 ms", 3e-5: "30 us", 5e-8: "50 ns"} {
		if got := seconds(x); got != want {
			t.Errorf("seconds(%g) = %q, want %q", x, got, want)
		}
	}
	if got := fmt.Sprint(median([]float64{1, 2, 4})) + fmt.Sprint(median([]float64{1, 2, 4, 8})); got != "23" {
		t.Errorf("medians are %s", got)
	}
}
