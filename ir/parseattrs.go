package ir

import (
	"math"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// attrs reads {axis=1, exclusive=true}: all fields of the record in its order.
func (p *parser) attrs(a Attrs) {
	p.want("{")
	v := &attrParser{p: p}
	a.Fields(v)
	p.want("}")
}

// An attrParser is an AttrVisitor that reads each field.
type attrParser struct {
	p    *parser
	read int // fields read
}

// field reads the name of the next field and the sign behind it.
func (v *attrParser) field(name string) *parser {
	if v.read > 0 {
		v.p.want(",")
	}
	v.read++
	if !v.p.is(name) {
		v.p.failf("want the attribute %s, have %s", name, v.p.describe())
	}
	v.p.next()
	v.p.want("=")
	return v.p
}

func (v *attrParser) Int(name string, x *int) {
	*x = int(v.field(name).integer("an integer", -math.MaxInt64, math.MaxInt64))
}

func (v *attrParser) Bool(name string, x *bool) {
	p := v.field(name)
	switch {
	case p.got("true"):
		*x = true
	case p.got("false"):
		*x = false
	default:
		p.failf("want true or false, have %s", p.describe())
	}
}

// Mark reads a field that may be left out: as no record starts with one, it is
// there if a comma is.
func (v *attrParser) Mark(name string, x *bool) {
	if v.p.is(",") {
		v.Bool(name, x)
	}
}

func (v *attrParser) Str(name string, x *string) {
	p := v.field(name)
	if p.tok.kind != tokString {
		p.failf("want a string, have %s", p.describe())
	}
	*x = p.tok.text
	p.next()
}

func (v *attrParser) Ints(name string, x *[]int) {
	p := v.field(name)
	p.want("[")
	for !p.got("]") {
		if len(*x) > 0 {
			p.want(",")
		}
		if len(*x) == MaxRank {
			p.limitf("rank is above the limit of %d", MaxRank)
		}
		*x = append(*x, int(p.integer("an integer", -math.MaxInt64, math.MaxInt64)))
	}
}

func (v *attrParser) Sizes(name string, x *[]dim.Expr) { *x = v.field(name).sizes(name, MaxRank) }

func (v *attrParser) Size(name string, x *dim.Expr) { *x = v.field(name).size(name) }

func (v *attrParser) Number(name string, x *Number) {
	p := v.field(name)
	off, text, bits := p.element()
	n, ok := parseNumber(text, bits)
	if !ok {
		p.failAt(off, "want a number, have %s", source.Quote(text))
	}
	*x = n
}

// Data reads f32[2, 2](1.0, 2.0, 3.0, 4.0). The elements are counted before
// memory is asked for.
func (v *attrParser) Data(name string, x **tensor.Tensor) {
	p := v.field(name)
	off := p.tok.off
	d, sizes := p.shape()
	shape := make([]int, len(sizes))
	for i, n := range sizes {
		var ok bool
		if shape[i], ok = n.Int(); !ok || shape[i] < 0 {
			p.failAt(off, "want elements of a constant shape, have the size %v", n)
		}
	}
	p.want("(")
	type element struct {
		off        int
		text, bits string
	}
	var elems []element
	for !p.got(")") {
		if len(elems) > 0 {
			p.want(",")
		}
		off, text, bits := p.element()
		elems = append(elems, element{off, text, bits})
	}
	want, _, err := tensor.Size(d, shape, math.MaxInt64)
	if err != nil || want != len(elems) {
		p.failAt(off, "%s does not have %d elements", tensor.TypeString(d, shape), len(elems))
	}
	t := tensor.New(d, shape...)
	for i, e := range elems {
		if !setElem(t, i, e.text, e.bits) {
			p.failAt(e.off, "want an element of %v, have %s", d, source.Quote(e.text))
		}
	}
	*x = t
}

// element reads a number, or nan(0x7fc00001) with its bits.
func (p *parser) element() (off int, text, bits string) {
	off = p.tok.off
	if p.got("-") {
		text = "-"
	}
	if p.tok.kind != tokNumber && !p.is("inf") && !p.is("nan") {
		p.failf("want a number, have %s", p.describe())
	}
	text += p.tok.text
	p.next()
	if text == "nan" && p.got("(") {
		bits = p.tok.text
		if p.tok.kind != tokNumber {
			p.failf("want the bits of a NaN, have %s", p.describe())
		}
		p.next()
		p.want(")")
	}
	return off, text, bits
}

// parseNumber reads what Number.String writes.
func parseNumber(text, bits string) (Number, bool) {
	switch {
	case bits != "":
		b, err := strconv.ParseUint(bits, 0, 64)
		x := math.Float64frombits(b)
		return FloatNumber(x), err == nil && x != x
	case text == "nan":
		return FloatNumber(math.NaN()), true
	case isInteger(text):
		n, err := strconv.ParseInt(text, 10, 64)
		return IntNumber(n), err == nil
	}
	x, ok := parseFloat(text, 64)
	return FloatNumber(x), ok
}

func isInteger(text string) bool {
	return strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") == ""
}

// parseFloat reads a float; what is too large for its type is an error, as it
// would be read as infinity.
func parseFloat(text string, bits int) (float64, bool) {
	if strings.ContainsAny(text, "xX_pP") {
		return 0, false
	}
	x, err := strconv.ParseFloat(text, bits)
	return x, err == nil
}

// setElem sets an element of t from its text; false if it is none.
func setElem(t *tensor.Tensor, i int, text, bits string) bool {
	d := t.DType()
	if !d.IsFloat() {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || tensor.Wrap(d, n) != n || d == tensor.Bool && n != 0 && n != 1 {
			return false
		}
		t.SetInt(i, n)
		return true
	}
	if bits != "" {
		b, err := strconv.ParseUint(bits, 0, 8*d.Size())
		if err != nil {
			return false
		}
		setElemBits(t, i, b)
		x := t.Float(i)
		return x != x
	}
	if text == "nan" {
		t.SetFloat(i, math.NaN())
		return true
	}
	size := 64
	if d == tensor.F32 {
		size = 32
	}
	x, ok := parseFloat(text, size)
	if !ok || isInteger(text) {
		return false
	}
	t.SetFloat(i, x)
	return math.IsInf(x, 0) || !math.IsInf(t.Float(i), 0)
}
