package ir

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// MaxNesting is how deep loops may nest in the text form.
const MaxNesting = 256

// Parse reads a module in the text form that Module.String writes. Its error
// is a *source.Error. It checks what text can get wrong (names, numbers, types
// as such), and nothing that Verify checks. A value whose line has no position
// has none.
func Parse(file *source.File) (m *Module, err error) {
	p := &parser{scanner: scanner{file: file}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			m, err = nil, r.err
		default:
			panic(r)
		}
	}()
	p.next()
	m = &Module{}
	for p.tok.kind != tokEnd {
		switch {
		case p.is("func"):
			off := p.tok.off
			f := p.function()
			if m.Func(f.Name) != nil {
				p.failAt(off, "function %s is defined twice", spell(f.Name))
			}
			m.Funcs = append(m.Funcs, f)
		case p.is("file"):
			p.sourceLines()
		default:
			p.failf("want func or file, have %s", p.describe())
		}
	}
	p.places.resolve()
	return m, nil
}

type parser struct {
	scanner
	places placeReader
	f      *Func
	scopes []map[string]*Value // of the regions that are open
	taken  map[string]bool     // names of the function, also of regions that are closed
	ids    map[int]bool
	named  []*Value // whose ID is not in their name
}

// sourceLines reads file NAME { 14 "text" ... }.
func (p *parser) sourceLines() {
	// The name follows the word at a distance.
	p.off += len(p.file.Text[p.off:]) - len(strings.TrimLeft(p.file.Text[p.off:], " \t"))
	f := p.places.file(p.fileName())
	p.want("{")
	for !p.got("}") {
		off := p.tok.off
		n := int(p.integer("a line number", 1, maxLine))
		if p.tok.kind != tokString {
			p.failf("want the text of line %d, have %s", n, p.describe())
		}
		if strings.Contains(p.tok.text, "\n") {
			p.failf("line %d holds a newline", n)
		}
		if !f.line(n, p.tok.text) {
			p.failAt(off, "line %d of %s stands here twice, or after a position in it", n, source.Quote(f.file.Name))
		}
		p.next()
	}
}

// function reads func name(params) -> (types) { ... }.
func (p *parser) function() *Func {
	p.want("func")
	f := NewFunc(p.name("the name of a function").text)
	p.f, p.scopes, p.taken, p.ids, p.named = f, nil, map[string]bool{}, map[int]bool{}, nil
	p.open()
	f.Params = p.params()
	p.want("->")
	off := p.tok.off
	want := p.tuple()
	p.want("{")
	p.body(&f.Region, "return")
	if len(want) != len(f.Results) {
		p.failAt(off, "the head says %d results, the function returns %d", len(want), len(f.Results))
	}
	for i, v := range f.Results {
		if !identical(want[i], v.Type) {
			p.failAt(off, "the head says result %d is %v, the function returns %v", i+1, want[i], v.Type)
		}
	}
	p.number()
	return f
}

// number gives values that have a name the lowest IDs that are free, in order,
// as Rebuild does.
func (p *parser) number() {
	id := 0
	for _, v := range p.named {
		for p.ids[id] {
			id++
		}
		v.ID = id
		p.ids[id] = true
	}
	p.f.nextID = 0
	p.f.Walk(func(v *Value) { p.f.nextID = max(p.f.nextID, v.ID+1) })
}

func (p *parser) open() { p.scopes = append(p.scopes, map[string]*Value{}) }

func (p *parser) close() { p.scopes = p.scopes[:len(p.scopes)-1] }

// key tells a quoted name v1 from the name of value 1.
func (t token) key() string {
	if t.kind == tokQuoted {
		return spell(t.text)
	}
	return t.text
}

// define names v by the token t.
func (p *parser) define(t token, v *Value) {
	if p.taken[t.key()] {
		p.failAt(t.off, "%s is defined twice", source.Quote(t.key()))
	}
	p.taken[t.key()] = true
	p.scopes[len(p.scopes)-1][t.key()] = v
	if t.kind == tokQuoted || !isNumbered(t.text) {
		if t.text == "" {
			p.failAt(t.off, "a name is empty")
		}
		v.Name = t.text
		p.named = append(p.named, v)
		return
	}
	id, err := strconv.ParseInt(t.text[1:], 10, 32)
	if err != nil || t.text != "v"+strconv.FormatInt(id, 10) {
		p.failAt(t.off, "want a value v0 to v%d, have %s", math.MaxInt32, source.Quote(t.text))
	}
	v.ID = int(id)
	p.ids[v.ID] = true
}

// value reads the name of a value that is in scope.
func (p *parser) value() *Value {
	t := p.name("the name of a value")
	for i := len(p.scopes) - 1; i >= 0; i-- {
		if v := p.scopes[i][t.key()]; v != nil {
			return v
		}
	}
	if p.taken[t.key()] {
		p.failAt(t.off, "%s is not visible here: it belongs to a loop that is closed", source.Quote(t.key()))
	}
	p.failAt(t.off, "no value above is called %s", source.Quote(t.key()))
	return nil
}

// params reads (x: f32[n], weight w: f32[n]).
func (p *parser) params() []*Value {
	p.want("(")
	var out []*Value
	for !p.got(")") {
		if len(out) > 0 {
			p.want(",")
		}
		v := &Value{Op: OpParam, Weight: p.got("weight")}
		t := p.name("the name of a parameter")
		p.define(t, v)
		p.want(":")
		p.tail(v)
		out = append(out, v)
	}
	return out
}

// body reads statements up to and with the closing bracket. The region of its
// parameters is open, and closed in the end.
func (p *parser) body(r *Region, last string) {
	for !p.is(last) {
		if p.is("}") || p.tok.kind == tokEnd {
			p.failf("want a value or %s, have %s", last, p.describe())
		}
		r.Body = append(r.Body, p.statement())
	}
	p.next()
	for first := true; !p.is("}"); first = false {
		if !first {
			p.want(",")
		}
		r.Results = append(r.Results, p.value())
	}
	p.next()
	p.close()
}

// statement reads v2 = add x, y : f32[4].
func (p *parser) statement() *Value {
	if !p.tok.first {
		p.failf("want the end of the line, have %s", p.describe())
	}
	target := p.name("the name of a value")
	p.want("=")
	t := p.name("an operation")
	op, ok := OpByName(t.text)
	if !ok || op == OpParam || t.kind != tokName {
		e := &source.Error{Pos: source.Pos{File: p.file, Off: t.off}, Msg: "no operation is called " + source.Quote(t.text)}
		if near := source.Near(t.text, opNames()); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		panic(bailout{e})
	}
	v := &Value{Op: op}
	if mk := op.Info().Attrs; mk != nil {
		v.Attrs = mk()
		p.attrs(v.Attrs)
	}
	for !p.is(":") {
		if len(v.Args) > 0 {
			p.want(",")
		}
		v.Args = append(v.Args, p.value())
	}
	p.want(":")
	p.tail(v)
	if op == OpLoop {
		p.loopBody(v)
	}
	p.define(target, v)
	return v
}

// loopBody reads do (params) { ... yield results }.
func (p *parser) loopBody(v *Value) {
	if len(p.scopes) > MaxNesting {
		p.limitf("loops nest deeper than the limit of %d", MaxNesting)
	}
	p.want("do")
	v.Body = &Region{}
	p.open()
	v.Body.Params = p.params()
	p.want("{")
	p.body(v.Body, "yield")
}

// opNames returns the names of the operations that a body may hold.
func opNames() []string {
	var out []string
	for op := OpParam + 1; op < NumOps; op++ {
		out = append(out, op.String())
	}
	return out
}

// tail reads a type, a time, a cost and a position.
func (p *parser) tail(v *Value) {
	v.Type = p.typ()
	v.Load = !p.tok.first && p.got("load")
	if !p.tok.first && p.got("cost") {
		v.Cost = Cost{Set: true, Flops: int(p.integer("the cost of an element", 0, math.MaxInt64))}
	}
	if p.is("@") {
		p.position(&v.Pos)
	}
}

// position reads @gau.lathe:14:18.
func (p *parser) position(pos *source.Pos) {
	off := p.tok.off
	name := p.fileName()
	p.want(":")
	line := int(p.integer("a line", 1, maxLine))
	p.want(":")
	col := int(p.integer("a column", 1, maxColumn))
	if !p.places.want(pos, name, line, col) {
		panic(bailout{&source.Error{
			Pos:  source.Pos{File: p.file, Off: off},
			Msg:  "the columns of positions in lines that no file { } lists add up to more than " + strconv.Itoa(maxPadding),
			Kind: source.ErrLimit,
		}})
	}
}

// typ reads a type: f32[n, 8] lower, or a tuple of these.
func (p *parser) typ() Type {
	if p.is("(") {
		off := p.tok.off
		t := Type{Tuple: p.tuple()}
		if len(t.Tuple) == 0 {
			p.failAt(off, "a tuple has no parts")
		}
		return t
	}
	return p.tensorType()
}

// tuple reads (f32[n], i64).
func (p *parser) tuple() []Type {
	p.want("(")
	var out []Type
	for !p.got(")") {
		if len(out) > 0 {
			p.want(",")
		}
		out = append(out, p.tensorType())
	}
	return out
}

func (p *parser) tensorType() Type {
	d, shape := p.shape()
	t := Type{DType: d, Shape: shape}
	for p.tok.kind == tokName && !p.tok.first {
		prop, ok := PropByName(p.tok.text)
		if !ok {
			break
		}
		if t.Props.Has(prop) {
			p.failf("%s stands twice", p.tok.text)
		}
		t.Props.Set |= prop
		p.next()
		if prop == Banded {
			p.want("(")
			t.Props.Below = int(p.integer("a number of diagonals", 0, math.MaxInt64))
			p.want(",")
			t.Props.Above = int(p.integer("a number of diagonals", 0, math.MaxInt64))
			p.want(")")
		}
	}
	return t
}

// shape reads f32[n, 8] or f32.
func (p *parser) shape() (DType, []dim.Expr) {
	t := p.name("an element type")
	d, err := tensor.ParseDType(t.text)
	if err != nil {
		p.failAt(t.off, "%v", err)
	}
	if !p.is("[") {
		return d, nil
	}
	return d, p.sizes("a size", MaxRank)
}

// sizes reads [n, 2*m - 1], at most limit of them.
func (p *parser) sizes(what string, limit int) []dim.Expr {
	p.want("[")
	var out []dim.Expr
	for !p.got("]") {
		if len(out) > 0 {
			p.want(",")
		}
		if len(out) == limit {
			p.limitf("rank is above the limit of %d", limit)
		}
		out = append(out, p.size(what))
	}
	return out
}

// size reads an expression over size variables.
func (p *parser) size(what string) dim.Expr {
	text, off := p.raw()
	e, err := dim.Parse(text)
	if pe, ok := errors.AsType[*dim.ParseError](err); ok {
		p.failAt(off+pe.Off, "%s: %s", what, pe.Msg)
	}
	return e
}

// identical reports whether two types are the same with their structure.
func identical(t, u Type) bool {
	if len(t.Tuple) != len(u.Tuple) || t.DType != u.DType || t.Props != u.Props || len(t.Shape) != len(u.Shape) {
		return false
	}
	for i := range t.Tuple {
		if !identical(t.Tuple[i], u.Tuple[i]) {
			return false
		}
	}
	for i := range t.Shape {
		if !t.Shape[i].Equal(u.Shape[i]) {
			return false
		}
	}
	return true
}
