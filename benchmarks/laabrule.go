package benchmarks

// The rule of the LAAB suite, as its laab_results.py codes it: how much of the
// way from the best form to the bad one is lost.
const (
	laabPass  = 0.05  // the loss with which a test passes
	laabFloor = 0.002 // seconds, the floor of the best form at n = 3000
)

// A laabVerdict is what the rule finds for one invocation.
type laabVerdict struct {
	Slowdown    float64 `json:"slowdown"`     // beside the best form; 0 where the boxes of the timings overlap
	BadSlowdown float64 `json:"bad_slowdown"` // of the bad form
	Loss        float64 `json:"loss"`
	Pass        bool    `json:"pass"`
}

// judgeLAAB applies the rule to the timings of an invocation, of the best form,
// whose times count for no less than floor seconds, and of the bad one. Where the bad form is not slower than the best, which no
// test of the suite has, the loss is the slowdown itself.
func judgeLAAB(t, best, bad samples, floor float64) laabVerdict {
	best = best.floored(floor)
	v := laabVerdict{Slowdown: slowdown(t, best), BadSlowdown: slowdown(bad, best)}
	v.Loss = v.Slowdown
	if v.BadSlowdown > 0 {
		v.Loss = v.Slowdown / v.BadSlowdown
	}
	v.Pass = v.Loss <= laabPass
	return v
}

// slowdown is how much longer t takes than best, of the least times, and 0 where
// the lower quartile of t is not above the upper one of best.
func slowdown(t, best samples) float64 {
	if !(t.quantile(0.25) > best.quantile(0.75)) {
		return 0
	}
	return max(0, (t[0]-best[0])/best[0])
}
