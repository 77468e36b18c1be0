package ir_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

var seed = flag.Uint64("seed", 1, "seed of random functions")

func parse(t testing.TB, text string) *ir.Module {
	t.Helper()
	m, err := ir.Parse(&source.File{Name: "f.ir", Text: text})
	if err != nil {
		for _, e := range source.List(err) {
			t.Log(e.Excerpt())
		}
		t.Fatal(err)
	}
	return m
}

// dump writes everything that is in a module, in a way that shares nothing with
// its text form: what has no text would be lost in a comparison of texts.
func dump(m *ir.Module) string {
	var b strings.Builder
	var region func(r *ir.Region)
	value := func(v *ir.Value) {
		fmt.Fprintf(&b, "%d %q op %d weight %v load %v cost %v type ", v.ID, v.Name, v.Op, v.Weight, v.Load, v.Cost)
		dumpType(&b, v.Type)
		for _, a := range v.Args {
			fmt.Fprintf(&b, " arg %d %q", a.ID, a.Name)
		}
		if v.Attrs != nil {
			v.Attrs.Fields(&attrDumper{&b})
		}
		line, col := v.Pos.LineCol()
		text, off := v.Pos.Line()
		name := ""
		if v.Pos.File != nil {
			name = v.Pos.File.Name
		}
		fmt.Fprintf(&b, " at %q %d %d %q %d\n", name, line, col, strings.TrimRight(text, " "), off)
	}
	region = func(r *ir.Region) {
		for _, v := range r.Params {
			value(v)
		}
		for _, v := range r.Body {
			value(v)
			if v.Body != nil {
				b.WriteString("{\n")
				region(v.Body)
				b.WriteString("}\n")
			}
		}
		for _, v := range r.Results {
			fmt.Fprintf(&b, "result %d\n", v.ID)
		}
	}
	for _, f := range m.Funcs {
		fmt.Fprintf(&b, "func %q\n", f.Name)
		region(&f.Region)
	}
	return b.String()
}

func dumpType(b *strings.Builder, t ir.Type) {
	fmt.Fprintf(b, "%d %v %d %d %d (", t.DType, t.Shape, t.Props.Set, t.Props.Below, t.Props.Above)
	for _, u := range t.Tuple {
		dumpType(b, u)
	}
	b.WriteString(")")
}

type attrDumper struct{ b *strings.Builder }

func (d *attrDumper) put(name string, x any)           { fmt.Fprintf(d.b, " %s %#v", name, x) }
func (d *attrDumper) Int(name string, p *int)          { d.put(name, *p) }
func (d *attrDumper) Bool(name string, p *bool)        { d.put(name, *p) }
func (d *attrDumper) Mark(name string, p *bool)        { d.put(name, *p) }
func (d *attrDumper) Str(name string, p *string)       { d.put(name, *p) }
func (d *attrDumper) Ints(name string, p *[]int)       { fmt.Fprintf(d.b, " %s %d", name, *p) }
func (d *attrDumper) Sizes(name string, p *[]dim.Expr) { fmt.Fprintf(d.b, " %s %v", name, *p) }
func (d *attrDumper) Size(name string, p *dim.Expr)    { fmt.Fprintf(d.b, " %s %v", name, *p) }
func (d *attrDumper) Number(name string, p *ir.Number) {
	fmt.Fprintf(d.b, " %s %x %d %v", name, math.Float64bits(p.Float), p.Int, p.IsInt)
}
func (d *attrDumper) Data(name string, p **tensor.Tensor) {
	fmt.Fprintf(d.b, " %s %v %d %x", name, (*p).DType(), (*p).Shape(), (*p).Bytes())
}

// roundTrip checks that reading what m prints gives m again.
func roundTrip(t testing.TB, m *ir.Module) {
	t.Helper()
	text := m.String()
	again := parse(t, text)
	if diff := cmp.Diff(dump(m), dump(again)); diff != "" {
		t.Errorf("reading changes the module (-printed +read):\n%s\n%s", diff, text)
	}
	if diff := cmp.Diff(text, again.String()); diff != "" {
		t.Errorf("printing again differs (-once +twice):\n%s", diff)
	}
}

// The file that positions of tests point to.
var lathe = &source.File{Name: "gau.lathe", Text: "fn f(x) {\n\th = γ * x # \"q\" \\ \xff\r\n\n  loooong @ x\n}\n"}

// TestEveryOp prints and reads a function for each operation, with attributes
// that are all different from their zero values.
func TestEveryOp(t *testing.T) {
	seen := map[ir.Op]bool{ir.OpInvalid: true, ir.OpParam: true}
	for _, line := range strings.Split(strings.Trim(everyOp, "\n"), "\n") {
		line = strings.ReplaceAll(line, "§", "\n")
		text := everyParam + "\n" + line + "\n  return x\n}\n"
		m := parse(t, text)
		f := m.Funcs[0]
		f.Walk(func(v *ir.Value) { seen[v.Op] = true })
		if err := ir.Verify(f); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		roundTrip(t, m)
		if got := strings.Join(strings.Split(m.String(), "\n")[1:len(strings.Split(line, "\n"))+1], "\n"); got != line {
			t.Errorf("prints %q, want %q", got, line)
		}
		if f.Body[0].Attrs != nil {
			if got := ir.AttrString(f.Body[0].Attrs); !strings.Contains(line, got) {
				t.Errorf("%s: attributes are %s", line, got)
			}
		}
	}
	for op := range ir.NumOps {
		if !seen[op] {
			t.Errorf("%v is not tried", op)
		}
	}
}

const everyParam = `func f(x: f32[n, n], y: f32[n, n], k: i64[n], kk: i64[n, n], i: i64, b: bool[n, n], u: f32[3, n]) -> (f32[n, n]) {`

const everyOp = `
  v8 = const{data=f32[2](1.5, -0.0)} : f32[2]
  v8 = full{value=0.1} : f32[n]
  v8 = iota{axis=1} : i32[4, n]
  v8 = neg x : f32[n, n]
  v8 = abs x : f32[n, n]
  v8 = sign x : f32[n, n]
  v8 = floor x : f32[n, n]
  v8 = ceil x : f32[n, n]
  v8 = round x : f32[n, n]
  v8 = sqrt x : f32[n, n]
  v8 = rsqrt x : f32[n, n]
  v8 = exp x : f32[n, n]
  v8 = expm1 x : f32[n, n]
  v8 = log x : f32[n, n]
  v8 = log1p x : f32[n, n]
  v8 = sin x : f32[n, n]
  v8 = cos x : f32[n, n]
  v8 = tanh x : f32[n, n]
  v8 = erf x : f32[n, n]
  v8 = not b : bool[n, n]
  v8 = convert x : bf16[n, n]
  v8 = add x, y : f32[n, n]
  v8 = sub x, y : f32[n, n]
  v8 = mul x, x : f32[n, n]
  v8 = div x, y : f32[n, n]
  v8 = floordiv k, i : i64[n]
  v8 = mod kk, k : i64[n, n]
  v8 = pow x, y : f32[n, n]
  v8 = max x, y : f32[n, n]
  v8 = min x, y : f32[n, n]
  v8 = and b, b : bool[n, n]
  v8 = or b, b : bool[n, n]
  v8 = eq x, y : bool[n, n]
  v8 = ne x, y : bool[n, n]
  v8 = lt x, y : bool[n, n]
  v8 = le x, y : bool[n, n]
  v8 = gt x, y : bool[n, n]
  v8 = ge x, y : bool[n, n]
  v8 = where b, x, y : f32[n, n]
  v8 = contract{spec="ab,bc->ca"} x, y : f32[n, n]
  v8 = sum{axes=[0, 1]} x : f32
  v8 = prod{axes=[1]} x : f32[n]
  v8 = reduce_max{axes=[1]} x : f32[n]
  v8 = reduce_min{axes=[1]} x : f32[n]
  v8 = any{axes=[1]} b : bool[n]
  v8 = all{axes=[1]} b : bool[n]
  v8 = argmax{axis=1} x : i64[n]
  v8 = argmin{axis=1} x : i64[n]
  v8 = cumsum{axis=1, exclusive=true} x : f32[n, n]
  v8 = reshape x : f32[n*n]
  v8 = broadcast x : f32[3, n, n]
  v8 = transpose{perm=[1, 0]} x : f32[n, n]
  v8 = slice{start=[2*n - 1, 0], step=[-1, 2]} x : f32[n, ceil(n/2)]
  v8 = concat{axis=1} x, y : f32[n, 2*n]
  v8 = pad{lo=[1, n], hi=[2, 0], value=-inf} x : f32[n + 3, 2*n]
  v8 = tri{k=n - 1, upper=true} x : f32[n, n]
  v8 = diag x : f32[n, n, n]
  v8 = diagonal x : f32[n]
  v8 = assume x : f32[n, n] lower unit banded(2, 0)
  v8 = update{start=[1, n - 3], step=[1, -2]} x, u : f32[n, n]
  v8 = dyn_slice{axis=1, size=min(2, n)} x, i : f32[n, min(2, n)]
  v8 = dyn_update{axis=1} u, u, i : f32[3, n]
  v8 = take{axis=1} x, kk : f32[n, n, n]
  v8 = take_along{axis=1} x, kk : f32[n, n]
  v8 = scatter{axis=1, set=true} u, k, u : f32[3, n]
  v8 = scatter_along{axis=1, set=true} x, kk, y : f32[n, n]
  v8 = one_hot k : f16[n, 7]
  v8 = argsort{axis=1, descending=true} x : i64[n, n]
  v8 = top_k{axis=1, k=n} x : i64[n, n]
  v8 = cholesky x : f32[n, n] lower
  v8 = solve{form="unit_upper"} x, y : f32[n, n]
  v8 = inv x : f32[n, n]
  v10 = for{step=-2} i, i, x : f32[n, n] do (v8: i64, v9: f32[n, n]) {§    yield v9§  }
  v12 = for{step=3} i, i, x, i : (f32[n, n], i64) do (v8: i64, v9: f32[n, n], v10: i64) {§    v11 = neg v9 : f32[n, n]§    yield v11, v8§  }§  v13 = get{index=1} v12 : i64
`

// TestTextForm reads texts that are as String writes them.
func TestTextForm(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.ir")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, string(text))
		if err := ir.VerifyModule(m); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		roundTrip(t, m)
		if diff := cmp.Diff(string(text), m.String()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
}

// TestPositions checks that errors at the positions of a module that was read
// back look as they did.
func TestPositions(t *testing.T) {
	files := []*source.File{
		{Name: "gau.lathe", Text: "\uFEFFfn f(x) {\n\th = γ * x # \"q\" \\ \xff\r\n\n  重 @ x\n}"},
		{Name: "sub dir/b:1.lathe", Text: "y"},
		{Name: "", Text: "\n\n"},
	}
	f := ir.NewFunc("f")
	var want []string
	for _, file := range files {
		for off := range len(file.Text) + 1 {
			if off < len(file.Text) && file.Text[off]&0xC0 == 0x80 {
				continue // inside a character
			}
			pos := source.Pos{File: file, Off: off}
			f.NewParam(fmt.Sprintf("p%d", len(f.Params)), ir.Make(tensor.F32), false, pos)
			want = append(want, (&source.Error{Pos: pos, Msg: "m"}).Error()+(&source.Error{Pos: pos}).Excerpt())
		}
	}
	f.NewParam("none", ir.Make(tensor.F32), false, source.Pos{})
	want = append(want, "m")
	m := &ir.Module{Funcs: []*ir.Func{f}}
	roundTrip(t, m)
	for i, p := range parse(t, m.String()).Funcs[0].Params {
		e := &source.Error{Pos: p.Pos, Msg: "m"}
		if diff := cmp.Diff(want[i], e.Error()+e.Excerpt()); diff != "" {
			t.Errorf("%v: -want +got:\n%s", f.Params[i].Pos, diff)
		}
	}
}

// TestConstants checks that numbers are read back bit for bit.
func TestConstants(t *testing.T) {
	bits := []uint64{0, 1, 1 << 63, 1<<63 | 1, 0x3ff0000000000000, 0x3fb999999999999a, 0x7fefffffffffffff,
		0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff8000000000001, 0xfff8000000000000, 0x7ff0000000000001}
	f := ir.NewFunc("f")
	b := ir.NewBuilder(f)
	emit := func(v *ir.Value, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f.Results = append(f.Results, v)
	}
	for _, x := range bits {
		emit(b.Full(ir.FloatNumber(math.Float64frombits(x)), ir.Make(tensor.F64)))
	}
	for _, n := range []int64{0, -1, math.MaxInt64, math.MinInt64} {
		emit(b.Full(ir.IntNumber(n), ir.Make(tensor.I64)))
	}
	constant := func(data *tensor.Tensor, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		emit(b.Emit(ir.OpConst, &ir.ConstAttrs{Data: data}, ir.Make(data.DType(), data.Shape()...)))
	}
	f64s := make([]float64, len(bits))
	for i, x := range bits {
		f64s[i] = math.Float64frombits(x)
	}
	constant(tensor.FromSlice(f64s, len(f64s)))
	f32s := make([]float32, 0, 1<<12)
	u16s := make([]uint16, 0, 1<<12)
	for i := range uint32(1 << 12) {
		f32s = append(f32s, math.Float32frombits(i*0x100801))
		u16s = append(u16s, uint16(i*17))
	}
	constant(tensor.FromSlice(f32s, 1<<6, 1<<6))
	constant(tensor.FromBits(tensor.F16, u16s, 1<<12))
	constant(tensor.FromBits(tensor.BF16, u16s, 2, 1<<11))
	constant(tensor.FromSlice([]int64{math.MinInt64, math.MaxInt64}, 2, 1))
	constant(tensor.FromSlice([]int32{math.MinInt32, math.MaxInt32}, 2))
	constant(tensor.FromSlice([]int8{-128, 127}, 2))
	constant(tensor.FromSlice([]uint8{0, 255}, 2))
	constant(tensor.FromSlice([]bool{true, false}, 2))
	constant(tensor.FromSlice([]float32{7}))
	constant(tensor.FromSlice([]float32{}, 0, 3))
	f.Rebuild()
	roundTrip(t, &ir.Module{Funcs: []*ir.Func{f}})
}

// randomFunc builds a function of random operations, nested loops included.
func randomFunc(r *rand.Rand, name string) *ir.Func {
	f := ir.NewFunc(name)
	files := []*source.File{lathe, {Name: "a b.lathe", Text: "xyz\nuvw"}}
	pos := func() source.Pos {
		if r.IntN(4) == 0 {
			return source.Pos{}
		}
		file := files[r.IntN(len(files))]
		off := r.IntN(len(file.Text) + 1)
		for off < len(file.Text) && file.Text[off]&0xC0 == 0x80 {
			off-- // to the start of the character
		}
		return source.Pos{File: file, Off: off}
	}
	n := dim.Var("n")
	types := []ir.Type{
		ir.Make(tensor.F32, 4, 4), ir.Make(tensor.F64), ir.Make(tensor.I64, 4), ir.Make(tensor.Bool, 1, 4),
		{DType: tensor.F32, Shape: []dim.Expr{n, dim.Add(n, n)}}, ir.Make(tensor.I64),
	}
	for i, name := range []string{"x", "v3", "a b", "blocks.0.w", "return", "é", "yield", "weight"}[:2+r.IntN(7)] {
		ty := types[(i+r.IntN(2)*5)%len(types)]
		if i == 0 {
			ty = types[0].WithProps(ir.Props{Set: ir.Lower | ir.Banded, Below: r.IntN(3)})
		}
		f.NewParam(name, ty, r.IntN(2) == 0, pos())
	}
	b := ir.NewBuilder(f)
	var grow func(visible []*ir.Value, count, depth int) []*ir.Value
	grow = func(visible []*ir.Value, count, depth int) []*ir.Value {
		pick := func() *ir.Value { return visible[r.IntN(len(visible))] }
		for range count {
			b.Pos = pos()
			var v *ir.Value
			var err error
			switch op := ir.OpNeg + ir.Op(r.IntN(int(ir.OpWhere-ir.OpNeg))); {
			case r.IntN(5) == 0:
				v, err = b.Full(ir.FloatNumber(r.NormFloat64()), types[0])
			case r.IntN(6) == 0 && depth < 3:
				inits := []*ir.Value{pick(), pick(), pick()}[:1+r.IntN(3)]
				lo, hi := b.Index(r.IntN(3)), b.Index(r.IntN(9))
				var out []*ir.Value
				out, err = b.Loop(lo, hi, 1+r.IntN(2), inits, func(i *ir.Value, carried []*ir.Value) ([]*ir.Value, error) {
					inner := grow(append(append(visible[:len(visible):len(visible)], carried...), i), 4, depth+1)
					next := append([]*ir.Value(nil), carried...)
					for k := range next {
						for _, u := range inner {
							if u.Type.Equal(next[k].Type) && r.IntN(3) == 0 {
								next[k] = u
							}
						}
					}
					return next, nil
				})
				if err == nil {
					v = out[r.IntN(len(out))]
				}
			case op.Info().Attrs == nil && op.Info().Args > 0:
				args := make([]*ir.Value, op.Info().Args)
				for i := range args {
					args[i] = pick()
				}
				v, err = b.Emit(op, nil, args[0].Type, args...)
			default:
				v, err = b.Emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{0}}, ir.Type{}, pick())
			}
			if err != nil {
				continue // the operands do not fit
			}
			if r.IntN(4) == 0 {
				v.Cost = ir.Cost{Set: true, Flops: r.IntN(9)}
			}
			visible = append(visible, v)
		}
		return visible
	}
	all := grow(f.Params[:len(f.Params):len(f.Params)], 20, 0)
	for range 1 + r.IntN(3) {
		f.Results = append(f.Results, all[r.IntN(len(all))])
	}
	if r.IntN(8) != 0 {
		f.Rebuild() // numbering must not matter
	}
	return f
}

func TestRandomFunctions(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 0))
	loops := 0
	for i := range 300 {
		m := &ir.Module{}
		for k := range 1 + r.IntN(2) {
			m.Funcs = append(m.Funcs, randomFunc(r, fmt.Sprintf("f%d", k)))
		}
		if err := ir.VerifyModule(m); err != nil {
			t.Fatalf("seed %d, module %d: %v", *seed, i, err)
		}
		loops += strings.Count(m.String(), " do (")
		if roundTrip(t, m); t.Failed() {
			t.Fatalf("seed %d, module %d", *seed, i)
		}
	}
	if loops < 100 {
		t.Errorf("only %d loops", loops)
	}
}

// TestPrintBroken prints what no verifier would let pass: nothing panics.
func TestPrintBroken(t *testing.T) {
	f := ir.NewFunc("")
	f.Params = []*ir.Value{nil, {Op: 250}}
	f.Body = []*ir.Value{nil, {Op: 250, Args: []*ir.Value{nil}, Body: &ir.Region{Params: []*ir.Value{nil}, Body: []*ir.Value{nil}, Results: []*ir.Value{nil}}},
		{Op: ir.OpConst, Attrs: &ir.ConstAttrs{}}, {Op: ir.OpSum}}
	f.Results = []*ir.Value{nil}
	text := f.String()
	for _, want := range []string{"op(250)", "const{data=nil}", "return nil"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if (*ir.Value)(nil).LongString() != "nil" || ir.Verify(f) == nil {
		t.Error("nil prints wrong, or passes")
	}
}
