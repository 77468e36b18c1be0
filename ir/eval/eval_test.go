package eval

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestComplete holds the table to the operations of the IR.
func TestComplete(t *testing.T) {
	interpreted := map[ir.Op]bool{ir.OpParam: true, ir.OpLoop: true, ir.OpGet: true}
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		if (table[op] != nil) == interpreted[op] {
			t.Errorf("%v: in the table %v, interpreted %v", op, table[op] != nil, interpreted[op])
		}
	}
}

// parse returns the only function of a module in text form.
func parse(t testing.TB, text string) *ir.Func {
	t.Helper()
	m, err := ir.Parse(&source.File{Name: "test.ir", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return m.Funcs[0]
}

func floats(x []float64, shape ...int) *tensor.Tensor {
	return tensor.Must(tensor.FromSlice(x, shape...))
}

func TestLoop(t *testing.T) {
	f := parse(t, `
func f(x: f64[3], n: i64) -> (f64[3], i64) {
  v2 = full{value=0} : i64
  v3 = full{value=1} : i64
  v9 = for{step=2} v2, n, x, v2 : (f64[3], i64) do (v4: i64, v5: f64[3], v6: i64) {
    v7 = add v5, x : f64[3]
    v8 = add v6, v3 : i64
    yield v7, v8
  }
  v10 = get{index=0} v9 : f64[3]
  v11 = get{index=1} v9 : i64
  return v10, v11
}`)
	n := tensor.New(tensor.I64)
	n.SetInt(0, 5)
	out, err := Run(context.Background(), f, []*tensor.Tensor{floats([]float64{1, 2, math.Inf(1)}, 3), n}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Float(0) != 4 || out[0].Float(1) != 8 || !math.IsInf(out[0].Float(2), 1) || out[1].Int(0) != 3 {
		t.Errorf("got %v %v", out[0], out[1])
	}
}

func TestRuntimeErrors(t *testing.T) {
	f := parse(t, `
func f(x: f64[3], n: i64) -> (f64) {
  v2 = take{axis=0} x, n : f64
  return v2
}`)
	n := tensor.New(tensor.I64)
	n.SetInt(0, 3)
	_, err := Run(context.Background(), f, []*tensor.Tensor{floats([]float64{1, 2, 3}, 3), n}, Options{})
	var e *RuntimeError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "index 3 is out of range: want 0 to 2") {
		t.Errorf("got %v", err)
	}
}

// TestTables holds the tables of the other domains to the operations too.
func TestTables(t *testing.T) {
	for op := range table {
		if (table[op] != nil) != (bandTable[op] != nil) || (table[op] != nil) != (zpTable[op] != nil) {
			t.Errorf("%v: in one table only", ir.Op(op))
		}
	}
}
