package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/lathe-lang/lathe/benchmarks"
)

// A benchCmd is lathe bench.
type benchCmd struct {
	Suite   string   `arg:"" optional:"" help:"The suite; without one, the suites are listed."`
	JSON    bool     `name:"json" help:"Print one JSON document."`
	Only    string   `placeholder:"REGEXP" help:"Only the rows whose names match."`
	Size    int      `short:"n" placeholder:"N" help:"The size n of the expressions of laab, in place of 3000."`
	Samples int      `placeholder:"N" help:"Timings of each contestant, in place of the suite's own number."`
	Threads []int    `placeholder:"N,..." help:"Numbers of threads, in place of the suite's own."`
	Rival   []string `placeholder:"COMMAND" sep:"none" help:"Another system to run beside, such as 'python3 benchmarks/rivals/serve.py torch'; repeat it."`
	Naive   bool     `help:"Also run models by the reference evaluator, once, which takes long."`
	From    []string `placeholder:"FILE" sep:"none" help:"Measure nothing: show the reports in these JSON files, the rows of a suite together."`
	Page    string   `placeholder:"FILE.md" help:"Also write a page of Markdown."`
	Bars    string   `placeholder:"FILE.svg" help:"Also draw the FLOPs of awareness as bars."`
	Roof    string   `name:"roofline" placeholder:"FILE.svg" help:"Also draw the products of kernels below the machine's limits."`
}

func (c *benchCmd) run(ctx context.Context, e *env) error {
	if c.Suite == "" && len(c.From) == 0 {
		for _, s := range benchmarks.Suites() {
			fmt.Fprintf(e.stdout, "%-9s %s\n", s.Name, s.About)
		}
		return nil
	}
	reports, err := c.reports(ctx, e)
	if err != nil {
		return err
	}
	if c.Page != "" {
		plot := ""
		if c.Roof != "" {
			rel, err := filepath.Rel(filepath.Dir(c.Page), c.Roof)
			if err != nil {
				return usagef("--roofline: %v", err)
			}
			plot = filepath.ToSlash(rel)
		}
		if err := write(c.Page, func(w io.Writer) error { return benchmarks.Page(w, reports, plot) }); err != nil {
			return err
		}
	}
	if c.Roof != "" {
		i := slices.IndexFunc(reports, func(r *benchmarks.Report) bool { return r.Suite == "kernels" })
		if i < 0 {
			return usagef("--roofline: there is no report of kernels")
		}
		if err := write(c.Roof, func(w io.Writer) error { return benchmarks.Roofline(w, reports[i]) }); err != nil {
			return err
		}
	}
	if c.Bars != "" {
		i := slices.IndexFunc(reports, func(r *benchmarks.Report) bool { return r.Suite == "awareness" })
		if i < 0 {
			return usagef("--bars: there is no report of awareness")
		}
		if err := write(c.Bars, func(w io.Writer) error { return benchmarks.Bars(w, reports[i]) }); err != nil {
			return err
		}
	}
	failed := false
	for _, r := range reports {
		failed = failed || !r.Pass()
		if c.JSON {
			err = printJSON(e, r)
		} else {
			err = benchmarks.Print(e.stdout, r)
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

// reports measures the suite, or reads what was measured.
func (c *benchCmd) reports(ctx context.Context, e *env) ([]*benchmarks.Report, error) {
	if len(c.From) > 0 {
		if c.JSON && len(c.From) > 1 && c.Suite == "" {
			return nil, usagef("--json prints one document: name a suite")
		}
		return stored(c.From, c.Suite)
	}
	suite, err := benchmarks.Find(c.Suite)
	if c.Roof != "" && c.Suite != "kernels" {
		return nil, usagef("--roofline is of the suite kernels")
	}
	if c.Bars != "" && c.Suite != "awareness" {
		return nil, usagef("--bars is of the suite awareness")
	}
	if err != nil {
		return nil, usagef("%v", err)
	}
	cfg := benchmarks.Config{
		Size: c.Size, Samples: c.Samples, Threads: c.Threads, LLVM: e.getenv("LATHE_LLVM"),
		Rivals: c.Rival, Naive: c.Naive,
		OpenBLAS: e.getenv("LATHE_OPENBLAS"), OneDNN: e.getenv("LATHE_ONEDNN"),
	}
	if c.Size < 0 || c.Samples < 0 {
		return nil, usagef("--size and --samples: want 1 or more")
	}
	for _, n := range c.Threads {
		if n < 1 {
			return nil, usagef("--threads: want 1 or more, have %d", n)
		}
	}
	if c.Only != "" {
		if cfg.Only, err = regexp.Compile(c.Only); err != nil {
			return nil, usagef("--only: %v", err)
		}
	}
	// They make OpenBLAS take kernels for another processor, which is no fair rival.
	for _, name := range []string{"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	p := e.progress("benchmark")
	defer p.done()
	cfg.Progress = p.say
	report, err := benchmarks.Run(ctx, suite, cfg)
	if err != nil {
		return nil, err
	}
	return []*benchmarks.Report{report}, nil
}

// stored reads reports, of one suite where it is named.
func stored(files []string, suite string) ([]*benchmarks.Report, error) {
	var list []*benchmarks.Report
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r := &benchmarks.Report{}
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s: want a report of lathe bench --json: %w", name, err)
		}
		if suite == "" || r.Suite == suite {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("none of the files has a report of %s", suite)
	}
	return benchmarks.Join(list)
}

// write writes a file that is there as a whole or not at all.
func write(name string, content func(io.Writer) error) error {
	var b bytes.Buffer
	if err := content(&b); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o666)
}
