package llvm

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// fewRows chains whatever can be, in blocks that are small and odd.
func fewRows(c *kernel.Chained) int { return min(c.Rows(), 7) }

// chained returns the kernels of p that are chains.
func chained(p *kernel.Program) []*kernel.Kernel {
	var out []*kernel.Kernel
	for _, k := range p.Kernels() {
		if k.Chained != nil {
			out = append(out, k)
		}
	}
	return out
}

// Programs of two products and more, with what is between; %s is the element
// type.
var chains = []struct {
	name  string
	parts int // of the chain, 0 if there must be none
	local int // buffers
	slots int // of them
	sums  bool
	text  string
}{
	{"squared relu, bias, gate and residual, batched", 2, 1, 1, false, `
func f(q: %[1]s[2, 45, 9], k: %[1]s[2, 33, 9], v: %[1]s[2, 33, 17], bias: %[1]s[45, 33], u: %[1]s[2, 45, 17]) -> (%[1]s[2, 45, 17]) {
  v5 = contract{spec="abc,adc->abd"} q, k : %[1]s[2, 45, 33]
  v6 = add v5, bias : %[1]s[2, 45, 33]
  v7 = full{value=0.0} : %[1]s
  v8 = max v6, v7 : %[1]s[2, 45, 33]
  v9 = mul v8, v8 : %[1]s[2, 45, 33]
  v10 = contract{spec="abc,acd->abd"} v9, v : %[1]s[2, 45, 17]
  v11 = mul v10, u : %[1]s[2, 45, 17]
  v12 = add v11, u : %[1]s[2, 45, 17]
  return v12
}`},
	{"softmax, heads behind rows", 3, 2, 1, true, `
func f(q: %[1]s[23, 3, 8], k: %[1]s[29, 3, 8], v: %[1]s[29, 3, 19]) -> (%[1]s[23, 3, 19]) {
  v3 = contract{spec="abc,dbc->bad"} q, k : %[1]s[3, 23, 29]
  v4 = reduce_max{axes=[2]} v3 : %[1]s[3, 23]
  v5 = reshape v4 : %[1]s[3, 23, 1]
  v6 = sub v3, v5 : %[1]s[3, 23, 29]
  v7 = exp v6 : %[1]s[3, 23, 29]
  v8 = sum{axes=[2]} v7 : %[1]s[3, 23]
  v9 = reshape v8 : %[1]s[3, 23, 1]
  v10 = div v7, v9 : %[1]s[3, 23, 29]
  v11 = contract{spec="bac,cbd->abd"} v10, v : %[1]s[23, 3, 19]
  return v11
}`},
	{"softmax that divides after the product", 3, 3, 2, true, `
func f(q: %[1]s[30, 8], k: %[1]s[40, 8], v: %[1]s[40, 20]) -> (%[1]s[30, 20]) {
  v3 = contract{spec="ab,cb->ac"} q, k : %[1]s[30, 40]
  v4 = reduce_max{axes=[1]} v3 : %[1]s[30]
  v5 = reshape v4 : %[1]s[30, 1]
  v6 = sub v3, v5 : %[1]s[30, 40]
  v7 = exp v6 : %[1]s[30, 40]
  v8 = sum{axes=[1]} v7 : %[1]s[30]
  v9 = reshape v8 : %[1]s[30, 1]
  v10 = contract{spec="ab,bc->ac"} v7, v : %[1]s[30, 20]
  v11 = div v10, v9 : %[1]s[30, 20]
  return v11
}`},
	{"rows of two dimensions, three products", 3, 2, 2, false, `
func f(x: %[1]s[3, 11, 6], a: %[1]s[6, 37], b: %[1]s[37, 21], c: %[1]s[21, 9]) -> (%[1]s[3, 11, 9]) {
  v4 = contract{spec="abc,cd->abd"} x, a : %[1]s[3, 11, 37]
  v5 = tanh v4 : %[1]s[3, 11, 37]
  v6 = contract{spec="abc,cd->abd"} v5, b : %[1]s[3, 11, 21]
  v7 = abs v6 : %[1]s[3, 11, 21]
  v8 = contract{spec="abc,cd->abd"} v7, c : %[1]s[3, 11, 9]
  return v8
}`},
	{"gate of two products", 3, 2, 1, false, `
func f(x: %[1]s[26, 7], a: %[1]s[7, 18], b: %[1]s[7, 18], c: %[1]s[18, 33]) -> (%[1]s[26, 33]) {
  v4 = contract{spec="ab,bc->ac"} x, a : %[1]s[26, 18]
  v5 = tanh v4 : %[1]s[26, 18]
  v6 = contract{spec="ab,bc->ac"} x, b : %[1]s[26, 18]
  v7 = mul v5, v6 : %[1]s[26, 18]
  v8 = contract{spec="ab,bc->ac"} v7, c : %[1]s[26, 33]
  return v8
}`},
	{"causal, batched", 2, 1, 1, false, `
func f(q: %[1]s[2, 45, 9], k: %[1]s[2, 45, 9], v: %[1]s[2, 45, 17]) -> (%[1]s[2, 45, 17]) {
  v3 = contract{spec="abc,adc->abd"} q, k : %[1]s[2, 45, 45]
  v4 = mul v3, v3 : %[1]s[2, 45, 45]
  v5 = tri{k=0, upper=false} v4 : %[1]s[2, 45, 45]
  v6 = contract{spec="abc,acd->abd"} v5, v : %[1]s[2, 45, 17]
  return v6
}`},
	{"causal, further and upwards, and a sum with the whole", 4, 2, 2, false, `
func f(q: %[1]s[45, 9], k: %[1]s[70, 9], v: %[1]s[70, 17]) -> (%[1]s[45, 17], %[1]s[45, 17]) {
  v3 = contract{spec="ab,cb->ac"} q, k : %[1]s[45, 70]
  v4 = abs v3 : %[1]s[45, 70]
  v5 = tri{k=20, upper=false} v4 : %[1]s[45, 70]
  v6 = contract{spec="ab,bc->ac"} v5, v : %[1]s[45, 17]
  v7 = contract{spec="ab,cb->ac"} v6, v : %[1]s[45, 70]
  v8 = tri{k=3, upper=true} v7 : %[1]s[45, 70]
  v9 = contract{spec="ab,bc->ac"} v8, v : %[1]s[45, 17]
  v10 = add v9, v6 : %[1]s[45, 17]
  return v10, v9
}`},
	{"causal softmax, batched", 3, 2, 1, true, `
func f(q: %[1]s[2, 131, 9], k: %[1]s[2, 131, 9], v: %[1]s[2, 131, 17]) -> (%[1]s[2, 131, 17]) {
  v3 = contract{spec="abc,adc->abd"} q, k : %[1]s[2, 131, 131]
  v4 = iota{axis=0} : i64[131]
  v5 = reshape v4 : i64[131, 1]
  v6 = ge v5, v4 : bool[131, 131]
  v7 = full{value=-inf} : %[1]s
  v8 = where v6, v3, v7 : %[1]s[2, 131, 131]
  v9 = reduce_max{axes=[2]} v8 : %[1]s[2, 131]
  v10 = reshape v9 : %[1]s[2, 131, 1]
  v11 = sub v8, v10 : %[1]s[2, 131, 131]
  v12 = exp v11 : %[1]s[2, 131, 131]
  v13 = sum{axes=[2]} v12 : %[1]s[2, 131]
  v14 = reshape v13 : %[1]s[2, 131, 1]
  v15 = div v12, v14 : %[1]s[2, 131, 131]
  v16 = tri{k=0, upper=false} v15 : %[1]s[2, 131, 131]
  v17 = contract{spec="abc,acd->abd"} v16, v : %[1]s[2, 131, 17]
  return v17
}`},
	{"softmax in a window", 3, 2, 1, true, `
func f(q: %[1]s[150, 9], k: %[1]s[170, 9], v: %[1]s[170, 17]) -> (%[1]s[150, 17]) {
  v3 = contract{spec="ab,cb->ac"} q, k : %[1]s[150, 170]
  v4 = iota{axis=0} : i64[170]
  v5 = iota{axis=0} : i64[150]
  v6 = reshape v5 : i64[150, 1]
  v7 = sub v4, v6 : i64[150, 170]
  v8 = abs v7 : i64[150, 170]
  v9 = full{value=6} : i64
  v10 = lt v8, v9 : bool[150, 170]
  v11 = full{value=-inf} : %[1]s
  v12 = where v10, v3, v11 : %[1]s[150, 170]
  v13 = reduce_max{axes=[1]} v12 : %[1]s[150]
  v14 = reshape v13 : %[1]s[150, 1]
  v15 = sub v12, v14 : %[1]s[150, 170]
  v16 = exp v15 : %[1]s[150, 170]
  v17 = sum{axes=[1]} v16 : %[1]s[150]
  v18 = reshape v17 : %[1]s[150, 1]
  v19 = div v16, v18 : %[1]s[150, 170]
  v20 = tri{k=5, upper=false} v19 : %[1]s[150, 170]
  v21 = tri{k=-5, upper=true} v20 : %[1]s[150, 170]
  v22 = contract{spec="ab,bc->ac"} v21, v : %[1]s[150, 17]
  return v22
}`},
	{"matrices by an index, gate of two products", 3, 2, 1, false, `
func f(x: %[1]s[5, 9, 7], a: %[1]s[3, 7, 18], b: %[1]s[3, 7, 18], c: %[1]s[3, 18, 33]) -> (%[1]s[5, 9, 33]) {
  i = iota{axis=0} : i64[5]
  n = full{value=3} : i64
  j = mod i, n : i64[5]
  v5 = take{axis=0} a, j : %[1]s[5, 7, 18]
  v6 = take{axis=0} b, j : %[1]s[5, 7, 18]
  v7 = take{axis=0} c, j : %[1]s[5, 18, 33]
  v8 = contract{spec="abc,acd->abd"} x, v5 : %[1]s[5, 9, 18]
  v9 = tanh v8 : %[1]s[5, 9, 18]
  v10 = contract{spec="abc,acd->abd"} x, v6 : %[1]s[5, 9, 18]
  v11 = mul v9, v10 : %[1]s[5, 9, 18]
  v12 = contract{spec="abc,acd->abd"} v11, v7 : %[1]s[5, 9, 33]
  return v12
}`},
	{"what is between is a result too", 0, 0, 0, false, `
func f(x: %[1]s[26, 7], a: %[1]s[7, 18], c: %[1]s[18, 33]) -> (%[1]s[26, 33], %[1]s[26, 18]) {
  v3 = contract{spec="ab,bc->ac"} x, a : %[1]s[26, 18]
  v4 = abs v3 : %[1]s[26, 18]
  v5 = contract{spec="ab,bc->ac"} v4, c : %[1]s[26, 33]
  return v5, v4
}`},
	{"what is between is summed over the rows too", 0, 0, 0, false, `
func f(x: %[1]s[26, 7], a: %[1]s[7, 18], c: %[1]s[18, 33]) -> (%[1]s[26, 33], %[1]s[18]) {
  v3 = contract{spec="ab,bc->ac"} x, a : %[1]s[26, 18]
  v4 = abs v3 : %[1]s[26, 18]
  v5 = contract{spec="ab,bc->ac"} v4, c : %[1]s[26, 33]
  v6 = sum{axes=[0]} v4 : %[1]s[18]
  return v5, v6
}`},
	{"what is between is both operands", 0, 0, 0, false, `
func f(x: %[1]s[26, 7], a: %[1]s[7, 18]) -> (%[1]s[26, 26]) {
  v2 = contract{spec="ab,bc->ac"} x, a : %[1]s[26, 18]
  v3 = abs v2 : %[1]s[26, 18]
  v4 = contract{spec="ab,cb->ac"} v3, v3 : %[1]s[26, 26]
  return v4
}`},
	{"the next product sums over the rows", 0, 0, 0, false, `
func f(x: %[1]s[26, 7], a: %[1]s[7, 18], c: %[1]s[26, 33]) -> (%[1]s[18, 33]) {
  v3 = contract{spec="ab,bc->ac"} x, a : %[1]s[26, 18]
  v4 = abs v3 : %[1]s[26, 18]
  v5 = contract{spec="ab,ac->bc"} v4, c : %[1]s[18, 33]
  return v5
}`},
	{"the residual is read in another row", 0, 0, 0, false, `
func f(x: %[1]s[18, 7], a: %[1]s[7, 18], c: %[1]s[18, 18]) -> (%[1]s[18, 18]) {
  v3 = contract{spec="ab,bc->ac"} x, a : %[1]s[18, 18]
  v4 = abs v3 : %[1]s[18, 18]
  v5 = contract{spec="ab,bc->ac"} v4, c : %[1]s[18, 18]
  v6 = transpose{perm=[1, 0]} v4 : %[1]s[18, 18]
  v7 = add v5, v6 : %[1]s[18, 18]
  return v7
}`},
}

// TestChains compiles chains for several vectors and element types, strictly and
// not, and holds them to the evaluator.
func TestChains(t *testing.T) {
	lib := llvmtest.Library(t)
	for k, bytes := range []int{0, 32, 16, -1} {
		m := newMachine(t, lib, bytes)
		for i, c := range chains {
			for j, d := range []tensor.DType{tensor.F32, tensor.F64, tensor.BF16, tensor.F16} {
				strict := (i+j/2)%2 == 0
				if (i+j+k)%2 != 0 {
					continue
				}
				f := parse(t, fmt.Sprintf(c.text, d))
				t.Run(fmt.Sprintf("%s, %v, vectors of %d, strict %v", c.name, d, bytes, strict), func(t *testing.T) {
					t.Parallel()
					p := plan(t, f, m.target, strict)
					parts, local, slots := 0, 0, 0
					for _, k := range chained(p) {
						c := k.Chained
						parts, local, slots = parts+len(c.Parts), local+len(c.Local), slots+len(c.RowBytes())
					}
					// Strict mode sums in order, with vectors along rows.
					if parts != c.parts && !(strict && c.sums) || (local != c.local || slots != c.slots) && !(strict && c.sums) {
						t.Errorf("chains of %d parts with %d local buffers in %d slots, want %d, %d and %d\n%v", parts, local, slots, c.parts, c.local, c.slots, p)
					}
					if text := p.String(); (parts > 0) != strings.Contains(text, "chained: points") {
						t.Errorf("the dump says otherwise:\n%s", text)
					}
					m.check(t, irtest.Case{Name: c.name, Func: f, Args: randomArgs(f, uint64(k))}, strict)
				})
			}
		}
	}
}

// TestChainWorkers sees that chains give the same bits for any number of workers,
// and end when somebody asks to stop.
func TestChainWorkers(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	workers := m.pool(t)
	for i, c := range chains {
		f := parse(t, fmt.Sprintf(c.text, tensor.F32))
		args := randomArgs(f, uint64(i))
		p := plan(t, f, m.target, false)
		img := m.image(t, p, Options{Symbol: "program"}, workers.Resolve)
		defer img.Close()
		fn, _ := img.Symbol("program")
		run := func(threads int, cancel int32) []*tensor.Tensor {
			ctx, memory := place(t, p, args, threads)
			*(*int32)(unsafe.Pointer(&ctx[kernel.CtxCancel])) = cancel
			if _, err := workers.Run(fn, unsafe.Pointer(&ctx[0]), threads, pool.KeepSubnormals); err != nil {
				t.Fatal(err)
			}
			return results(p, memory)
		}
		one := run(1, 0)
		for _, threads := range []int{2, 3, 8} {
			for k, x := range run(threads, 0) {
				if !tensor.Equal(x, one[k]) {
					t.Errorf("%s: result %d differs with %d workers", c.name, k, threads)
				}
			}
			run(threads, 1)
		}
	}
}

// TestChainBits sees that a chain computes bit for bit what its parts do one
// after the other, whatever the blocks.
func TestChainBits(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	for i, c := range chains {
		// A nest by itself may have its vectors along rows; the edges of a band have
		// code of their own, which may round otherwise, and tiles decide what they are.
		if c.parts == 0 || c.sums || strings.Contains(c.text, "= tri") {
			continue
		}
		f := parse(t, fmt.Sprintf(c.text, tensor.F32))
		args := randomArgs(f, uint64(i))
		apart := runOf(t, m, planWith(t, f, m.target, false, nil), args)
		for _, rows := range []int{1, 4, 1 << 20} {
			p := planWith(t, f, m.target, false, func(c *kernel.Chained) int { return min(c.Rows(), rows) })
			if len(chained(p)) == 0 {
				t.Errorf("%s is not chained", c.name)
			}
			for k, x := range runOf(t, m, p, args) {
				if !tensor.Equal(x, apart[k]) {
					t.Errorf("%s, blocks of %d rows: result %d differs from the parts apart", c.name, rows, k)
				}
			}
		}
	}
}

// TestChainNonFinite has NaN and infinities in what is chained.
func TestChainNonFinite(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	for i, c := range chains {
		f := parse(t, fmt.Sprintf(c.text, tensor.F32))
		args := randomArgs(f, uint64(i))
		for k, x := range args {
			for j, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				if at := (31*k + 57*j + 11) % x.Len(); (i+k+j)%2 == 0 {
					x.SetFloat(at, bad)
				}
			}
		}
		m.check(t, irtest.Case{Name: c.name, Func: f, Args: args}, false)
	}
}

// TestRandomChains sees that random functions reach chains.
func TestRandomChains(t *testing.T) {
	n := 0
	for seed := range uint64(400) {
		f, _ := irtest.Random(seed, irtest.Config{})
		n += len(chained(plan(t, f, Target{VectorBytes: 64}, false)))
	}
	t.Logf("%d chains in 400 functions", n)
	if n < 20 {
		t.Errorf("%d chains in 400 functions, want 20", n)
	}
}

// TestChainRows sees when a chain pays: where what is handed on is larger than
// the cache holds, and enough rows of it are not.
func TestChainRows(t *testing.T) {
	target := Target{VectorBytes: 64, Level2: 1 << 20}
	for _, c := range []struct {
		m, n, d, rows int
	}{
		{128, 128, 64, 0},                              // 64 KB of scores stay in the cache
		{1024, 1024, 64, 128},                          // 4 MB do not
		{4096, 4096, 64, 48},                           // 768 KB are 48 rows
		{16384, 16384, 64, 32}, {65536, 65536, 64, 32}, // 64 KB and 256 KB a row do not stay, and 1 GB and 16 GB are not written
		{2048, 2048, 128, 96},
		{512, 2048, 512, 0}, // the right operands, of 4 MB, would pass by more often
		{1024, 2048, 512, 128},
		{8192, 8192, 64, 48}, // scores of 256 MB stay in no cache
	} {
		text := fmt.Sprintf(`
func f(q: f32[%[3]d, %[2]d], k: f32[%[1]d, %[2]d], v: f32[%[1]d, %[2]d]) -> (f32[%[3]d, %[2]d]) {
  v3 = contract{spec="ab,cb->ac"} q, k : f32[%[3]d, %[1]d]
  v4 = abs v3 : f32[%[3]d, %[1]d]
  v5 = contract{spec="ab,bc->ac"} v4, v : f32[%[3]d, %[2]d]
  return v5
}`, c.n, c.d, c.m)
		p := planWith(t, parse(t, text), target, false, func(c *kernel.Chained) int { return ChainRows(target, c) })
		rows := 0
		for _, k := range chained(p) {
			rows = k.Chained.Block
		}
		if rows != c.rows {
			t.Errorf("%d by %d: blocks of %d rows, want %d", c.m, c.n, rows, c.rows)
		}
		apart := planWith(t, parse(t, text), target, false, nil)
		if (rows > 0) != (p.Arena < apart.Arena) {
			t.Errorf("%d by %d, blocks of %d: an arena of %d bytes, %d where scores are stored", c.m, c.n, rows, p.Arena, apart.Arena)
		}
	}
}

func runOf(t *testing.T, m *machine, p *kernel.Program, args []*tensor.Tensor) []*tensor.Tensor {
	t.Helper()
	out, err := m.runPlan(t, p, args)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChainBands sees in which columns the parts of masked chains compute their
// rows: the softmax of a triangle needs no more than the product after it.
func TestChainBands(t *testing.T) {
	want := map[string]string{
		"causal, batched": "-44..0 all", "causal softmax, batched": "-130..0 -130..0 all", "softmax in a window": "-5..5 -5..5 all",
		"softmax, heads behind rows": "all all all", "squared relu, bias, gate and residual, batched": "all all",
	}
	for _, c := range chains {
		bands, ok := want[c.name]
		if !ok {
			continue
		}
		p := plan(t, parse(t, fmt.Sprintf(c.text, tensor.F32)), Target{VectorBytes: 64}, false)
		var got []string
		for _, b := range chainBands(p, chained(p)[0].Chained) {
			text := "all"
			if b != nil {
				text = b.String()
			}
			got = append(got, text)
		}
		if text := strings.Join(got, " "); text != bands {
			t.Errorf("%s: the parts are made in %s, want %s", c.name, text, bands)
		}
	}
}
