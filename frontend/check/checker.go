// Package check turns the tree of a program into functions of the IR: it gives
// names their meaning, computes static values, infers types, and inlines
// functions, sub-models and static loops as it goes, so there is no second,
// typed tree. It knows the program's text only through package syntax, and
// what operators and built-ins mean only through package build.
//
// The same code runs in two modes. [Program.Check] and [Program.Entries] leave
// sizes as variables; what only their values decide is then checked both ways,
// or believed. [Program.Instantiate] knows all sizes and makes the function.
//
// This package is part of the compiler, not of its API; it changes without notice.
package check

import (
	"errors"
	"fmt"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// Limits of a program that is inlined. They bound time and memory; beyond them
// is an error that is source.ErrLimit to errors.Is.
const (
	maxValues = 4 << 20 // values of the IR
	maxSteps  = 1 << 19 // expressions and statements that are evaluated
	maxDepth  = 40_000  // expressions inside of expressions, calls included
)

// A checker evaluates declarations of a program into one function.
type checker struct {
	program  *Program
	symbolic bool
	errs     *source.Errors
	b        *ir.Builder
	pos      source.Pos // of what is being built

	consts   map[*syntax.Const]value
	weights  map[string]*reachedWeight // by full name; nil after an error
	prologue []*ir.Value               // gives parameters their declared structure
	calls    []call                    // that are being inlined, outermost first
	fresh    map[string]int            // how many size variables were made of each name
	scalars  map[*ir.Value]dim.Expr    // scalars of the function that stand for sizes
	missing  map[string]*unknown       // sizes of the entry's model that nothing determines
	signed   map[string]bool           // variables that may be negative or no integers

	steps, depth int
	loops        int // of the IR, around what is evaluated
	limited      bool
}

// newChecker returns a checker for one function called name.
func (p *Program) newChecker(name string, symbolic bool, errs *source.Errors) *checker {
	return &checker{
		program: p, symbolic: symbolic, errs: errs, b: ir.NewBuilder(ir.NewFunc(name)),
		consts: map[*syntax.Const]value{}, weights: map[string]*reachedWeight{},
		fresh: map[string]int{}, scalars: map[*ir.Value]dim.Expr{}, missing: map[string]*unknown{}, signed: map[string]bool{},
	}
}

// errorf records an error. Inside of an inlined function the hint says where
// it was called.
func (c *checker) errorf(at source.Pos, hint, format string, args ...any) *source.Error {
	e := c.errs.Addf(at, format, args...)
	e.Hint = hint
	if n := len(c.calls); n > 0 && c.calls[n-1].at.IsValid() {
		k := c.calls[n-1]
		if e.Hint != "" {
			e.Hint += "; "
		}
		e.Hint += fmt.Sprintf("%s is called at %v", source.Quote(k.fn.Name.Name), k.at)
	}
	return e
}

// report records an error that another package found, at the place where it
// has none itself.
func (c *checker) report(at source.Pos, err error) {
	if errors.Is(err, errTrial) {
		return
	}
	list := source.List(err)
	for _, e := range list {
		if e.Pos.IsValid() {
			at = e.Pos
		}
		c.errorf(at, e.Hint, "%s", e.Msg).Kind = e.Kind
	}
	if list == nil {
		c.errorf(at, "", "%s", err)
	}
}

// stopped reports whether it is no use to go on.
func (c *checker) stopped() bool { return c.limited || c.errs.Full() }

// tick counts a step of the evaluation.
func (c *checker) tick(at source.Pos) {
	c.steps++
	if c.steps > maxSteps && !c.limited {
		c.limit(at, "inlining the program takes more steps than the limit of %d", maxSteps)
	}
}

// limit records that a limit was passed, which ends everything.
func (c *checker) limit(at source.Pos, format string, args ...any) {
	c.limited = true
	c.errorf(at, "", format, args...).Kind = source.ErrLimit
}

// enter counts an expression that is being evaluated; leave ends it. It
// returns false where there is no use in evaluating it.
func (c *checker) enter(at source.Pos) bool {
	c.tick(at)
	c.depth++
	if c.depth > maxDepth && !c.limited {
		c.limit(at, "expressions nest deeper than the limit of %d, with those of the functions that are called", maxDepth)
	}
	if c.stopped() {
		c.depth--
		return false
	}
	return true
}

func (c *checker) leave() { c.depth-- }

// made counts the values of the function.
func (c *checker) made(v *ir.Value, at source.Pos) {
	if v.ID > maxValues && !c.limited {
		c.limit(at, "the inlined program has more values than the limit of %d", maxValues)
	}
}

// freshSize returns a size variable that is different from all others, with a
// name that resembles the given one.
func (c *checker) freshSize(name string) dim.Expr {
	n := c.fresh[name]
	c.fresh[name]++
	if n > 0 {
		name = fmt.Sprintf("%s_%d", name, n)
	}
	return dim.Var("_" + name)
}

// unknownSize returns a size of which nothing is known.
func (c *checker) unknownSize() dim.Expr { return c.freshSize("size") }

// param makes a parameter of the function. Beside it is its value in the body,
// which has the structure that its type declares.
func (c *checker) param(name string, t ir.Type, weight bool, at source.Pos) (param, val *ir.Value) {
	if err := c.fits(t); err != nil {
		c.report(at, fmt.Errorf("%s: %w", source.Quote(name), err))
		return nil, nil
	}
	f := c.b.F
	param = f.NewParam(name, t, weight, at)
	if t.Props == (ir.Props{}) {
		return param, param
	}
	val, err := f.NewValue(at, ir.OpAssume, nil, t, param)
	if err != nil {
		c.report(at, err)
		return nil, nil
	}
	c.prologue = append(c.prologue, val)
	return param, val
}

// placeholder returns a value of a type, for code that is checked and thrown
// away.
func (c *checker) placeholder(t ir.Type) *ir.Value {
	return &ir.Value{Name: "_", Op: ir.OpParam, Type: t.Plain(), Pos: c.pos}
}

// loop builds a loop at c.pos.
func (c *checker) loop(lo, hi *ir.Value, step int, inits []*ir.Value, body func(*ir.Value, []*ir.Value) ([]*ir.Value, error)) ([]*ir.Value, error) {
	c.b.Pos = c.pos
	c.loops++
	defer func() { c.loops-- }()
	return c.b.Loop(lo, hi, step, inits, body)
}

// index returns an i64 scalar.
func (c *checker) index(n int) (*ir.Value, error) {
	c.b.Pos = c.pos
	return c.b.Index(n), nil
}
