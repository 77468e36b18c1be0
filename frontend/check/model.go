package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// An instance is a model with its sizes, at one place of the tree of
// sub-models. Its own sub-models are made when they are asked for.
type instance struct {
	decl   *modelDecl
	parent *instance
	path   string           // of the names of its weights, "blocks.3.attn"; empty for the root
	order  []int            // where it stands among its siblings, level by level
	sizes  map[string]value // sizes and static parameters
	subs   map[string]value // sub-models and lists of them that were asked for
}

// A subList is a list of sub-models, or a part of one: n of them from lo on,
// step apart. The number may be a size that is not known yet.
type subList struct {
	tree  *syntax.SubModel
	owner *instance
	lo, n dim.Expr
	step  int
}

// anyIndex stands in paths for an index that only sizes decide.
const anyIndex = "*"

// join appends a part to a path.
func join(path, part string) string {
	if path == "" {
		return part
	}
	return path + "." + part
}

// member returns the sub-model, the list or the weight of an instance that the
// program calls name; ok is false where there is none.
func (c *checker) member(inst *instance, name string, at source.Pos) (v value, ok bool) {
	switch m := inst.decl.members[name].(type) {
	case *syntax.Weight:
		return c.weight(inst, m), true
	case *syntax.SubModel:
		if v, ok := inst.subs[name]; ok {
			return v, true
		}
		v := c.subModel(inst, m)
		inst.subs[name] = v
		return v, true
	}
	return value{}, false
}

// subModel makes what a sub-model's declaration declares.
func (c *checker) subModel(inst *instance, m *syntax.SubModel) value {
	if m.Count == nil {
		_, part := memberName(m)
		return c.instantiate(inst, m, join(inst.path, part), 0)
	}
	f := c.modelFrame(inst)
	n, ok := f.size(m.Count)
	if !ok {
		return badValue
	}
	return value{kind: subListKind, subs: &subList{tree: m, owner: inst, n: n, step: 1}}
}

// element returns the element of a list at an index that counts from 0.
func (c *checker) element(l *subList, i dim.Expr) value {
	_, part := memberName(l.tree)
	at := dim.Add(l.lo, dim.Mul(i, dim.Const(l.step)))
	index, number := anyIndex, 0
	if n, ok := at.Int(); ok {
		index, number = strconv.Itoa(n), n
	}
	path := join(join(l.owner.path, part), index)
	key := l.tree.Name.Name + "." + index
	if v, ok := l.owner.subs[key]; ok {
		return v
	}
	v := c.instantiate(l.owner, l.tree, path, number)
	l.owner.subs[key] = v
	return v
}

// instantiate makes the sub-model that m declares, the index-th of a list.
func (c *checker) instantiate(parent *instance, m *syntax.SubModel, path string, index int) value {
	decl, ok := c.program.scopes[c.program.file[parent.decl.tree]][m.Model.Name]
	model, isModel := decl.(*syntax.Model)
	switch {
	case !ok:
		var names []string
		for name, d := range c.program.scopes[c.program.file[parent.decl.tree]] {
			if _, ok := d.(*syntax.Model); ok {
				names = append(names, name)
			}
		}
		c.errorf(m.Model.At, near(m.Model.Name, names), "no model is called %s", source.Quote(m.Model.Name))
		return badValue
	case !isModel:
		c.errorf(m.Model.At, "", "%s is no model", source.Quote(m.Model.Name))
		return badValue
	}
	sizes, ok := c.modelArgs(c.modelFrame(parent), model, m)
	if !ok {
		return badValue
	}
	at := slices.Index(parent.decl.tree.Members, syntax.Member(m))
	return value{kind: instanceKind, inst: &instance{
		decl:   c.program.models[model],
		parent: parent,
		path:   path,
		order:  append(slices.Clone(parent.order), at, index),
		sizes:  sizes,
		subs:   map[string]value{},
	}}
}

// modelArgs evaluates the arguments of a sub-model's declaration in f.
func (c *checker) modelArgs(f *frame, model *syntax.Model, m *syntax.SubModel) (map[string]value, bool) {
	given := make([]value, len(model.Sizes))
	has := make([]bool, len(model.Sizes))
	ok := true
	for i, a := range m.Args {
		k := i
		if a.Name != nil {
			k = slices.IndexFunc(model.Sizes, func(s *syntax.Param) bool { return s.Name.Name == a.Name.Name })
		}
		switch {
		case k < 0:
			c.errorf(a.Pos(), near(a.Name.Name, paramNames(model.Sizes)), "model %s has no size %s", source.Quote(model.Name.Name), source.Quote(a.Name.Name))
		case k >= len(model.Sizes):
			c.errorf(a.Pos(), "", "model %s has %s, found %d arguments", source.Quote(model.Name.Name), count(len(model.Sizes), "size"), len(m.Args))
		case has[k]:
			c.errorf(a.Pos(), "", "size %s is given twice", source.Quote(model.Sizes[k].Name.Name))
		default:
			has[k] = true
			given[k] = c.static(model.Sizes[k], f.eval(a.Value), a.Value.Pos())
			ok = ok && given[k].kind != badKind
			continue
		}
		ok = false
	}
	if !ok {
		return nil, false
	}
	sizes := map[string]value{}
	inner := &frame{c: c, file: c.program.file[model], names: sizes}
	for i, s := range model.Sizes {
		switch {
		case has[i]:
			sizes[s.Name.Name] = given[i]
		case s.Default != nil:
			sizes[s.Name.Name] = c.static(s, inner.eval(s.Default), s.Default.Pos())
		default:
			c.errorf(m.Model.At, "it is model "+signatureOf(model), "size %s of model %s is missing", source.Quote(s.Name.Name), source.Quote(model.Name.Name))
			return nil, false
		}
		if sizes[s.Name.Name].kind == badKind {
			return nil, false
		}
	}
	return sizes, true
}

// modelFrame returns where the types and sizes of a model's members are
// evaluated: its sizes are in scope, and what its file sees.
func (c *checker) modelFrame(inst *instance) *frame {
	return &frame{c: c, file: c.program.file[inst.decl.tree], inst: inst, names: map[string]value{}, noMembers: true}
}

// A reached weight is one that the function uses.
type reachedWeight struct {
	name  string
	param *ir.Value
	value *ir.Value // the parameter, with the structure that is declared
	order []int
	tree  *syntax.Weight
}

// weight returns the value of a weight of an instance, and makes its parameter
// where it is the first use.
func (c *checker) weight(inst *instance, w *syntax.Weight) value {
	_, part := memberName(w)
	name := join(inst.path, part)
	if r, ok := c.weights[name]; ok {
		if r == nil {
			return badValue
		}
		if r.tree != w {
			c.errorf(w.Name.At, "give one of them another part of the path with as", "two weights have the full name %s", source.Quote(name))
			return badValue
		}
		return tensorValue(r.value)
	}
	c.weights[name] = nil
	t, ok := c.modelFrame(inst).typ(w.Type)
	if !ok {
		return badValue
	}
	param, val := c.param(name, t, true, w.Name.At)
	if val == nil {
		return badValue
	}
	at := slices.Index(inst.decl.tree.Members, syntax.Member(w))
	c.weights[name] = &reachedWeight{name, param, val, append(slices.Clone(inst.order), at), w}
	return tensorValue(val)
}

// reached returns the weights that were used, in the order of declaration.
func (c *checker) reached() []*reachedWeight {
	var all []*reachedWeight
	for _, name := range sortedKeys(c.weights) {
		if w := c.weights[name]; w != nil {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b *reachedWeight) int { return slices.Compare(a.order, b.order) })
	return all
}

// findWeight follows a full name from an instance to the weight that it names.
// Indices of lists are not held against their length.
func (c *checker) findWeight(inst *instance, name string) (*instance, *syntax.Weight) {
	for _, m := range inst.decl.tree.Members {
		_, part := memberName(m)
		switch m := m.(type) {
		case *syntax.Weight:
			if name == part {
				return inst, m
			}
		case *syntax.SubModel:
			rest, ok := strings.CutPrefix(name, part+".")
			if !ok {
				continue
			}
			v, _ := c.member(inst, m.Name.Name, m.Name.At)
			if v.kind == subListKind {
				index, inner, _ := strings.Cut(rest, ".")
				i, err := strconv.Atoi(index)
				if err != nil || i < 0 || strconv.Itoa(i) != index {
					continue
				}
				v, rest = c.element(v.subs, dim.Const(i)), inner
			}
			if v.kind != instanceKind {
				continue
			}
			if found, w := c.findWeight(v.inst, rest); w != nil {
				return found, w
			}
		}
	}
	return nil, nil
}

// paramNames returns the names of parameters or sizes.
func paramNames(params []*syntax.Param) []string {
	var names []string
	for _, p := range params {
		names = append(names, p.Name.Name)
	}
	return names
}

// signatureOf returns the head of a model for a hint.
func signatureOf(m *syntax.Model) string {
	return fmt.Sprintf("%s(%s)", source.Quote(m.Name.Name), strings.Join(paramNames(m.Sizes), ", "))
}
