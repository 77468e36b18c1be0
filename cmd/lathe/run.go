package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir/eval"
)

// A runCmd is lathe run.
type runCmd struct {
	names
	flags
	Out    string `placeholder:"FILE" help:"Where the results go: .npy for one, .npz for several; without it a summary is printed."`
	Naive  bool   `help:"Evaluate operation by operation with the reference evaluator: no passes, no fusion."`
	Check  bool   `help:"Hold each kernel to the bound of its error, on the inputs that it really had."`
	Repeat int    `placeholder:"N" help:"Run N more times and print the times."`
	JSON   bool   `name:"json" help:"Print one JSON document."`

	Profile bool   `help:"Print the time of each kernel beside what is predicted for it."`
	Trace   string `placeholder:"FILE" help:"Write a Chrome trace with a span for each kernel and worker."`
}

// A timesJSON holds seconds.
type timesJSON struct {
	Compile float64 `json:"compile"`
	Min     float64 `json:"min"`
	Median  float64 `json:"median"`
	Max     float64 `json:"max"`
}

// A runJSON is what run --json prints.
type runJSON struct {
	Results []resultJSON `json:"results"`
	Time    timesJSON    `json:"time_s"`
	Check   *checkJSON   `json:"check,omitempty"`
}

// A checkJSON is the outcome of --check.
type checkJSON struct {
	ErrorOverBound number `json:"error_over_bound"`
	Whole          number `json:"whole"`
}

// A runner evaluates a model once, on its inputs.
type runner func(ctx context.Context) ([]*lathe.Tensor, error)

func (c *runCmd) run(ctx context.Context, e *env) error {
	switch {
	case c.Naive && (c.Profile || c.Trace != ""):
		return usagef("--profile and --trace time compiled kernels; --naive has none")
	case c.JSON && c.Profile:
		return usagef("--json prints one document and nothing else; --profile prints a table")
	case c.Naive && c.Check:
		return usagef("--check holds compiled kernels to their bounds; --naive has none")
	case c.Repeat < 0:
		return usagef("--repeat: want 0 or more, have %d", c.Repeat)
	}
	m, err := open(e, c.names, &c.flags)
	if err != nil {
		return err
	}
	defer m.close()
	if err := checkOut(c.Out, len(m.sig.Results)); err != nil {
		return err
	}
	if err := m.bind(e); err != nil {
		return err
	}
	work := e.progress("compiling " + m.entry)
	defer work.done()

	m.opts.Clock = c.Profile || c.Trace != ""
	begin := time.Now()
	eval1, compiled, err := c.prepare(ctx, m)
	if err != nil {
		return err
	}
	if compiled != nil {
		defer compiled.Close()
	}
	doc := runJSON{Time: timesJSON{Compile: time.Since(begin).Seconds()}}
	work.say("running " + m.entry)
	results, times, err := repeat(ctx, eval1, c.Repeat)
	if err != nil {
		return err
	}
	doc.Time.Min, doc.Time.Median, doc.Time.Max = times[0], median(times), times[len(times)-1]

	var failed error
	var verdict *checked
	if c.Check {
		work.say("checking " + m.entry)
		if verdict, err = checkKernels(ctx, m, results); err != nil {
			return err
		}
		doc.Check = &checkJSON{number(verdict.ratio), number(verdict.whole)}
		if !verdict.ok() {
			failed = errFailed
		}
	}
	work.done()
	if m.opts.Clock {
		if err := c.profile(ctx, e, m, compiled); err != nil {
			return err
		}
	}
	if c.Out != "" {
		if err := writeResults(ctx, e, c.Out, results); err != nil {
			return err
		}
	}
	switch {
	case c.JSON:
		doc.Results = resultsJSON(results)
		if verdict != nil {
			verdict.printFailures(e.stderr)
		}
		if err := printJSON(e, doc); err != nil {
			return err
		}
	default:
		if c.Out == "" {
			printResults(e, results)
		}
		if c.Repeat > 0 {
			fmt.Fprintf(e.stdout, "time of a run: min %s, median %s, max %s (%d runs; compiling took %s)\n",
				seconds(doc.Time.Min), seconds(doc.Time.Median), seconds(doc.Time.Max), len(times), seconds(doc.Time.Compile))
		}
		if verdict != nil {
			verdict.printFailures(e.stderr)
			verdict.print(e.stdout)
		}
	}
	return failed
}

// prepare compiles the entry, or makes it ready for the evaluator.
func (c *runCmd) prepare(ctx context.Context, m *model) (runner, *lathe.Executable, error) {
	if c.Naive {
		return func(ctx context.Context) ([]*lathe.Tensor, error) {
			if n := m.opts.Threads; n > 0 { // gonum's products take as many as there are
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(min(n, runtime.NumCPU())))
			}
			return eval.Run(ctx, m.fn, m.args(), eval.Options{Strict: m.opts.Math == lathe.Strict})
		}, nil, nil
	}
	x, err := m.program.Compile(ctx, m.entry, m.opts)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) ([]*lathe.Tensor, error) { return x.Run(ctx, m.inputs...) }, x, nil
}

// repeat runs once, and more times; the results are those of the first run.
// Times are in seconds, sorted, the first run's only where there is no other.
func repeat(ctx context.Context, r runner, more int) (results []*lathe.Tensor, times []float64, err error) {
	for i := range more + 1 {
		begin := time.Now()
		got, err := r(ctx)
		if err != nil {
			return nil, nil, err
		}
		took := time.Since(begin).Seconds()
		if i == 0 {
			results = got
			if more > 0 {
				continue
			}
		}
		times = append(times, took)
	}
	slices.Sort(times)
	return results, times, nil
}

// median is that of sorted times.
func median(times []float64) float64 {
	n := len(times)
	return (times[(n-1)/2] + times[n/2]) / 2
}

// seconds prints a time with three digits and a unit.
func seconds(s float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}} {
		if s >= 0.9995*u.size { // what rounds to a thousand has the next unit
			return fmt.Sprintf("%.3g %s", s/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ns", s/1e-9)
}
