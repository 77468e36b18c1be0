package llvm

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// mixed returns arguments of every kind, special ones first.
func mixed(f mathFunction, r *rand.Rand, n int) (xs, ys []float64) {
	for _, s := range special()[f.name] {
		xs, ys = append(xs, s[0]), append(ys, 0)
	}
	if f.name == "pow" {
		xs, ys = powSpecials()
		px, py := powArguments(r, n/2, 1074)
		xs, ys = append(xs, px...), append(ys, py...)
	}
	tiny := []float64{0x1p-1074, -0x1p-1074, 0x1p-1030, -0x1p-1023, 0x1p-149, -0x1p-149, 0x1p-130, -0x1p-127, 0x1p-126, 0x1p-1022, math.MaxFloat32, math.MaxFloat64}
	for _, x := range tiny {
		xs, ys = append(xs, x), append(ys, 0.5)
	}
	for _, x := range arguments(f, r, n-len(xs)) {
		xs, ys = append(xs, x), append(ys, 2*r.NormFloat64())
	}
	return xs, ys
}

// TestMathSame holds every way of compiling a function to one result: any number
// of lanes, strict or not, any LLVM.
func TestMathSame(t *testing.T) {
	libs := llvmtest.Libraries(t)
	ways := []struct {
		lanes  int
		strict bool
	}{{0, false}, {1, true}, {3, false}, {5, true}, {8, false}, {13, true}, {16, true}, {32, false}}
	way := 0
	for _, of := range []func(*libllvm.Library, int) mathTarget{hostMath, plainMath} {
		for _, f := range mathFunctions() {
			for _, double := range []bool{false, true} {
				first := of(libs[0], 4)
				var others []mathTarget
				for _, lib := range libs {
					m := of(lib, ways[way%len(ways)].lanes)
					m.strict = ways[way%len(ways)].strict
					others = append(others, m)
					way += 3 // no divisor of their number: all meet all
				}
				t.Run(fmt.Sprintf("%s of double %v, %s", f.name, double, first.jit.CPU), func(t *testing.T) {
					t.Parallel()
					// A multiple of all lanes.
					xs, ys := mixed(f, rand.New(rand.NewPCG(5, 6)), 2*evalBlock)
					want := evaluate(compileMath(t, first, f, double), statusGradual, xs, ys)
					for _, m := range others {
						got := evaluate(compileMath(t, m, f, double), statusGradual, xs, ys)
						for i := range want {
							if !sameFloat(got[i], want[i]) {
								t.Fatalf("%v: %s(%v, %v) is %v, but %v for %v", m, f.name, xs[i], ys[i], got[i], want[i], first)
							}
						}
					}
				})
			}
		}
	}
}

// TestMathFlush runs the functions where the processor takes subnormal numbers
// for zero: then so do they, and nothing else changes but what that makes of
// numbers of their size.
func TestMathFlush(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, m := range []mathTarget{hostMath(lib, 8), plainMath(lib, 4)} {
		for _, f := range mathFunctions() {
			for _, double := range []bool{false, true} {
				normal := 0x1p-126
				if double {
					normal = 0x1p-1022
				}
				flushed := func(x float64) float64 {
					if math.Abs(x) < normal {
						return math.Copysign(0, x)
					}
					return x
				}
				xs, ys := mixed(f, rand.New(rand.NewPCG(7, 8)), 20000)
				if !double {
					for i := range xs {
						xs[i], ys[i] = float64(float32(xs[i])), float64(float32(ys[i]))
					}
				}
				c := compileMath(t, m, f, double)
				got := evaluate(c, statusFlush, xs, ys)
				want := evaluate(c, statusGradual, xs, ys)
				for i := range xs {
					xs[i], ys[i] = flushed(xs[i]), flushed(ys[i])
				}
				zero := evaluate(c, statusGradual, xs, ys)
				for i := range got {
					ok := false
					for _, w := range []float64{want[i], zero[i]} {
						ok = ok || sameFloat(got[i], w) || math.Abs(got[i]-w) <= normal
					}
					if !ok {
						t.Errorf("%v: %s(%v, %v) of double %v is %v, want %v", m, f.name, xs[i], ys[i], double, got[i], want[i])
						break
					}
				}
			}
		}
	}
}

// TestMathCode holds the code for several processors to calls of nothing, and
// that for floats to vectors of the widest kind and to a number of instructions
// on them.
func TestMathCode(t *testing.T) {
	lib := llvmtest.Library(t)
	most := map[string]int{ // with AVX-512, loads and stores included
		"exp": 21, "expm1": 32, "log": 32, "log1p": 45, "tanh": 34, "erf": 38,
	}
	for _, level := range []string{"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "neoverse-n1"} {
		for _, f := range mathFunctions() {
			t.Run(level+" "+f.name, func(t *testing.T) {
				t.Parallel()
				to, err := jit.Level(level)
				if err != nil {
					t.Fatal(err)
				}
				target := Target{Triple: to.Triple, CPU: to.CPU, VectorBytes: to.VectorBytes()}
				for _, double := range []bool{false, true} {
					lanes := to.VectorBytes() / 4
					if double {
						lanes /= 2
					}
					text := mathText(mathTarget{lib, to, target, lanes, false}, f, double)
					code, err := jit.Compile(context.Background(), lib, to, []byte(text), jit.Assembly)
					if err != nil {
						t.Fatal(err)
					}
					wide := 0
					for line := range strings.Lines(string(code)) {
						op, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
						if op == "call" || op == "callq" || op == "bl" || op == "jmp" && strings.Contains(line, "PLT") {
							t.Errorf("double %v: %s", double, line)
						}
						if strings.Contains(line, "zmm") && !strings.Contains(op, "broadcast") {
							wide++
						}
					}
					if level == "x86-64-v4" {
						t.Logf("%s of double %v: %d instructions", f.name, double, wide)
						if n, ok := most[f.name]; ok && !double && (wide == 0 || wide > n) {
							t.Errorf("%d instructions on vectors, want at most %d", wide, n)
						}
					}
				}
			})
		}
	}
}

// BenchmarkMath measures functions of arguments in the first-level cache.
func BenchmarkMath(b *testing.B) {
	lib := llvmtest.Library(b)
	for _, f := range mathFunctions() {
		for _, double := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s of double %v", f.name, double), func(b *testing.B) {
				const n = 1024
				if double {
					benchmarkMath(b, compileMath(b, hostMath(lib, 8), f, true), f, make([]float64, n))
				} else {
					benchmarkMath(b, compileMath(b, hostMath(lib, 16), f, false), f, make([]float32, n))
				}
			})
		}
	}
}

func benchmarkMath[T float32 | float64](b *testing.B, c mathCode, f mathFunction, out []T) {
	r := rand.New(rand.NewPCG(11, 12))
	x, y := make([]T, len(out)), make([]T, len(out))
	for i := range x {
		x[i], y[i] = T(max(f.lo, -20)+(min(f.hi, 20)-max(f.lo, -20))*r.Float64()), T(2*r.NormFloat64())
	}
	for b.Loop() {
		runMath(c, statusGradual, x, y, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(out)), "ns/element")
}
