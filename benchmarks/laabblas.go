package benchmarks

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"

	"gonum.org/v1/gonum/blas/blas32"
)

// The constants of CBLAS.
const (
	rowMajor = 101
	noTrans  = 111
	trans    = 112
	lower    = 122
	nonUnit  = 131
	left     = 141
)

// word is a float as an argument of a caller.
func word(x float32) uint64 { return uint64(math.Float32bits(x)) }

func address(t *lathe.Tensor) uint64 {
	switch t.DType() {
	case tensor.F64:
		return uint64(uintptr(unsafe.Pointer(&floats[float64](t)[0])))
	default:
		return uint64(uintptr(unsafe.Pointer(&floats[float32](t)[0])))
	}
}

func floats[T float32 | float64](t *lathe.Tensor) []T {
	s, err := lathe.Slice[T](t)
	if err != nil {
		panic(err) // the types of operands are the benchmark's own
	}
	return s
}

// foreign returns a contestant that calls a C function of a library. The
// tensors that args point to are kept alive.
func (s *session) foreign(name string, fn uintptr, sig signature, args []uint64, keep ...*lathe.Tensor) *contestant {
	call := s.native.symbol("call_" + string(sig))
	many := func(n int) error {
		jit.Call(call, fn, uintptr(n), uintptr(unsafe.Pointer(&args[0])))
		runtime.KeepAlive(args)
		runtime.KeepAlive(keep)
		return nil
	}
	return &contestant{name: name, many: many}
}

// blasContestant is a reference of the suite that OpenBLAS computes on the
// operands of the test, on one thread, and what gives its result.
func (s *session) blasContestant(kernel string, n int) (*contestant, func() *lathe.Tensor, error) {
	square := func(name string, p ir.Props) (*lathe.Tensor, error) {
		return s.operand(name, ir.Make(tensor.F32, n, n).WithProps(p), 0, false)
	}
	a, err := square("A", ir.Props{})
	if err != nil {
		return nil, nil, err
	}
	b, err := square("B", ir.Props{})
	if err != nil {
		return nil, nil, err
	}
	out := lathe.NewTensor(tensor.F32, n, n)
	result := func() *lathe.Tensor { return out }
	if kernel == "CSR" {
		t, err := square("T", ir.Props{Set: ir.Tridiagonal})
		if err != nil {
			return nil, nil, err
		}
		m := newCSR(t)
		x, y := floats[float32](b), floats[float32](out)
		return &contestant{name: kernel, run: func() error { m.times(x, y, n); return nil }}, result, nil
	}
	library, err := s.library("OpenBLAS", 1)
	if err != nil {
		return nil, nil, err
	}
	symbol := map[string]string{"strmm": "cblas_strmm", "ssyrk": "cblas_ssyrk", "sgemv n times": "cblas_sgemv"}[kernel]
	if symbol == "" {
		symbol = "cblas_sgemm"
	}
	fn, err := library.Symbol(symbol)
	if err != nil {
		return nil, nil, err
	}
	un := uint64(n)
	gemm := func(ta, tb uint64) *contestant {
		return s.foreign(kernel, fn, sgemmSig, []uint64{rowMajor, ta, tb, un, un, un, word(1), address(a), un, address(b), un, word(0), address(out), un}, a, b, out)
	}
	switch kernel {
	case "sgemm A B":
		return gemm(noTrans, noTrans), result, nil
	case "sgemm A^T B":
		return gemm(trans, noTrans), result, nil
	case "sgemm A B^T":
		return gemm(noTrans, trans), result, nil
	case "sgemm A^T B^T":
		return gemm(trans, trans), result, nil
	case "strmm":
		l, err := square("L", ir.Props{Set: ir.Lower})
		if err != nil {
			return nil, nil, err
		}
		c := s.foreign(kernel, fn, strmmSig, []uint64{rowMajor, left, lower, noTrans, nonUnit, un, un, word(1), address(l), un, address(out), un}, l, out)
		// The product replaces its operand.
		c.reset = func() { copy(floats[float32](out), floats[float32](b)) }
		return c, result, nil
	case "ssyrk":
		c := s.foreign(kernel, fn, ssyrkSig, []uint64{rowMajor, lower, noTrans, un, un, word(1), address(a), un, word(0), address(out), un}, a, out)
		mirrored := func() *lathe.Tensor {
			y := floats[float32](out)
			for i := range n {
				for j := range i {
					y[j*n+i] = y[i*n+j]
				}
			}
			return out
		}
		return c, mirrored, nil
	case "sgemv n times":
		// A column of B at a time: the columns lie apart.
		args := make([][]uint64, n)
		for j := range args {
			args[j] = []uint64{rowMajor, trans, un, un, word(1), address(a), un, address(b) + 4*uint64(j), un, word(0), address(out) + 4*uint64(j), un}
		}
		call := s.native.symbol("call_" + string(sgemvSig))
		return &contestant{name: kernel, run: func() error {
			for j := range args {
				jit.Call(call, fn, 1, uintptr(unsafe.Pointer(&args[j][0])))
			}
			runtime.KeepAlive(args)
			return nil
		}}, result, nil
	}
	return nil, nil, fmt.Errorf("there is no reference %q", kernel)
}

// A csr is a matrix in compressed rows.
type csr struct {
	row    []int // where a row begins, and the end
	column []int
	value  []float32
}

func newCSR(t *lathe.Tensor) *csr {
	n := t.Shape()[1]
	m := &csr{row: []int{0}}
	for i, v := range floats[float32](t) {
		if v != 0 {
			m.column, m.value = append(m.column, i%n), append(m.value, v)
		}
		if i%n == n-1 {
			m.row = append(m.row, len(m.value))
		}
	}
	return m
}

// times sets y to the matrix times x, which has n columns.
func (m *csr) times(x, y []float32, n int) {
	clear(y)
	for i := range len(m.row) - 1 {
		to := blas32.Vector{N: n, Inc: 1, Data: y[i*n : (i+1)*n]}
		for k := m.row[i]; k < m.row[i+1]; k++ {
			from := m.column[k] * n
			blas32.Axpy(m.value[k], blas32.Vector{N: n, Inc: 1, Data: x[from : from+n]}, to)
		}
	}
}
