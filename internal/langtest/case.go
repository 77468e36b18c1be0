package langtest

import (
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Case is a program with one entry, main, all of whose sizes are constant.
type Case struct {
	Name string // the expression and the types of the arguments, unlike that of any other
	Text string
	Args []*tensor.Tensor // in the order of the parameters of main
	// Want computes the results: in f64, as real arithmetic has them but for f64's
	// rounding, then rounded to the element types of the results.
	Want func() []*tensor.Tensor
}

// Cases returns the list. It is the same on every call.
func Cases() []Case {
	var s suite
	s.elementwise()
	s.operators()
	s.choices()
	s.reductions()
	s.normalising()
	s.products()
	s.matrices()
	s.systems()
	s.shapes()
	s.making()
	s.indexing()
	s.updates()
	s.ordering()
	s.rotations()
	return s.cases
}

// A suite collects cases.
type suite struct {
	cases []Case
	seed  uint64
}

// paramNames are the names of the parameters of main, by position.
const paramNames = "xyzuvw"

// one adds an expression over the arguments, called x, y, z, with its result.
func (s *suite) one(expr string, d tensor.DType, want func(a []array) array, args ...*tensor.Tensor) {
	s.add("return "+expr, []tensor.DType{d}, func(a []array) []array { return []array{want(a)} }, args...)
}

// add adds a body of main with the element types of its results.
func (s *suite) add(body string, ds []tensor.DType, want func(a []array) []array, args ...*tensor.Tensor) {
	params := make([]string, len(args))
	name := body
	for i, x := range args {
		typ := tensor.TypeString(x.DType(), x.Shape())
		params[i] = fmt.Sprintf("%c: %s", paramNames[i], typ)
		name += " " + typ
	}
	s.cases = append(s.cases, Case{
		Name: strings.TrimPrefix(name, "return "),
		Text: "fn main(" + strings.Join(params, ", ") + ") {\n" + body + "\n}\n",
		Args: args,
		Want: func() []*tensor.Tensor {
			in := make([]array, len(args))
			for i, x := range args {
				in[i] = arrayOf(x)
			}
			var out []*tensor.Tensor
			for i, a := range want(in) {
				out = append(out, a.tensor(ds[i]))
			}
			return out
		},
	})
}

// random returns a number in [0, 1) with 20 bits (splitmix64).
func (s *suite) random() float64 {
	s.seed += 0x9e3779b97f4a7c15
	z := s.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>44) / (1 << 20)
}

// data makes an argument: floats in [lo, hi), integers between lo and hi that
// the type has, bools.
func (s *suite) data(d tensor.DType, lo, hi float64, shape ...int) *tensor.Tensor {
	t := tensor.New(d, shape...)
	for i := range t.Len() {
		x := lo + (hi-lo)*s.random()
		switch {
		case d.IsFloat():
			t.SetFloat(i, x)
		case d == tensor.Bool:
			t.SetInt(i, int64(2*s.random()))
		default:
			n := int64(x+1000.5) - 1000
			if d == tensor.U8 {
				n = max(n, -n)
			}
			t.SetInt(i, n)
		}
	}
	return t
}

// indices makes an argument of indices below n.
func (s *suite) indices(n int, shape ...int) *tensor.Tensor {
	t := tensor.New(tensor.I64, shape...)
	for i := range t.Len() {
		t.SetInt(i, int64(float64(n)*s.random()))
	}
	return t
}

var (
	floats   = []tensor.DType{tensor.F64, tensor.F32, tensor.BF16, tensor.F16}
	integers = []tensor.DType{tensor.I64, tensor.I32, tensor.I8, tensor.U8}
	numbers  = []tensor.DType{tensor.F64, tensor.F32, tensor.BF16, tensor.F16, tensor.I64, tensor.I32, tensor.I8, tensor.U8}
)
