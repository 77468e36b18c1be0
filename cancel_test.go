package lathe_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/passes"
)

// endless are loops that turn 2^62 times and more: with work in each turn, with
// none because nothing has an element, and one in another that need not turn.
var endless = map[string]string{
	"work": `
fn f(x: f32[2], k: i64) -> f32[2] {
    y = x
    for i in k..4611686018427387904 { y = y + x }
    return y
}`,
	"empty": `
fn f(x: f32[0], k: i64) -> f32[0] {
    y = x
    for i in 0..4611686018427387904 { y = y + x }
    return y
}`,
	"nested": `
fn f(x: f32[0], k: i64) -> f32[0] {
    y = x
    for i in k..4611686018427387904 {
        for j in 0..k { y = y + x }
    }
    return y
}`,
}

// TestCancelLoop cancels runs that would not end in a lifetime, before they
// start and while they run.
func TestCancelLoop(t *testing.T) {
	for name, text := range endless {
		for _, threads := range []int{1, 2} {
			x := compile(t, text, lathe.Options{Threads: threads})
			in := lathe.NewTensor(lathe.F32, 2)
			if name != "work" {
				in = lathe.NewTensor(lathe.F32, 0)
			}
			for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				_, err := x.Run(ctx, in, lathe.NewTensor(lathe.I64))
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s, %d threads, after %v: %v", name, threads, after, err)
				}
			}
		}
	}
}

// TestCancelOneRun cancels runs near their end, each followed at once by one that is
// not cancelled. This one gives all that it should: what ends a run never reaches
// the next one in the same memory.
func TestCancelOneRun(t *testing.T) {
	const turns = 300
	x := compile(t, endless["work"], lathe.Options{Threads: 1})
	in, near := lathe.NewTensor(lathe.F32, 2), lathe.NewTensor(lathe.I64)
	ones, err := lathe.Slice[float32](in)
	if err != nil {
		t.Fatal(err)
	}
	ones[0], ones[1] = 1, 1
	k, err := lathe.Slice[int64](near)
	if err != nil {
		t.Fatal(err)
	}
	k[0] = 4611686018427387904 - turns
	for range 3000 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if _, err := x.Run(ctx, in, near); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		out, err := x.Run(context.Background(), in, near)
		if err != nil {
			t.Fatal(err)
		}
		got, err := lathe.Slice[float32](out[0])
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != turns+1 || got[1] != turns+1 {
			t.Fatalf("the run after a cancelled one gives %v, want %d twice", got, turns+1)
		}
	}
}

var cancels = flag.Int("cancels", 8, "how often TestCancelAnywhere cancels a compilation, and a run")

// TestCancelAnywhere cancels compilations and runs at random moments. Each returns
// the error of its context, and nothing is left: no goroutine, no mapping, no file.
// How long they took after the moment is printed for each stage, and judged by no
// test: that depends on what else the machine does.
func TestCancelAnywhere(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	program, err := lathe.Load("examples/gau.lathe")
	if err != nil {
		t.Fatal(err)
	}
	took := map[string][]time.Duration{}
	stage := ""
	names := passes.Names()
	opts := lathe.Options{
		Set: sizes("b=1", "n=640"), Threads: 2, LLVM: llvmtest.Want(),
		Stage: func(name, _ string) {
			if stage = "passes"; name == "ir:"+names[len(names)-1] {
				stage = "machine code"
			}
		},
	}
	moment := func(within time.Duration) time.Duration { return rand.N(within) }
	canceled := func(after time.Duration, do func(ctx context.Context) error) {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		err := do(ctx)
		end, _ := ctx.Deadline()
		if ctx.Err() == nil {
			return // it was ready before
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled after %v: %v", after, err)
		}
		took[stage] = append(took[stage], time.Since(end))
	}
	build := func(ctx context.Context) error {
		_, err := program.Library(ctx, "Gau.forward", "gau", opts)
		return err
	}
	begin := time.Now()
	if err := build(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begin)
	var runs []*lathe.Executable
	for _, text := range []string{endless["work"], `
fn f(x: f32[600, 600], k: i64) -> f32[600, 600] {
    y = x
    for i in k..4611686018427387904 { y = tanh(y @ x) }
    return y
}`} {
		runs = append(runs, compile(t, text, lathe.Options{Threads: 2}))
	}
	run := func(x *lathe.Executable) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			stage = "a run"
			_, err := x.Run(ctx, lathe.NewTensor(lathe.F32, x.Inputs()[0].Dims()...), lathe.NewTensor(lathe.I64))
			return err
		}
	}
	for _, x := range runs { // workers start
		canceled(time.Millisecond, run(x))
	}
	clear(took)
	maps, routines := mappings(t), runtime.NumGoroutine()
	for i := range *cancels {
		stage = "passes"
		canceled(moment(whole/(1+19*time.Duration(i%2))), build) // every other one in the passes, most likely
		canceled(moment(30*time.Millisecond), run(runs[i%2]))
	}
	for name, times := range took {
		slices.Sort(times)
		t.Logf("tried: %d cancelled in %s; returned after %v at the median, %v at most", len(times), name, times[len(times)/2], times[len(times)-1])
	}
	// What ends a context may be on its way still.
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > routines && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > routines {
		t.Errorf("%d goroutines became %d", routines, n)
	}
	// Heaps may grow by some; what is left behind would be some each time.
	if n := mappings(t); n > maps+*cancels/2+16 {
		t.Errorf("%d mappings became %d", maps, n)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the folder of temporary files: %v, %v", left, err)
	}
}
