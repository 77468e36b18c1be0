package syntax

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
)

// typ parses the type of a result.
func (p *parser) typ() Type {
	if p.tok.Kind != LParen {
		return p.tensorType("")
	}
	t := &TupleType{Place: p.here()}
	p.list(func() { t.Elems = append(t.Elems, p.tensorType("")) })
	if len(t.Elems) < 2 {
		p.failf(t.At.Off, "a single result is written without brackets", "a tuple has at least two types, found %d", len(t.Elems))
	}
	return t
}

// tensorType parses an element type, dimensions and properties. Other lists
// what else could stand here, for the message.
func (p *parser) tensorType(other string) *TensorType {
	if p.tok.Kind != Elem {
		p.noType(other)
	}
	t := &TensorType{Place: p.here(), Elem: p.tok.Text}
	p.next()
	p.dims(t)
	for p.tok.Kind == Ident && p.tok.Text != "as" {
		t.Props = append(t.Props, p.prop())
	}
	return t
}

// noType reports that no type stands here.
func (p *parser) noType(other string) {
	all := strings.Join(elemTypes, " ")
	candidates := elemTypes
	if other != "" {
		all = strings.ReplaceAll(other, ",", "") + " " + all
		candidates = append(strings.Split(other, ", "), elemTypes...)
	}
	hint := ""
	switch p.tok.Kind {
	case LParen:
		hint = "tuples are only what functions return"
	case Ident:
		if near := source.Near(p.tok.Text, candidates); near != "" {
			hint = "did you mean " + near + "?"
		}
	}
	p.expected(hint, "a type (%s)", all)
}

// dims parses the dimensions of t, if there are any, and sets p.height.
func (p *parser) dims(t *TensorType) {
	p.height = 1
	if p.tok.Kind != LBracket {
		return
	}
	off, top := p.tok.Off, 0
	p.list(func() {
		t.Dims = append(t.Dims, p.expr())
		top = max(top, p.height)
	})
	p.height = top
	if len(t.Dims) == 0 {
		p.failf(off, "a scalar is written "+t.Elem, "a type has at least one dimension in its brackets")
	}
}

// prop parses a property.
func (p *parser) prop() *Prop {
	q := &Prop{Place: p.here(), Name: p.tok.Text}
	if !slices.Contains(properties, q.Name) {
		hint := ""
		if near := source.Near(q.Name, properties); near != "" {
			hint = "did you mean " + near + "?"
		}
		p.expected(hint, "a property (%s) or the end of the type", strings.Join(properties, " "))
	}
	p.next()
	if q.Name != "banded" {
		return q
	}
	if p.tok.Kind != LParen {
		p.expected("", "'(' with the lower and the upper width after banded")
	}
	p.list(func() { q.Args = append(q.Args, p.expr()) })
	if len(q.Args) != 2 {
		p.failf(q.At.Off, "write banded(lower, upper)", "banded takes two widths, found %d", len(q.Args))
	}
	return q
}
