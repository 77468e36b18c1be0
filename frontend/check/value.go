package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// A valueKind is what an expression came to.
type valueKind uint8

const (
	noKind       valueKind = iota // nothing: a block without a value
	badKind                       // an error was recorded; every check on it is silent
	unknownKind                   // right for some sizes, nobody knows what; every check on it is silent
	openKind                      // a const that is being evaluated
	missingKind                   // a size of the model that nothing determines; an error where it is used
	tensorKind                    // a value of the IR
	numberKind                    // a static number
	flagKind                      // a static true or false
	listKind                      // of values
	tupleKind                     // what a function with several results returns
	stringKind                    //
	typeKind                      // a type as an argument
	instanceKind                  // a sub-model
	subListKind                   // a list of sub-models
)

// A value is what an expression came to. The zero value is none.
type value struct {
	kind  valueKind
	v     *ir.Value
	num   number
	flag  truth // yes, no or open
	elems []value
	text  string
	typ   ir.Type
	inst  *instance
	subs  *subList
}

// A truth is what is known of a static condition.
type truth uint8

const (
	open    truth = iota // only sizes decide
	no                   //
	yes                  //
	invalid              // an error was recorded
)

var (
	badValue     = value{kind: badKind}
	unknownValue = value{kind: unknownKind}
)

func tensorValue(v *ir.Value) value { return value{kind: tensorKind, v: v} }

func flagValue(b bool) value {
	if b {
		return value{kind: flagKind, flag: yes}
	}
	return value{kind: flagKind, flag: no}
}

// tensor returns the value of the IR that v is.
func (v value) tensor() *ir.Value { return v.v }

// describe names v in a message.
func (v value) describe() string {
	switch v.kind {
	case tensorKind:
		return v.v.Type.Plain().String()
	case numberKind:
		return v.num.String()
	case flagKind:
		return map[truth]string{yes: "true", no: "false", open: "a flag"}[v.flag]
	case listKind:
		return "a list of " + count(len(v.elems), "value")
	case tupleKind:
		parts := make([]string, len(v.elems))
		for i, e := range v.elems {
			parts[i] = e.describe()
		}
		return "(" + strings.Join(parts, ", ") + ")"
	case stringKind:
		return "a string"
	case typeKind:
		return "the type " + v.typ.String()
	case instanceKind:
		return "a sub-model " + source.Quote(v.inst.decl.tree.Name.Name)
	case subListKind:
		return "a list of sub-models " + source.Quote(v.subs.tree.Model.Name)
	case noKind:
		return "no value"
	}
	return "an unknown value"
}

// merge returns what is known of a value that is v for some sizes and w for
// others.
func merge(v, w value) value {
	if v.kind == badKind || w.kind == badKind {
		return badValue
	}
	if v.kind != w.kind {
		return unknownValue
	}
	same := false
	switch v.kind {
	case tensorKind:
		same = v.v == w.v || sameType(v.v.Type, w.v.Type)
	case numberKind:
		same = v.num.identical(w.num)
	case flagKind:
		if v.flag != w.flag {
			v.flag = open
		}
		same = true
	case listKind, tupleKind:
		if len(v.elems) != len(w.elems) {
			return unknownValue
		}
		elems := make([]value, len(v.elems))
		for i := range elems {
			elems[i] = merge(v.elems[i], w.elems[i])
			if elems[i].kind == badKind {
				return badValue
			}
		}
		v.elems, same = elems, true
	case instanceKind:
		same = v.inst == w.inst
	case subListKind:
		same = *v.subs == *w.subs
	}
	if !same {
		return unknownValue
	}
	return v
}

// sameType reports whether two types are the same for all sizes.
func sameType(t, u ir.Type) bool {
	if t.DType != u.DType || t.Rank() != u.Rank() || t.Tuple != nil || u.Tuple != nil {
		return false
	}
	for i := range t.Shape {
		if !t.Shape[i].Equal(u.Shape[i]) {
			return false
		}
	}
	return true
}

// count writes a number of things: 1 size, 2 sizes.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// near returns a hint with the candidate that a name was most likely meant to be.
func near(name string, candidates []string) string {
	if best := source.Near(name, candidates); best != "" {
		return "did you mean " + source.Quote(best) + "?"
	}
	return ""
}

// choice returns a hint with the nearest candidate, or with all if none is near.
func choice(name string, candidates []string) string {
	if hint := near(name, candidates); hint != "" || len(candidates) == 0 {
		return hint
	}
	return "there is " + list(candidates)
}

// list writes names one after the other, no more than a line of them.
func list(names []string) string {
	const most = 12
	rest := ""
	if len(names) > most {
		names, rest = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = source.Quote(n)
	}
	return strings.Join(quoted, ", ") + rest
}

func trimEnd(s string) string { return strings.TrimRight(s, "; ") }

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
