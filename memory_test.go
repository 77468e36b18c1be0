package lathe_test

import (
	"bytes"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

var cycles = flag.Int("cycles", 60, "how often TestMemoryOfCycles compiles, runs and closes")

// TestMemoryOfCycles compiles, runs and closes a program again and again, each
// time through LLVM: the memory of the process grows by less than 256 KiB, which
// -cycles 1000 has to hold too.
func TestMemoryOfCycles(t *testing.T) {
	program, err := lathe.LoadText("f.lathe", "fn f(x: f32[9, 16], w: f32[16, 8]) -> f32[9, 8] { tanh(x @ w) }")
	if err != nil {
		t.Fatal(err)
	}
	inputs := []*lathe.Tensor{ramp(lathe.NewTensor(lathe.F32, 9, 16), 0.1), ramp(lathe.NewTensor(lathe.F32, 16, 8), 0.1)}
	cycle := func() {
		x, err := program.Compile(t.Context(), "f", lathe.Options{Threads: 2, LLVM: llvmtest.Want()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Run(t.Context(), inputs...); err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Go's profile of its own memory, which programs that don't read it have not,
	// takes memory for each place that allocates.
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 0
	defer func() { runtime.MemProfileRate = rate }()
	for range max(*cycles/5, 20) { // heaps, LLVM, and what Go keeps for itself come to rest
		cycle()
	}
	before, maps, routines := anonymous(t), mappings(t), runtime.NumGoroutine()
	for range *cycles {
		cycle()
	}
	grown := anonymous(t) - before
	t.Logf("tried: %d cycles of compile, run and close; memory grew by %d KiB", *cycles, grown)
	if grown >= 256 {
		t.Errorf("memory grew by %d KiB in %d cycles, want less than 256", grown, *cycles)
	}
	// A heap may be cut in two, a leak would be one a cycle.
	if n := mappings(t); n > maps+*cycles/4 {
		t.Errorf("%d mappings became %d", maps, n)
	}
	if n := runtime.NumGoroutine(); n > routines {
		t.Errorf("%d goroutines became %d", routines, n)
	}
}

// anonymous returns the KiB of memory of the process that are no file's, without
// what Go's collector can give back.
func anonymous(t *testing.T) int {
	t.Helper()
	for range 3 { // what a collection frees may free more
		debug.FreeOSMemory()
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("RssAnon:")); ok {
			n, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skip("the system does not count anonymous memory")
	return 0
}
