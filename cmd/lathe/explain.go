package main

import (
	"context"

	"github.com/lathe-lang/lathe/codegen/counts"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/passes"
)

// An explainCmd is lathe explain.
type explainCmd struct {
	names
	flags
	Verbose bool `help:"Also say which rewrites were considered and refused, with the cost that decided."`
	JSON    bool `name:"json" help:"Print one JSON document."`
}

// A costJSON is what one call costs.
type costJSON struct {
	Flops int `json:"flops"`
	Bytes int `json:"bytes"`
	Peak  int `json:"peak_bytes"`
	Ops   int `json:"ops"`
}

// A loadJSON is what loading costs, once.
type loadJSON struct {
	Flops int `json:"flops"`
	Bytes int `json:"bytes"`
}

// A rewriteJSON is one change that a pass made.
type rewriteJSON struct {
	Pass   string `json:"pass"`
	Rule   string `json:"rule"`
	At     string `json:"at"`
	Before int    `json:"flops_before"`
	After  int    `json:"flops_after"`

	law string
}

func asJSON(r passes.Rewrite) rewriteJSON {
	return rewriteJSON{r.Pass, r.Rule.Name, r.At.String(), r.Before, r.After, r.Rule.Law}
}

// An explanation is what explain --json prints.
type explanation struct {
	Entry     string          `json:"entry"`
	Sizes     map[string]any  `json:"sizes"`
	Naive     costJSON        `json:"naive"`
	Optimized costJSON        `json:"optimized"`
	LoadTime  loadJSON        `json:"load_time"`
	Rewrites  []rewriteJSON   `json:"rewrites"`
	Kernels   []counts.Kernel `json:"kernels"`

	refused   []rewriteJSON
	openLoops int // loops whose turns only a run knows
}

func (c *explainCmd) run(ctx context.Context, e *env) error {
	m, err := open(e, c.names, &c.flags)
	if err != nil {
		return err
	}
	defer m.close()
	x, err := explain(ctx, m, c.flags.Weights)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e, x)
	}
	x.print(e.stdout)
	if c.Verbose {
		x.printRefused(e.stdout)
	}
	return nil
}

// explain compiles an entry as far as kernels and counts.
func explain(ctx context.Context, m *model, weightFiles []string) (*explanation, error) {
	x := &explanation{
		Entry: m.entry, Sizes: sizesJSON(m.sig.Sizes), Rewrites: []rewriteJSON{}, Kernels: []counts.Kernel{},
		Naive:     costJSON{m.fn.Flops(), m.fn.Bytes(), counts.NaivePeak(m.fn), countOps(&m.fn.Region)},
		openLoops: openLoops(m.fn),
	}
	opts := m.opts
	opts.WeightFiles = weightFiles
	opts.Rewrite = func(r passes.Rewrite) { x.Rewrites = append(x.Rewrites, asJSON(r)) }
	opts.Refused = func(r passes.Rewrite) { x.refused = append(x.refused, asJSON(r)) }
	f, program, err := m.program.Inspect(ctx, m.entry, opts)
	if err != nil {
		return nil, err
	}
	kernels, bytes := counts.Of(program, program.Steps)
	x.Kernels = append(x.Kernels, kernels...)
	_, loading := counts.Of(program, program.Load)
	x.LoadTime = loadJSON{f.LoadWork(), loading}
	x.Optimized = costJSON{f.Work(), bytes, memplan.Peak(program), countOps(&f.Region)}
	return x, nil
}
