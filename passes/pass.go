package passes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// A Pass is one rewriting of a function.
type Pass struct {
	Name  string
	After []string // passes that must come before it where both run
	Rules []*Rule  // the laws by which it rewrites
	run   func(*Context, *ir.Func) error
}

// pipeline returns the passes in the order in which they run.
func pipeline() []Pass {
	return []Pass{
		{Name: "fold", Rules: rules(folds), run: byLaws(folds)},
		// before chain, to which one-hot values are dense
		{Name: "sparse", Rules: slices.Concat([]*Rule{turnsAtOnce, termsAtOnce, gathers, scatters, grouping}, rules(repetitions), rules(accumulations)), run: sparse},
		{Name: "simplify", Rules: rules(simplifications), run: byLaws(simplifications)},
		{Name: "structure", Rules: rules(structures), run: byLaws(structures)},
		// before chain, which prices triangles
		{Name: "mask", Rules: rules(masks), run: byLaws(masks)},
		// before all that chooses by the FLOPs of what is needed
		{Name: "trim", Rules: []*Rule{partOnly}, run: trim},
		// before chain, to which it gives factors
		{Name: "level", After: []string{"simplify", "structure"}, Rules: []*Rule{splitFactor, earlySum, shiftOfRow, sumOfOnes, scaleThrough, shiftThrough, splitHeads}, run: level},
		// before cse, which makes values shared
		{Name: "chain", After: []string{"simplify", "structure", "sparse"}, Rules: []*Rule{cheapestOrder, oneTriangle, turnedBack, takenApart, commonPart}, run: chain},
		{Name: "factor", After: []string{"simplify", "structure"}, Rules: []*Rule{takeOut, mulOut, sumApart, addUp, cheapestOrder, oneTriangle, turnedBack}, run: distribute},
		{Name: "cse", Rules: []*Rule{equalValues, equalTransposed}, run: cse},
		{Name: "slice", After: []string{"cse"}, Rules: []*Rule{partOnly}, run: slice},
		{Name: "hoist", After: []string{"cse"}, Rules: []*Rule{noTurn, oneTurn, lastTurn, invariant, loopSum}, run: hoist},
		// behind all that moves or shares
		{Name: "split", After: []string{"cse", "slice", "hoist"}, Rules: []*Rule{loadTime}, run: split},
		// last: passes leave values without uses
		{Name: "dead", After: []string{"cse"}, Rules: []*Rule{unusedValues}, run: dead},
	}
}

// Names returns the names of all passes in the order in which they run.
func Names() []string {
	var names []string
	for _, p := range pipeline() {
		names = append(names, p.Name)
	}
	return names
}

// A Rewrite is one change that a pass made, or one that it refused.
type Rewrite struct {
	Pass          string
	Rule          *Rule
	At            source.Pos
	Before, After int // FLOPs of the whole function, structure used: ir.Func.Work
}

// Options control Run. The zero Options is what users get.
type Options struct {
	Passes      []string                      // only these, in this order; nil for all
	MaxRewrites int                           // stop after so many rewrites; 0 for no limit, -1 for none
	LoadMemory  int                           // the most bytes of a load-time value; 0 for the usual limit, -1 for none at all
	Strict      bool                          // only rewrites that leave every bit as it is
	Verify      bool                          // check the function after each pass
	After       func(pass string, f *ir.Func) // sees the function after each pass
	Report      func(Rewrite)                 // sees each rewrite
	Refuse      func(Rewrite)                 // sees what was considered and would cost more
}

// A Context is what passes share in one Run.
type Context struct {
	context.Context
	opts     Options
	pass     string
	runs     []string // the names of all passes of the run, in order
	at       int      // of pass in runs
	rewrites int
	flops    int    // of the function now
	made     []made // by the pass that runs
}

// allowed reports whether rule may be used once more.
func (ctx *Context) allowed(rule *Rule) bool {
	if ctx.opts.Strict && rule.Class != Exact {
		return false
	}
	return ctx.opts.MaxRewrites == 0 || ctx.rewrites < ctx.opts.MaxRewrites
}

// A made is one rewrite of the pass that runs.
type made struct {
	rule  *Rule
	at    source.Pos
	saved int // FLOPs
}

// rewrote notes a rewrite by rule at a place that saves so many FLOPs, and
// returns its place in ctx.made.
func (ctx *Context) rewrote(rule *Rule, at source.Pos, saved int) int {
	ctx.rewrites++
	ctx.made = append(ctx.made, made{rule, at, saved})
	return len(ctx.made) - 1
}

// refused reports that a rewrite by rule at a place would cost so many FLOPs more.
func (ctx *Context) refused(rule *Rule, at source.Pos, loss int) {
	if ctx.opts.Refuse != nil && !(ctx.opts.Strict && rule.Class != Exact) {
		ctx.opts.Refuse(Rewrite{ctx.pass, rule, at, ctx.flops, ctx.flops + loss})
	}
}

// settle reports the rewrites of a pass. What each saves was counted on its own;
// what they save together is known now, and the last one gets the difference.
func (ctx *Context) settle(f *ir.Func) {
	flops := f.Work()
	for i, m := range ctx.made {
		r := Rewrite{ctx.pass, m.rule, m.at, ctx.flops, ctx.flops - m.saved}
		if i == len(ctx.made)-1 {
			r.After = flops
		}
		ctx.flops = r.After
		if ctx.opts.Report != nil {
			ctx.opts.Report(r)
		}
	}
	ctx.flops, ctx.made = flops, nil
}

// Select returns the passes that a list of names asks for: those names as
// listed; none for the single name "none"; the usual ones without some, where
// the names begin with a minus. An empty list is nil, for all.
func Select(list []string) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) == 1 && list[0] == "none" {
		return []string{}, nil
	}
	without := strings.HasPrefix(list[0], "-")
	for _, name := range list {
		bare, minus := strings.CutPrefix(name, "-")
		if minus != without {
			return nil, fmt.Errorf("passes are either listed or left out with -: %s mixes the two", source.Quote(strings.Join(list, ",")))
		}
		if bare == "" {
			return nil, fmt.Errorf("a name is missing in the list of passes %s", source.Quote(strings.Join(list, ",")))
		}
		if !slices.Contains(Names(), bare) {
			hint := "the passes are " + strings.Join(Names(), ", ")
			if near := source.Near(bare, Names()); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, fmt.Errorf("no pass is called %s: %s", source.Quote(bare), hint)
		}
	}
	if !without {
		return list, nil
	}
	return slices.DeleteFunc(Names(), func(n string) bool { return slices.Contains(list, "-"+n) }), nil
}

// Run rewrites f by the passes of the options, which Select has checked.
func Run(ctx context.Context, f *ir.Func, opts Options) error {
	names := opts.Passes
	if names == nil {
		names = Names()
	}
	c := &Context{Context: ctx, opts: opts, runs: names}
	if slices.Contains(names, "split") && opts.MaxRewrites >= 0 {
		for _, v := range f.Body {
			v.Load = false // split decides anew
		}
	}
	for at, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := slices.IndexFunc(pipeline(), func(p Pass) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("no pass is called %s", name)
		}
		c.pass, c.at, c.flops = name, at, f.Work() // a pass may have dropped unused values too
		if opts.MaxRewrites >= 0 {
			if err := pipeline()[i].run(c, f); err != nil {
				return fmt.Errorf("pass %s: %w", name, err)
			}
		}
		c.settle(f)
		if opts.Verify {
			if err := ir.Verify(f); err != nil {
				return fmt.Errorf("after pass %s: %w", name, err)
			}
		}
		if opts.After != nil {
			opts.After(name, f)
		}
	}
	return nil
}
