package benchmarks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe"
)

// laab is the Linear Algebra Awareness Benchmark (Sankaran, Alashti, Psarras,
// Bientinesi: Benchmarking the Linear Algebra Awareness of TensorFlow and
// PyTorch, 2022; protocol of LAAB-Python, 2025), and further expressions of its
// papers. Each is timed as a user writes it, beside the best form by hand and a
// bad one.
func laab() Suite {
	return Suite{
		Name:  "laab",
		About: "Linear Algebra Awareness Benchmark: expressions as written, beside the best form by hand (n = 3000, f32, one thread)",
		Columns: append([]Column{
			{"time", "time.median_s", seconds},
			{"best form", "best.median_s", seconds},
			{"bad form", "bad.median_s", seconds},
			{"slowdown", "rule.slowdown", nil},
			{"loss", "rule.loss", nil},
			{"flops written", "flops.naive", count},
			{"compiled", "flops.optimized", count},
			{"least known", "flops.least", count},
			{"PyTorch 2.1", "published.pytorch.text", nil},
			{"TensorFlow 2.15", "published.tensorflow.text", nil},
			{"JAX 0.4", "published.jax.text", nil},
			{"best form is", "best_form", nil},
		}, rivalColumns("rule.loss", nil)...),
		rows: func(*Config) []row {
			var rows []row
			for _, e := range expressions() {
				rows = append(rows, row{e.name, func(ctx context.Context, s *session) (*Result, error) { return e.measure(ctx, s) }})
			}
			return rows
		},
		summary: laabSummary,
	}
}

// An expression is a row of laab. Its programs are in programs/laab.lathe.
type expression struct {
	name   string
	least  func(n float64) float64 // the least FLOPs that are known to do
	kernel string                  // of OpenBLAS, the best form; "" for the program NAME_best or NAME
	bad    badForm                 // what else the bad form is than NAME_bad, or NAME without passes
	shrink int                     // the size is n over this
	tests  *published              // what others reached; nil for the further expressions
}

// A badForm is the negative reference of a test.
type badForm struct {
	times  float64 // a multiple of the best form's time
	kernel string  // of OpenBLAS
}

// measure times a row by the protocol of the suite.
func (e *expression) measure(ctx context.Context, s *session) (*Result, error) {
	r := &Result{}
	n := s.cfg.size(3000) / max(1, e.shrink)
	p, err := source("laab.lathe")
	if err != nil {
		return nil, err
	}
	sizes := e.sizes(p, n)
	naive, optimised, err := s.flops(ctx, p, e.name, lathe.Options{Set: sizes(e.name)})
	if err != nil {
		return nil, err
	}
	least := e.least(float64(n))
	r.set("n", n)
	r.set("flops", map[string]any{"naive": naive, "optimized": optimised, "least": least})
	if e.tests != nil {
		r.set("published", e.tests)
	}

	// Forms that would take minutes a run are not timed: the FLOPs have said it.
	const most = 4e12
	if float64(optimised) > most {
		r.failf("not timed: a run does %s FLOPs, %s are enough", count(float64(optimised)), count(least))
		return r, nil
	}
	form := func(entry string, passes []string) (*compiled, error) {
		return s.compile(ctx, p, entry, lathe.Options{Set: sizes(entry), Threads: 1, Passes: passes})
	}
	written, err := form(e.name, nil)
	if err != nil {
		return nil, err
	}
	defer written.close()
	list := []contestant{written.contestant(ctx, "written")}

	// The best form, compiled as usual; where that is what is written, passes
	// must not have made it worse.
	var expect func() *lathe.Tensor
	named := "by hand"
	if e.kernel != "" {
		c, result, err := s.blasContestant(e.kernel, n)
		if err != nil {
			r.failf("%v", err)
			r.set("best_form", "missing")
			return r, nil
		}
		list, expect, named = append(list, *c), result, e.kernel
	} else {
		entry, passes := e.name+"_best", []string(nil)
		if !hasEntry(p, entry) {
			entry, passes, named = e.name, []string{}, "as written, no passes"
		}
		best, err := form(entry, passes)
		if err != nil {
			return nil, err
		}
		defer best.close()
		list, expect = append(list, best.contestant(ctx, "best")), func() *lathe.Tensor { return best.outputs[0] }
	}
	r.set("best_form", named)

	switch {
	case e.bad.times > 0:
	case e.bad.kernel != "":
		c, _, err := s.blasContestant(e.bad.kernel, n)
		if err != nil {
			r.failf("%v", err)
			r.set("bad_form", "missing")
			return r, nil
		}
		list = append(list, *c)
	default:
		entry := e.name
		if hasEntry(p, entry+"_bad") {
			entry += "_bad"
		}
		bad, err := form(entry, []string{})
		if err != nil {
			return nil, err
		}
		defer bad.close()
		list = append(list, bad.contestant(ctx, "bad"))
	}

	rivals := &rivalForms{}
	if e.tests != nil {
		if rivals, err = s.openRivals(ctx, rivalTask{Suite: "laab", Row: e.name, Sizes: map[string]int{"n": n}}, 1, written); err != nil {
			return nil, err
		}
		defer rivals.close()
	}
	ours := len(list)
	list = append(list, rivals.contestants()...)

	t, err := s.race(ctx, rules{samples: s.cfg.samples(10), scrub: true, steady: -1}, list)
	if err != nil {
		return nil, err
	}
	theirs := t[ours:]
	if t = t[:ours]; e.bad.times > 0 {
		t = append(slices.Clone(t), t[1].scaled(e.bad.times))
	}
	floor := laabFloor
	if n*max(1, e.shrink) != 3000 {
		floor = 0 // it is the suite's for this size
	}
	v := judgeLAAB(t[0], t[1], t[2], floor)
	r.set("time", t[0].timing())
	r.set("best", t[1].timing())
	r.set("bad", t[2].timing())
	r.set("rule", v)
	r.Pass = v.Pass
	if !v.Pass {
		r.failf("%.3g of the way from the best form to the bad one is lost", v.Loss)
	}
	if e.tests == nil && float64(optimised) > 1.05*least {
		r.failf("%s FLOPs, %s are enough", count(float64(optimised)), count(least))
	}
	apart := difference(written.outputs[0], expect())
	r.set("difference", apart)
	if !(apart <= halfDigits) {
		r.failf("the result differs from that of the best form by %.2g of its largest element", apart)
	}
	rivals.report(r, theirs, func(_ string, t0 samples, out map[string]any) {
		out["rule"] = judgeLAAB(t0, t[1], t[2], floor)
	}, written.outputs[0])
	return r, nil
}

// halfDigits is the relative difference from which on half of the digits of an
// f32 are wrong: then two programs don't compute the same thing.
const halfDigits = 0x1p-12

// sizes returns, for an entry, the sizes that it has.
func (e *expression) sizes(p *lathe.Program, n int) func(entry string) map[string]string {
	all := map[string]int{"n": n, "k": max(1, n/15), "m": max(1, n/2), "f": max(1, n/5)}
	return func(entry string) map[string]string {
		set := map[string]string{}
		for _, in := range p.Text().Entries() {
			if in.Name != entry {
				continue
			}
			for _, param := range in.Params {
				for _, size := range strings.FieldsFunc(param.Type, func(r rune) bool { return strings.ContainsRune("[], *", r) }) {
					if v, ok := all[size]; ok {
						set[size] = fmt.Sprint(v)
					}
				}
			}
		}
		return set
	}
}

func hasEntry(p *lathe.Program, name string) bool {
	for _, e := range p.Text().Entries() {
		if e.Name == name {
			return true
		}
	}
	return false
}

// laabSummary is the score.
func laabSummary(r *Report) []string {
	tests := map[string]bool{}
	for _, e := range expressions() {
		tests[e.name] = e.tests != nil
	}
	passed, of, further, ofFurther := 0, 0, 0, 0
	var losses []float64
	for _, row := range r.Rows {
		if !tests[row.Name] {
			ofFurther++
			if row.Pass {
				further++
			}
			continue
		}
		of++
		if row.Pass {
			passed++
		}
		if loss, ok := row.number("rule.loss"); ok {
			losses = append(losses, loss)
		}
	}
	out := []string{"In the columns with a version: the loss that the suite's authors measured, of the best invocation; in those of rivals, the loss here, of the operators."}
	if of > 0 {
		mean := math.NaN()
		if len(losses) > 0 {
			mean = 0
			for _, l := range losses {
				mean += l / float64(len(losses))
			}
		}
		out = append(out, fmt.Sprintf("%d of %d tests of the suite passed, mean loss %.3g (published: PyTorch 7 of 17, 0.632; TensorFlow 6, 0.715; JAX 6, 0.684)", passed, of, mean))
	}
	if ofFurther > 0 {
		out = append(out, fmt.Sprintf("%d of %d further expressions passed", further, ofFurther))
	}
	return out
}
