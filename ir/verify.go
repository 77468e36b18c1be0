package ir

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxReports is how many broken invariants Verify reports.
const maxReports = 10

// Verify returns an error for each invariant that f breaks, up to ten:
//
//   - an operand, or a result of a region, is a parameter or an earlier value of
//     the region or of one around it;
//   - a value stands in one place of the function only;
//   - IDs differ from one another, and so do names;
//   - parameters have the operation param, and no other value has; those of a
//     loop are no weights;
//   - a value has as many operands as the row of its operation says;
//   - it has a record of attributes exactly if the row has one, of that kind,
//     and what the record holds, inference accepts;
//   - its type is the one that inference gives; structure may have been added,
//     except that assume states its own;
//   - types are possible: an element type, at most MaxRank sizes, none negative, a
//     fraction or an error, constant ones with bytes that fit in an int, size
//     variables that are names; structure fits the last two dimensions; a tuple
//     has at least two parts, all tensors;
//   - only get takes a tuple, and no parameter and no result of the function is one;
//   - exactly loops have bodies; a body's parameters are the index, an i64 scalar,
//     and one for each value carried, with its type, as are the body's results;
//   - a cost is not negative, and 0 where it is not set;
//   - what is computed when weights are loaded stands in no loop, and uses only
//     weights and what is computed then, in its body too; a part of a loop is
//     computed when the loop is.
//
// An error shows the line that breaks it, marked >, and its neighbours.
func Verify(f *Func) error {
	c := &verifier{f: f, place: map[*Value]bool{}, ids: map[int]bool{}, names: map[string]bool{}}
	c.region(&f.Region, nil, map[*Value]bool{})
	return errors.Join(c.errs...)
}

// VerifyModule verifies each function of m, whose names must differ.
func VerifyModule(m *Module) error {
	var errs []error
	for _, f := range m.Funcs {
		if m.Func(f.Name) != f {
			errs = append(errs, fmt.Errorf("%s: the module has another function of that name", spell(f.Name)))
		}
		errs = append(errs, Verify(f))
	}
	return errors.Join(errs...)
}

type verifier struct {
	f     *Func
	errs  []error
	place map[*Value]bool // what stands somewhere already
	ids   map[int]bool
	names map[string]bool
	text  *printer // of f, made for the first error
}

// failf records an error at v.
func (c *verifier) failf(v *Value, format string, args ...any) {
	if len(c.errs) == maxReports {
		return
	}
	c.errs = append(c.errs, fmt.Errorf("%s: %v: %s\n%s", spell(c.f.Name), v, fmt.Sprintf(format, args...), c.excerpt(v)))
}

// excerpt returns the line of v, marked, and its neighbours.
func (c *verifier) excerpt(v *Value) string {
	if c.text == nil {
		c.text = newPrinter()
		c.text.function(c.f)
	}
	i, ok := c.text.line[v]
	if !ok {
		i = len(c.text.lines) - 2 // the result is missing: show the return
	}
	s := ""
	for j := max(0, i-3); j <= min(len(c.text.lines)-1, i+3); j++ {
		mark := "  "
		if j == i {
			mark = "> "
		}
		s += mark + c.text.lines[j] + "\n"
	}
	return s
}

// region checks r, the body of loop (nil for that of the function), in which
// seen is visible. It leaves seen as it was.
func (c *verifier) region(r *Region, loop *Value, seen map[*Value]bool) {
	for _, v := range r.Params {
		if c.once(v) {
			c.param(v, loop)
			seen[v] = true
		}
	}
	for _, v := range r.Body {
		if !c.once(v) {
			continue
		}
		c.value(v, seen)
		if v.Load {
			c.atLoad(v, loop)
		} else if v.Op == OpGet && len(v.Args) == 1 && v.Args[0] != nil && v.Args[0].Load {
			c.failf(v, "is computed in each call, but is a part of what is computed when weights are loaded")
		}
		seen[v] = true
	}
	for i, v := range r.Results {
		switch {
		case v == nil:
			c.failf(loop, "result %d is nil", i)
		case !seen[v]:
			c.failf(v, "is result %d of a region in which it is not visible", i)
		case loop == nil && v.Type.Tuple != nil:
			c.failf(v, "the function returns the tuple %v", v.Type)
		}
	}
	for _, v := range r.Params {
		delete(seen, v)
	}
	for _, v := range r.Body {
		delete(seen, v)
	}
}

// once checks what holds for parameters and values alike. It returns false
// where v cannot be looked at.
func (c *verifier) once(v *Value) bool {
	if v == nil {
		c.failf(nil, "a region holds nil")
		return false
	}
	if c.place[v] {
		c.failf(v, "stands in two places")
		return false
	}
	c.place[v] = true
	if c.ids[v.ID] {
		c.failf(v, "has the ID %d of another value", v.ID)
	}
	c.ids[v.ID] = true
	if v.Name != "" {
		if c.names[v.Name] {
			c.failf(v, "has the name of another value")
		}
		c.names[v.Name] = true
	}
	if v.Cost.Flops < 0 || !v.Cost.Set && v.Cost.Flops != 0 {
		c.failf(v, "has the cost %+v", v.Cost)
	}
	if v.Op >= NumOps || v.Op == OpInvalid {
		c.failf(v, "has no operation")
		return false
	}
	if err := checkType(v.Type); err != nil {
		c.failf(v, "%v", err)
		return false
	}
	return true
}

func (c *verifier) param(v, loop *Value) {
	switch {
	case v.Op != OpParam:
		c.failf(v, "is a parameter with the operation %v", v.Op)
	case len(v.Args) > 0 || v.Attrs != nil || v.Body != nil:
		c.failf(v, "is a parameter with operands, attributes or a body")
	case v.Type.Tuple != nil:
		c.failf(v, "is a parameter with the tuple %v", v.Type)
	case v.Load:
		c.failf(v, "is a parameter that is computed when weights are loaded")
	case loop != nil && v.Weight:
		c.failf(v, "is a weight, but a parameter of a loop")
	case loop == nil && v.Name == "":
		c.failf(v, "is a parameter without a name")
	}
}

// value checks a value of a body.
func (c *verifier) value(v *Value, seen map[*Value]bool) {
	info := v.Op.Info()
	if v.Op == OpParam {
		c.failf(v, "is a parameter, but stands in a body")
		return
	}
	if v.Weight {
		c.failf(v, "is a weight, but no parameter")
	}
	types := make([]Type, len(v.Args))
	for i, a := range v.Args {
		switch {
		case a == nil:
			c.failf(v, "operand %d is nil", i)
			return
		case !seen[a]:
			c.failf(v, "uses %v, which is not defined above in this region or around it", a)
			return
		case a.Type.Tuple != nil && v.Op != OpGet:
			c.failf(v, "uses the tuple %v, which only get may", a.Type)
			return
		}
		types[i] = a.Type
	}
	if err := checkOperands(v.Op, len(v.Args)); err != nil {
		c.failf(v, "%v", err)
		return
	}
	if err := checkRecord(v); err != nil {
		c.failf(v, "%v", err)
		return
	}
	t, err := info.Infer(types, v.Attrs, v.Type)
	switch {
	case err != nil:
		c.failf(v, "%v", err)
	case !t.Equal(v.Type):
		c.failf(v, "recorded type is %v, inference gives %v", v.Type.Plain(), t.Plain())
	case v.Op == OpAssume && v.Type.Props == Props{}:
		c.failf(v, "assumes nothing")
	}
	switch {
	case (v.Op == OpLoop) != (v.Body != nil):
		c.failf(v, "%v with a body: %v", v.Op, v.Body != nil)
	case v.Body != nil:
		c.loop(v, seen)
	}
}

// atLoad checks a value of the body of loop (nil for that of the function) that is
// computed when weights are loaded.
func (c *verifier) atLoad(v, loop *Value) {
	if loop != nil {
		c.failf(v, "is computed when weights are loaded, but stands in a loop")
	}
	uses := v.Args
	if v.Body != nil {
		uses = slices.Concat(uses, v.Body.Captures())
	}
	for _, a := range uses {
		if a != nil && !a.Load && !a.Weight {
			c.failf(v, "is computed when weights are loaded, but uses %v, which is not", a)
		}
	}
}

// loop checks the body of a loop whose operands are in order.
func (c *verifier) loop(v *Value, seen map[*Value]bool) {
	c.region(v.Body, v, seen)
	inits := v.Args[min(2, len(v.Args)):]
	params, results := v.Body.Params, v.Body.Results
	if len(params) != len(inits)+1 || len(results) != len(inits) {
		c.failf(v, "carries %d values, its body has %d parameters and %d results", len(inits), len(params), len(results))
		return
	}
	if i := params[0]; i != nil && !i.Type.Equal(Make(tensor.I64)) {
		c.failf(v, "its index is %v, not i64", i.Type)
	}
	for k, init := range inits {
		for what, u := range []*Value{params[k+1], results[k]} {
			if u != nil && !u.Type.Equal(init.Type) {
				c.failf(v, "carries %v, its %s %d is %v", init.Type.Plain(), [...]string{"parameter", "result"}[what], k, u.Type.Plain())
			}
		}
	}
}

// checkOperands checks a number of operands against the row.
func checkOperands(op Op, n int) error {
	if want := op.Info().Args; n != want && (want != Variadic || n == 0) {
		if want == Variadic {
			return fmt.Errorf("want operands, have none")
		}
		return fmt.Errorf("want %d operands, have %d", want, n)
	}
	return nil
}

// checkRecord checks that the attributes of v are those of its row.
func checkRecord(v *Value) error {
	mk := v.Op.Info().Attrs
	switch {
	case mk == nil && v.Attrs == nil:
		return nil
	case mk == nil:
		return fmt.Errorf("want no attributes, have %s", AttrString(v.Attrs))
	case v.Attrs == nil:
		return fmt.Errorf("want attributes as in %s, have none", AttrString(mk()))
	}
	if want, have := reflect.TypeOf(mk()), reflect.TypeOf(v.Attrs); want != have {
		return fmt.Errorf("want attributes of type %v, have %v", want, have)
	}
	return nil
}

// checkType checks what holds for every type.
func checkType(t Type) error {
	if t.Tuple != nil {
		if len(t.Tuple) < 2 || t.DType != tensor.Invalid || t.Shape != nil || t.Props != (Props{}) {
			return fmt.Errorf("want a tuple of at least two parts and nothing else, have %v", t)
		}
		for _, u := range t.Tuple {
			if u.Tuple != nil {
				return fmt.Errorf("a tuple holds the tuple %v", u)
			}
			if err := checkType(u); err != nil {
				return err
			}
		}
		return nil
	}
	if !t.DType.Valid() {
		return fmt.Errorf("the type has no element type: %v", t)
	}
	if len(t.Shape) > MaxRank {
		return fmt.Errorf("rank %d is above the limit of %d", len(t.Shape), MaxRank)
	}
	for _, n := range t.Shape {
		if err := checkSize(n); err != nil {
			return fmt.Errorf("%v: %w", t.Plain(), err)
		}
	}
	if t.Static() {
		if _, _, err := tensor.Size(t.DType, t.Dims(), math.MaxInt64); err != nil {
			return err
		}
	}
	return checkProps(t)
}

func checkSize(n dim.Expr) error {
	if err := n.Err(); err != nil {
		return err
	}
	if v, ok := n.Int(); ok && v < 0 {
		return fmt.Errorf("size %d is negative", v)
	} else if n.IsConst() && !ok {
		return fmt.Errorf("size %v is not an integer", n)
	}
	for _, name := range n.Vars() {
		if !isName(name) {
			return fmt.Errorf("a size variable is called %q", name)
		}
	}
	return nil
}

// checkProps checks that the structure of t fits its last two dimensions.
func checkProps(t Type) error {
	p := t.Props
	switch {
	case p == Props{}:
		return nil
	case p.Has(Unit) && !p.Any(Lower|Upper):
		return fmt.Errorf("%v: unit stands beside lower or upper", t)
	case p.Below < 0 || p.Above < 0:
		return fmt.Errorf("%v: a number of diagonals is negative", t)
	case p.Has(SPD) && !t.DType.IsFloat():
		return fmt.Errorf("%v: spd asks for floats", t)
	case !p.Has(Banded) && (p.Below != 0 || p.Above != 0):
		return fmt.Errorf("%v: %d and %d diagonals, but not banded", t, p.Below, p.Above)
	}
	check := checkMatrix
	if p.NeedsSquare() {
		check = checkSquare
	}
	if err := check(t); err != nil {
		return fmt.Errorf("%v: %w", p, err)
	}
	return nil
}
