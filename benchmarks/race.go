package benchmarks

import (
	"context"
	"math"
	"runtime/debug"
	"time"
)

// A contestant is something that is timed beside others.
type contestant struct {
	name  string
	reset func()                             // before each timing, not timed; nil for nothing
	run   func() error                       // once
	many  func(n int) error                  // n times; nil to repeat run
	self  func(n int) (time.Duration, error) // in place of run: n times, timed by itself
	calls int                                // how many runs a timing covers; 0 to find out
}

// A rules says how a race goes.
type rules struct {
	samples int  // timings of each contestant
	scrub   bool // caches are emptied before each timing, which then is of one run
	// What a timing lasts at least, without scrubbing, by repeating the run;
	// the clock and a call from Go are nothing beside it.
	least time.Duration
	// About how long all timings of the slowest contestant may take, by timing
	// fewer than asked for; 0 for as long as it takes.
	budget time.Duration
	settle time.Duration // is waited before each timing, until others' threads sleep
	// For how long a contestant runs before each timing, after settle: threads that
	// slept begin on the processor of the one that woke them, and get to idle ones
	// at later ticks of the system.
	warm time.Duration
	// Only rounds count in which this contestant, which does the same work at
	// the same speed in each, was not much slower than in its best: in others
	// the processor was busy elsewhere. Up to thrice as many rounds are run for
	// it. Below 0 for none.
	steady int
}

const (
	// slow is how long a run may take to be timed as often as the protocol says;
	// slower ones are timed few times.
	slow = 3 * time.Second
	few  = 3
)

// race times contestants in turns: one timing of each, then again, each round
// beginning with another one. It returns the seconds of one run.
func (s *session) race(ctx context.Context, r rules, list []contestant) ([]samples, error) {
	// A collection during a timing would be charged to whoever runs.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var raw [][]float64 // by round
	rounds := r.samples
	for i := range list {
		c := &list[i]
		if c.reset != nil {
			c.reset()
		}
		took, err := c.time(1) // warms caches, pools and pages up
		if err != nil {
			return nil, err
		}
		if took > slow {
			rounds = min(rounds, few)
		}
		if r.budget > 0 {
			rounds = min(rounds, max(few, int(r.budget/max(took, 1))))
		}
		if c.calls == 0 {
			c.calls = 1
		}
		if r.scrub || r.least == 0 {
			continue
		}
		for took = 0; took < r.least; {
			if took, err = c.time(c.calls); err != nil {
				return nil, err
			}
			if took < r.least {
				grow := min(10, 1.2*float64(r.least)/float64(max(took, 1)))
				c.calls = max(c.calls+1, int(grow*float64(c.calls)))
			}
		}
	}
	for len(raw) < rounds || r.steady >= 0 && len(raw) < 3*rounds && len(quiet(raw, r.steady)) < rounds {
		round := make([]float64, len(list))
		for k := range list {
			i := (len(raw) + k) % len(list)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if list[i].reset != nil {
				list[i].reset()
			}
			if r.scrub {
				s.scrub()
			}
			time.Sleep(r.settle)
			if err := list[i].warm(r.warm); err != nil {
				return nil, err
			}
			took, err := list[i].time(list[i].calls)
			if err != nil {
				return nil, err
			}
			round[i] = took.Seconds() / float64(list[i].calls)
		}
		raw = append(raw, round)
	}
	if r.steady >= 0 {
		raw = quiet(raw, r.steady)
	}
	out := make([]samples, len(list))
	for i := range out {
		var of []float64
		for _, round := range raw {
			of = append(of, round[i])
		}
		out[i] = sorted(of)
	}
	return out, nil
}

// warm runs c for at least some time.
func (c *contestant) warm(least time.Duration) error {
	for start := time.Now(); time.Since(start) < least; {
		if _, err := c.time(c.calls); err != nil {
			return err
		}
	}
	return nil
}

// quiet returns the rounds in which a contestant took at most a tenth more than
// in its fastest.
func quiet(rounds [][]float64, of int) [][]float64 {
	least := math.Inf(1)
	for _, r := range rounds {
		least = min(least, r[of])
	}
	var out [][]float64
	for _, r := range rounds {
		if r[of] <= 1.1*least {
			out = append(out, r)
		}
	}
	return out
}

// time times n runs together.
func (c *contestant) time(n int) (time.Duration, error) {
	if c.self != nil {
		return c.self(n)
	}
	start := time.Now()
	if c.many != nil {
		err := c.many(n)
		return time.Since(start), err
	}
	for range n {
		if err := c.run(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// scrub empties the caches: it writes 300 MB, as the LAAB suite does.
func (s *session) scrub() {
	const size = 300_000_000
	if s.scrubbed == nil {
		s.scrubbed = make([]byte, size)
	}
	for i := 0; i < len(s.scrubbed); i += 64 {
		s.scrubbed[i]++
	}
}
