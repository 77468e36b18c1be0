package tensorio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxNpyHeader is the longest header of a .npy file that is read. A plain
// array needs about 100 bytes; NumPy itself stops at 10,000.
const maxNpyHeader = 1<<16 - 1

const npyMagic = "\x93NUMPY"

// npyHeader is what the header of a .npy file says.
type npyHeader struct {
	storage   storage
	bigEndian bool
	fortran   bool
	shape     []int
}

// readNpyHeader reads up to the data and returns the bytes read. At most size
// bytes are there.
func readNpyHeader(r io.Reader, size int64) (npyHeader, int64, error) {
	var start [12]byte
	if err := readExactly(r, start[:8], "the magic and the version"); err != nil {
		return npyHeader{}, 0, err
	}
	if string(start[:6]) != npyMagic {
		return npyHeader{}, 0, fmt.Errorf(`starts with %q: want "\x93NUMPY", a .npy file`, start[:6])
	}
	prefix := 10
	if major, minor := start[6], start[7]; minor != 0 || major < 1 || major > 3 {
		return npyHeader{}, 0, fmt.Errorf("is of version %d.%d: want 1.0, 2.0 or 3.0", major, minor)
	} else if major > 1 {
		prefix = 12
	}
	if err := readExactly(r, start[8:prefix], "the length of the header"); err != nil {
		return npyHeader{}, 0, err
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if prefix == 12 {
		length = int64(binary.LittleEndian.Uint32(start[8:]))
	}
	if length > maxNpyHeader {
		return npyHeader{}, 0, &tensor.LimitError{What: "bytes of the header", Got: strconv.FormatInt(length, 10), Limit: maxNpyHeader}
	}
	if length > size-int64(prefix) {
		return npyHeader{}, 0, fmt.Errorf("the header takes %d bytes, but only %d are left", length, size-int64(prefix))
	}
	text := make([]byte, length)
	if err := readExactly(r, text, "the header"); err != nil {
		return npyHeader{}, 0, err
	}
	h, err := parseNpyHeader(string(text))
	if err != nil {
		err = fmt.Errorf("header %s: %w", tensor.Quote(strings.TrimRight(string(text), " \n")), err)
	}
	return h, int64(prefix) + length, err
}

// readExactly fills buf, and says what is missing where the file ends.
func readExactly(r io.Reader, buf []byte, what string) error {
	n, err := io.ReadFull(r, buf)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("ends in %s: want %d bytes, found %d", what, len(buf), n)
	}
	return err
}

// parseNpyHeader reads the dictionary, a Python literal:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// Each key stands there once, in any order, and no other.
func parseNpyHeader(text string) (npyHeader, error) {
	p := literal{rest: text}
	var h npyHeader
	var seen []string
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.str()
		p.expect(":")
		for _, k := range seen {
			if k == key {
				p.fail("key %s is there twice", tensor.Quote(key))
			}
		}
		seen = append(seen, key)
		switch key {
		case "descr":
			p.descr(&h)
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.shape()
		default:
			p.fail("unknown key %s: want descr, fortran_order and shape", tensor.Quote(key))
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.skip(); p.err == nil && p.rest != "" {
		p.fail("%s follows the dictionary", tensor.Quote(p.rest))
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("found the keys %q: want descr, fortran_order and shape", seen)
	}
	return h, p.err
}

// literal scans Python literals. After an error every method does nothing.
type literal struct {
	rest string
	err  error
}

func (p *literal) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *literal) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *literal) accept(token string) bool {
	p.skip()
	if p.err != nil || !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

func (p *literal) expect(token string) {
	if !p.accept(token) {
		p.fail("found %s: want %q", p.found(), token)
	}
}

// found quotes the beginning of what is left.
func (p *literal) found() string {
	if p.rest == "" {
		return "the end"
	}
	return tensor.Quote(p.rest[:min(len(p.rest), 20)])
}

func (p *literal) str() string {
	p.skip()
	if p.rest == "" || p.rest[0] != '\'' && p.rest[0] != '"' {
		p.fail("found %s: want a string", p.found())
		return ""
	}
	end := strings.IndexByte(p.rest[1:], p.rest[0])
	if end < 0 {
		p.fail("string %s has no end", p.found())
		return ""
	}
	s := p.rest[1 : 1+end]
	if strings.ContainsRune(s, '\\') {
		p.fail("string %s has an escape", tensor.Quote(s))
	}
	p.rest = p.rest[end+2:]
	return s
}

func (p *literal) boolean() bool {
	if p.accept("True") {
		return true
	}
	if !p.accept("False") {
		p.fail("fortran_order is %s: want True or False", p.found())
	}
	return false
}

func (p *literal) shape() []int {
	var shape []int
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		shape = append(shape, p.dim())
		comma := p.accept(",")
		if p.accept(")") {
			if !comma && len(shape) == 1 {
				p.fail("the shape is a number in brackets: want (%d,)", shape[0])
			}
			break
		}
		if !comma {
			p.fail("found %s in the shape: want a comma or )", p.found())
		}
		if len(shape) > tensor.MaxRank {
			if p.err == nil {
				p.err = &tensor.LimitError{What: "rank of an array", Got: "more", Limit: tensor.MaxRank}
			}
		}
	}
	return shape
}

func (p *literal) dim() int {
	p.skip()
	end := 0
	for end < len(p.rest) && (p.rest[end] >= '0' && p.rest[end] <= '9' || end == 0 && p.rest[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(p.rest[:end], 10, strconv.IntSize)
	switch {
	case errors.Is(err, strconv.ErrRange):
		p.fail("dimension %s does not fit %d bits", tensor.Quote(p.rest[:end]), strconv.IntSize)
	case err != nil:
		p.fail("found %s: want a dimension", p.found())
	case n < 0:
		p.fail("dimension %d is negative", n)
	}
	p.rest = p.rest[end:]
	p.accept("L") // a long integer of Python 2, which wrote some files
	return int(n)
}

// descr reads the element type: an order of bytes, a kind and a size.
func (p *literal) descr(h *npyHeader) {
	if p.skip(); strings.HasPrefix(p.rest, "[") {
		p.fail("arrays of records are not read: save each field as an array")
		return
	}
	s := p.str()
	if p.err != nil {
		return
	}
	kind := strings.TrimLeft(s, "<>=|")
	if len(s)-len(kind) > 1 {
		kind = ""
	}
	st, ok := map[string]storage{
		"f8": storeF64, "f4": storeF32, "f2": storeF16, "b1": storeBool,
		"i8": storeI64, "i4": storeI32, "i2": storeI16, "i1": storeI8,
		"u8": storeU64, "u4": storeU32, "u2": storeU16, "u1": storeU8,
	}[kind]
	switch {
	case !ok && strings.HasPrefix(kind, "O"):
		p.fail("arrays of Python objects are refused, since loading them would run code: save numbers")
	case !ok && strings.HasPrefix(kind, "c"):
		p.fail("complex numbers (%s) are not read: save the real and the imaginary part", tensor.Quote(s))
	case !ok && strings.HasPrefix(kind, "V2"):
		p.fail("elements are 2 raw bytes (%s): bf16 has no .npy type, save it as f32 or as .safetensors", tensor.Quote(s))
	case !ok:
		p.fail("unknown element type %s: want f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or b1 with < or > before it", tensor.Quote(s))
	case st.size > 1 && (len(s) == len(kind) || s[0] == '|'):
		p.fail("element type %s has no order of bytes: want < or > before it", tensor.Quote(s))
	}
	h.storage = st
	h.bigEndian = st.size > 1 && s != "" && s[0] == '>'
}
