package lathe_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lathe-lang/lathe"
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
