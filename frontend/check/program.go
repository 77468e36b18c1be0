package check

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// A Unit is a file of a program with the files that it imports.
type Unit struct {
	File    *syntax.File
	Imports []*Unit
}

// A Program is a file with all that it imports, its declarations resolved by
// name. It does not change; its methods may be called at the same time.
type Program struct {
	main   *Unit
	units  []*Unit                                 // each behind what it imports
	scopes map[*syntax.File]map[string]syntax.Decl // what each file sees
	file   map[syntax.Decl]*syntax.File            // where each declaration stands
	models map[*syntax.Model]*modelDecl
}

// A modelDecl is a model with its members by name.
type modelDecl struct {
	tree    *syntax.Model
	members map[string]syntax.Member
	sizes   map[string]*syntax.Param
}

// New returns the program of the given files, of which the last is the main
// one and every file comes behind what it imports. It returns source errors
// for names that are declared twice.
func New(units []*Unit) (*Program, error) {
	p := &Program{
		main:   units[len(units)-1],
		units:  units,
		scopes: map[*syntax.File]map[string]syntax.Decl{},
		file:   map[syntax.Decl]*syntax.File{},
		models: map[*syntax.Model]*modelDecl{},
	}
	var errs source.Errors
	for _, u := range units {
		scope := map[string]syntax.Decl{}
		for _, im := range u.Imports {
			for _, d := range sortedDecls(p.scopes[im.File]) {
				p.declare(&errs, scope, d, u)
			}
		}
		for _, d := range u.File.Decls {
			p.file[d] = u.File
			p.declare(&errs, scope, d, nil)
			if m, ok := d.(*syntax.Model); ok {
				p.models[m] = declareMembers(&errs, m)
			}
			if f, ok := d.(*syntax.Fn); ok {
				checkParams(&errs, f)
			}
		}
		p.scopes[u.File] = scope
	}
	p.findCircles(&errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// findCircles reports models that have themselves as sub-models, maybe by way
// of others: each circle once, where it closes.
func (p *Program) findCircles(errs *source.Errors) {
	const open, done = 1, 2
	state := map[*syntax.Model]int{}
	var path []*syntax.Model // the models that are open
	var visit func(m *syntax.Model)
	visit = func(m *syntax.Model) {
		state[m] = open
		path = append(path, m)
		for _, member := range m.Members {
			s, ok := member.(*syntax.SubModel)
			if !ok {
				continue
			}
			inner, ok := p.scopes[p.file[m]][s.Model.Name].(*syntax.Model)
			switch {
			case !ok || state[inner] == done:
			case state[inner] == open:
				var names []string
				for _, o := range path[slices.Index(path, inner):] {
					names = append(names, source.Quote(o.Name.Name))
				}
				errs.Addf(s.Model.At, "models contain each other in a circle: %s", strings.Join(append(names, names[0]), " -> "))
			default:
				visit(inner)
			}
		}
		path = path[:len(path)-1]
		state[m] = done
	}
	for _, u := range p.units {
		for _, d := range u.File.Decls {
			if m, ok := d.(*syntax.Model); ok && state[m] == 0 {
				visit(m)
			}
		}
	}
}

// declare adds a declaration to what a file sees. One that an import of
// importer brings is reported there.
func (p *Program) declare(errs *source.Errors, scope map[string]syntax.Decl, d syntax.Decl, importer *Unit) {
	name, ok := declName(d)
	if !ok {
		return
	}
	old, twice := scope[name.Name]
	if !twice {
		scope[name.Name] = d
		return
	}
	if old == d {
		return
	}
	first, _ := declName(old)
	if importer == nil {
		errs.Addf(name.At, "%s is declared twice", source.Quote(name.Name)).Hint = "the other one is at " + first.At.String()
		return
	}
	at := source.Pos{File: importer.File.Source}
	for _, other := range importer.File.Decls {
		if im, ok := other.(*syntax.Import); ok {
			at = im.At
		}
	}
	errs.Addf(at, "the imports bring in %s twice", source.Quote(name.Name)).Hint = "it is declared at " + first.At.String() + " and at " + name.At.String()
}

// sortedDecls returns what a file sees in an order that does not change.
func sortedDecls(scope map[string]syntax.Decl) []syntax.Decl {
	var decls []syntax.Decl
	for _, name := range sortedKeys(scope) {
		decls = append(decls, scope[name])
	}
	return decls
}

// declName returns the name that a declaration declares; an import has none.
func declName(d syntax.Decl) (*syntax.Name, bool) {
	switch d := d.(type) {
	case *syntax.Const:
		return d.Name, true
	case *syntax.Fn:
		return d.Name, true
	case *syntax.Model:
		return d.Name, true
	}
	return nil, false
}

// declareMembers returns a model's members by name.
func declareMembers(errs *source.Errors, m *syntax.Model) *modelDecl {
	out := &modelDecl{tree: m, members: map[string]syntax.Member{}, sizes: map[string]*syntax.Param{}}
	seen := map[string]source.Pos{}
	once := func(name string, at source.Pos) bool {
		if first, ok := seen[name]; ok {
			errs.Addf(at, "%s is declared twice in model %s", source.Quote(name), source.Quote(m.Name.Name)).Hint = "the other one is at " + first.String()
			return false
		}
		seen[name] = at
		return true
	}
	for _, s := range m.Sizes {
		if once(s.Name.Name, s.Name.At) {
			out.sizes[s.Name.Name] = s
		}
	}
	parts := map[string]source.Pos{} // of the paths of weights
	for _, member := range m.Members {
		name, part := memberName(member)
		if once(name.Name, name.At) {
			out.members[name.Name] = member
		}
		if f, ok := member.(*syntax.Fn); ok {
			checkParams(errs, f)
			continue
		}
		if first, ok := parts[part]; ok && seen[name.Name] == name.At {
			errs.Addf(name.At, "two members of model %s have the path %s", source.Quote(m.Name.Name), source.Quote(part)).Hint = "the other one is at " + first.String()
			continue
		}
		if part == "" {
			errs.Addf(asPos(member), "a part of a path is not empty")
		}
		parts[part] = name.At
	}
	return out
}

// memberName returns a member's name, and its part of a weight's path.
func memberName(m syntax.Member) (name *syntax.Name, part string) {
	var as *syntax.String
	switch m := m.(type) {
	case *syntax.Weight:
		name, as = m.Name, m.As
	case *syntax.SubModel:
		name, as = m.Name, m.As
	case *syntax.Fn:
		return m.Name, ""
	}
	if as != nil {
		return name, as.Value
	}
	return name, name.Name
}

// asPos returns the place of the path's part that a member is given.
func asPos(m syntax.Member) source.Pos {
	switch m := m.(type) {
	case *syntax.Weight:
		if m.As != nil {
			return m.As.At
		}
	case *syntax.SubModel:
		if m.As != nil {
			return m.As.At
		}
	}
	return m.Pos()
}

// checkParams reports parameters of one name.
func checkParams(errs *source.Errors, f *syntax.Fn) {
	var seen []string
	for _, q := range f.Params {
		if slices.Contains(seen, q.Name.Name) {
			errs.Addf(q.Name.At, "%s is declared twice in the parameters of %s", source.Quote(q.Name.Name), source.Quote(f.Name.Name))
		}
		seen = append(seen, q.Name.Name)
	}
}
