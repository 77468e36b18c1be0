package benchmarks

import (
	"math"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

func open(t *testing.T) *session {
	t.Helper()
	s, err := newSession(t.Context(), &Config{LLVM: llvmtest.Want()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// TestLimitLoops sees that the loops do the work that they are said to do: with
// x = 1/2 and y = 3, a chain of multiply-adds comes to 6, in turn n to within 2^-n.
func TestLimitLoops(t *testing.T) {
	s := open(t)
	lanes := s.native.vector / 4
	data := make([]float32, 2*lanes)
	for i := range data {
		data[i] = 0.5
		if i >= lanes {
			data[i] = 3
		}
	}
	jit.Call(s.native.symbol("fma_f32"), 60, uintptr(unsafe.Pointer(&data[0])))
	for i := range lanes {
		if data[i] != 6*chains {
			t.Errorf("lane %d of the sum is %g, want %d", i, data[i], 6*chains)
		}
	}

	words := make([]uint32, 3*reads*lanes)
	want := uint32(0)
	for i := range words {
		words[i] = uint32(i * i)
		want += words[i]
	}
	sums := make([]uint32, lanes)
	jit.Call(s.native.symbol("read_all"), uintptr(unsafe.Pointer(&words[0])), uintptr(4*len(words)), uintptr(unsafe.Pointer(&sums[0])))
	runtime.KeepAlive(words)
	got := uint32(0)
	for _, x := range sums {
		got += x
	}
	if got != want {
		t.Errorf("the sum of what was read is %d, want %d", got, want)
	}
}

func TestGauges(t *testing.T) {
	s := open(t)
	for _, d := range []lathe.DType{lathe.F32, lathe.F64} {
		p := s.peak(d, 2)
		took, err := p.time(1)
		if err != nil || took <= 0 {
			t.Errorf("a timing of the peak is %v, %v", took, err)
		}
	}
	if a, b := s.peakFlops(lathe.F32, 2), s.peakFlops(lathe.F64, 1); a != 4*b {
		t.Errorf("two threads of f32 do %g FLOPs, one of f64 %g", a, b)
	}
	b, err := s.bandwidth(t.Context(), 1<<20, 2)
	if err != nil || !(b > 0) || math.IsInf(b, 0) {
		t.Errorf("the bandwidth is %g, %v", b, err)
	}
	if again, _ := s.bandwidth(t.Context(), 1<<20, 2); again != b {
		t.Error("the bandwidth was measured twice")
	}
	if _, err := s.bandwidth(t.Context(), 100, 2); err == nil {
		t.Error("the bandwidth of 100 bytes was measured")
	}
	if lastCache() < 1<<10 {
		t.Errorf("the last cache has %d bytes", lastCache())
	}
	if got := (&Config{}).threads(2, 1, 2); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("the usual numbers of threads are %v", got)
	}
	if got := percent(0.973); got != "97.3 %" {
		t.Errorf("percent: %s", got)
	}
}

// TestReferences compares what OpenBLAS and the CSR product compute, through
// the callers, with sums in f64 of products that are exact in them.
func TestReferences(t *testing.T) {
	s := open(t)
	const n = 21
	at := func(name string, p ir.Props) func(i, j int) float64 {
		v, err := s.operand(name, ir.Make(tensor.F32, n, n).WithProps(p), 0, false)
		if err != nil {
			t.Fatal(err)
		}
		return func(i, j int) float64 { return v.Float(i*n + j) }
	}
	transposed := func(f func(i, j int) float64) func(i, j int) float64 {
		return func(i, j int) float64 { return f(j, i) }
	}
	a, b := at("A", ir.Props{}), at("B", ir.Props{})
	l, tri := at("L", ir.Props{Set: ir.Lower}), at("T", ir.Props{Set: ir.Tridiagonal})
	for _, c := range []struct {
		kernel string
		x, y   func(i, j int) float64
	}{
		{"CSR", tri, b}, {"sgemm A B", a, b}, {"sgemm A^T B", transposed(a), b}, {"sgemm A B^T", a, transposed(b)},
		{"sgemm A^T B^T", transposed(a), transposed(b)}, {"strmm", l, b}, {"ssyrk", a, transposed(a)}, {"sgemv n times", transposed(a), b},
	} {
		contestant, result, err := s.blasContestant(c.kernel, n)
		if err != nil {
			if s.libraries["OpenBLAS"] == nil {
				continue // TestMissing sees what is said about that
			}
			t.Fatal(err)
		}
		if contestant.reset != nil {
			contestant.reset()
		}
		if _, err := contestant.time(1); err != nil {
			t.Fatal(err)
		}
		got := result()
		for i := range n {
			for j := range n {
				sum, size := 0.0, 0.0
				for k := range n {
					p := c.x(i, k) * c.y(k, j)
					sum += p
					size += math.Abs(p)
				}
				// n products and n-1 sums in f32, in any order (Higham, 3.1), with a unit for the f64 sums.
				bound := (n + 1) * 0x1p-24 / (1 - (n+1)*0x1p-24) * size
				if d := math.Abs(got.Float(i*n+j) - sum); !(d <= bound) {
					t.Fatalf("%s: element %d, %d is off by %g, bound %g", c.kernel, i, j, d, bound)
				}
			}
		}
	}
	if _, _, err := s.blasContestant("none such", n); err == nil {
		t.Error("there is a reference of no name")
	}
}

// TestMissing sees that a row without its library fails and says what to do.
func TestMissing(t *testing.T) {
	suite, err := Find("laab")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), suite, Config{LLVM: llvmtest.Want(), Size: 20, Samples: 1, OpenBLAS: "/none/libopenblas.so", Only: regexp.MustCompile("^mm_trmm$")})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Rows[0]
	if r.Pass || len(r.Why) != 1 {
		t.Fatalf("the row is %+v", r)
	}
	for _, want := range []string{"no OpenBLAS found", "/none/libopenblas.so", "apt-get install libopenblas0-pthread", "LATHE_OPENBLAS"} {
		if !strings.Contains(r.Why[0], want) {
			t.Errorf("it does not say %q: %s", want, r.Why[0])
		}
	}
}
