package benchmarks

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// models is the suite of models: as written, without passes and compiled in
// full, beside the time that the machine's limits allow, and beside rivals.
func models() Suite {
	columns := []Column{
		{"naive", "naive.median_s", seconds},
		{"without passes", "plain.median_s", seconds},
		{"Lathe", "time.median_s", seconds},
		{"ideal", "ideal_s", seconds},
		{"headroom", "headroom", ratio},
		{"bound by", "bound", nil},
		{"flops written", "flops.naive", count},
		{"compiled", "flops.optimized", count},
		{"useful", "flops.useful", count},
	}
	return Suite{
		Name:    "models",
		About:   "models: time of a call, beside the time that the machine's peak and bandwidth allow, and beside rivals",
		Columns: append(columns, rivalColumns("time.median_s", seconds)...),
		rows: func(cfg *Config) []row {
			var rows []row
			for _, threads := range cfg.threads(1, runtime.GOMAXPROCS(0)) {
				for _, c := range cases() {
					rows = append(rows, row{fmt.Sprintf("%s %dT", c.name, threads), func(ctx context.Context, s *session) (*Result, error) { return c.measure(ctx, s, threads) }})
				}
			}
			return rows
		},
		summary: modelsSummary,
	}
}

// A modelCase is a row of models. Its program is in programs/models.lathe.
type modelCase struct {
	name, entry string
	set         map[string]int
	useful      func(c *compiled) float64 // FLOPs that no form can do without
	bytes       float64                   // weights, argument and result, once each
}

// How far from the ideal a row may be: multiply-adds and memory do not overlap
// perfectly, and a barrier costs.
const (
	headroomOne    = 1.3  // on one core
	headroomAll    = 1.35 // on several
	headroomMemory = 1.5  // where bandwidth is the limit
)

func (c *modelCase) measure(ctx context.Context, s *session, threads int) (*Result, error) {
	r := &Result{}
	program, err := source("models.lathe")
	if err != nil {
		return nil, err
	}
	opts := lathe.Options{Set: c.sizes(), Threads: threads}
	naive, optimised, err := s.flops(ctx, program, c.entry, opts)
	if err != nil {
		return nil, err
	}
	full, err := s.compile(ctx, program, c.entry, opts)
	if err != nil {
		return nil, err
	}
	defer full.close()
	opts.Passes = []string{}
	plain, err := s.compile(ctx, program, c.entry, opts)
	if err != nil {
		return nil, err
	}
	defer plain.close()
	useful := c.useful(full)
	r.set("threads", threads)
	r.set("flops", map[string]any{"naive": naive, "optimized": optimised, "useful": useful})
	r.set("bytes", c.bytes)
	r.set("compile_s", full.took.Seconds())

	list := []contestant{full.contestant(ctx, "lathe"), plain.contestant(ctx, "plain"), s.peak(tensor.F32, threads)}
	rivals, err := s.openRivals(ctx, rivalTask{Suite: "models", Row: c.entry, Sizes: c.set}, threads, full)
	if err != nil {
		return nil, err
	}
	defer rivals.close()
	list = append(list, rivals.contestants()...)
	t, err := s.race(ctx, rules{samples: s.cfg.samples(15), budget: 5 * time.Second, settle: settle(threads), warm: warm(threads), steady: 2}, list)
	if err != nil {
		return nil, err
	}
	r.set("time", t[0].timing())
	r.set("plain", t[1].timing())

	rate := s.peakFlops(tensor.F32, threads) / t[2].median()
	size := lastCache() / 2
	if c.bytes > float64(lastCache()) {
		size = 8 * lastCache()
	}
	bandwidth, err := s.bandwidth(ctx, size, threads)
	if err != nil {
		return nil, err
	}
	ideal, bound, allowed := useful/rate, "flops", headroomOne
	if threads > 1 {
		allowed = headroomAll
	}
	if m := c.bytes / bandwidth; m > ideal {
		ideal, bound, allowed = m, "memory", headroomMemory
	}
	headroom := t[0].median() / ideal
	r.set("peak_flops", rate)
	r.set("bandwidth", bandwidth)
	r.set("ideal_s", ideal)
	r.set("bound", bound)
	r.set("headroom", headroom)
	r.Pass = true
	if headroom > allowed {
		r.failf("%.2f times the ideal, want %.2f", headroom, allowed)
	}
	if apart := difference(full.outputs[0], plain.outputs[0]); !(apart <= halfDigits) {
		r.failf("the passes change the result by %.2g of its largest element", apart)
	}
	rivals.report(r, t[3:], func(key string, t0 samples, out map[string]any) {
		out["ratio"] = t0.median() / t[0].median()
		if t0.median() < t[0].median() {
			r.failf("%s is faster: %s against %s", key, seconds(t0.median()), seconds(t[0].median()))
		}
	}, full.outputs[0])
	if s.cfg.Naive {
		start := time.Now()
		if _, err := eval.Run(ctx, full.fn, full.params, eval.Options{}); err != nil {
			return nil, err
		}
		r.set("naive", samples{time.Since(start).Seconds()}.timing())
	}
	return r, nil
}

// sizes are the sizes as options have them.
func (c *modelCase) sizes() map[string]string {
	set := map[string]string{}
	for name, v := range c.set {
		set[name] = fmt.Sprint(v)
	}
	return set
}

// settle is how long to wait before a timing on several threads: those of
// OpenBLAS and of OpenMP go on spinning after a call, OpenBLAS's for 2^26 cycles,
// on processors that the next contestant needs.
func settle(threads int) time.Duration {
	if threads == 1 {
		return 0
	}
	return 40 * time.Millisecond
}

// warm is how long to run before a timing on several threads: some ticks of the
// system, until each has a processor.
func warm(threads int) time.Duration {
	if threads == 1 {
		return 0
	}
	return 25 * time.Millisecond
}

// modelsSummary has the geometric means.
func modelsSummary(r *Report) []string {
	var headroom, best, best2 []float64
	for _, row := range r.Rows {
		if x, ok := row.number("headroom"); ok {
			headroom = append(headroom, x)
		}
		fastest, torch := 0.0, 0.0
		for _, key := range rivalKeys() {
			x, ok := row.number("rivals." + key.key + ".ratio")
			if !ok {
				continue
			}
			if fastest == 0 || x < fastest {
				fastest = x
			}
			if key.torch && (torch == 0 || x < torch) {
				torch = x
			}
		}
		if fastest > 0 {
			best = append(best, fastest)
		}
		if torch > 0 {
			best2 = append(best2, torch)
		}
	}
	var out []string
	if len(headroom) > 0 {
		out = append(out, fmt.Sprintf("time over the ideal, geometric mean of %d rows: %.2f", len(headroom), geomean(headroom)))
	}
	if len(best) > 0 {
		out = append(out, fmt.Sprintf("time of the fastest rival of each row over Lathe's, geometric mean of %d rows: %.2f", len(best), geomean(best)))
	}
	if len(best2) > 0 {
		out = append(out, fmt.Sprintf("time of the better of PyTorch eager and compiled over Lathe's, geometric mean of %d rows: %.2f", len(best2), geomean(best2)))
	}
	return out
}
