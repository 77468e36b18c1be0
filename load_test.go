package lathe_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/lathe-lang/lathe"
)

// mlp has two products that read one weight alike, and one that reads it the
// other way round.
const mlp = `
model Mlp(d = 96, e = 160) {
    weight up: f32[d, e]
    weight down: f32[e, d]
    weight bias: f32[d]

    fn forward(x: f32[n, d]) -> f32[n, d] {
        h = relu(x @ up) @ down
        g = relu(h @ up) @ up.T
        return h + g + bias
    }
}
`

// ramp fills tensors with small numbers that differ.
func ramp(t *lathe.Tensor, step float64) *lathe.Tensor {
	for i := range t.Len() {
		t.SetFloat(i, float64(i%23)*step-1)
	}
	return t
}

func mlpWeights() map[string]*lathe.Tensor {
	return map[string]*lathe.Tensor{
		"up":   ramp(lathe.NewTensor(lathe.F32, 96, 160), 0.1),
		"down": ramp(lathe.NewTensor(lathe.F32, 160, 96), 0.07),
		"bias": ramp(lathe.NewTensor(lathe.F32, 96), 0.2),
	}
}

// TestLoadTime compares what is packed when weights are loaded with the same
// program where the weights are arguments, for few rows and many: the results
// are equal, bit for bit, and stay so when the originals of packed weights are
// gone. The bias is read in each call.
func TestLoadTime(t *testing.T) {
	plain := strings.NewReplacer("model Mlp(d = 96, e = 160) {", "", "    weight up: f32[d, e]\n", "",
		"    weight down: f32[e, d]\n", "", "    weight bias: f32[d]\n", "", "fn forward(x", "fn forward(up: f32[d, e], down: f32[e, d], bias: f32[d], x",
		"    }\n}", "    }").Replace(mlp)
	for _, n := range []string{"4", "8", "33", "300"} {
		for _, threads := range []int{1, 3} {
			w := mlpWeights()
			x := compile(t, mlp, lathe.Options{Set: sizes("n=" + n), Weights: w, Threads: threads})
			y := compile(t, plain, lathe.Options{Set: sizes("n="+n, "d=96", "e=160"), Threads: threads})
			in := ramp(lathe.NewTensor(lathe.F32, y.Inputs()[3].Dims()...), 0.03)
			want, err := y.Run(t.Context(), w["up"], w["down"], w["bias"], in)
			if err != nil {
				t.Fatal(err)
			}
			clear(w["up"].Bytes())
			clear(w["down"].Bytes())
			got, err := x.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[0].Bytes(), want[0].Bytes()) {
				t.Errorf("%s rows, %d threads: the result with weights differs from that with arguments", n, threads)
			}
			if load := len(x.Kernels().Load); load != 3 {
				t.Errorf("%s rows: %d kernels run when weights are loaded, want one for each way that a weight is read, 3", n, load)
			}
		}
	}
}

// TestLoadedConcurrently runs many calls that share what was loaded; none
// allocates.
func TestLoadedConcurrently(t *testing.T) {
	x := compile(t, mlp, lathe.Options{Set: sizes("n=40"), Weights: mlpWeights(), Threads: 2})
	in := ramp(lathe.NewTensor(lathe.F32, 40, 96), 0.03)
	want, err := x.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range 100 {
				got, err := x.Run(t.Context(), in)
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(got[0].Bytes(), want[0].Bytes()) {
					t.Error("a concurrent run differs from one alone")
					return
				}
			}
		})
	}
	wg.Wait()
	outputs, inputs := []*lathe.Tensor{lathe.NewTensor(lathe.F32, 40, 96)}, []*lathe.Tensor{in}
	run := func() {
		if err := x.RunInto(context.Background(), outputs, inputs); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(50, run); n != 0 {
		t.Errorf("a run allocates %v times", n)
	}
}

// folded has work on weights alone: a product, a softmax, a scale with a small
// cost, and a table of numbers.
const folded = `
model Folded(d = 48, e = 80) {
    weight a: f32[d, e]
    weight b: f32[e, d]
    weight g: f32[d]

    fn forward(x: f32[n, d]) -> (f32[n, d], f32[d]) {
        table = cos(f32(iota(n))[:, None] / exp(g))
        y = (x * (g * 2 + 1)) @ (a @ b)
        return y * table + x @ softmax(a) @ b, sum(b, axis=0)
    }
}
`

// TestSplit computes early what depends on weights alone, and not: in strict mode
// the results are equal, bit for bit.
func TestSplit(t *testing.T) {
	weights := map[string]*lathe.Tensor{
		"a": ramp(lathe.NewTensor(lathe.F32, 48, 80), 0.1),
		"b": ramp(lathe.NewTensor(lathe.F32, 80, 48), 0.07),
		"g": ramp(lathe.NewTensor(lathe.F32, 48), 0.02),
	}
	in := ramp(lathe.NewTensor(lathe.F32, 10, 48), 0.03)
	var want []*lathe.Tensor
	for _, threads := range []int{1, 2, 3} {
		for _, memory := range []int{-1, 0} {
			x := compile(t, folded, lathe.Options{Set: sizes("n=10"), Weights: weights, Threads: threads, Math: lathe.Strict, LoadMemory: memory})
			flops := x.Kernels().Func.LoadWork()
			if (flops > 0) != (memory == 0) {
				t.Errorf("limit %d: %d FLOPs when weights are loaded", memory, flops)
			}
			got, err := x.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			for i := range want {
				if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
					t.Errorf("%d threads, limit %d: result %d differs from that of one thread and nothing computed early", threads, memory, i)
				}
			}
		}
	}
}

// TestPacksShared compiles a program for two sizes with the same weights: the
// second executable finds packed what the first one packed, for it gives the
// results of weights that are gone. When both are closed, nothing is left of it.
func TestPacksShared(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	w := mlpWeights()
	build := func(n string) *lathe.Executable {
		x, err := program.Compile(t.Context(), "", lathe.Options{Set: sizes("n=" + n), Weights: w, Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	run := func(x *lathe.Executable) []byte {
		got, err := x.Run(t.Context(), ramp(lathe.NewTensor(lathe.F32, x.Inputs()[0].Dims()...), 0.03))
		if err != nil {
			t.Fatal(err)
		}
		return got[0].Bytes()
	}
	end := func(x *lathe.Executable) {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	alone := build("9")
	want := run(alone)
	end(alone)

	first := build("40")
	clear(w["up"].Bytes())
	clear(w["down"].Bytes())
	second := build("9")
	end(first)
	if got := run(second); !bytes.Equal(got, want) {
		t.Error("the second executable did not take what the first had packed")
	}
	end(second)
	third := build("9")
	if got := run(third); bytes.Equal(got, want) {
		t.Error("what was packed has outlived the executables")
	}
	end(third)
}

// TestPackedConcurrently compiles one program at several places at once.
func TestPackedConcurrently(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	w := mlpWeights()
	in := ramp(lathe.NewTensor(lathe.F32, 9, 96), 0.03)
	var mu sync.Mutex
	var want []byte
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 3 {
				x, err := program.Compile(t.Context(), "", lathe.Options{Set: sizes("n=9"), Weights: w, Threads: 2})
				if err != nil {
					t.Error(err)
					return
				}
				got, err := x.Run(t.Context(), in)
				if err != nil {
					t.Error(err)
				} else {
					mu.Lock()
					if want == nil {
						want = got[0].Bytes()
					}
					if !bytes.Equal(got[0].Bytes(), want) {
						t.Error("two executables of one program give different results")
					}
					mu.Unlock()
				}
				if err := x.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
