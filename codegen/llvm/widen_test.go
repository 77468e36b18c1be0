package llvm

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/counts"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// widened are ways to widen a weight w of 258 rows and 259 columns to the f32
// operand v6 of a product: converted alone, with scales by column, by row, for
// all, by groups of rows, and transposed in memory.
var widened = []struct {
	name, scale, body string
	rows, cols        int
	thin              bool // may be read row by row
	row, column       bool // has scales that are taken out of the sum then
}{
	{"converted", "1", "  v6 = convert w : f32[258, 259]%[1]s\n", 258, 259, true, false, false},
	{"scaled by column", "259", "  v5 = convert w : f32[258, 259]%[1]s\n  v6 = mul v5, s : f32[258, 259]%[1]s\n", 258, 259, true, false, true},
	{"scaled by row", "258, 1", "  v5 = convert w : f32[258, 259]%[1]s\n  v6 = mul s, v5 : f32[258, 259]%[1]s\n", 258, 259, true, true, false},
	{"scaled by all", "", "  v5 = convert w : f32[258, 259]%[1]s\n  v6 = mul v5, s : f32[258, 259]%[1]s\n", 258, 259, true, false, true},
	{"scaled by groups of rows", "2, 1, 259", "  v3 = convert w : f32[258, 259]%[1]s\n  v4 = reshape v3 : f32[2, 129, 259]%[1]s\n  v5 = mul v4, s : f32[2, 129, 259]%[1]s\n  v6 = reshape v5 : f32[258, 259]\n", 258, 259, true, false, false},
	{"scaled twice", "258, 1", "  v3 = full{value=0.125} : f32[259]%[1]s\n  v4 = convert w : f32[258, 259]%[1]s\n  v5 = mul v4, s : f32[258, 259]%[1]s\n  v6 = mul v3, v5 : f32[258, 259]%[1]s\n", 258, 259, true, true, true},
	{"transposed", "259, 1", "  v4 = convert w : f32[259, 258]%[1]s\n  v5 = mul v4, s : f32[259, 258]%[1]s\n  v6 = transpose{perm=[1, 0]} v5 : f32[258, 259]\n", 259, 258, false, false, false},
}

// widenedText is the product of rows by the operand, which is marked as computed
// when weights are loaded where that pays: for more than a few rows.
func widenedText(d tensor.DType, rows, way int) string {
	load := ""
	if rows > thinRows {
		load = " load"
	}
	w := widened[way]
	return fmt.Sprintf(`func f(x: f32[%d, 258], weight w: %v[%d, %d], weight s: f32[%s]) -> (f32[%[1]d, 259]) {
%[6]s  v7 = contract{spec="ab,bc->ac"} x, v6 : f32[%[1]d, 259]
  return v7
}
`, rows, d, w.rows, w.cols, w.scale, fmt.Sprintf(w.body, load))
}

// TestWidened has products by weights of few bits: there is one kernel in a call,
// which reads them as they are where rows are few; else one more that packs them
// when they are loaded, and what they are widened to is in no memory but packed.
func TestWidened(t *testing.T) {
	lib := llvmtest.Library(t)
	var machines []*machine
	for _, bytes := range []int{0, 16, -1} {
		machines = append(machines, newMachine(t, lib, bytes))
	}
	for i, d := range []tensor.DType{tensor.BF16, tensor.F16, tensor.I8} {
		for way, w := range widened {
			for _, rows := range []int{1 + (i+way)%thinRows, 9} {
				f := parse(t, widenedText(d, rows, way))
				args := randomArgs(f, uint64(way))
				bands, err := eval.Bounded(t.Context(), f, args)
				if err != nil {
					t.Fatal(err)
				}
				for j, m := range machines {
					if (i+way+j)%2 == 1 && j > 0 {
						continue // half of the narrow targets
					}
					strict := (i+j)%3 == 1
					p := plan(t, f, m.target, strict)
					if rows > thinRows || w.thin {
						holdsNoWidened(t, p, rows > thinRows)
					}
					got, err := m.runPlan(t, p, args)
					if err != nil {
						t.Fatal(err)
					}
					if v := eval.Check(got[0], bands[0]); !v.OK() {
						t.Errorf("%s, strict %v, vectors of %d bytes\n%v\n%v", w.name, strict, m.target.VectorBytes, f, v)
					}
				}
			}
		}
	}
}

// holdsNoWidened checks that p, of a product by a widened weight, has the kernels
// and the memory that it must have and no more.
func holdsNoWidened(t *testing.T, p *kernel.Program, packed bool) {
	t.Helper()
	load, panels := 0, 0
	if packed {
		g := p.Kernels()[0].Gemm
		if g == nil || g.Packed == nil || g.Packed.Kind != kernel.Loaded || g.B.Of == nil {
			t.Fatalf("is not packed from a widened weight when it is loaded:\n%v", p)
		}
		load, panels = 1, (g.Col.Size+g.Panel-1)/g.Panel*g.Panel*258*4
	} else if g := p.Kernels()[0].Gemm; g == nil || g.Packed != nil || g.Packs || g.B.Of == nil {
		t.Errorf("does not read the weight where it is:\n%v", p)
	}
	if len(p.Load) != load || len(p.Steps) != 1 {
		t.Errorf("%d kernels when weights are loaded and %d in a call, want %d and 1:\n%v", len(p.Load), len(p.Steps), load, p)
	}
	if p.Arena != 0 || p.Making != 0 || p.Loaded < panels || p.Loaded >= panels+64 {
		t.Errorf("arenas of %d, of %d while loading, and %d bytes loaded, want none and %d:\n%v", p.Arena, p.Making, p.Loaded, panels, p)
	}
	call := p.Kernels()[0]
	for _, b := range p.Loads(call) {
		if b.Kind == kernel.Weight && packed {
			t.Errorf("a call reads %v beside what is packed of it:\n%v", b, p)
		}
	}
}

// TestWidenedBytes counts what a call of few rows reads and writes: the weight in
// its own type, its scales, the rows and the result. Programs share what is packed
// of one weight, and nothing that is scaled by another.
func TestWidenedBytes(t *testing.T) {
	_, target := hostTarget(llvmtest.Library(t), 0)
	for _, d := range []tensor.DType{tensor.BF16, tensor.F16, tensor.I8} {
		for way, w := range widened {
			f := parse(t, widenedText(d, 2, way))
			p := plan(t, f, target, false)
			want := 2*258*4 + f.Params[1].Type.Elems()*d.Size() + 2*259*4
			if way > 0 {
				want += f.Params[2].Type.Bytes()
			}
			if _, bytes := counts.Of(p, p.Steps); bytes != want {
				t.Errorf("%v, %s: a call moves %d bytes, want %d\n%v", d, w.name, bytes, want, p)
			}
			p = plan(t, parse(t, widenedText(d, 9, way)), target, false)
			if shared := len(p.Packs) == 1; shared != (way == 0) {
				t.Errorf("%v, %s: packed for other programs too: %v\n%v", d, w.name, shared, p)
			}
			if way == 0 {
				_, bytes := counts.Of(p, p.Load)
				if want := f.Params[1].Type.Elems()*d.Size() + p.Packs[0].Buffer.Bytes; bytes != want {
					t.Errorf("%v: loading moves %d bytes, want %d\n%v", d, bytes, want, p)
				}
			}
		}
	}
}

// TestWidenedScales sees which scales a product of few rows takes out of its sum:
// those that are one number for a row of the weight or for a column, and none in
// strict mode.
func TestWidenedScales(t *testing.T) {
	m := newMachine(t, llvmtest.Library(t), 0)
	check := func(text string, strict bool, row, column bool) {
		t.Helper()
		f := parse(t, text)
		p := plan(t, f, m.target, strict)
		k := p.Kernels()[0]
		if k.Gemm == nil {
			t.Fatalf("is no product of matrices:\n%v", p)
		}
		s := newGemmEmitter(&scope{emitter: &emitter{m: newModule(m.target, strict)}, prog: p, k: k}, nil).findScales()
		if (s.row != nil) != row || (s.column != nil) != column {
			t.Errorf("strict %v: scales %v by row and %v by column, want them: %v, %v\n%v", strict, s.row, s.column, row, column, f)
		}
	}
	for way, w := range widened {
		if w.thin {
			text := widenedText(tensor.I8, 2, way)
			check(text, true, false, false)
			check(text, false, w.row, w.column)
		}
	}
	along := `func f(x: f32[2, 20, 14], weight w: i8[20, 4200], weight s: f32[4200]) -> (f32[2, 300]) {
  v3 = convert w : f32[20, 4200]
  v4 = mul v3, s : f32[20, 4200]
  v5 = reshape v4 : f32[20, 14, 300]
  v6 = contract{spec="xab,abc->xc"} x, v5 : f32[2, 300]
  return v6
}
`
	check(along, false, false, false) // the sum goes along the scales
	f := parse(t, along)
	args := randomArgs(f, 4)
	got, err := m.runPlan(t, plan(t, f, m.target, false), args)
	if err != nil {
		t.Fatal(err)
	}
	bounded(t, "along the scales", f, args, got)
}

// TestWidenedWorkers has the same bits for any number of workers, while weights
// are loaded and in a call.
func TestWidenedWorkers(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	workers := m.pool(t)
	const most = 8
	for way := range widened {
		for _, rows := range []int{2, 9} {
			f := parse(t, widenedText([]tensor.DType{tensor.BF16, tensor.F16, tensor.I8}[way%3], rows, way))
			args := randomArgs(f, 3)
			p := plan(t, f, m.target, false)
			img := m.image(t, p, Options{Symbol: "program", Load: "load"}, workers.Resolve)
			defer img.Close()
			var one *tensor.Tensor
			for _, threads := range []int{1, 2, 3, most} {
				ctx, memory := place(t, p, args, most)
				for _, name := range []string{"load", "program"} {
					if fn, ok := img.Symbol(name); ok {
						if _, err := workers.Run(fn, unsafe.Pointer(&ctx[0]), threads, pool.KeepSubnormals); err != nil {
							t.Fatal(err)
						}
					}
				}
				got := results(p, memory)[0]
				if one == nil {
					one = got
				}
				if !tensor.Equal(one, got) {
					t.Errorf("%s, %d rows: the result differs with %d workers", widened[way].name, rows, threads)
				}
			}
		}
	}
}

// TestWidenedStored has weights that others than products need widened, in memory
// or otherwise than they are packed: where one needs that, all read it there.
func TestWidenedStored(t *testing.T) {
	m := newMachine(t, llvmtest.Library(t), 0)
	for _, c := range []struct {
		name, text string
		load       int
	}{
		{"it is a result", `func f(x: f32[9, 67], weight w: i8[67, 69]) -> (f32[9, 69], f32[67, 69]) {
  v2 = convert w : f32[67, 69] load
  v3 = contract{spec="ab,bc->ac"} x, v2 : f32[9, 69]
  return v3, v2
}
`, 2},
		{"a sum reads it", `func f(x: f32[9, 67], weight w: bf16[67, 69]) -> (f32[9, 69], f32[67]) {
  v2 = convert w : f32[67, 69] load
  v3 = contract{spec="ab,bc->ac"} x, v2 : f32[9, 69]
  v4 = sum{axes=[1]} v2 : f32[67]
  return v3, v4
}
`, 2},
		{"it is the left operand too", `func f(weight w: f16[67, 67]) -> (f32[67, 67]) {
  v2 = convert w : f32[67, 67] load
  v3 = contract{spec="ab,bc->ac"} v2, v2 : f32[67, 67]
  return v3
}
`, 2},
		{"its scale is made when weights are loaded", `func f(x: f32[9, 67], weight w: i8[67, 69], weight s: f32[67, 69]) -> (f32[9, 69]) {
  v3 = sum{axes=[0]} s : f32[69] load
  v4 = convert w : f32[67, 69] load
  v5 = mul v4, v3 : f32[67, 69] load
  v6 = contract{spec="ab,bc->ac"} x, v5 : f32[9, 69]
  return v6
}
`, 2},
		{"what is made when weights are loaded needs it", `func f(x: f32[9, 67], weight w: bf16[67, 67]) -> (f32[9, 67], f32[9, 67]) {
  v2 = convert w : f32[67, 67] load
  v3 = contract{spec="ab,bc->ac"} v2, v2 : f32[67, 67] load
  v4 = contract{spec="ab,bc->ac"} x, v2 : f32[9, 67]
  v5 = contract{spec="ab,bc->ac"} x, v3 : f32[9, 67]
  return v4, v5
}
`, -1},
		{"its columns lie behind one another", `func f(x: f32[9, 67], weight w: i8[67, 5, 23]) -> (f32[9, 115]) {
  v2 = convert w : f32[67, 5, 23] load
  v3 = reshape v2 : f32[67, 115]
  v4 = contract{spec="ab,bc->ac"} x, v3 : f32[9, 115]
  return v4
}
`, 2},
		{"two products read it", `func f(x: f32[9, 67], y: f32[9, 69], weight w: i8[67, 69]) -> (f32[9, 69], f32[9, 69], f32[9, 67]) {
  v3 = convert w : f32[67, 69] load
  v4 = contract{spec="ab,bc->ac"} x, v3 : f32[9, 69]
  v5 = neg x : f32[9, 67]
  v6 = contract{spec="ab,bc->ac"} v5, v3 : f32[9, 69]
  v7 = contract{spec="ab,cb->ac"} y, v3 : f32[9, 67]
  return v4, v6, v7
}
`, 2},
		{"it has batches and is sliced", `func f(x: f32[3, 9, 67], weight w: bf16[3, 70, 90]) -> (f32[3, 9, 69]) {
  v2 = convert w : f32[3, 70, 90] load
  v3 = slice{start=[0, 2, 7], step=[1, 1, 1]} v2 : f32[3, 67, 69]
  v4 = contract{spec="xab,xbc->xac"} x, v3 : f32[3, 9, 69]
  return v4
}
`, 1},
	} {
		f := parse(t, c.text)
		p := plan(t, f, m.target, false)
		if c.load >= 0 && len(p.Load) != c.load {
			t.Errorf("%s: %d kernels when weights are loaded, want %d\n%v", c.name, len(p.Load), c.load, p)
		}
		args := randomArgs(f, 9)
		got, err := m.runPlan(t, p, args)
		if err != nil {
			t.Fatal(err)
		}
		bounded(t, c.name, f, args, got)
	}
}
