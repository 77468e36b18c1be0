package benchmarks

import (
	"math"
	"testing"
)

func TestQuantiles(t *testing.T) {
	s := sorted([]float64{4, 1, 3, 2})
	for _, c := range []struct{ q, want float64 }{{0, 1}, {0.25, 1.75}, {0.5, 2.5}, {0.75, 3.25}, {1, 4}} {
		if got := s.quantile(c.q); got != c.want {
			t.Errorf("quantile %g of 1 to 4 is %g, want %g", c.q, got, c.want)
		}
	}
	if got := (samples{7}).quantile(0.3); got != 7 {
		t.Errorf("a quantile of 7 alone is %g", got)
	}
	if got := (samples{}).median(); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %g", got)
	}
	if got := (samples{}).timing(); got != nil {
		t.Errorf("the timing of nothing is %v", got)
	}
	if got, want := *s.timing(), (Timing{1, 1.75, 2.5, 3.25, 4, 4}); got != want {
		t.Errorf("timing %v, want %v", got, want)
	}
	if got := s.floored(2.5)[0]; got != 2.5 {
		t.Errorf("the least of floored samples is %g", got)
	}
	if got := geomean([]float64{1, 4, 16}); math.Abs(got-4) > 4*0x1p-50 {
		t.Errorf("the geometric mean of 1, 4, 16 is %g", got)
	}
}

// TestRule holds the rule of laab to numbers worked out by hand.
func TestRule(t *testing.T) {
	tight := func(x float64) samples { return samples{x, x + 1e-6, x + 2e-6, x + 3e-6} }
	for _, c := range []struct {
		name         string
		t, best, bad samples
		floor        float64
		slow, loss   float64
		pass         bool
	}{
		{"as the best", tight(1), tight(1), tight(2), 0, 0, 0, true},
		{"as the bad", tight(2), tight(1), tight(2), 0, 1, 1, false},
		{"a twentieth", tight(1.0499), tight(1), tight(2), 0, 0.0499, 0.0499, true},
		{"a little more", tight(1.06), tight(1), tight(2), 0, 0.06, 0.06, false},
		{"far from a bad form", tight(3), tight(1), tight(101), 0, 2, 0.02, true},
		{"faster than the best", tight(0.5), tight(1), tight(2), 0, 0, 0, true},
		{"boxes overlap", samples{1.5, 1.6, 1.7, 1.8}, samples{1, 1.2, 1.9, 2}, tight(3), 0, 0, 0, true},
		{"below the floor", tight(0.0019), tight(0.00001), tight(0.5), 0.002, 0, 0, true},
		{"without the floor", tight(0.0019), tight(0.0001), tight(0.0019), 0, 18, 1, false},
		{"bad is as good", tight(1.5), tight(1), tight(1), 0, 0.5, 0.5, false},
	} {
		v := judgeLAAB(c.t, c.best, c.bad, c.floor)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) } // of numbers written in decimals
		if !near(v.Slowdown, c.slow) || !near(v.Loss, c.loss) || v.Pass != c.pass {
			t.Errorf("%s: %+v, want slowdown %g, loss %g, pass %v", c.name, v, c.slow, c.loss, c.pass)
		}
	}
}
