package benchmarks

import (
	"math"
	"slices"
)

// samples are timings in seconds, sorted.
type samples []float64

func sorted(seconds []float64) samples {
	out := samples(slices.Clone(seconds))
	slices.Sort(out)
	return out
}

// quantile returns the value below which a share q of the samples lies, with
// linear interpolation between neighbours, as NumPy's percentile does. It is NaN
// without samples.
func (s samples) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

func (s samples) median() float64 { return s.quantile(0.5) }

// A Timing is what is kept of samples.
type Timing struct {
	Min    float64 `json:"min_s"`
	Q25    float64 `json:"q25_s"`
	Median float64 `json:"median_s"`
	Q75    float64 `json:"q75_s"`
	Max    float64 `json:"max_s"`
	N      int     `json:"n"`
}

// timing returns the quartiles; nil without samples, for JSON has no NaN.
func (s samples) timing() *Timing {
	if len(s) == 0 {
		return nil
	}
	return &Timing{s[0], s.quantile(0.25), s.median(), s.quantile(0.75), s[len(s)-1], len(s)}
}

// scaled returns the samples times a factor.
func (s samples) scaled(by float64) samples {
	out := make(samples, len(s))
	for i, x := range s {
		out[i] = by * x
	}
	return out
}

// floored returns the samples, none less than a floor.
func (s samples) floored(floor float64) samples {
	out := make(samples, len(s))
	for i, x := range s {
		out[i] = max(x, floor)
	}
	return out
}

// geomean returns the geometric mean; NaN of nothing.
func geomean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(list)))
}
