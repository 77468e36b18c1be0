package build_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/lathe-lang/lathe/frontend/build"
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// FuzzBuild calls the methods of a builder in any order with any operands. None
// panics; a mistake is an error with a place in a Go file; and what comes out is
// a function that the verifier accepts.
func FuzzBuild(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(irtest.Bytes(seed, int(20+10*seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<10 {
			t.Skip("too long to be worth the time")
		}
		b := &builds{t: t, src: irtest.FromBytes(data), left: len(data)}
		for range 4 { // a mistake ends a function
			b.function()
		}
	})
}

// A builds makes functions with the choices of src.
type builds struct {
	t      *testing.T
	src    irtest.Src
	left   int // steps that may still be made
	b      *build.Builder
	values []build.Value // of none, of the builders before b, and from first on of b
	first  int
}

func (b *builds) int(n int) int { return b.src.Int(n, "") }

func (b *builds) function() {
	b.b = build.New([]string{"f", "M.forward", "", "no name"}[max(b.int(32)-28, 0)])
	b.values = append(b.values, build.Value{})
	b.first = len(b.values)
	b.values = append(b.values, b.b.Arg("x", tensor.F32, 3, 3), b.b.Weight("w", tensor.F32, 3, 3))
	for range 1 + b.int(8) {
		b.step()
	}
	results := make([]any, (1+b.int(16))%4)
	for i := range results {
		results[i] = b.operand()
	}
	b.b.Return(results...)
	if b.int(32) == 31 {
		b.b.Return()
	}
	fn, err := b.b.Func()
	if err == nil {
		err = ir.Verify(fn)
		if err != nil {
			b.t.Errorf("%v\n%v", err, fn)
		}
		m, err := ir.Parse(&source.File{Name: "f.ir", Text: fn.String()})
		if err != nil {
			b.t.Errorf("%v\n%v", err, fn)
		} else if again := m.Funcs[0].String(); again != fn.String() {
			b.t.Errorf("printed\n%v\nread as\n%v", fn, again)
		}
		if _, err := b.b.Func(); err == nil {
			b.t.Error("a function was made twice")
		}
		return
	}
	if b.b.Err() == nil {
		return // of the function as a whole
	}
	list := source.List(b.b.Err())
	if len(list) != 1 || !list[0].Pos.IsValid() || list[0].Msg == "" {
		b.t.Errorf("not an error with a place: %v", b.b.Err())
	}
}

// step calls a method and keeps what it returns.
func (b *builds) step() {
	if b.left--; b.left < 0 {
		return
	}
	binary := []func(x, y any) build.Value{
		b.b.Add, b.b.Sub, b.b.Mul, b.b.Div, b.b.Pow, b.b.MatMul, b.b.FloorDiv, b.b.Mod,
		b.b.And, b.b.Or, b.b.Equal, b.b.NotEqual, b.b.Less, b.b.LessEq, b.b.Greater, b.b.GreaterEq,
	}
	unary := []func(x any) build.Value{b.b.Neg, b.b.Not, b.b.T}
	update := []func(y, x any, places ...any) build.Value{b.b.Set, b.b.AddTo, b.b.SubFrom, b.b.MulInto, b.b.DivInto}
	var v build.Value
	switch b.int(9) {
	case 0:
		v = binary[b.int(len(binary))](b.operand(), b.operand())
	case 1:
		v = unary[b.int(len(unary))](b.operand())
	case 2:
		v = b.b.Index(b.operand(), b.places()...)
	case 3:
		v = update[b.int(len(update))](b.operand(), b.operand(), b.places()...)
	case 4:
		v = b.call()
	case 5:
		name := []string{"y", "x", "a.b", "", "é", "for", "y\n"}[b.int(7)]
		declare := []func(string, ir.Type) build.Value{b.b.ArgOf, b.b.WeightOf}[b.int(2)]
		v = declare(name, b.typ())
	case 6:
		v = b.value()
		typ := v.Type().WithProps(ir.Props{Set: ir.Prop(1 << b.int(10))})
		if b.int(8) == 7 {
			typ = b.typ()
		}
		v = b.b.Declare(v, typ)
	case 7:
		v = b.b.Convert(b.dtype(), b.operand())
	case 8:
		b.loop()
	}
	b.values = append(b.values, v)
	if b.int(16) == 15 {
		b.values = append(b.values, b.b.Unpack(v, b.int(5)-1)...)
	}
	_, _, _, _ = v.Type(), v.Shape(), v.Dim(b.int(9)-4), v.String()
}

// call applies a built-in to as many operands as it may take, some by name.
func (b *builds) call() build.Value {
	names := append(check.Builtins(), "", "none")
	var args []any
	for range 1 + b.int(3) {
		args = append(args, b.operand())
	}
	if b.int(4) == 3 {
		name := []string{"axis", "keepdims", "dtype", "k", "n", "x", "", "mode", "value"}[b.int(9)]
		args = append(args, build.Named(name, b.operand()))
	}
	return b.b.Call(names[b.int(len(names))], args...)
}

// loop makes a loop of some steps.
func (b *builds) loop() {
	starts := []build.Value{b.value()}
	if b.int(3) == 2 {
		starts = append(starts, b.value())
	}
	bounds := []any{0, 3}
	if b.int(4) == 3 {
		bounds = []any{b.operand(), b.operand()}
	}
	step := 1
	if b.int(4) == 3 {
		step = b.number()
	}
	out := b.b.ForStep(bounds[0], bounds[1], step, starts, func(i build.Value, now []build.Value) []build.Value {
		outside := len(b.values) // what a body makes is not to be used outside, which the fuzzer may try
		b.values = append(append(b.values, i), now...)
		for range b.int(3) {
			b.step()
		}
		switch b.int(8) {
		case 5:
			return b.values[outside+1 : outside+1+len(now)]
		case 6:
			return nil
		case 7:
			return []build.Value{b.value()}
		}
		return now
	})
	b.values = append(b.values, out...)
}

func (b *builds) value() build.Value {
	if b.int(32) == 31 { // any, those of builders before this one too
		return b.values[b.int(len(b.values))]
	}
	return b.values[len(b.values)-1-b.int(min(5, len(b.values)-b.first))]
}

// operand returns mostly a value of the builder, sometimes anything else.
func (b *builds) operand() any {
	switch b.int(16) {
	case 14:
		return 2
	case 15:
	default:
		return b.value()
	}
	switch b.int(12) {
	case 0:
		return b.number()
	case 1:
		return []float64{0, 0.1, -1, math.NaN(), math.Inf(-1), math.MaxFloat64, 5e-324}[b.int(7)]
	case 2:
		return b.int(2) == 1
	case 3:
		return []string{"ij,jk->ik", "", "lower", "ij,ij->", "\x00", "i->ii", "ab->ba"}[b.int(7)]
	case 4:
		return b.dtype()
	case 5:
		return b.typ()
	case 6:
		return []any{b.number(), b.number()}
	case 7:
		return []build.Value{b.value(), b.value()}
	case 8:
		return []int{b.number(), b.number()}[:b.int(3)]
	case 9:
		return [][]float64{{1, 2}, {3, 4}, nil}[:b.int(4)]
	case 10:
		return int64(b.number())
	}
	return []any{nil, struct{}{}, reflect.ValueOf(0), []any{[]any{}}, uint8(3), (*int)(nil), build.All()}[b.int(7)]
}

func (b *builds) number() int {
	return []int{0, 1, 2, 3, -1, -2, 4, 1000, math.MaxInt, math.MinInt, 1 << 31, 1 << 40}[b.int(12)]
}

func (b *builds) dtype() tensor.DType {
	return []tensor.DType{tensor.F32, tensor.I64, tensor.Bool, tensor.F64, tensor.BF16, tensor.U8, 9, 255}[b.int(8)]
}

func (b *builds) typ() ir.Type {
	sizes := make([]int, b.int(4))
	for i := range sizes {
		sizes[i] = b.number()
	}
	t := ir.Make(b.dtype(), sizes...)
	switch b.int(6) {
	case 4:
		t = t.WithProps(ir.Props{Set: ir.Prop(b.int(1 << 16)), Below: b.number(), Above: b.number()})
	case 5:
		t.Tuple = []ir.Type{ir.Make(tensor.F32)}
	}
	return t
}

func (b *builds) places() []any {
	places := make([]any, b.int(4))
	for i := range places {
		bound := func() any {
			switch b.int(8) {
			case 6:
				return b.operand()
			case 7:
				return b.number()
			}
			return nil
		}
		switch b.int(8) {
		case 0, 5, 6, 7:
			places[i] = b.int(3)
		case 4:
			places[i] = b.operand()
		case 1:
			places[i] = build.Range{Lo: bound(), Hi: bound(), Step: bound()}
		case 2:
			places[i] = build.Mark(b.int(3))
		case 3:
			places[i] = b.number()
		}
	}
	return places
}
