package ir

import (
	endian "encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// The text form. A module is a table of the source lines that its positions
// point to, and functions:
//
//	file gau.lathe {
//	  14 "        u = silu(h @ wu)"
//	}
//
//	func Gau.forward(x: f32[n, n] lower unit, weight wu: f32[4, 6] @gau.lathe:3:12) -> (f32[4]) {
//	  v2 = contract{spec="ab,bc->ac"} x, wu : f32[n, 6] cost 3 @gau.lathe:14:18
//	  v9 = for{step=1} v3, v4, v5 : f32[4] do (v6: i64, v7: f32[4]) {
//	    v8 = add v7, v7 : f32[4]
//	    yield v8
//	  }
//	  return v9
//	}
//
// After a type stand its properties, the word load for what is computed when
// weights are loaded, what an element costs where the row of the operation does
// not say it, and the position. A name that is not letters,
// digits, _ and dots, or that is a word of the text form, such as v12, is written %"name". A # starts a
// comment. Parse reads back the very same module, except that a position keeps
// its line and column but of its file only the lines of the table.

// String returns the text form, which Parse reads back.
func (m *Module) String() string {
	p := newPrinter()
	for _, f := range m.Funcs {
		p.function(f)
	}
	return p.text()
}

// String returns the text form of a module with the one function f.
func (f *Func) String() string { return (&Module{Funcs: []*Func{f}}).String() }

// LongString returns the line that defines v, v12 = add x, y : f32[4, 2],
// without the body of a loop.
func (v *Value) LongString() string {
	p := newPrinter()
	if v == nil {
		return "nil"
	}
	if v.Op == OpParam {
		return p.param(v)
	}
	return p.head(v)
}

// AttrString returns a record as the text form spells it, {axis=1}; it is empty
// for nil. Records of one operation are equal if their strings are.
func AttrString(a Attrs) string {
	if a == nil {
		return ""
	}
	p := new(attrPrinter)
	a.Fields(p)
	return "{" + strings.Join(p.fields, ", ") + "}"
}

// A printer collects lines. It prints broken functions too, for Verify.
type printer struct {
	lines []string
	line  map[*Value]int // where each value is defined
	files placeTable
}

func newPrinter() *printer { return &printer{line: map[*Value]int{}} }

// text returns the table of source lines and the lines.
func (p *printer) text() string {
	return p.files.text() + strings.Join(p.lines, "\n") + "\n"
}

func (p *printer) add(indent int, line string) {
	p.lines = append(p.lines, strings.Repeat("  ", indent)+line)
}

func (p *printer) function(f *Func) {
	if len(p.lines) > 0 {
		p.add(0, "")
	}
	for _, v := range f.Params {
		p.line[v] = len(p.lines)
	}
	results := make([]string, len(f.Results))
	for i, v := range f.Results {
		results[i] = "nil"
		if v != nil {
			results[i] = v.Type.String()
		}
	}
	p.add(0, fmt.Sprintf("func %s(%s) -> (%s) {", spell(f.Name), p.params(f.Params), strings.Join(results, ", ")))
	p.region(&f.Region, 1, "return")
	p.add(0, "}")
}

func (p *printer) region(r *Region, indent int, last string) {
	for _, v := range r.Body {
		p.line[v] = len(p.lines)
		if v == nil || v.Body == nil {
			p.add(indent, p.head(v))
			continue
		}
		for _, u := range v.Body.Params {
			p.line[u] = len(p.lines)
		}
		p.add(indent, p.head(v)+" do ("+p.params(v.Body.Params)+") {")
		p.region(v.Body, indent+1, "yield")
		p.add(indent, "}")
	}
	p.add(indent, strings.TrimRight(last+" "+names(r.Results), " "))
}

func (p *printer) params(vs []*Value) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = p.param(v)
	}
	return strings.Join(out, ", ")
}

func (p *printer) param(v *Value) string {
	if v == nil {
		return "nil"
	}
	weight := ""
	if v.Weight {
		weight = "weight "
	}
	return weight + v.String() + ": " + p.tail(v)
}

// head returns the line of v, without the body of a loop.
func (p *printer) head(v *Value) string {
	if v == nil {
		return "nil"
	}
	s := v.String() + " = " + v.Op.String() + AttrString(v.Attrs)
	if len(v.Args) > 0 {
		s += " " + names(v.Args)
	}
	return s + " : " + p.tail(v)
}

// tail returns the type, the time, the cost and the position.
func (p *printer) tail(v *Value) string {
	s := v.Type.String()
	if v.Load {
		s += " load"
	}
	if v.Cost.Set {
		s += " cost " + strconv.Itoa(v.Cost.Flops)
	}
	if v.Pos.IsValid() {
		s += " " + p.files.spell(v.Pos)
	}
	return s
}

func names(vs []*Value) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.String()
	}
	return strings.Join(out, ", ")
}

// spell returns a name as the text form writes it.
func spell(name string) string {
	switch {
	case !isName(name), isNumbered(name), name == "weight", name == "return", name == "yield":
		return "%" + strconv.Quote(name)
	}
	return name
}

// isName reports whether s is letters, digits, _ and dots, and starts with a
// letter or _.
func isName(s string) bool {
	for i, r := range s {
		if !isNameRune(r) || i == 0 && (unicode.IsDigit(r) || r == '.') {
			return false
		}
	}
	return s != ""
}

func isNameRune(r rune) bool {
	return r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// isNumbered reports whether s looks like the name of a value without one, v12.
func isNumbered(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// An attrPrinter is an AttrVisitor that spells each field.
type attrPrinter struct{ fields []string }

func (p *attrPrinter) add(name, value string) { p.fields = append(p.fields, name+"="+value) }

func (p *attrPrinter) Int(name string, v *int)   { p.add(name, strconv.Itoa(*v)) }
func (p *attrPrinter) Bool(name string, v *bool) { p.add(name, strconv.FormatBool(*v)) }
func (p *attrPrinter) Mark(name string, v *bool) {
	if *v {
		p.Bool(name, v)
	}
}
func (p *attrPrinter) Str(name string, v *string)       { p.add(name, strconv.Quote(*v)) }
func (p *attrPrinter) Size(name string, v *dim.Expr)    { p.add(name, v.String()) }
func (p *attrPrinter) Number(name string, v *Number)    { p.add(name, v.String()) }
func (p *attrPrinter) Ints(name string, v *[]int)       { p.add(name, list(*v, strconv.Itoa)) }
func (p *attrPrinter) Sizes(name string, v *[]dim.Expr) { p.add(name, list(*v, dim.Expr.String)) }

func (p *attrPrinter) Data(name string, v **tensor.Tensor) {
	if *v == nil {
		p.add(name, "nil")
		return
	}
	t := *v
	elems := make([]string, t.Len())
	for i := range elems {
		elems[i] = elemString(t, i)
	}
	p.add(name, tensor.TypeString(t.DType(), t.Shape())+"("+strings.Join(elems, ", ")+")")
}

func list[T any](s []T, spell func(T) string) string {
	out := make([]string, len(s))
	for i, x := range s {
		out[i] = spell(x)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// String returns the number as the text form spells it: a float has a dot, an
// exponent, or is inf or nan; an integer has none of these.
func (n Number) String() string {
	if n.IsInt {
		return strconv.FormatInt(n.Int, 10)
	}
	if n.Float != n.Float {
		return nanString(math.Float64bits(n.Float), math.Float64bits(math.NaN()))
	}
	return floatString(n.Float, 64)
}

func floatString(x float64, bits int) string {
	if math.IsInf(x, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(x, 'g', -1, bits), "+"))
	}
	s := strconv.FormatFloat(x, 'g', -1, bits)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// nanString spells a NaN that differs from the usual one with its bits.
func nanString(bits, usual uint64) string {
	if bits == usual {
		return "nan"
	}
	return fmt.Sprintf("nan(%#x)", bits)
}

// elemString spells an element so that it is read back bit for bit.
func elemString(t *tensor.Tensor, i int) string {
	d := t.DType()
	if !d.IsFloat() {
		return strconv.FormatInt(t.Int(i), 10)
	}
	x := t.Float(i)
	if x != x {
		return nanString(elemBits(t, i), usualNaN(d))
	}
	if d == tensor.F32 {
		return floatString(x, 32)
	}
	return floatString(x, 64)
}

// usualNaN returns the bits of the NaN that rounding to d makes.
func usualNaN(d DType) uint64 {
	t := tensor.New(d)
	t.SetFloat(0, math.NaN())
	return elemBits(t, 0)
}

// elemBits returns the bits of a float.
func elemBits(t *tensor.Tensor, i int) uint64 {
	size := t.DType().Size()
	b := t.Bytes()[i*size:]
	switch size {
	case 2:
		return uint64(endian.NativeEndian.Uint16(b))
	case 4:
		return uint64(endian.NativeEndian.Uint32(b))
	}
	return endian.NativeEndian.Uint64(b)
}

// setElemBits sets the bits of a float.
func setElemBits(t *tensor.Tensor, i int, bits uint64) {
	size := t.DType().Size()
	b := t.Bytes()[i*size:]
	switch size {
	case 2:
		endian.NativeEndian.PutUint16(b, uint16(bits))
	case 4:
		endian.NativeEndian.PutUint32(b, uint32(bits))
	default:
		endian.NativeEndian.PutUint64(b, bits)
	}
}
