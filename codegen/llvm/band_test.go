package llvm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A bandForm is a product with an operand of a structure: its text has %[1]s for
// the element type and %[2]d for the size of the square operand, %[3]d for the
// other size of the other one.
type bandForm struct{ name, text string }

// left and right are products of a structured parameter with another one.
func leftForm(prop string) bandForm {
	return bandForm{prop + " left", `func f(a: %[1]s[%[2]d, %[2]d] ` + prop + `, b: %[1]s[%[2]d, %[3]d]) -> (%[1]s[%[2]d, %[3]d]) {
  v2 = contract{spec="ab,bc->ac"} a, b : %[1]s[%[2]d, %[3]d]
  return v2
}
`}
}

func rightForm(prop string) bandForm {
	return bandForm{prop + " right", `func f(a: %[1]s[%[2]d, %[2]d] ` + prop + `, b: %[1]s[%[3]d, %[2]d]) -> (%[1]s[%[3]d, %[2]d]) {
  v2 = contract{spec="ab,bc->ac"} b, a : %[1]s[%[3]d, %[2]d]
  return v2
}
`}
}

func transposedForm(prop string) bandForm {
	return bandForm{prop + " transposed", `func f(a: %[1]s[%[2]d, %[2]d] ` + prop + `, b: %[1]s[%[2]d, %[3]d]) -> (%[1]s[%[2]d, %[3]d], %[1]s[%[3]d, %[2]d]) {
  v2 = contract{spec="ba,bc->ac"} a, b : %[1]s[%[2]d, %[3]d]
  v3 = contract{spec="bc,ab->ca"} b, a : %[1]s[%[3]d, %[2]d]
  v4 = mul v3, v3 : %[1]s[%[3]d, %[2]d]
  return v2, v4
}
`}
}

var bandForms = []bandForm{
	leftForm("lower"), rightForm("lower"), transposedForm("lower"), leftForm("upper"), rightForm("upper"), transposedForm("upper"),
	leftForm("lower unit"), rightForm("lower unit"), transposedForm("upper unit"), rightForm("upper unit"), leftForm("upper unit"), transposedForm("lower unit"),
	leftForm("banded(9, 30)"), rightForm("banded(40, 7)"), transposedForm("banded(17, 1)"), leftForm("tridiagonal"), rightForm("tridiagonal"),
	leftForm("diagonal"), rightForm("diagonal"),
	{"both", `func f(a: %[1]s[%[2]d, %[2]d] lower, b: %[1]s[%[2]d, %[2]d] lower, c: %[1]s[%[2]d, %[2]d] upper unit) -> (%[1]s[%[2]d, %[2]d], %[1]s[%[2]d, %[2]d], %[1]s[%[2]d, %[2]d], %[1]s[%[2]d, %[2]d]) {
  v3 = contract{spec="ab,bc->ac"} a, b : %[1]s[%[2]d, %[2]d]
  v4 = contract{spec="ab,bc->ac"} a, c : %[1]s[%[2]d, %[2]d]
  v5 = contract{spec="ab,bc->ac"} c, a : %[1]s[%[2]d, %[2]d]
  v6 = contract{spec="ab,cb->ac"} a, a : %[1]s[%[2]d, %[2]d]
  return v3, v4, v5, v6
}
`},
	{"tri", `func f(a: %[1]s[%[2]d, %[2]d], b: %[1]s[%[2]d, %[3]d]) -> (%[1]s[%[2]d, %[3]d], %[1]s[%[2]d, %[3]d], %[1]s[%[3]d, %[2]d]) {
  v2 = tri{k=0, upper=false} a : %[1]s[%[2]d, %[2]d]
  v3 = contract{spec="ab,bc->ac"} v2, b : %[1]s[%[2]d, %[3]d]
  v4 = tri{k=2, upper=true} a : %[1]s[%[2]d, %[2]d]
  v5 = neg v4 : %[1]s[%[2]d, %[2]d]
  v6 = contract{spec="ab,bc->ac"} v5, b : %[1]s[%[2]d, %[3]d]
  v7 = transpose{perm=[1, 0]} v2 : %[1]s[%[2]d, %[2]d]
  v8 = contract{spec="ba,cb->ac"} b, v7 : %[1]s[%[3]d, %[2]d]
  return v3, v6, v8
}
`},
	{"batch", `func f(a: %[1]s[3, %[2]d, %[2]d] lower, b: %[1]s[3, %[2]d, %[3]d], c: %[1]s[%[2]d, %[2]d] upper) -> (%[1]s[3, %[2]d, %[3]d], %[1]s[3, %[3]d, %[2]d], %[1]s[%[2]d, 3, %[3]d]) {
  v3 = contract{spec="abc,acd->abd"} a, b : %[1]s[3, %[2]d, %[3]d]
  v4 = contract{spec="abc,bd->acd"} b, c : %[1]s[3, %[3]d, %[2]d]
  v5 = contract{spec="ab,cbd->acd"} c, b : %[1]s[%[2]d, 3, %[3]d]
  return v3, v4, v5
}
`},
}

func (f bandForm) instance(t *testing.T, d tensor.DType, n, cols int) *ir.Func {
	text := fmt.Sprintf(f.text, d, n, cols)
	if n < 41 {
		text = strings.NewReplacer("banded(40, 7)", "banded(3, 0)", "banded(9, 30)", "banded(0, 2)", "banded(17, 1)", "banded(1, 1)").Replace(text)
	}
	return parse(t, text)
}

// spoil puts NaN where a structure leaves elements out.
func spoil(f *ir.Func, args []*tensor.Tensor) {
	for i, p := range f.Params {
		if !kernel.Structured(p.Type) {
			continue
		}
		dims := p.Type.Dims()
		m, n := dims[len(dims)-2], dims[len(dims)-1]
		below, above := p.Type.Props.Band(m, n)
		for at := range args[i].Len() {
			row, col := at/n%m, at%n
			if col-row > above || row-col > below || row == col && p.Type.Props.Has(ir.Unit) {
				args[i].SetFloat(at, math.NaN())
			}
		}
	}
}

// TestBand holds products with structured operands to the evaluator, for sizes
// around those of tiles, with NaN and infinities beside what is left out, and
// NaN in its place.
func TestBand(t *testing.T) {
	lib := llvmtest.Library(t)
	var machines []*machine
	for _, bytes := range []int{0, 32, 16, -1} {
		machines = append(machines, newMachine(t, lib, bytes))
	}
	sizes := []int{1, 2, 7, 8, 9, 47, 48, 49, 64, 100, 193}
	for i, form := range bandForms {
		for j, n := range sizes {
			d := []tensor.DType{tensor.F32, tensor.F64, tensor.BF16, tensor.F32}[(i+j)%4]
			cols := sizes[(3*j+5*i)%len(sizes)]
			if n > 64 && j%2 == i%2 {
				continue
			}
			t.Run(fmt.Sprint(form.name, d, n, cols), func(t *testing.T) {
				t.Parallel()
				f := form.instance(t, d, n, cols)
				args := irtest.Args(f, uint64(n), j%3 == 0)
				spoil(f, args)
				// A nest adds the zeros to a -0, which products without them keep.
				strict := (i+j/2)%3 == 0 && min(n, cols) > 2
				machines[(i/2+j)%4].check(t, irtest.Case{Name: form.name, Func: f, Args: args}, strict)
			})
		}
	}
}

// Sums that go by chunks end in the middle of one, in a row or a column.
func TestBandChunks(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	f := parse(t, `func f(a: f32[40, 2200], b: f32[2200, 100]) -> (f32[40, 100], f32[40, 100], f32[40, 100], f32[40, 100]) {
  v2 = tri{k=725, upper=false} a : f32[40, 2200]
  v3 = contract{spec="ab,bc->ac"} v2, b : f32[40, 100]
  v4 = tri{k=720, upper=true} a : f32[40, 2200]
  v5 = contract{spec="ab,bc->ac"} v4, b : f32[40, 100]
  v6 = tri{k=-715, upper=false} b : f32[2200, 100]
  v7 = contract{spec="ab,bc->ac"} v4, v6 : f32[40, 100]
  v8 = tri{k=-730, upper=true} b : f32[2200, 100]
  v9 = contract{spec="ab,bc->ac"} a, v8 : f32[40, 100]
  return v3, v5, v7, v9
}`)
	for seed, nonFinite := range []bool{false, true} {
		m.check(t, irtest.Case{Name: "chunks", Func: f, Args: irtest.Args(f, uint64(seed), nonFinite)}, false)
	}
}

// Any number of workers gives the same bits, and a structured operand that is
// left as it is takes no guard and no copy.
func TestBandWorkers(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	for _, form := range bandForms {
		f := form.instance(t, tensor.F32, 193, 100)
		p := &gemmCase{f: f, prog: plan(t, f, target, false), target: target}
		for _, s := range p.prog.Steps {
			if k := s.(*kernel.Kernel); k.Guard != nil {
				t.Errorf("%s: kernel %s has a guard\n%v", form.name, k.Name, p.prog)
			}
		}
		if slices.ContainsFunc(p.prog.Steps, func(s kernel.Step) bool { k := s.(*kernel.Kernel); return k.Pack == nil && k.Gemm == nil }) {
			continue // with a nest
		}
		for i, b := range p.prog.Buffers {
			b.ID = i
		}
		p.check(t, lib, host, target)
	}
}

// mirrorForms are symmetric products, with %[1]s for the element type and %[2]d
// and %[3]d for the rows and columns of the operand.
var mirrorForms = []bandForm{
	{"gram", `func f(a: %[1]s[%[2]d, %[3]d]) -> (%[1]s[%[2]d, %[2]d]) {
  v1 = contract{spec="ab,cb->ac"} a, a : %[1]s[%[2]d, %[2]d]
  return v1
}
`},
	{"transposed", `func f(a: %[1]s[%[3]d, %[2]d]) -> (%[1]s[%[2]d, %[2]d]) {
  v1 = transpose{perm=[1, 0]} a : %[1]s[%[2]d, %[3]d]
  v2 = contract{spec="ab,bc->ac"} v1, a : %[1]s[%[2]d, %[2]d]
  return v2
}
`},
	{"behind", `func f(a: %[1]s[2, %[2]d, %[3]d], b: %[1]s[%[2]d], c: %[1]s[%[2]d, %[2]d]) -> (%[1]s[2, %[2]d, %[2]d], %[1]s[2, %[2]d, %[2]d], %[1]s[2, %[2]d, %[2]d]) {
  v1 = contract{spec="dab,dcb->dac"} a, a : %[1]s[2, %[2]d, %[2]d]
  v2 = add v1, b : %[1]s[2, %[2]d, %[2]d]
  v3 = mul v2, c : %[1]s[2, %[2]d, %[2]d]
  v4 = abs v3 : %[1]s[2, %[2]d, %[2]d]
  v5 = max v4, v2 : %[1]s[2, %[2]d, %[2]d]
  return v1, v2, v5
}
`},
	{"triangle", `func f(a: %[1]s[%[2]d, %[2]d] lower) -> (%[1]s[%[2]d, %[2]d], %[1]s[%[2]d, %[2]d]) {
  v1 = contract{spec="ab,cb->ac"} a, a : %[1]s[%[2]d, %[2]d]
  v2 = contract{spec="ba,bc->ac"} a, a : %[1]s[%[2]d, %[2]d]
  return v1, v2
}
`},
}

// TestMirror holds symmetric products to the evaluator, for any number of
// workers, with sums that go by chunks and without.
func TestMirror(t *testing.T) {
	lib := llvmtest.Library(t)
	mirrored := 0
	for i, form := range mirrorForms {
		for j, n := range []int{8, 47, 48, 49, 50, 64, 100, 131} {
			for l, bytes := range []int{0, 32, 16, -1} {
				if (i+j+l)%2 == 1 {
					continue
				}
				host, target := hostTarget(lib, bytes)
				d := []tensor.DType{tensor.F32, tensor.F64, tensor.BF16}[(i+j+l/2)%3]
				k := []int{3, 40, 17}[j%3]
				if n == 100 && l == 0 && form.name == "gram" {
					k = 2100
				}
				f := form.instance(t, d, n, k)
				p := &gemmCase{f: f, prog: plan(t, f, target, (j+l)%4 == 0), target: target}
				for i, b := range p.prog.Buffers {
					b.ID = i
				}
				for _, s := range p.prog.Steps {
					if g := s.(*kernel.Kernel).Gemm; g != nil && g.Mirror {
						mirrored++
					}
				}
				p.check(t, lib, host, target)
			}
		}
	}
	if mirrored < 20 {
		t.Errorf("%d products are mirrored", mirrored)
	}
}

// knownForm is a product that is symmetric though its operands differ.
var knownForm = bandForm{"known", `func f(a: %[1]s[2, %[2]d, %[3]d], s: %[1]s[%[3]d, %[3]d] symmetric, c: %[1]s[%[2]d]) -> (%[1]s[2, %[2]d, %[2]d] symmetric, %[1]s[2, %[2]d, %[2]d]) {
  v1 = contract{spec="abc,cd->abd"} a, s : %[1]s[2, %[2]d, %[3]d]
  v2 = contract{spec="abc,adc->abd"} v1, a : %[1]s[2, %[2]d, %[2]d] symmetric
  v3 = mul v2, c : %[1]s[2, %[2]d, %[2]d]
  return v2, v3
}
`}

// TestMirrorKnown holds products that are known to be symmetric to the evaluator,
// with sums that go by chunks and without.
func TestMirrorKnown(t *testing.T) {
	lib := llvmtest.Library(t)
	mirrored := 0
	for i, c := range []struct{ bytes, n, k int }{{0, 49, 17}, {32, 100, 5}, {16, 31, 40}, {-1, 9, 7}, {0, 8, 3}, {0, 67, 1100}} {
		d := []tensor.DType{tensor.F32, tensor.F64, tensor.BF16}[i%3]
		f := knownForm.instance(t, d, c.n, c.k)
		_, target := hostTarget(lib, c.bytes)
		for _, s := range plan(t, f, target, false).Steps {
			if g := s.(*kernel.Kernel).Gemm; g != nil && g.Mirror {
				mirrored++
			}
		}
		newMachine(t, lib, c.bytes).check(t, irtest.Case{Name: knownForm.name, Func: f, Args: irtest.Args(f, uint64(i), i == 1)}, false)
	}
	if mirrored < 4 {
		t.Errorf("%d products are mirrored", mirrored)
	}
}

// TestOnly multiplies where only some diagonals of the product are needed, with a
// sum and without one.
func TestOnly(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	f := parse(t, `
func f(q: f32[2, 131, 9], k: f32[2, 150, 9], bias: f32[131, 150], u: f32[40], w: f32[50]) -> (f32[2, 131, 150], f32[131, 131], f32[40, 50]) {
  v3 = contract{spec="abc,adc->abd"} q, k : f32[2, 131, 150]
  v4 = iota{axis=0} : i64[150]
  v5 = iota{axis=0} : i64[131]
  v6 = reshape v5 : i64[131, 1]
  v7 = lt v4, v6 : bool[131, 150]
  v8 = add v3, bias : f32[2, 131, 150]
  v9 = where v7, v8, bias : f32[2, 131, 150]
  v10 = contract{spec="ab,cb->ac"} bias, bias : f32[131, 131]
  v11 = tri{k=2, upper=true} v10 : f32[131, 131]
  v12 = reshape u : f32[40, 1]
  v13 = reshape w : f32[1, 50]
  v14 = contract{spec="ab,bc->ac"} v12, v13 : f32[40, 50]
  v15 = tri{k=0, upper=false} v14 : f32[40, 50]
  return v9, v11, v15
}`)
	p := plan(t, f, m.target, false)
	if text := p.String(); !strings.Contains(text, "only -130..-1") {
		t.Errorf("no product is limited to what is selected of it:\n%s", text)
	}
	m.check(t, irtest.Case{Name: "only", Func: f, Args: randomArgs(f, 1)}, false)
}
