package benchmarks

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// timed is a contestant whose run number i, with all others counted, takes as
// long as it says.
func timed(log *[]string, name string, took func(turn int) time.Duration) contestant {
	turn := 0
	return contestant{name: name, self: func(n int) (time.Duration, error) {
		*log = append(*log, name)
		turn++
		return time.Duration(n) * took(turn-1), nil
	}}
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func TestRaceTakesTurns(t *testing.T) {
	var log []string
	got, err := (&session{}).race(t.Context(), rules{samples: 3, steady: -1}, []contestant{
		timed(&log, "a", always(time.Millisecond)), timed(&log, "b", always(2*time.Millisecond)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "a", "b", "b", "a", "a", "b"}; !slices.Equal(log, want) {
		t.Errorf("the turns were %v, want %v: one to warm up, then each round begins with another", log, want)
	}
	if len(got[0]) != 3 || got[0].median() != 0.001 || got[1].median() != 0.002 {
		t.Errorf("the samples are %v", got)
	}
}

func TestRaceRepeatsShortRuns(t *testing.T) {
	var log []string
	c := timed(&log, "a", always(10*time.Microsecond))
	list := []contestant{c}
	got, err := (&session{}).race(t.Context(), rules{samples: 2, least: time.Millisecond, steady: -1}, list)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].calls < 100 || list[0].calls > 1000 {
		t.Errorf("a timing of at least 1 ms covers %d runs of 10 us", list[0].calls)
	}
	if x := got[0].median(); math.Abs(x-1e-5) > 1e-9 { // a Duration holds no less than 1 ns
		t.Errorf("a run took %g s, want 1e-5", x)
	}
}

func TestRaceBudget(t *testing.T) {
	for _, c := range []struct{ took, budget time.Duration }{{2 * time.Millisecond, 10 * time.Millisecond}, {time.Second, time.Millisecond}, {4 * time.Second, 0}} {
		var log []string
		got, err := (&session{}).race(t.Context(), rules{samples: 15, budget: c.budget, steady: -1}, []contestant{timed(&log, "a", always(c.took))})
		if err != nil {
			t.Fatal(err)
		}
		want := few
		if c.took < c.budget {
			want = 5
		}
		if len(got[0]) != want {
			t.Errorf("%v a run with a budget of %v: %d samples, want %d", c.took, c.budget, len(got[0]), want)
		}
	}
}

func TestRaceDropsDisturbedRounds(t *testing.T) {
	var log []string
	// Every second round is disturbed, from the one after the warming-up on.
	odd := func(fast, slow time.Duration) func(int) time.Duration {
		return func(turn int) time.Duration {
			if turn%2 == 1 {
				return slow
			}
			return fast
		}
	}
	got, err := (&session{}).race(t.Context(), rules{samples: 4, steady: 1}, []contestant{
		timed(&log, "a", odd(time.Millisecond, 9*time.Millisecond)), timed(&log, "peak", odd(time.Millisecond, 2*time.Millisecond)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0]) != 4 || got[0][3] != 0.001 {
		t.Errorf("the samples that count are %v, want four of 1 ms", got[0])
	}
	// Where no quiet rounds come, it ends all the same.
	slower := 0
	got, err = (&session{}).race(t.Context(), rules{samples: 4, steady: 0}, []contestant{
		timed(&log, "peak", func(int) time.Duration { slower++; return time.Duration(slower) * time.Second / 10 }),
	})
	if err != nil || len(got[0]) != 1 {
		t.Errorf("of rounds that get slower and slower %v count, %v", got, err)
	}
}

func TestRaceEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log []string
	if _, err := (&session{}).race(ctx, rules{samples: 2, steady: -1}, []contestant{timed(&log, "a", always(1))}); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
	failed := errors.New("it failed")
	if _, err := (&session{}).race(t.Context(), rules{samples: 2, steady: -1}, []contestant{{run: func() error { return failed }}}); !errors.Is(err, failed) {
		t.Errorf("of a contestant that fails: %v", err)
	}
}

// TestRaceWarm runs contestants before each timing, which is not counted.
func TestRaceWarm(t *testing.T) {
	var log []string
	list := []contestant{timed(&log, "a", always(time.Millisecond))}
	before := time.Now()
	if _, err := (&session{}).race(t.Context(), rules{samples: 2, warm: 3 * time.Millisecond, steady: -1}, list); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(before); took < 6*time.Millisecond || len(log) < 5 {
		t.Errorf("%d runs in %v, want the first, two timed ones and others before each", len(log), took)
	}
}
