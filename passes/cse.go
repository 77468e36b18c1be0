package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

var equalValues = &Rule{Name: "equal", Law: "f(x) twice = f(x) once", Class: Exact}

// cse makes values that are computed twice be computed once:
//
//	y = exp(x); z = exp(x)   becomes   y = exp(x)
//
// Values are the same if operation, attributes, type and operands are, in any
// order for a commutative operation. Operations that may fail stay as they are,
// and so do loops; what a loop computes may be replaced by what was computed
// before it.
//
// It always pays, and needs nothing before it.
func cse(ctx *Context, f *ir.Func) error {
	c := &sharing{ctx: ctx, same: map[*ir.Value]*ir.Value{}}
	c.region(&f.Region, map[string]*ir.Value{}, 1)
	if len(c.same) > 0 {
		f.Rebuild()
	}
	return nil
}

// sharing is the state of cse.
type sharing struct {
	ctx  *Context
	same map[*ir.Value]*ir.Value // what a value was replaced by
}

// region shares the values of r; known are those of the regions around it, and
// turns is how often r is evaluated.
func (c *sharing) region(r *ir.Region, known map[string]*ir.Value, turns int) {
	var added []string
	for _, v := range r.Body {
		for i, a := range v.Args {
			if b := c.same[a]; b != nil {
				v.Args[i] = b
			}
		}
		if v.Body != nil {
			c.region(v.Body, known, turns*v.Turns())
			continue
		}
		if v.Op.Info().Fails {
			continue
		}
		key := c.key(v)
		if u := known[key]; u != nil {
			if c.ctx.allowed(equalValues) {
				c.same[v] = u
				c.ctx.rewrote(equalValues, v.Pos, v.Work()*turns)
			}
			continue
		}
		known[key] = v
		added = append(added, key)
	}
	for i, v := range r.Results {
		if u := c.same[v]; u != nil {
			r.Results[i] = u
		}
	}
	for _, key := range added {
		delete(known, key) // what a loop computed is not known after it
	}
}

// key returns a string that two values share exactly if they are the same.
func (c *sharing) key(v *ir.Value) string {
	args := make([]string, len(v.Args))
	for i, a := range v.Args {
		args[i] = fmt.Sprintf("%p", a)
	}
	if v.Op.Info().Algebra&ir.Commutative != 0 && len(args) == 2 {
		slices.Sort(args)
	}
	return fmt.Sprint(v.Load, v.Op, ir.AttrString(v.Attrs), v.Type, strings.Join(args, ","))
}
