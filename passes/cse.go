package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

var (
	equalValues     = &Rule{"equal", "f(x) twice = f(x) once", Exact}
	equalTransposed = &Rule{"equal transposed", "b.T @ a = (a.T @ b).T", Reassociate}
)

// cse makes values that are computed twice be computed once:
//
//	y = exp(x); z = exp(x)   becomes   y = exp(x)
//
// Values are the same if operation, attributes, type and operands are, in any
// order for a commutative operation. A product is the same as another one if it
// is that transposed; a symmetric factor may be transposed for it. Operations
// that may fail stay as they are, and so do loops; what a loop computes may be
// replaced by what was computed before it.
//
// It always pays, and needs nothing before it.
func cse(ctx *Context, f *ir.Func) error {
	c := &sharing{ctx: ctx, f: f, same: map[*ir.Value]*ir.Value{}, number: map[*ir.Value]int{}}
	f.Walk(func(v *ir.Value) { c.number[v] = len(c.number) + 1 })
	c.region(&f.Region, map[string]*ir.Value{}, 1)
	if len(c.same) > 0 {
		f.Rebuild()
	}
	return nil
}

// sharing is the state of cse.
type sharing struct {
	ctx    *Context
	f      *ir.Func
	same   map[*ir.Value]*ir.Value // what a value was replaced by
	number map[*ir.Value]int       // of all values, in order: keys are made of them
}

// region shares the values of r; known are those of the regions around it, and
// turns is how often r is evaluated.
func (c *sharing) region(r *ir.Region, known map[string]*ir.Value, turns int) {
	var added []string
	var body []*ir.Value
	for _, v := range r.Body {
		body = append(body, v)
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
		u := known[key]
		switch {
		case u == nil:
			known[key] = v
			added = append(added, key)
			if form, _ := c.product(v); form != "" && known[form] == nil {
				known[form] = v
				added = append(added, form)
			}
			if t := c.transposed(v, known); t != nil && c.ctx.allowed(equalTransposed) {
				c.same[v] = t
				if c.number[t] == 0 { // a transposition was made for it
					c.number[t] = len(c.number) + 1
					body = append(body, t)
				}
				c.ctx.rewrote(equalTransposed, v.Pos, v.Work()*turns)
			}
		case c.ctx.allowed(equalValues):
			c.same[v] = u
			c.ctx.rewrote(equalValues, v.Pos, v.Work()*turns)
		}
	}
	r.Body = body
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
		args[i] = fmt.Sprint(c.number[a])
	}
	if v.Op.Info().Algebra&ir.Commutative != 0 && len(args) == 2 {
		slices.Sort(args)
	}
	return fmt.Sprint(v.Op, ir.AttrString(v.Attrs), v.Type, strings.Join(args, ","))
}

// product returns a string that two contractions share exactly if they are the
// same but for the order of the axes of their operands and results, and the
// letters of the result's as that string names them; "" for another value. Of the ways to order the
// factors and to write a symmetric one, the least text counts.
func (c *sharing) product(v *ir.Value) (form, out string) {
	if v.Op != ir.OpContract || len(v.Args) != 2 || v.Cost.Set {
		return "", ""
	}
	operands, result, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil {
		return "", ""
	}
	factors := slices.Clone(v.Args)
	for k, a := range factors {
		for ; a.Op == ir.OpTranspose; a = a.Args[0] {
			letters := []byte(operands[k])
			for i, p := range a.Attrs.(*ir.PermAttrs).Perm {
				letters[p] = operands[k][i]
			}
			operands[k] = string(letters)
		}
		factors[k] = a
	}
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		for _, turn := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			names := map[byte]byte{}
			name := func(letters string) string {
				named := []byte(letters)
				for i, l := range named {
					if names[l] == 0 {
						names[l] = 'a' + byte(len(names))
					}
					named[i] = names[l]
				}
				return string(named)
			}
			text, ok := "", true
			for _, k := range order {
				letters := operands[k]
				if turn[k] {
					n := len(letters)
					if ok = ok && factors[k].Type.Props.Mirrored(); !ok {
						break
					}
					letters = letters[:n-2] + letters[n-1:] + letters[n-2:n-1]
				}
				text += fmt.Sprint(c.number[factors[k]], name(letters), " ")
			}
			if !ok {
				continue
			}
			kept := []byte(name(result))
			named := string(kept)
			slices.Sort(kept)
			if text += "-> " + string(kept); form == "" || text < form {
				form, out = text, named
			}
		}
	}
	return "product " + form, out
}

// transposed returns a transposition of what is known that v is; nil if nothing
// is.
func (c *sharing) transposed(v *ir.Value, known map[string]*ir.Value) *ir.Value {
	form, out := c.product(v)
	u := known[form]
	if form == "" || u == v || u == nil {
		return nil
	}
	_, have := c.product(u)
	perm := make([]int, len(out))
	for i := range out {
		perm[i] = strings.IndexByte(have, out[i])
	}
	if slices.IsSorted(perm) && u.Type.Equal(v.Type) {
		return u
	}
	t, err := c.f.NewValue(v.Pos, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, u)
	if err != nil || !t.Type.Equal(v.Type) {
		return nil
	}
	return t
}
