package lathe_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// TestCycles compiles, runs and closes one program from several goroutines again
// and again, its code from a cache: neither mappings nor goroutines are left.
func TestCycles(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	opts := lathe.Options{Set: sizes("n=9"), Weights: mlpWeights(), Threads: 2, Cache: t.TempDir(), LLVM: llvmtest.Want()}
	in := ramp(lathe.NewTensor(lathe.F32, 9, 96), 0.03)
	cycle := func() {
		x, err := program.Compile(t.Context(), "", opts)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := x.Run(t.Context(), in); err != nil {
			t.Error(err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
	const writers, turns = 3, 40
	cycles := func() {
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range turns {
					cycle()
				}
			})
		}
		wg.Wait()
	}
	cycles() // heaps, threads and LLVM come to rest
	maps, routines := mappings(t), runtime.NumGoroutine()
	cycles()
	// An executable left behind is some mappings; heaps may still grow by a few.
	if n := mappings(t); n > maps+writers*turns/4 {
		t.Errorf("%d mappings became %d", maps, n)
	}
	if n := runtime.NumGoroutine(); n > routines+writers {
		t.Errorf("%d goroutines became %d", routines, n)
	}
}

// mappings returns the number of memory mappings of the process.
func mappings(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// TestCloseAmidRuns closes an executable while others run it: a run gives what
// one alone does, or says that the executable is closed.
func TestCloseAmidRuns(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	opts := lathe.Options{Set: sizes("n=40"), Weights: mlpWeights(), Threads: 2, Cache: t.TempDir(), LLVM: llvmtest.Want()}
	in := ramp(lathe.NewTensor(lathe.F32, 40, 96), 0.03)
	var want []byte
	for range 8 {
		x, err := program.Compile(t.Context(), "", opts)
		if err != nil {
			t.Fatal(err)
		}
		first, err := x.Run(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = first[0].Bytes()
		}
		var wg, ran sync.WaitGroup
		for range 4 {
			ran.Add(1)
			wg.Go(func() {
				once := sync.OnceFunc(ran.Done)
				defer once()
				for {
					got, err := x.Run(t.Context(), in)
					if errors.Is(err, lathe.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					if !bytes.Equal(got[0].Bytes(), want) {
						t.Error("a run beside others differs")
						return
					}
					once()
				}
			})
		}
		ran.Wait() // each has run once, and goes on
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

// TestCancelledLoad ends a compilation whose work at load time would take long.
func TestCancelledLoad(t *testing.T) {
	const long = `
model Long(d = 64) {
    weight a: f64[d, d]

    fn forward(x: f64[d]) -> f64[d] {
        b = a
        for i in 0..1_000_000_000 { b = tanh(a @ b) }
        b @ x
    }
}
`
	program, err := lathe.LoadText("test.lathe", long)
	if err != nil {
		t.Fatal(err)
	}
	opts := lathe.Options{Weights: map[string]*lathe.Tensor{"a": lathe.NewTensor(lathe.F64, 64, 64)}, Threads: 2, Cache: t.TempDir(), LLVM: llvmtest.Want()}
	for range 2 { // with the code to make, and from the cache
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		done := make(chan error, 1)
		go func() {
			x, err := program.Compile(ctx, "", opts)
			if err == nil {
				err = errors.Join(errors.New("it was compiled and loaded"), x.Close())
			}
			done <- err
		}()
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		cancel()
	}
}
