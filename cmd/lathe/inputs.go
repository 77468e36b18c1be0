package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// readInputs reads what --in names. known are the entry's arguments.
func (m *model) readInputs(e *env, in, known []string) error {
	for _, s := range in {
		name, path, ok := strings.Cut(s, "=")
		if !ok {
			if strings.ToLower(filepath.Ext(s)) != ".npz" {
				return usagef("--in %s: want NAME=FILE.npy or FILE.npz", s)
			}
			arrays, err := tensorio.ReadNpz(s, 0)
			if err != nil {
				return err
			}
			for _, a := range arrays {
				if !slices.Contains(known, a.Name) {
					e.notef("%s: %s is no argument of %s, it is not used", s, source.Quote(a.Name), m.entry)
					continue
				}
				if err := m.give(e, a.Name, a); err != nil {
					return err
				}
			}
			continue
		}
		// An archive may hold more than one entry needs. A name on the command line
		// is meant: one that is no argument is a mistake of the call.
		if !slices.Contains(known, name) {
			hint := "its arguments are " + strings.Join(known, ", ")
			if len(known) == 0 {
				hint = "it takes none"
			} else if near := source.Near(name, known); near != "" {
				hint = "did you mean " + near + "?"
			}
			return usagef("--in %s: %s has no argument %s: %s", s, m.entry, source.Quote(name), hint)
		}
		a, err := tensorio.ReadNpy(path, 0)
		if err != nil {
			return err
		}
		if err := m.give(e, name, a); err != nil {
			return err
		}
	}
	return nil
}

func (m *model) give(e *env, name string, a tensorio.Array) error {
	if m.given[name] != nil {
		return usagef("argument %s is given twice", name)
	}
	if a.Note != "" {
		e.notef("argument %s: %s", name, a.Note)
	}
	m.given[name] = a.Tensor
	return nil
}

// convert returns t as a tensor of type want: floats convert to floats, and
// integers to integers that hold every value, with a note.
func convert(e *env, what string, t *lathe.Tensor, want ir.Type) (*lathe.Tensor, error) {
	have := tensor.TypeString(t.DType(), t.Shape())
	if !slices.Equal(t.Shape(), want.Dims()) {
		return nil, fmt.Errorf("%s: want %v, have %s", what, want.Plain(), have)
	}
	from, to := t.DType(), want.DType
	switch {
	case from == to:
		return t, nil
	case from.IsFloat() && to.IsFloat():
	case from.IsInt() && to.IsInt():
		for i := range t.Len() {
			if v := t.Int(i); tensor.Wrap(to, v) != v {
				return nil, fmt.Errorf("%s: want %v, have %s, and element %d, %d, does not fit %v", what, want.Plain(), have, i, v, to)
			}
		}
	default:
		return nil, fmt.Errorf("%s: want %v, have %s; only floats convert to floats, and integers to integers", what, want.Plain(), have)
	}
	e.notef("%s is converted from %v to %v", what, from, to)
	return t.Convert(to), nil
}

// missingWeights is the error for weights that nobody gave.
// Where no name is near, it lists what the files have.
func missingWeights(missing []check.MissingWeight, have []string) error {
	const most = 5
	var b strings.Builder
	fmt.Fprintf(&b, "%d weights are missing:", len(missing))
	if len(missing) == 1 {
		b.Reset()
		b.WriteString("a weight is missing:")
	}
	for i, w := range missing {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(missing)-most)
			break
		}
		fmt.Fprintf(&b, "\n  %s: %v", w.Name, w.Type)
		if w.Near != "" {
			fmt.Fprintf(&b, " (did you mean %s, which the file has?)", source.Quote(w.Near))
		}
	}
	switch near := slices.ContainsFunc(missing, func(w check.MissingWeight) bool { return w.Near != "" }); {
	case len(have) > 0 && !near:
		b.WriteString("\nthe files have " + source.Quote(strings.Join(have, ", ")))
	case len(have) == 0:
		b.WriteString("\ngive --weights FILE.safetensors, or --random SEED")
	}
	return usagef("%s", b.String())
}
