package llvm

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// A layout is how an operand lies in its buffer.
type layout int

const (
	dense    layout = iota
	swapped         // the last two dimensions transposed
	sliced          // every other element along each dimension, backwards along the last
	repeated        // the last dimension stretched from its first element
)

// A singleCase is one operation on parameters.
type singleCase struct {
	name    string
	f       *ir.Func
	args    []*tensor.Tensor
	layouts []layout // of the operands; dense where it ends
	inPlace bool
	fails   *[3]int64 // code, value and bound of the error, or nil
	decided bool      // the evaluator must be sure of every element
}

// newCase makes a case of op on args.
func newCase(t testing.TB, name string, op ir.Op, attrs ir.Attrs, args ...*tensor.Tensor) *singleCase {
	t.Helper()
	f := ir.NewFunc("f")
	var params []*ir.Value
	for i, a := range args {
		params = append(params, f.NewParam(fmt.Sprintf("x%d", i), ir.Make(a.DType(), a.Shape()...), false, source.Pos{}))
	}
	b := ir.NewBuilder(f)
	v, err := b.Emit(op, attrs, ir.Type{}, params...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	f.Results = []*ir.Value{v}
	return &singleCase{name: fmt.Sprintf("%v %s", op, name), f: f, args: args}
}

func (c *singleCase) lie(layouts ...layout) *singleCase {
	for i, l := range layouts {
		if l == repeated && c.args[i].Rank() > 0 {
			c.args[i] = repeatFirst(c.args[i])
		}
		c.name += fmt.Sprintf(" %d", l)
	}
	c.layouts = layouts
	return c
}

// sure says that the evaluator must be able to bound every element, unless they
// are of a narrow type, whose errors may be too large for that.
func (c *singleCase) sure() *singleCase {
	c.decided = c.args[0].DType().Size() >= 4
	return c
}

func (c *singleCase) overwriting() *singleCase {
	c.inPlace, c.name = true, c.name+" in place"
	return c
}

func (c *singleCase) failing(code, value, bound int64) *singleCase {
	c.fails = &[3]int64{code, value, bound}
	return c
}

// repeatFirst returns x with each row along the last dimension made of its first
// element.
func repeatFirst(x *tensor.Tensor) *tensor.Tensor {
	x = x.Clone()
	n, size := x.Shape()[x.Rank()-1], x.DType().Size()
	for i := range x.Len() {
		from := i / n * n
		copy(x.Bytes()[i*size:(i+1)*size], x.Bytes()[from*size:(from+1)*size])
	}
	return x
}

// placed returns how an operand lies, in elements, and how many its buffer has.
func (l layout) placed(shape []int) (offset int, strides []int, elems int) {
	r := len(shape)
	switch {
	case l == swapped && r >= 2:
		turned := slices.Clone(shape)
		turned[r-1], turned[r-2] = turned[r-2], turned[r-1]
		strides = kernel.RowMajor(turned)
		strides[r-1], strides[r-2] = strides[r-2], strides[r-1]
		return 0, strides, product(shape)
	case l == sliced && r >= 1:
		wide := slices.Clone(shape)
		for i := range wide {
			wide[i] *= 2
		}
		strides = kernel.RowMajor(wide)
		for i := range strides {
			offset += strides[i]
			strides[i] *= 2
		}
		if shape[r-1] > 0 {
			offset += (shape[r-1] - 1) * strides[r-1]
			strides[r-1] = -strides[r-1]
		}
		return offset, strides, product(wide)
	case l == repeated && r >= 1:
		once := slices.Clone(shape)
		once[r-1] = min(once[r-1], 1)
		strides = kernel.RowMajor(once)
		strides[r-1] = 0
		return 0, strides, product(once)
	}
	return 0, kernel.RowMajor(shape), product(shape)
}

// single returns the kernel of the case.
func (c *singleCase) single() *kernel.Single {
	v := c.f.Results[0]
	k := &kernel.Single{Value: v, InPlace: c.inPlace}
	k.Out = &kernel.Buffer{ID: 100, Type: v.Type.Plain(), Value: v}
	for i, a := range v.Args {
		l := dense
		if i < len(c.layouts) {
			l = c.layouts[i]
		}
		offset, strides, elems := l.placed(a.Type.Dims())
		b := &kernel.Buffer{ID: i + 1, Type: ir.Make(a.Type.DType, elems), Value: a}
		if i == 0 && c.inPlace {
			b = k.Out
		}
		k.Operands = append(k.Operands, kernel.View{Buf: b, Offset: offset, Strides: strides, Type: a.Type})
	}
	return k
}

// emit emits the case as function name(ctx, worker, workers, indices, out,
// operands...), one kernel of p.
func (c *singleCase) emit(m *module, p *kernel.Program, name string) *llir.Func {
	k := c.single()
	p.Site[k.Value] = 0
	params := []*llir.Param{
		llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64),
		llir.NewParam("workers", types.I64), llir.NewParam("indices", types.NewPointer(types.I64)),
	}
	ptrs := map[*kernel.Buffer]value.Value{}
	param := func(b *kernel.Buffer) {
		if ptrs[b] == nil {
			q := llir.NewParam(fmt.Sprintf("b%d", len(ptrs)), types.NewPointer(memType(b.Type.DType)))
			ptrs[b] = q
			params = append(params, q)
		}
	}
	param(k.Out)
	for _, o := range k.Operands {
		param(o.Buf)
	}
	e := m.define(name, enum.LinkageExternal, types.Void, params...)
	s := newScope(e, p, &kernel.Kernel{Name: name, Single: k}, params[0], params[1], params[2], params[3], func(b *kernel.Buffer) value.Value { return ptrs[b] })
	s.emitSingle()
	e.cur.NewRet(nil)
	return e.fn
}

// A block is memory with room before and after it that code must not touch.
type block struct {
	all  []byte
	from int
	n    int
}

const margin = 256

func newBlock(n int) *block {
	b := &block{all: make([]byte, n+2*margin+64), n: n}
	for i := range b.all {
		b.all[i] = 0xA5
	}
	b.from = margin + int(-(uintptr(unsafe.Pointer(&b.all[0]))+margin)&63)
	return b
}

func (b *block) bytes() []byte    { return b.all[b.from : b.from+b.n] }
func (b *block) address() uintptr { return uintptr(unsafe.Pointer(&b.all[b.from])) }

// intact reports whether all around the block is as it was made.
func (b *block) intact() bool {
	for i, x := range b.all {
		if (i < b.from || i >= b.from+b.n) && x != 0xA5 {
			return false
		}
	}
	return true
}

// place copies t into a new block as l lays it out.
func (l layout) place(t *tensor.Tensor) *block {
	offset, strides, elems := l.placed(t.Shape())
	size := t.DType().Size()
	b := newBlock(elems * size)
	at := make([]int, t.Rank())
	for i := range t.Len() {
		to, rest := offset, i
		for k := len(at) - 1; k >= 0; k-- {
			to += rest % t.Shape()[k] * strides[k]
			rest /= t.Shape()[k]
		}
		copy(b.bytes()[to*size:(to+1)*size], t.Bytes()[i*size:(i+1)*size])
	}
	return b
}

// A setting is the memory of a run: the result, the operands that have buffers
// of their own, what workers need.
type setting struct {
	out          *block
	operands     []*block
	scratch, ctx *block
}

// place makes the memory of a run with n workers.
func (c *singleCase) place(scratchBytes, n int) *setting {
	s := &setting{
		out:     newBlock(c.single().Out.Type.Bytes()),
		scratch: newBlock(scratchBytes * n),
		ctx:     newBlock(kernel.CtxBuffers + 8),
	}
	clear(s.ctx.bytes())
	*(*uintptr)(unsafe.Pointer(&s.ctx.bytes()[kernel.CtxBuffers])) = s.scratch.address()
	for i, a := range c.args {
		l := dense
		if i < len(c.layouts) {
			l = c.layouts[i]
		}
		if i == 0 && c.inPlace {
			copy(s.out.bytes(), a.Bytes())
			continue
		}
		s.operands = append(s.operands, l.place(a))
	}
	return s
}

// call runs the function as worker w of n.
func (s *setting) call(fn uintptr, w, n int) {
	args := []uintptr{s.ctx.address(), uintptr(w), uintptr(n), 0, s.out.address()}
	for _, b := range s.operands {
		args = append(args, b.address())
	}
	jit.Call(fn, args...)
}

// run calls the function with each of n workers, one after the other, and
// returns the result and the first error.
func (c *singleCase) run(t *testing.T, fn uintptr, scratchBytes, n int) (*tensor.Tensor, [4]int64) {
	t.Helper()
	s := c.place(scratchBytes, n)
	var before [][]byte
	for _, b := range s.operands {
		before = append(before, bytes.Clone(b.bytes()))
	}
	for w := range n {
		s.call(fn, w, n)
	}
	for i, b := range append(slices.Clone(s.operands), s.out, s.scratch, s.ctx) {
		if !b.intact() {
			t.Errorf("%s: %d workers: memory beside block %d was written", c.name, n, i)
		}
	}
	for i, b := range before {
		if !bytes.Equal(b, s.operands[i].bytes()) {
			t.Errorf("%s: %d workers: operand %d was written", c.name, n, i)
		}
	}
	var fault [4]int64
	for w := range n {
		slot := (*[4]int64)(unsafe.Pointer(&s.ctx.bytes()[kernel.CtxErrors+w*kernel.CtxErrorSize]))
		if slot[0] != 0 && fault[0] == 0 {
			fault = *slot
		}
	}
	v := c.f.Results[0].Type
	return tensor.Must(tensor.FromBytes(v.DType, bytes.Clone(s.out.bytes()), v.Dims()...)), fault
}

// checkSingles compiles all cases, in real and in strict mode, for vectors of
// two widths, and holds the results of several numbers of workers to the
// evaluator.
func checkSingles(t *testing.T, cases []*singleCase) {
	t.Helper()
	for _, lib := range llvmtest.Libraries(t) {
		host := jit.Host(lib)
		for _, strict := range []bool{false, true} {
			width := host.VectorBytes()
			if strict {
				width = 16
			}
			m := newModule(Target{Triple: host.Triple, CPU: host.CPU, Features: host.Features, VectorBytes: width}, strict)
			p := &kernel.Program{Strict: strict, Site: map[*ir.Value]int{}}
			names, byText := make([]string, len(cases)), map[string]string{}
			for i, c := range cases { // equal functions are compiled once
				if c.skips(i, strict) {
					continue
				}
				names[i] = "f" + strconv.Itoa(i)
				fn := c.emit(m, p, names[i])
				key := strings.Replace(fn.LLString(), "@"+names[i]+"(", "@(", 1)
				if same, ok := byText[key]; ok {
					names[i] = same
					m.m.Funcs = slices.DeleteFunc(m.m.Funcs, func(f *llir.Func) bool { return f == fn })
				} else {
					byText[key] = names[i]
				}
			}
			obj, err := jit.Compile(context.Background(), lib, host, []byte(m.m.String()), jit.Object)
			if err != nil {
				t.Fatalf("%v: %v", lib, err)
			}
			img, err := jit.Load(obj, jit.LibC)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range cases {
				if c.skips(i, strict) {
					continue
				}
				fn, ok := img.Symbol(names[i])
				if !ok {
					t.Fatalf("no function %s", names[i])
				}
				c.check(t, fn, p.Scratch, strict)
			}
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// skips reports whether case i is left to the other mode, to save time: all but
// the arithmetic of f32 is tested in one of the two.
func (c *singleCase) skips(i int, strict bool) bool {
	v := c.f.Results[0]
	a, scatters := v.Attrs.(*ir.ScatterAttrs)
	class := v.Op.Info().Class
	if v.Type.DType == tensor.F32 && (class == ir.Scan || class == ir.Factorisation || scatters && !a.Set) {
		return false
	}
	return strict != (i%2 == 0)
}

func (c *singleCase) check(t *testing.T, fn uintptr, scratch int, strict bool) {
	t.Helper()
	got, fault := c.run(t, fn, scratch, 1)
	for _, n := range []int{2, 3, 7} {
		again, fault2 := c.run(t, fn, scratch, n)
		if !bytes.Equal(got.Bytes(), again.Bytes()) && c.fails == nil {
			t.Errorf("%s: strict %v: %d workers: got %v, one gives %v", c.name, strict, n, again, got)
		}
		if fault2 != fault {
			t.Errorf("%s: %d workers: error %v, one gives %v", c.name, n, fault2, fault)
		}
	}
	_, err := eval.Run(context.Background(), c.f, c.args, eval.Options{})
	if c.fails != nil {
		if want := [4]int64{c.fails[0], 0, c.fails[1], c.fails[2]}; fault != want || err == nil {
			t.Errorf("%s: error %v, want %v; the evaluator says %v", c.name, fault, want, err)
		}
		return
	}
	if fault[0] != 0 || err != nil {
		t.Errorf("%s: error %v, want none; the evaluator says %v", c.name, fault, err)
		return
	}
	if strict {
		want, err := eval.Run(context.Background(), c.f, c.args, eval.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, want[0]) {
			t.Errorf("%s: strict: got %v, want %v", c.name, got, want[0])
		}
		return
	}
	want, err := eval.Bounded(context.Background(), c.f, c.args)
	if err != nil {
		t.Fatal(err)
	}
	if v := eval.Check(got, want[0]); !v.OK() || c.decided && v.BadCount > 0 {
		t.Errorf("%s: %v", c.name, v)
	}
}

// pattern makes a tensor of small numbers that repeat, with the given special
// floats among them.
func pattern(d tensor.DType, shape []int, seed int, special ...float64) *tensor.Tensor {
	x := tensor.New(d, shape...)
	state := uint32(seed)*2654435761 + 12345
	for i := range x.Len() {
		state = state*1664525 + 1013904223
		r := int(state >> 16)
		switch {
		case !d.IsFloat():
			x.SetInt(i, tensor.Wrap(d, int64(r%19-9)))
			if d == tensor.Bool {
				x.SetInt(i, int64(r&1))
			}
		case len(special) > 0 && r%4 == 0:
			x.SetFloat(i, special[r/4%len(special)])
		default:
			x.SetFloat(i, float64(r%41-20)/8+float64(r%7)/3)
		}
	}
	return x
}

// specials are the floats that orders and sums treat in their own way.
var specials = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.Copysign(math.NaN(), -1)}

var (
	numbers = []tensor.DType{tensor.F64, tensor.F32, tensor.BF16, tensor.F16, tensor.I64, tensor.I32, tensor.I8, tensor.U8}
	floats  = numbers[:4]
)

// Every operation that has a skeleton is one that package ir knows as such.
func TestSkeletons(t *testing.T) {
	for op := ir.OpParam; op < ir.NumOps; op++ {
		var want bool
		switch op.Info().Class {
		case ir.Scan, ir.Selection, ir.Factorisation:
			want = true
		}
		switch op {
		case ir.OpUpdate, ir.OpDynUpdate, ir.OpScatter, ir.OpScatterAlong:
			want = true
		}
		if have := skeletons[op] != nil; have != want {
			t.Errorf("%v: has a skeleton: %v, want %v", op, have, want)
		}
	}
}

// What takes long looks whether somebody asked to stop.
func TestSingleStops(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	cases := []*singleCase{
		newCase(t, "", ir.OpArgSort, &ir.SortAttrs{Axis: 1}, pattern(tensor.F32, []int{3, 9}, 1)),
		newCase(t, "", ir.OpInv, nil, regular(tensor.F32, nil, 9, false)),
	}
	m, p := newModule(target, false), &kernel.Program{Site: map[*ir.Value]int{}}
	for i, c := range cases {
		c.emit(m, p, "f"+strconv.Itoa(i))
	}
	obj, err := jit.Compile(context.Background(), lib, host, []byte(m.m.String()), jit.Object)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jit.Load(obj, jit.LibC)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for i, c := range cases {
		fn, _ := img.Symbol("f" + strconv.Itoa(i))
		for _, asked := range []byte{0, 1} {
			s := c.place(p.Scratch, 1)
			before := bytes.Clone(s.out.bytes())
			s.ctx.bytes()[kernel.CtxCancel] = asked
			s.call(fn, 0, 1)
			if same := bytes.Equal(before, s.out.bytes()); same != (asked == 1) {
				t.Errorf("%v: asked to stop: %v, but nothing was written: %v", c.f.Results[0].Op, asked == 1, same)
			}
		}
	}
}
