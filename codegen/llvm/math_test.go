package llvm

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/runtime/jit"
)

var exhaustive = flag.Bool("exhaustive", false, "test the functions of float for all 2^32 arguments, and those of double for many")

// A mathFunction is one of the emitted functions with what it should be. The
// second argument is pow's.
type mathFunction struct {
	name   string
	emit   func(e *emitter, x, y value.Value) value.Value
	single func(x, y float64) float64 // good to much more than a float's bits
	double func(x, y *big.Float) *big.Float
	// lo and hi are where results are neither constant nor special, as doubles;
	// many arguments are taken from there.
	lo, hi float64
	bound  [2]float64 // ULPs for float and double
}

func unary(emit func(e *emitter, x value.Value) value.Value) func(e *emitter, x, y value.Value) value.Value {
	return func(e *emitter, x, _ value.Value) value.Value { return emit(e, x) }
}

func unaryFloat(f func(float64) float64) func(x, y float64) float64 {
	return func(x, _ float64) float64 { return f(x) }
}

func unaryBig(f func(*big.Float) *big.Float) func(x, y *big.Float) *big.Float {
	return func(x, _ *big.Float) *big.Float { return f(x) }
}

func mathFunctions() []mathFunction {
	sine := func(quarter int) func(x, y *big.Float) *big.Float {
		return func(x, _ *big.Float) *big.Float { return bigSin(x, quarter) }
	}
	return []mathFunction{
		{"exp", unary((*emitter).exp), unaryFloat(math.Exp), unaryBig(bigExp), -746, 710, [2]float64{1, 1}},
		{"expm1", unary((*emitter).expm1), unaryFloat(math.Expm1), unaryBig(bigExpm1), -40, 710, [2]float64{1.25, 1.25}},
		{"log", unary((*emitter).log), unaryFloat(math.Log), unaryBig(bigLog), 0, 3, [2]float64{1, 1}},
		{"log1p", unary((*emitter).log1p), unaryFloat(math.Log1p), unaryBig(bigLog1p), -1, 3, [2]float64{1.75, 1.25}},
		{"sin", unary((*emitter).sin), unaryFloat(math.Sin), sine(0), -100, 100, [2]float64{0.51, 1}},
		{"cos", unary((*emitter).cos), unaryFloat(math.Cos), sine(1), -100, 100, [2]float64{0.51, 1}},
		{"tanh", unary((*emitter).tanh), unaryFloat(math.Tanh), unaryBig(bigTanh), -22, 22, [2]float64{1.5, 1}},
		{"erf", unary((*emitter).erf), unaryFloat(math.Erf), unaryBig(bigErf), -6, 6, [2]float64{1.25, 1.25}},
		{"pow", (*emitter).pow, math.Pow, bigPow, 0, 10, [2]float64{0.51, 1}},
	}
}

// A mathCode is a function, compiled for arrays of one type.
type mathCode struct {
	fn     uintptr
	double bool
}

// mathTarget is how a function is compiled.
type mathTarget struct {
	lib    *libllvm.Library
	jit    jit.Target
	target Target
	lanes  int
	strict bool
}

func (m mathTarget) String() string {
	return fmt.Sprintf("LLVM %v, %s, %d lanes, strict %v", m.lib.Version(), m.jit.CPU, m.lanes, m.strict)
}

// mathText emits the function as void f(in, other, out, n, status): n is a
// multiple of the lanes, status the processor's mode of rounding and of subnormal
// numbers.
func mathText(m mathTarget, f mathFunction, double bool) string {
	t := types.Type(types.Float)
	if double {
		t = types.Double
	}
	mod := newModule(m.target, m.strict)
	ptr := types.NewPointer(t)
	ps := []*llir.Param{llir.NewParam("in", ptr), llir.NewParam("other", ptr), llir.NewParam("out", ptr), llir.NewParam("n", types.I64), llir.NewParam("status", types.I32)}
	e := mod.define("f", enum.LinkageExternal, types.Void, ps...)
	var set, before value.Value
	if strings.HasPrefix(m.jit.Triple, "x86_64") {
		set = mod.declare("llvm.x86.sse.ldmxcsr", types.Void, types.I8Ptr)
		get := mod.declare("llvm.x86.sse.stmxcsr", types.Void, types.I8Ptr)
		before = e.bitcast(e.cur.NewAlloca(types.I32), types.I8Ptr)
		e.cur.NewCall(get, before)
		status := e.cur.NewAlloca(types.I32)
		e.cur.NewStore(ps[4], status)
		e.cur.NewCall(set, e.bitcast(status, types.I8Ptr))
	}
	e.loop(i64(0), ps[3], max(1, m.lanes), nil, func(i value.Value, _ []value.Value) []value.Value {
		x := e.load(t, e.at(t, ps[0], i), m.lanes)
		y := e.load(t, e.at(t, ps[1], i), m.lanes)
		e.store(f.emit(e, x, y), e.at(t, ps[2], i))
		return nil
	})
	if set != nil {
		e.cur.NewCall(set, before)
	}
	e.cur.NewRet(nil)
	return mod.m.String()
}

// compileMath compiles it. Nothing is resolved, so a call of anything fails.
func compileMath(t testing.TB, m mathTarget, f mathFunction, double bool) mathCode {
	t.Helper()
	text := mathText(m, f, double)
	obj, err := jit.Compile(context.Background(), m.lib, m.jit, []byte(text), jit.Object)
	if err != nil {
		t.Fatalf("%v, %s: %v\n%s", m, f.name, err, text)
	}
	img, err := jit.Load(obj, func(string) uintptr { return 0 })
	if err != nil {
		t.Fatalf("%v, %s: %v", m, f.name, err)
	}
	t.Cleanup(func() { img.Close() })
	fn, ok := img.Symbol("f")
	if !ok {
		t.Fatal("no symbol f")
	}
	return mathCode{fn, double}
}

// Modes of the processor: with subnormal numbers, and with zeros for them.
const (
	statusGradual = 0x1f80
	statusFlush   = 0x9fc0
)

func runMath[T float32 | float64](c mathCode, status uint32, x, y, out []T) {
	jit.Call(c.fn, uintptr(unsafe.Pointer(&x[0])), uintptr(unsafe.Pointer(&y[0])), uintptr(unsafe.Pointer(&out[0])), uintptr(len(x)), uintptr(status))
	// A number does not keep what is at it: without these lines the arguments
	// are garbage, and other memory, while the code still reads them.
	runtime.KeepAlive(x)
	runtime.KeepAlive(y)
	runtime.KeepAlive(out)
}

// hostMath is the host with its widest vectors; x86-64 without FMA.
func hostMath(lib *libllvm.Library, lanes int) mathTarget {
	h, target := hostTarget(lib, 0)
	return mathTarget{lib, h, target, lanes, false}
}

func plainMath(lib *libllvm.Library, lanes int) mathTarget {
	h, target := hostTarget(lib, 16)
	return mathTarget{lib, h, target, lanes, false}
}

// error32 returns by how many units in the last place of a float got is off.
func error32(got float32, want float64) float64 {
	g := float64(got)
	switch {
	case g != g || want != want:
		if g != g && want != want {
			return 0
		}
		return math.Inf(1)
	case math.Signbit(g) != math.Signbit(want), want == 0 && g != 0:
		return math.Inf(1)
	case math.IsInf(g, 0) && math.Abs(want) >= 0x1p128, want == 0:
		return 0
	case math.IsInf(g, 0): // stands for the number after the largest
		g = math.Copysign(0x1p128, g)
	}
	_, exp := math.Frexp(want)
	return math.Ldexp(math.Abs(g-want), -max(exp-24, -149))
}

// error64 is error32 for doubles.
func error64(got float64, want *big.Float) float64 {
	if math.IsNaN(got) || want.Sign() == 0 {
		if got == 0 && want.Sign() == 0 && math.Signbit(got) == want.Signbit() {
			return 0
		}
		return math.Inf(1)
	}
	if math.Signbit(got) != want.Signbit() {
		return math.Inf(1)
	}
	g := newBig()
	if math.IsInf(got, 0) {
		g = bigScale(bigOf(math.Copysign(1, got)), 1024)
	} else {
		g.SetFloat64(got)
	}
	if e := want.MantExp(nil); e > 1024 {
		if math.IsInf(got, 0) {
			return 0
		}
	}
	d, _ := bigScale(bigSub(g, want), -max(want.MantExp(nil)-53, -1074)).Float64()
	return math.Abs(d)
}

// special are the results of C99 that no series gives.
func special() map[string][][2]float64 {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	return map[string][][2]float64{
		"exp":   {{-inf, 0}, {inf, inf}, {nan, nan}, {0, 1}, {zero, 1}, {1000, inf}, {-1000, 0}, {1e30, inf}, {-1e30, 0}},
		"expm1": {{-inf, -1}, {inf, inf}, {nan, nan}, {0, 0}, {zero, zero}, {1000, inf}, {-1000, -1}, {-1e30, -1}},
		"log":   {{-inf, nan}, {inf, inf}, {nan, nan}, {0, -inf}, {zero, -inf}, {1, 0}, {-1, nan}, {-1e-30, nan}, {-1e30, nan}},
		"log1p": {{-inf, nan}, {inf, inf}, {nan, nan}, {0, 0}, {zero, zero}, {-1, -inf}, {-1.5, nan}, {-1e30, nan}},
		"sin":   {{-inf, nan}, {inf, nan}, {nan, nan}, {0, 0}, {zero, zero}},
		"cos":   {{-inf, nan}, {inf, nan}, {nan, nan}, {0, 1}, {zero, 1}},
		"tanh":  {{-inf, -1}, {inf, 1}, {nan, nan}, {0, 0}, {zero, zero}, {1e30, 1}, {-1e30, -1}},
		"erf":   {{-inf, -1}, {inf, 1}, {nan, nan}, {0, 0}, {zero, zero}, {1e30, 1}, {-1e30, -1}},
	}
}

// powSpecials are pairs of arguments of which pow is given by a rule.
func powSpecials() (xs, ys []float64) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	vs := []float64{0, zero, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, -1.5, 5, -5, inf, -inf, nan, 1e30, -1e30, 0x1p24, 0x1p24 - 1, 1 - 0x1p23, 0x1p23 + 1, 0x1.8p23, 1 + 0x1p-20, 1 - 0x1p-20, -1 - 0x1p-20}
	for _, x := range vs {
		for _, y := range vs {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	return xs, ys
}

func sameFloat(g, want float64) bool {
	return g == want && math.Signbit(g) == math.Signbit(want) || g != g && want != want
}

func TestMathSpecial(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, m := range []mathTarget{hostMath(lib, 16), plainMath(lib, 4)} {
		for _, f := range mathFunctions() {
			for _, double := range []bool{false, true} {
				c := compileMath(t, m, f, double)
				for _, status := range []uint32{statusGradual, statusFlush} {
					var xs, ys, wants []float64
					for _, s := range special()[f.name] {
						xs, ys, wants = append(xs, s[0]), append(ys, 0), append(wants, s[1])
					}
					if f.name == "pow" {
						xs, ys = powSpecials()
						for i := range xs {
							wants = append(wants, math.Pow(xs[i], ys[i]))
						}
					}
					check := func(x, y, got, want float64, exactly bool) {
						if f.name == "pow" && !exactly {
							return // finite: by TestMath
						}
						if !sameFloat(got, want) {
							t.Errorf("%v: %s(%v, %v) of double %v, status %x: %v, want %v", m, f.name, x, y, double, status, got, want)
						}
					}
					got := evaluate(c, status, xs, ys)
					for i, x := range xs {
						w := wants[i]
						exactly := w == 0 || w != w || math.Abs(w) == 1 || math.IsInf(w, 0)
						if !double && math.Abs(w) > math.MaxFloat32 {
							w = math.Copysign(math.Inf(1), w)
						}
						check(x, ys[i], got[i], w, exactly)
					}
				}
			}
		}
	}
}

// evalBlock is a multiple of all numbers of lanes that are used.
const evalBlock = 32 * 13 * 15

// evaluate runs c for any number of arguments, rounded to what it takes.
func evaluate(c mathCode, status uint32, x, y []float64) []float64 {
	n := len(x)
	out := make([]float64, (n+evalBlock-1)/evalBlock*evalBlock)
	x = append(x[:n:n], make([]float64, len(out)-n)...)
	y = append(y[:n:n], make([]float64, len(out)-n)...)
	if c.double {
		runMath(c, status, x, y, out)
		return out[:n]
	}
	x32, y32, out32 := make([]float32, len(out)), make([]float32, len(out)), make([]float32, len(out))
	for i := range x {
		x32[i], y32[i] = float32(x[i]), float32(y[i])
	}
	runMath(c, status, x32, y32, out32)
	for i := range out {
		out[i] = float64(out32[i])
	}
	return out[:n]
}

// A worst is the largest error found.
type worst struct {
	mu   sync.Mutex
	ulp  float64
	x, y float64
	got  float64
}

func (w *worst) see(ulp, x, y, got float64) {
	if ulp > w.ulp {
		w.mu.Lock()
		if ulp > w.ulp {
			w.ulp, w.x, w.y, w.got = ulp, x, y, got
		}
		w.mu.Unlock()
	}
}

// scan32 measures a function of floats for the arguments with the bits first,
// first+stride, ...
func scan32(c mathCode, f mathFunction, w *worst, first, stride uint64) {
	const block = 1 << 14
	x, y, out := make([]float32, block), make([]float32, block), make([]float32, block)
	for at := first; at < 1<<32; at += block * stride {
		for i := range x {
			x[i] = math.Float32frombits(uint32(at + uint64(i)*stride))
		}
		runMath(c, statusGradual, x, y, out)
		for i := range x {
			w.see(error32(out[i], f.single(float64(x[i]), 0)), float64(x[i]), 0, float64(out[i]))
		}
	}
}

func TestMath32(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, m := range []mathTarget{hostMath(lib, 16), plainMath(lib, 4)} {
		for _, f := range mathFunctions() {
			if f.name == "pow" {
				continue
			}
			t.Run(f.name+" "+m.jit.CPU, func(t *testing.T) {
				t.Parallel()
				c := compileMath(t, m, f, false)
				w := &worst{}
				first, stride := rand.Uint64N(1<<12), uint64(1<<12-1)
				if *exhaustive {
					first, stride = 0, 1
				}
				scan32(c, f, w, first, stride)
				t.Logf("%v: %s of float: %.3f ULP at %v", m, f.name, w.ulp, w.x)
				if !(w.ulp <= f.bound[0]) {
					t.Errorf("%v: %s(%v) is %v, %.3f ULP off; the bound is %v", m, f.name, float32(w.x), w.got, w.ulp, f.bound[0])
				}
			})
		}
	}
}

// arguments returns n arguments of a function: from where it is interesting,
// around zero, and of all sizes.
func arguments(f mathFunction, r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch i % 4 {
		case 0, 1:
			x[i] = f.lo + (f.hi-f.lo)*r.Float64()
		case 2:
			x[i] = math.Ldexp(2*r.Float64()-1, -r.IntN(60))
			if f.name == "log" && r.IntN(2) == 0 {
				x[i]++
			}
		default:
			x[i] = math.Float64frombits(r.Uint64())
		}
	}
	return x
}

func inDomain(f mathFunction, x float64) bool {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return false
	}
	switch f.name {
	case "log":
		return x > 0
	case "log1p":
		return x > -1
	case "exp", "expm1":
		return math.Abs(x) < 1e4
	}
	return true
}

func TestMath64(t *testing.T) {
	lib := llvmtest.Library(t)
	n := 4000
	if *exhaustive {
		n = 1 << 20
	}
	for _, f := range mathFunctions() {
		if f.name == "pow" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			x := arguments(f, r, n)
			targets := []mathTarget{hostMath(lib, 8), plainMath(lib, 2)}
			ws := []*worst{{}, {}}
			outs := [][]float64{}
			for _, m := range targets {
				outs = append(outs, evaluate(compileMath(t, m, f, true), statusGradual, x, x))
			}
			for i := range x {
				if !inDomain(f, x[i]) || x[i] == 0 {
					continue
				}
				want := f.double(bigOf(x[i]), nil)
				for k := range targets {
					ws[k].see(error64(outs[k][i], want), x[i], 0, outs[k][i])
				}
			}
			for k, m := range targets {
				w := ws[k]
				t.Logf("%v: %s of double: %.3f ULP at %v", m, f.name, w.ulp, w.x)
				if !(w.ulp <= f.bound[1]) {
					t.Errorf("%v: %s(%v) is %v, %.3f ULP off; the bound is %v", m, f.name, w.x, w.got, w.ulp, f.bound[1])
				}
			}
		})
	}
}
