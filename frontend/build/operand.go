package build

import (
	"math"
	"strconv"

	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// operand returns what x stands for in the language.
func (b *Builder) operand(at source.Pos, x any) check.Value {
	switch x := x.(type) {
	case Value:
		return x.v
	case check.Value: // made below
		return x
	case int:
		return number(strconv.Itoa(x))
	case int64:
		return number(strconv.FormatInt(x, 10))
	case float64:
		return number(decimal(x))
	case bool:
		return number(strconv.FormatBool(x))
	case string:
		return check.Text(x)
	case tensor.DType:
		return check.TypeOf(ir.Make(x))
	case ir.Type:
		return check.TypeOf(x)
	case []any:
		return list(b, at, x)
	case []Value:
		return list(b, at, x)
	case []int:
		return list(b, at, x)
	case []float64:
		return list(b, at, x)
	case [][]int:
		return list(b, at, x)
	case [][]float64:
		return list(b, at, x)
	case nil:
		return b.check.Fail(at, "", "an operand is nil")
	}
	return b.check.Fail(at, "", "an operand is a Value, a number, a flag, a string, a type or a list of them, found a Go value of type %T", x)
}

// list returns a Go slice as a list of the language.
func list[T any](b *Builder, at source.Pos, elems []T) check.Value {
	out := make([]check.Value, len(elems))
	for i, e := range elems {
		out[i] = b.operand(at, e)
	}
	return b.check.List(at, out...)
}

// number returns a static number by its text, which is well formed.
func number(text string) check.Value {
	v, ok := check.Number(text)
	if !ok {
		panic("build: no number: " + text)
	}
	return v
}

// decimal writes a number as the language does.
func decimal(x float64) string {
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
