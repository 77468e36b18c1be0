package lathe_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

const products = `
fn products(x: f32[m, k], y: f32[k, n], i: i64[m]) -> (f32[m, n], f32[m, k]) {
    p = relu(x @ y / 2 + 1) ^ 2
    return p, x[i]
}
`

// compile compiles the entry of a text.
func compile(t testing.TB, text string, opts lathe.Options) *lathe.Executable {
	t.Helper()
	program, err := lathe.LoadText("test.lathe", text)
	if err != nil {
		t.Fatal(err)
	}
	opts.LLVM = llvmtest.Want()
	x, err := program.Compile(context.Background(), "", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func slice[T interface{ float32 | int64 }](t testing.TB, data []T, shape ...int) *lathe.Tensor {
	t.Helper()
	v, err := lathe.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sizes(pairs ...string) map[string]string {
	set := map[string]string{}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		set[k] = v
	}
	return set
}

func TestRun(t *testing.T) {
	// More workers than a context has error slots are as many as it has.
	for _, threads := range []int{1, 2, 5, lathe.MaxThreads} {
		x := compile(t, products, lathe.Options{Set: sizes("m=2", "k=3", "n=2"), Threads: threads})
		a := slice(t, []float32{1, 2, 3, 4, 5, 6}, 2, 3)
		b := slice(t, []float32{1, 0, 0, 1, -1, -4}, 3, 2)
		idx := slice(t, []int64{1, 0}, 2)
		got, err := x.Run(t.Context(), a, b, idx)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := lathe.Slice[float32](got[0])
		rows, _ := lathe.Slice[float32](got[1])
		// a @ b is [-2 -10; -2 -19]; halves plus one are [0 -4; 0 -8.5].
		if want := []float32{0, 0, 0, 0}; !slices.Equal(p, want) {
			t.Errorf("%d threads: got %v, want %v", threads, p, want)
		}
		if want := []float32{4, 5, 6, 1, 2, 3}; !slices.Equal(rows, want) {
			t.Errorf("%d threads: got %v, want %v", threads, rows, want)
		}
	}
}

// TestIndexError runs out of range: the error has the value, the bound and the
// place.
func TestIndexError(t *testing.T) {
	x := compile(t, products, lathe.Options{Set: sizes("m=2", "k=3", "n=2")})
	a, b := lathe.NewTensor(lathe.F32, 2, 3), lathe.NewTensor(lathe.F32, 3, 2)
	_, err := x.Run(t.Context(), a, b, slice(t, []int64{0, 7}, 2))
	if _, ok := errors.AsType[*lathe.RuntimeError](err); !ok {
		t.Fatalf("got %v, want a RuntimeError", err)
	}
	if want := "test.lathe:4:"; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "index 7") {
		t.Errorf("got %q, want it to begin with %q and name index 7", err, want)
	}
	if _, err := x.Run(t.Context(), a, b, slice(t, []int64{0, 1}, 2)); err != nil {
		t.Errorf("a run after one that failed: %v", err)
	}
}

// TestRunIntoAllocatesNothing hands the result in again as the next input.
func TestRunIntoAllocatesNothing(t *testing.T) {
	const step = `fn step(s: f32[n], x: f32[n]) -> f32[n] { s * 0.5 + x }`
	x := compile(t, step, lathe.Options{Set: sizes("n=64"), Threads: 1})
	state, in := lathe.NewTensor(lathe.F32, 64), lathe.NewTensor(lathe.F32, 64)
	v, _ := lathe.Slice[float32](in)
	for i := range v {
		v[i] = 1
	}
	outputs, inputs := []*lathe.Tensor{state}, []*lathe.Tensor{state, in}
	run := func() {
		if err := x.RunInto(context.Background(), outputs, inputs); err != nil {
			t.Fatal(err)
		}
	}
	run()
	run()
	s, _ := lathe.Slice[float32](state)
	if s[0] != 1.5 || s[63] != 1.5 {
		t.Errorf("after two steps the state is %v, want 1.5", s[0])
	}
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("a run allocates %v times", n)
	}
}

func TestClosed(t *testing.T) {
	x := compile(t, products, lathe.Options{Set: sizes("m=2", "k=3", "n=2")})
	for range 2 {
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := x.Run(t.Context(), lathe.NewTensor(lathe.F32, 2, 3), lathe.NewTensor(lathe.F32, 3, 2), slice(t, []int64{0, 1}, 2))
	if !errors.Is(err, lathe.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestCancelled(t *testing.T) {
	x := compile(t, products, lathe.Options{Set: sizes("m=2", "k=3", "n=2")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := x.Run(ctx, lathe.NewTensor(lathe.F32, 2, 3), lathe.NewTensor(lathe.F32, 3, 2), slice(t, []int64{0, 1}, 2))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestConcurrent runs one executable from many goroutines: every result is that
// of a run alone, bit for bit.
func TestConcurrent(t *testing.T) {
	x := compile(t, products, lathe.Options{Set: sizes("m=37", "k=53", "n=29"), Threads: 2})
	fill := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(i%17) - 8
		}
		return v
	}
	a, b := slice(t, fill(37*53), 37, 53), slice(t, fill(53*29), 53, 29)
	idx := lathe.NewTensor(lathe.I64, 37)
	want, err := x.Run(t.Context(), a, b, idx)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				got, err := x.Run(t.Context(), a, b, idx)
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(got[0].Bytes(), want[0].Bytes()) || !bytes.Equal(got[1].Bytes(), want[1].Bytes()) {
					t.Error("a concurrent run differs from one alone")
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestZerosByConstruction multiplies one-hot rows with NaN beside: a zero of
// one_hot is a zero whatever it meets, in a product that is large enough for
// tiles too.
func TestZerosByConstruction(t *testing.T) {
	const pick = `fn pick(i: i64[m], x: f32[n, d]) { one_hot(i, n) @ x }`
	x := compile(t, pick, lathe.Options{Set: sizes("m=8", "n=16", "d=8")})
	data := make([]float32, 16*8)
	for i := range data {
		data[i] = float32(i / 8)
	}
	data[5*8+3] = float32(math.NaN())
	got, err := x.Run(t.Context(), slice(t, []int64{1, 2, 3, 4, 6, 7, 8, 15}, 8), slice(t, data, 16, 8))
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := lathe.Slice[float32](got[0])
	for i, row := range []float32{1, 2, 3, 4, 6, 7, 8, 15} {
		for j := range 8 {
			if rows[i*8+j] != row {
				t.Errorf("row %d, column %d: got %v, want %v", i, j, rows[i*8+j], row)
			}
		}
	}
}

// TestLoopBoundFromTensor turns a loop as often as an element says that the loop
// around it selects: all workers read the bound before its memory is reused.
func TestLoopBoundFromTensor(t *testing.T) {
	const text = `fn main(x: f32[n, m], t: i64[n]) {
    a = zeros(f32[n])
    for i in 0..n { for j in 0..t[i] { a[i] += x[i, j] } }
    a
}`
	for _, threads := range []int{1, 2, 3} {
		x := compile(t, text, lathe.Options{Set: sizes("n=3", "m=2"), Threads: threads})
		for range 50 {
			got, err := x.Run(t.Context(), slice(t, []float32{1, 2, 3, 4, 5, 6}, 3, 2), slice(t, []int64{2, 0, 1}, 3))
			if err != nil {
				t.Fatal(err)
			}
			sums, _ := lathe.Slice[float32](got[0])
			if want := []float32{3, 0, 5}; !slices.Equal(sums, want) {
				t.Fatalf("%d threads: got %v, want %v", threads, sums, want)
			}
		}
	}
}

// TestIndexAcrossLoops uses the index of a loop inside of one that never turns,
// and after it: what the inner loop needs stored is stored by the outer one.
func TestIndexAcrossLoops(t *testing.T) {
	const nested = `
fn f(x: f32[n], k: i64) -> f32[n] {
    y = x
    for i in 0..n {
        for j in 0..k {
            y[i] += 1
        }
        y[i] = y[i] * 2
    }
    return y
}
`
	x := compile(t, nested, lathe.Options{Set: sizes("n=4")})
	for k, want := range map[int64][]float32{0: {2, 4, 6, 8}, 3: {8, 10, 12, 14}} {
		got, err := x.Run(t.Context(), slice(t, []float32{1, 2, 3, 4}, 4), slice(t, []int64{k}))
		if err != nil {
			t.Fatal(err)
		}
		if y, _ := lathe.Slice[float32](got[0]); !slices.Equal(y, want) {
			t.Errorf("%d turns: got %v, want %v", k, y, want)
		}
	}
}
