package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/draw"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// A model is an entry with its sizes, and with what was given for it.
type model struct {
	program *lathe.Program
	entry   string
	fn      *ir.Func // as written
	sig     *frontend.Signature
	opts    lathe.Options
	shards  *tensorio.Shards // nil without weight files

	given  map[string]*lathe.Tensor // arguments that were given, by name
	seed   *uint64
	inputs []*lathe.Tensor // set by bind
	bound  []*lathe.Tensor // the weights, set by bind
}

// open loads the program and determines the sizes of an entry. Arguments and
// weights are bound by bind.
func open(e *env, n names, f *flags) (m *model, err error) {
	m = &model{seed: f.Random, given: map[string]*lathe.Tensor{}}
	if m.opts, err = f.options(e); err != nil {
		return nil, err
	}
	if m.program, err = lathe.Load(n.File); err != nil {
		return nil, err
	}
	if m.entry, err = m.program.Entry(n.Entry); err != nil {
		return nil, err
	}
	known, err := m.params()
	if err != nil {
		return nil, err
	}
	if err := m.readInputs(e, f.In, known); err != nil {
		return nil, err
	}
	if len(f.Weights) > 0 {
		if m.shards, err = tensorio.OpenShards(f.Weights...); err != nil {
			return nil, err
		}
	}
	m.opts.Args = map[string]ir.Type{}
	for name, t := range m.given {
		m.opts.Args[name] = ir.Make(t.DType(), t.Shape()...)
	}
	opts := m.opts
	opts.WeightFiles = f.Weights
	if m.fn, m.sig, err = m.program.Func(m.entry, opts); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *model) close() {
	if m.shards != nil {
		m.shards.Close()
	}
}

// params returns the names of the entry's arguments, sizes known or not.
func (m *model) params() ([]string, error) {
	var out []string
	if m.program.Text() == nil {
		_, sig, err := m.program.Func(m.entry, lathe.Options{})
		if err != nil {
			return nil, err
		}
		for _, p := range sig.Params {
			out = append(out, p.Name)
		}
		return out, nil
	}
	for _, entry := range m.program.Text().Entries() {
		if entry.Name != m.entry {
			continue
		}
		for _, p := range entry.Params {
			if p.Type != "int" && p.Type != "float" && p.Type != "flag" {
				out = append(out, p.Name)
			}
		}
	}
	return out, nil
}

// bind finds a tensor for each argument and each weight.
func (m *model) bind(e *env) error {
	bounds := eval.IndexBounds(m.fn)
	drawn := func(i int, name string, t ir.Type) (*lathe.Tensor, error) {
		r, err := draw.New(*m.seed, name)
		if err != nil {
			return nil, err
		}
		v, err := r.Value(t, bounds[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return v, nil
	}
	for i, p := range m.sig.Params {
		t := m.given[p.Name]
		switch {
		case t != nil:
			var err error
			if t, err = convert(e, "argument "+p.Name, t, p.Type); err != nil {
				return err
			}
		case m.seed != nil:
			var err error
			if t, err = drawn(i, p.Name, p.Type); err != nil {
				return err
			}
		default:
			return usagef("argument %s: %v is missing; give --in %s=FILE.npy, or --random SEED", p.Name, p.Type, p.Name)
		}
		m.inputs = append(m.inputs, t)
	}
	var have []string
	if m.shards != nil {
		have = m.shards.Names()
	}
	if m.seed == nil {
		if missing := m.sig.Missing(have); len(missing) > 0 {
			return missingWeights(missing, have)
		}
	}
	m.opts.Weights = map[string]*lathe.Tensor{}
	for i, p := range m.sig.Weights {
		var t *lathe.Tensor
		if slices.Contains(have, p.Name) {
			a, err := m.shards.Tensor(p.Name)
			if err != nil {
				return err
			}
			if a.Note != "" {
				e.notef("weight %s: %s", p.Name, a.Note)
			}
			if t, err = convert(e, "weight "+p.Name, a.Tensor, p.Type); err != nil {
				return err
			}
		} else {
			var err error
			if t, err = drawn(len(m.sig.Params)+i, p.Name, p.Type); err != nil {
				return err
			}
		}
		m.opts.Weights[p.Name] = t
		m.bound = append(m.bound, t)
	}
	m.noteExtra(e, have)
	return nil
}

// noteExtra tells of tensors in the weight files that the entry does not take.
func (m *model) noteExtra(e *env, have []string) {
	var extra []string
	for _, name := range have {
		if m.opts.Weights[name] == nil {
			extra = append(extra, source.Quote(name))
		}
	}
	if len(extra) == 0 {
		return
	}
	const most = 5
	text := strings.Join(extra[:min(most, len(extra))], ", ")
	if len(extra) > most {
		text += fmt.Sprintf(" and %d more", len(extra)-most)
	}
	e.notef("%s does not take these weights: %s", m.entry, text)
}

// args returns all of the function's parameters' values, in their order.
func (m *model) args() []*lathe.Tensor {
	inputs, weights := m.inputs, m.bound
	var out []*lathe.Tensor
	for _, p := range m.fn.Params { // the text of a stage may have them in any order
		from := &inputs
		if p.Weight {
			from = &weights
		}
		out, *from = append(out, (*from)[0]), (*from)[1:]
	}
	return out
}
