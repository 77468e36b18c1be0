package ir

import (
	"fmt"

	"github.com/lathe-lang/lathe/internal/source"
)

// A Value is the result of one operation, or a parameter. Values are shared
// freely; a pass changes one only through the functions of edit.go.
type Value struct {
	ID     int    // dense within its Func, in order of the body; the text form's v<ID>
	Name   string // of a parameter, as the user wrote it
	Op     Op
	Type   Type
	Args   []*Value
	Attrs  Attrs      // nil unless the row of Op has a record
	Body   *Region    // of a loop
	Weight bool       // a parameter that stays the same from call to call
	Load   bool       // computed once, when weights are loaded, and not in each call
	Cost   Cost       // zero for what the row says
	Pos    source.Pos // what the user wrote; rewrites pass it on
}

// A Cost says what one element of a value costs. The zero Cost leaves it to
// the row of the operation.
type Cost struct {
	Set   bool
	Flops int // an element of the result; of the operand, for reductions
}

// Free is the cost of values that a formula's FLOPs already cover.
var Free = Cost{Set: true}

// String returns the short name, x or v12, as the text form spells it.
func (v *Value) String() string {
	if v == nil {
		return "nil" // never right, but a verifier must be able to print it
	}
	if v.Name != "" {
		return spell(v.Name)
	}
	return fmt.Sprintf("v%d", v.ID)
}

// IsScalar reports whether v has rank 0.
func (v *Value) IsScalar() bool { return v.Type.Tuple == nil && len(v.Type.Shape) == 0 }

// A Region is a list of values with parameters and results: the body of a
// function or of a loop.
type Region struct {
	Params  []*Value
	Body    []*Value
	Results []*Value
}

// A Func is one entry of a program.
type Func struct {
	Name string
	Region
	nextID int
}

// A Module is what a text file of the IR holds.
type Module struct {
	Funcs []*Func
}

// Func returns the function called name, nil if there is none.
func (m *Module) Func(name string) *Func {
	for _, f := range m.Funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Static reports whether all sizes of f are constant.
func (f *Func) Static() bool {
	static := true
	f.Walk(func(v *Value) { static = static && v.Type.Static() })
	return static
}

// Walk calls visit for every parameter and value of f, bodies of loops
// included, operands first.
func (f *Func) Walk(visit func(*Value)) { f.Region.walk(visit) }

func (r *Region) walk(visit func(*Value)) {
	for _, p := range r.Params {
		visit(p)
	}
	for _, v := range r.Body {
		if v.Body != nil {
			v.Body.walk(visit)
		}
		visit(v)
	}
}

// Captures returns the values of the outside that the region uses, in the
// order of first use.
func (r *Region) Captures() []*Value {
	inside := map[*Value]bool{}
	r.walk(func(v *Value) { inside[v] = true })
	seen := map[*Value]bool{}
	var out []*Value
	use := func(v *Value) {
		if !inside[v] && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	var scan func(*Region)
	scan = func(r *Region) {
		for _, v := range r.Body {
			for _, a := range v.Args {
				use(a)
			}
			if v.Body != nil {
				scan(v.Body)
			}
		}
		for _, v := range r.Results {
			use(v)
		}
	}
	scan(r)
	return out
}
