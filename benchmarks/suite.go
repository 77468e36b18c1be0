package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Suite is a set of measurements that belong in one table.
type Suite struct {
	Name    string
	About   string                 // in a line
	Columns []Column               // what the table shows of a row
	rows    func(*Config) []row    //
	summary func(*Report) []string // lines below the table; nil for none
}

// A row is one measurement.
type row struct {
	name string
	run  func(ctx context.Context, s *session) (*Result, error)
}

// Suites returns all suites.
func Suites() []Suite { return []Suite{laab(), kernels(), models(), awareness()} }

// Find returns the suite of a name.
func Find(name string) (Suite, error) {
	var names []string
	for _, s := range Suites() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Suite{}, fmt.Errorf("no suite is called %q; there are %s", name, strings.Join(names, ", "))
}

// A Config says how suites are run. The zero Config is the suites' own protocol.
type Config struct {
	Size     int            // n of the suites that have one; 0 for the suite's own
	Samples  int            // timings of each contestant; 0 for the suite's own
	Threads  []int          // numbers of threads; nil for the suite's own
	Only     *regexp.Regexp // which rows, by name; nil for all
	LLVM     string         // see lathe.Options
	OpenBLAS string         // the library's path; "" for the system's
	OneDNN   string         // the library's path; "" for the system's
	Rivals   []string       // command lines of other systems; see rival.go
	Naive    bool           // models are also run by the reference evaluator, once
	Progress func(text string)
}

func (c *Config) size(usual int) int {
	if c.Size > 0 {
		return c.Size
	}
	return usual
}

func (c *Config) samples(usual int) int {
	if c.Samples > 0 {
		return c.Samples
	}
	return usual
}

func (c *Config) threads(usual ...int) []int {
	if len(c.Threads) > 0 {
		return c.Threads
	}
	slices.Sort(usual)
	return slices.Compact(usual)
}

// Run measures a suite. A row that cannot be measured, say because a library is
// missing, fails with the reason; the others go on. The error is that of the
// compiler's library where there is none, or ctx.Err().
func Run(ctx context.Context, suite Suite, cfg Config) (*Report, error) {
	s, err := newSession(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var rows []row
	for _, r := range suite.rows(&cfg) {
		if cfg.Only == nil || cfg.Only.MatchString(r.name) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no row of %s matches %v", suite.Name, cfg.Only)
	}
	report := &Report{Suite: suite.Name, Machine: s.machine()}
	for i, r := range rows {
		if cfg.Progress != nil {
			cfg.Progress(fmt.Sprintf("%s %d/%d %s", suite.Name, i+1, len(rows), r.name))
		}
		result, err := r.run(ctx, s)
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			result = &Result{Why: []string{err.Error()}}
		}
		result.Name = r.name
		report.Rows = append(report.Rows, *result)
	}
	report.Machine.LoadAfter = load()
	report.Machine.Rivals = append(report.Machine.Rivals, s.rivalNames...)
	return report, nil
}
