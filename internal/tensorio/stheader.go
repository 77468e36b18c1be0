package tensorio

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxHeader is the longest header of a .safetensors file, as the format has it.
const maxHeader = 100_000_000

// stTypes are the element types of the format; bits, since some take less than
// a byte. Those without a dtype can lie in a file but can't be used.
var stTypes = map[string]struct {
	bits    int
	storage storage
}{
	"F64": {64, storeF64}, "F32": {32, storeF32}, "F16": {16, storeF16}, "BF16": {16, storeBF16},
	"I64": {64, storeI64}, "I32": {32, storeI32}, "I16": {16, storeI16}, "I8": {8, storeI8},
	"U64": {64, storeU64}, "U32": {32, storeU32}, "U16": {16, storeU16}, "U8": {8, storeU8},
	"BOOL": {8, storeBool},
	"C64":  {64, storage{}}, "F8_E5M2": {8, storage{}}, "F8_E4M3": {8, storage{}}, "F8_E8M0": {8, storage{}},
	"F6_E2M3": {6, storage{}}, "F6_E3M2": {6, storage{}}, "F4": {4, storage{}},
}

const stUsable = "F64 F32 BF16 F16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL"

// stEntry is a tensor of the header.
type stEntry struct {
	name       string
	dtype      string
	shape      []int
	begin, end int64 // bytes of the data
}

// parseHeader checks all that can be known without the elements: data is a
// whole .safetensors file. The entries are sorted by name. With an error it
// returns the name of the tensor at fault, if it is one.
func parseHeader(data []byte) (entries []stEntry, meta map[string]string, start int64, fault string, err error) {
	fail := func(name, format string, args ...any) ([]stEntry, map[string]string, int64, string, error) {
		return nil, nil, 0, name, fmt.Errorf(format, args...)
	}
	if len(data) < 8 {
		return fail("", "has %d bytes: want 8 for the length of the header", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader {
		return nil, nil, 0, "", &tensor.LimitError{What: "bytes of the header", Got: strconv.FormatUint(length, 10), Limit: maxHeader}
	}
	if int64(length) > int64(len(data)-8) {
		return fail("", "the header takes %d bytes, but only %d are left", length, len(data)-8)
	}
	header := data[8 : 8+length]
	if !utf8.Valid(header) {
		return fail("", "the header is not UTF-8")
	}
	p := &headerParser{jsonScanner: jsonScanner{text: header}, names: map[string]bool{}}
	p.header()
	if p.err != nil {
		return nil, nil, 0, p.tensor, p.err
	}
	payload := int64(len(data)) - 8 - int64(length)
	slices.SortFunc(p.entries, func(a, b stEntry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	var at int64
	for _, e := range p.entries {
		switch {
		case e.begin > at:
			return fail(e.name, "starts at byte %d, but the tensor before ends at %d: the bytes between belong to none", e.begin, at)
		case e.begin < at:
			return fail(e.name, "starts at byte %d, inside the tensor before, which ends at %d", e.begin, at)
		case e.end > payload:
			return fail(e.name, "ends at byte %d, but the file has %d bytes of data", e.end, payload)
		}
		at = e.end
	}
	if at != payload {
		return fail("", "%d bytes of data follow the last tensor, which ends at %d", payload-at, at)
	}
	slices.SortFunc(p.entries, func(a, b stEntry) int { return cmp.Compare(a.name, b.name) })
	return p.entries, p.meta, 8 + int64(length), "", nil
}

// headerParser walks the header:
//
//	{"__metadata__": {"k": "v"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
type headerParser struct {
	jsonScanner
	tensor  string // the one being read, for errors
	entries []stEntry
	names   map[string]bool
	meta    map[string]string
}

func (p *headerParser) header() {
	if len(p.text) == 0 || p.text[0] != '{' {
		p.fail("the header starts with %s: want {", p.found())
		return
	}
	p.object(func(name string) {
		if p.names[name] {
			p.fail("%s is in the header twice", tensor.Quote(name))
			return
		}
		p.names[name] = true
		if name == "__metadata__" {
			p.metadata()
			return
		}
		p.tensor = name
		p.entry(name)
		if p.err == nil {
			p.tensor = ""
		}
	})
	p.end()
}

func (p *headerParser) metadata() {
	p.meta = map[string]string{}
	p.object(func(key string) {
		if _, twice := p.meta[key]; twice {
			p.fail("__metadata__ has %s twice", tensor.Quote(key))
		}
		p.meta[key] = p.str()
	})
}

func (p *headerParser) entry(name string) {
	e := stEntry{name: name}
	var seen [3]bool
	once := func(i int, key string) {
		if seen[i] {
			p.fail("has %s twice", key)
		}
		seen[i] = true
	}
	var offsets []int64
	p.object(func(key string) {
		switch key {
		case "dtype":
			once(0, key)
			e.dtype = p.str()
		case "shape":
			once(1, key)
			p.array(func() {
				if len(e.shape) == tensor.MaxRank {
					if p.err == nil {
						p.err = &tensor.LimitError{What: "rank of a tensor", Got: "more", Limit: tensor.MaxRank}
					}
					return
				}
				e.shape = append(e.shape, int(p.uint()))
			})
		case "data_offsets":
			once(2, key)
			p.array(func() {
				if len(offsets) == 2 {
					p.fail("data_offsets has more than 2 numbers")
					return
				}
				offsets = append(offsets, p.uint())
			})
		default:
			p.fail("has the field %s: want dtype, shape and data_offsets", tensor.Quote(key))
		}
	})
	for i, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[i] {
			p.fail("has no %s", key)
		}
	}
	if len(offsets) != 2 {
		p.fail("data_offsets has %d numbers: want 2", len(offsets))
	}
	if p.err != nil {
		return
	}
	e.begin, e.end = offsets[0], offsets[1]
	if e.begin > e.end {
		p.fail("starts at byte %d, after its end, %d", e.begin, e.end)
		return
	}
	t, ok := stTypes[e.dtype]
	if !ok {
		p.fail("unknown dtype %s: want one of %s", tensor.Quote(e.dtype), stUsable)
		return
	}
	size, ok := bytesOf(t.bits, e.shape)
	if !ok {
		p.fail("%s%v takes more than 2^63 bits, or no whole bytes", e.dtype, e.shape)
	} else if size != e.end-e.begin {
		p.fail("%s%v takes %d bytes, but data_offsets are [%d, %d], which is %d", e.dtype, e.shape, size, e.begin, e.end, e.end-e.begin)
	}
	p.entries = append(p.entries, e)
}

// bytesOf returns the bytes of a tensor by checked multiplication, of the
// dimensions that are not 0 too.
func bytesOf(bits int, shape []int) (int64, bool) {
	product, empty := int64(bits), false
	for _, n := range shape {
		switch {
		case n == 0:
			empty = true
		case product > math.MaxInt64/int64(n):
			return 0, false
		default:
			product *= int64(n)
		}
	}
	if empty {
		return 0, true
	}
	return product / 8, product%8 == 0
}
