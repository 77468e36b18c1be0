package ir_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

const verified = `func f(x: f32[n, n], weight w: f32[n, n], i: i64) -> (f32[n], f32[n, n]) {
  v3 = assume w : f32[n, n] lower
  v4 = contract{spec="ab,bc->ac"} x, v3 : f32[n, n]
  v5 = sum{axes=[1]} v4 : f32[n]
  v11 = for{step=1} i, i, x, v5 : (f32[n, n], f32[n]) do (v6: i64, v7: f32[n, n], v8: f32[n]) {
    v9 = add v7, x : f32[n, n]
    v10 = neg v8 : f32[n]
    yield v9, v10
  }
  v12 = get{index=0} v11 : f32[n, n]
  v13 = get{index=1} v11 : f32[n]
  return v13, v12
}
`

// TestVerify breaks each invariant of Verify's list, in text where the text
// form can say it, else by hand.
func TestVerify(t *testing.T) {
	if err := ir.VerifyModule(parse(t, verified)); err != nil {
		t.Fatal(err)
	}
	// The values of the function, by their text name.
	type values map[string]*ir.Value
	f32 := ir.Make(tensor.F32)
	n := dim.Var("n")
	sized := func(sizes ...dim.Expr) ir.Type { return ir.Type{DType: tensor.F32, Shape: sizes} }
	for _, tt := range []struct {
		name     string
		old, new string // in the text
		edit     func(f *ir.Func, v values)
		want     string
	}{
		{"defined later", "", "", func(f *ir.Func, v values) { f.Body[1], f.Body[2] = f.Body[2], f.Body[1] },
			"v5: uses v4, which is not defined above in this region or around it"},
		{"inside a loop", "", "", func(f *ir.Func, v values) { v["v13"].Args[0] = v["v9"] },
			"v13: uses v9, which is not defined above"},
		{"foreign", "", "", func(f *ir.Func, v values) { v["v10"].Args[0] = &ir.Value{ID: 99, Op: ir.OpNeg, Type: f32} },
			"v10: uses v99, which is not defined above"},
		{"foreign result", "", "", func(f *ir.Func, v values) { f.Results[0] = v["v9"] },
			"v9: is result 0 of a region in which it is not visible"},
		{"foreign result of a loop", "", "", func(f *ir.Func, v values) { v["v11"].Body.Results[0] = v["v12"] },
			"v12: is result 0 of a region in which it is not visible"},
		{"nil operand", "", "", func(f *ir.Func, v values) { v["v10"].Args[0] = nil }, "v10: operand 0 is nil"},
		{"nil result", "", "", func(f *ir.Func, v values) { f.Results[1] = nil }, "nil: result 1 is nil"},
		{"nil value", "", "", func(f *ir.Func, v values) { f.Body[1] = nil }, "nil: a region holds nil"},
		{"two places", "", "", func(f *ir.Func, v values) { v["v11"].Body.Body[1] = v["v5"] }, "v5: stands in two places"},
		{"IDs", "", "", func(f *ir.Func, v values) { v["v10"].ID = 9 }, "v9: has the ID 9 of another value"},
		{"names", "", "", func(f *ir.Func, v values) { v["v10"].Name = "x" }, "x: has the name of another value"},
		{"parameter's operation", "", "", func(f *ir.Func, v values) { v["x"].Op = ir.OpNeg }, "x: is a parameter with the operation neg"},
		{"parameter in a body", "", "", func(f *ir.Func, v values) { v["v5"].Op = ir.OpParam }, "v5: is a parameter, but stands in a body"},
		{"parameter's operands", "", "", func(f *ir.Func, v values) { v["x"].Args = f.Params[1:2] }, "x: is a parameter with operands"},
		{"nameless parameter", "", "", func(f *ir.Func, v values) { v["x"].Name = "" }, "v0: is a parameter without a name"},
		{"weight of a loop", "(v6: i64", "(weight v6: i64", nil, "v6: is a weight, but a parameter of a loop"},
		{"weight in a body", "", "", func(f *ir.Func, v values) { v["v5"].Weight = true }, "v5: is a weight, but no parameter"},
		{"too many operands", "neg v8", "neg v8, v8", nil, "v10: want 1 operands, have 2"},
		{"no operands", "x, v3 :", ":", nil, "v4: want operands, have none"},
		{"no attributes", "", "", func(f *ir.Func, v values) { v["v5"].Attrs = nil }, "v5: want attributes as in {axes=[]}, have none"},
		{"attributes", "", "", func(f *ir.Func, v values) { v["v10"].Attrs = &ir.AxisAttrs{Axis: 2} }, "v10: want no attributes, have {axis=2}"},
		{"other attributes", "", "", func(f *ir.Func, v values) { v["v5"].Attrs = &ir.AxisAttrs{} }, "v5: want attributes of type *ir.AxesAttrs, have *ir.AxisAttrs"},
		{"attributes' values", "axes=[1]", "axes=[2]", nil, "v5: axis 2 of f32[n, n] is out of range"},
		{"type", "v4 = contract{spec=\"ab,bc->ac\"} x, v3 : f32[n, n]", "v4 = contract{spec=\"ab,bc->ac\"} x, v3 : f32[n, m]", nil,
			"v4: recorded type is f32[n, m], inference gives f32[n, n]"},
		{"assume", "", "", func(f *ir.Func, v values) { v["v3"].Type = v["v3"].Type.Plain() }, "v3: assumes nothing"},
		{"element type", "", "", func(f *ir.Func, v values) { v["x"].Type.DType = 77 }, "x: the type has no element type"},
		{"rank", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(make([]dim.Expr, 17)...) }, "x: rank 17 is above the limit of 16"},
		{"negative size", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(dim.Const(-3)) }, "x: f32[-3]: size -3 is negative"},
		{"fraction", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(dim.Quo(dim.Const(1), dim.Const(2))) }, "x: f32[1/2]: size 1/2 is not an integer"},
		{"error in a size", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(dim.Quo(n, dim.Const(0))) }, "division by zero in a size"},
		{"bytes", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(dim.Const(math.MaxInt64), dim.Const(2)) }, "more than 2^63"},
		{"size variable", "", "", func(f *ir.Func, v values) { v["x"].Type = sized(dim.Var("a b")) }, `x: f32[a b]: a size variable is called "a b"`},
		{"unit", "lower", "unit", nil, "v3: f32[n, n] unit: unit stands beside lower or upper"},
		{"square", "v5 = sum{axes=[1]} v4 : f32[n]", "v5 = sum{axes=[1]} v4 : f32[n] lower", nil, "v5: lower: want a matrix, have f32[n]"},
		{"diagonals", "", "", func(f *ir.Func, v values) { v["x"].Type.Props.Below = 1 }, "1 and 0 diagonals, but not banded"},
		{"short tuple", "", "", func(f *ir.Func, v values) { v["v11"].Type.Tuple = v["v11"].Type.Tuple[:1] }, "v11: want a tuple of at least two parts"},
		{"nested tuple", "", "", func(f *ir.Func, v values) { v["v11"].Type.Tuple[1] = ir.Type{Tuple: []ir.Type{f32, f32}} }, "v11: a tuple holds the tuple (f32, f32)"},
		{"tuple operand", "", "", func(f *ir.Func, v values) { v["v12"].Op, v["v12"].Attrs = ir.OpNeg, nil }, "v12: uses the tuple (f32[n, n], f32[n]), which only get may"},
		{"tuple parameter", "", "", func(f *ir.Func, v values) { v["w"].Type = ir.Type{Tuple: []ir.Type{f32, f32}} }, "w: is a parameter with the tuple (f32, f32)"},
		{"tuple result", "", "", func(f *ir.Func, v values) { f.Results[1] = v["v11"] }, "v11: the function returns the tuple (f32[n, n], f32[n])"},
		{"body", "", "", func(f *ir.Func, v values) { v["v10"].Body = &ir.Region{} }, "v10: neg with a body: true"},
		{"no body", "", "", func(f *ir.Func, v values) { v["v11"].Body = nil }, "v11: for with a body: false"},
		{"index", "v6: i64", "v6: i32", nil, "v11: its index is i32, not i64"},
		{"parameter carried", "v8: f32[n])", "v8: f32[m])", nil, "v11: carries f32[n], its parameter 1 is f32[m]"},
		{"value carried", "yield v9, v10", "yield v9, v9", nil, "v11: carries f32[n], its result 1 is f32[n, n]"},
		{"count carried", "yield v9, v10", "yield v9", nil, "v11: carries 2 values, its body has 3 parameters and 1 results"},
		{"negative cost", "", "", func(f *ir.Func, v values) { v["v5"].Cost = ir.Cost{Set: true, Flops: -1} }, "v5: has the cost {Set:true Flops:-1}"},
		{"cost not set", "", "", func(f *ir.Func, v values) { v["v5"].Cost.Flops = 2 }, "v5: has the cost {Set:false Flops:2}"},
		{"parameter at load time", "", "", func(f *ir.Func, v values) { v["x"].Load = true }, "x: is a parameter that is computed when weights are loaded"},
		{"argument at load time", "v4 : f32[n]", "v4 : f32[n] load", nil, "v5: is computed when weights are loaded, but uses v4, which is not"},
		{"loop at load time", "", "", func(f *ir.Func, v values) { v["v9"].Load = true }, "v9: is computed when weights are loaded, but stands in a loop"},
		{"operation", "", "", func(f *ir.Func, v values) { v["v5"].Op = ir.NumOps }, "v5: has no operation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(verified, tt.old, tt.new, 1)
			if (text == verified) == (tt.edit == nil) {
				t.Fatal("the case changes nothing, or twice")
			}
			f := parse(t, text).Funcs[0]
			if tt.edit != nil {
				v := values{}
				f.Walk(func(u *ir.Value) { v[u.String()] = u })
				tt.edit(f, v)
			}
			err := ir.Verify(f)
			if err == nil || !strings.HasPrefix(fmt.Sprint(err), "f: ") || !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestVerifyExcerpt(t *testing.T) {
	m := parse(t, strings.Replace(verified, "neg v8 : f32[n]", "neg v7 : f32[n]", 1))
	want := `f: v10: recorded type is f32[n], inference gives f32[n, n]
    v11 = for{step=1} i, i, x, v5 : (f32[n, n], f32[n]) do (v6: i64, v7: f32[n, n], v8: f32[n]) {
      v9 = add v7, x : f32[n, n]
>     v10 = neg v7 : f32[n]
      yield v9, v10
    }
    v12 = get{index=0} v11 : f32[n, n]
`
	// Three lines on either side.
	want = strings.Replace(want, "    v11", "    v5 = sum{axes=[1]} v4 : f32[n]\n    v11", 1)
	if diff := cmp.Diff(want, fmt.Sprint(ir.Verify(m.Funcs[0]))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestVerifyReportsTen(t *testing.T) {
	text := "func f(x: f32) -> (f32) {\n"
	for i := range 30 {
		text += fmt.Sprintf("  v%d = neg x : f64\n", i+1)
	}
	m := parse(t, text+"  return x\n}\n")
	if n := strings.Count(ir.Verify(m.Funcs[0]).Error(), "recorded type"); n != source.MaxErrors {
		t.Errorf("reports %d errors", n)
	}
}

func TestVerifyModule(t *testing.T) {
	m := parse(t, verified)
	m.Funcs = append(m.Funcs, parse(t, verified).Funcs[0])
	if err := ir.VerifyModule(m); err == nil || !strings.Contains(err.Error(), "f: the module has another function of that name") {
		t.Errorf("got %v", err)
	}
}

// TestSliceBounds checks that numbers near the end of int64 do not slip through.
func TestSliceBounds(t *testing.T) {
	for _, tt := range []struct {
		start, step, size int
		ok                bool
	}{
		{0, 1, 10, true}, {9, -1, 10, true}, {0, 3, 4, true}, {5, 7, 0, true},
		{1, 1, 10, false}, {8, -1, 10, false}, {-1, 1, 2, false},
		{0, math.MaxInt64, 1, true}, {0, math.MaxInt64, 3, false}, {0, 1 << 62, 5, false}, {9, math.MinInt64 + 1, 3, false},
	} {
		f := ir.NewFunc("f")
		x := f.NewParam("x", ir.Make(tensor.F32, 10), false, source.Pos{})
		attrs := &ir.SliceAttrs{Start: ir.Sizes(tt.start), Step: []int{tt.step}}
		if _, err := f.NewValue(source.Pos{}, ir.OpSlice, attrs, ir.Make(tensor.F32, tt.size), x); (err == nil) != tt.ok {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
}

// TestNewValueChecksType checks that a type that no value may have is an error
// where it comes up, with its place.
func TestNewValueChecksType(t *testing.T) {
	file := &source.File{Name: "a.lathe", Text: "x @ y"}
	f := ir.NewFunc("f")
	x := f.NewParam("x", ir.Make(tensor.F32, 1<<40, 2), false, source.Pos{})
	y := f.NewParam("y", ir.Make(tensor.F32, 2, 1<<40), false, source.Pos{})
	_, err := f.NewValue(source.Pos{File: file, Off: 2}, ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, ir.Type{}, x, y)
	if err == nil || !strings.HasPrefix(err.Error(), "a.lathe:1:3: contract: bytes of f32[1099511627776, 1099511627776]: more than 2^63") {
		t.Errorf("got %v", err)
	}
	huge := &ir.PadAttrs{Lo: ir.Sizes(math.MaxInt64, 0), Hi: ir.Sizes(1, 0)}
	if _, err := f.NewValue(source.Pos{}, ir.OpPad, huge, ir.Type{}, x); err == nil || !strings.Contains(err.Error(), "64 bits") {
		t.Errorf("got %v", err)
	}
}
