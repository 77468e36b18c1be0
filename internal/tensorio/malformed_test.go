package tensorio

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// npyFile puts a .npy file together, right or wrong.
func npyFile(header string, data []byte) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), data...)
}

// npyOf is npyFile with a header in the usual form.
func npyOf(descr, fortran, shape string, data int) []byte {
	return npyFile(fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", descr, fortran, shape), make([]byte, data))
}

func stFile(header string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// malformed is a file, and a part of the message that it must give.
type malformed struct {
	name string
	file []byte
	want string
}

// refuses checks that a file is refused with the message, in the right class,
// without much memory.
func (c malformed) refuses(t *testing.T, path string, read func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := read()
	runtime.ReadMemStats(&after)
	switch {
	case err == nil:
		t.Errorf("%s: read, want an error with %q", c.name, c.want)
		return
	case !strings.Contains(err.Error(), c.want):
		t.Errorf("%s: %v\nwant %q in it", c.name, err, c.want)
	case !errors.Is(err, ErrFormat):
		t.Errorf("%s: %v is no ErrFormat", c.name, err)
	case errors.Is(err, tensor.ErrLimit) != strings.Contains(err.Error(), "the limit is"):
		t.Errorf("%s: %v is a limit or not", c.name, err)
	case !strings.HasPrefix(err.Error(), path):
		t.Errorf("%s: %v does not name the file", c.name, err)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) || len(err.Error()) > 1000 {
		t.Errorf("%s: %q quotes the file raw", c.name, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(64<<20+4*len(c.file)) {
		t.Errorf("%s: %d bytes of memory for a file of %d", c.name, used, len(c.file))
	}
}

func TestNpyMalformed(t *testing.T) {
	good := npyOf("'<f4'", "False", "(2, 3)", 24)
	if _, err := DecodeNpy("x", bytes.NewReader(good), int64(len(good)), 0); err != nil {
		t.Fatal(err)
	}
	v2 := func(length uint32, header string) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte("\x93NUMPY\x02\x00"), length), header...)
	}
	cases := []malformed{
		{"empty", nil, "ends in the magic and the version: want 8 bytes, found 0"},
		{"half the magic", good[:4], "want 8 bytes, found 4"},
		{"another file", []byte("PK\x03\x04 and so on"), `want "\x93NUMPY"`},
		{"no version", good[:7], "want 8 bytes, found 7"},
		{"version 0.0", []byte("\x93NUMPY\x00\x00aaaa"), "is of version 0.0: want 1.0, 2.0 or 3.0"},
		{"version 9.0", []byte("\x93NUMPY\x09\x00aaaa"), "version 9.0"},
		{"version 1.1", []byte("\x93NUMPY\x01\x01aaaa"), "version 1.1"},
		{"no length", good[:9], "ends in the length of the header: want 2 bytes, found 1"},
		{"half a header", good[:20], "the header takes"},
		{"header of 4 GB", v2(1<<32-1, "{}"), "bytes of the header: 4294967295, but the limit is 65535"},
		{"header at the limit", v2(maxNpyHeader, "{}"), "the header takes 65535 bytes, but only 2 are left"},
		{"no header", npyFile("", nil), `found the end: want "{"`},
		{"no keys", npyFile("{}", nil), "want descr, fortran_order and shape"},
		{"two keys", npyFile("{'descr': '<f4', 'shape': ()}", nil), `found the keys ["descr" "shape"]`},
		{"a key twice", npyFile("{'descr': '<f4', 'descr': '<f8'}", nil), `key "descr" is there twice`},
		{"unknown key", npyFile("{'descr': '<f4', 'Shape': ()}", nil), `unknown key "Shape"`},
		{"trailing text", npyFile("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", nil), `"x" follows`},
		{"no end of a string", npyFile("{'descr", nil), "has no end"},
		{"escape", npyFile(`{'de\x73cr': '<f4'}`, nil), "has an escape"},
		{"no colon", npyFile("{'descr' '<f4'}", nil), `want ":"`},
		{"a number as key", npyFile("{1: 2}", nil), "want a string"},
		{"fortran_order 1", npyOf("'<f4'", "1", "()", 4), "fortran_order is"},
		{"fortran_order lower case", npyOf("'<f4'", "true", "()", 4), "want True or False"},
		{"objects", npyOf("'|O'", "False", "(1,)", 8), "Python objects are refused"},
		{"complex", npyOf("'<c8'", "False", "(1,)", 8), "complex numbers"},
		{"strings", npyOf("'<U5'", "False", "(1,)", 20), "unknown element type"},
		{"dates", npyOf("'<M8[us]'", "False", "(1,)", 8), "unknown element type"},
		{"bf16 as void", npyOf("'|V2'", "False", "(1,)", 2), "bf16 has no .npy type"},
		{"records", npyOf("[('a', '<f4')]", "False", "(1,)", 4), "arrays of records"},
		{"f16 of three bytes", npyOf("'<f3'", "False", "(1,)", 3), "unknown element type"},
		{"two orders", npyOf("'<>f4'", "False", "(1,)", 4), "unknown element type"},
		{"no order", npyOf("'f4'", "False", "(1,)", 4), "has no order of bytes"},
		{"empty type", npyOf("''", "False", "(1,)", 4), "unknown element type"},
		{"type with control characters", npyOf("'<f4\x00\x1b[31m'", "False", "(1,)", 4), `\x1b[31m`},
		{"long type", npyOf("'"+strings.Repeat("x", 60000)+"'", "False", "(1,)", 4), "(60000 bytes)"},
		{"shape a number", npyOf("'<f4'", "False", "3", 12), `want "("`},
		{"shape (3)", npyOf("'<f4'", "False", "(3)", 12), "want (3,)"},
		{"shape a list", npyOf("'<f4'", "False", "[3]", 12), `want "("`},
		{"negative dimension", npyOf("'<f4'", "False", "(-1,)", 12), "dimension -1 is negative"},
		{"dimension of a float", npyOf("'<f4'", "False", "(3.0,)", 12), "in the shape"},
		{"dimension beyond i64", npyOf("'<f4'", "False", "(99999999999999999999,)", 12), "does not fit 64 bits"},
		{"only a comma", npyOf("'<f4'", "False", "(,)", 4), "want a dimension"},
		{"no comma", npyOf("'<f4'", "False", "(2 3)", 24), "want a comma or )"},
		{"32 GiB in 80 bytes", npyOf("'<f8'", "False", "(65536, 65536)", 8), "bytes of f64[65536, 65536]: 34359738368, but the limit is 8589934592"},
		{"product overflows", npyOf("'<f8'", "False", "(4294967296, 4294967296, 4)", 8), "more than 2^63"},
		{"overflow beside 0", npyOf("'<f8'", "False", "(0, 9223372036854775807, 9223372036854775807)", 0), "more than 2^63"},
		{"rank 17", npyOf("'<f4'", "False", "("+strings.Repeat("1, ", 17)+")", 4), "rank of"},
		{"rank 1000", npyOf("'<f4'", "False", "("+strings.Repeat("1, ", 1000)+")", 4), "rank of"},
		{"1 GiB in a small file", npyOf("'<f4'", "False", "(268435456,)", 100), "f32[268435456] takes 1073741824 bytes, found 100"},
		{"a byte short", good[:len(good)-1], "ends in the elements: f32[2 3] takes 24 bytes, found 23"},
		{"a byte more", append(slices.Clone(good), 0), "1 bytes follow"},
		{"two arrays", append(slices.Clone(good), good...), "want one array a file"},
		{"u64 beyond i64", npyFile("{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", bytes.Repeat([]byte{255}, 8)), "element 0 is 18446744073709551615"},
		{"bool of 2", npyFile("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", []byte{1, 2}), "element 1 of bool[2] is the byte 2"},
	}
	for _, c := range cases {
		c.refuses(t, "x.npy", func() error {
			_, err := DecodeNpy("x.npy", bytes.NewReader(c.file), int64(len(c.file)), 0)
			return err
		})
	}
}

// Every beginning of a good file, and every file with a byte changed in the
// header, is read whole or refused.
func TestTruncated(t *testing.T) {
	npy := npyOf("'<f4'", "False", "(2, 3)", 24)
	var npz, st bytes.Buffer
	arrays := []Array{{Name: "a", Tensor: sample(tensor.F32, 3)}, {Name: "b", Tensor: sample(tensor.I64)}}
	if _, err := EncodeNpz(&npz, arrays); err != nil {
		t.Fatal(err)
	}
	if err := EncodeSafetensors(&st, arrays); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		file []byte
		read func([]byte) error
	}{
		{"npy", npy, func(b []byte) error { _, err := DecodeNpy("x", bytes.NewReader(b), int64(len(b)), 0); return err }},
		{"npz", npz.Bytes(), func(b []byte) error { _, err := DecodeNpz("x", bytes.NewReader(b), int64(len(b)), 0); return err }},
		{"safetensors", st.Bytes(), func(b []byte) error { _, err := ParseSafetensors("x", b); return err }},
	} {
		if err := c.read(c.file); err != nil {
			t.Fatal(err)
		}
		for n := range c.file {
			if err := c.read(c.file[:n]); !errors.Is(err, ErrFormat) {
				t.Errorf("%d of %d bytes of a .%s file: %v", n, len(c.file), c.name, err)
			}
			for bit := range 8 {
				b := slices.Clone(c.file)
				b[n] ^= 1 << bit
				if err := c.read(b); err != nil && !errors.Is(err, ErrFormat) {
					t.Errorf("bit %d of byte %d of a .%s file changed: %v", bit, n, c.name, err)
				}
			}
		}
	}
}

type entry struct {
	name   string
	method uint16
	data   []byte
	edit   func(*zip.FileHeader) // for entries that lie
}

// npzFile puts an archive together.
func npzFile(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: e.method}
		var w io.Writer
		var err error
		if e.edit != nil {
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(e.data)), uint64(len(e.data))
			e.edit(h)
			w, err = z.CreateRaw(h)
		} else {
			w, err = z.CreateHeader(h)
		}
		if err == nil {
			_, err = w.Write(e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNpzMalformed(t *testing.T) {
	good := npyOf("'<f4'", "False", "(2,)", 8)
	zeros := npyOf("'<f4'", "False", "(1048576,)", 4<<20)
	whole := npzFile(t, entry{name: "a.npy", data: good}, entry{name: "b.npy", method: zip.Deflate, data: zeros})
	if a, err := DecodeNpz("x", bytes.NewReader(whole), int64(len(whole)), 0); err != nil || len(a) != 2 {
		t.Fatal(a, err)
	}
	flipped := slices.Clone(whole)
	flipped[len("a.npy")+30+len(good)-1] ^= 1
	overlap := npzFile(t, entry{name: "a.npy", data: good}, entry{name: "b.npy", data: good})
	// The second record of the directory points at the first entry.
	dir := bytes.LastIndex(overlap, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(overlap[dir+42:], 0)
	cases := []malformed{
		{"empty", nil, "not a complete .npz (zip) file"},
		{"a .npy file", good, "not a complete .npz (zip) file"},
		{"no directory", whole[:len(whole)-100], "not a complete .npz"},
		{"other file", npzFile(t, entry{name: "readme.txt"}), `"readme.txt": is not an array`},
		{"folder", npzFile(t, entry{name: "dir/"}), "is not an array"},
		{"name twice", npzFile(t, entry{name: "a.npy", data: good}, entry{name: "a.npy", data: good}), `"a.npy": is there twice`},
		{"name not UTF-8", npzFile(t, entry{name: "\xff.npy", data: good}), "is not UTF-8"},
		{"empty entry", npzFile(t, entry{name: "a.npy"}), `"a.npy": ends in the magic`},
		{"objects", npzFile(t, entry{name: "a.npy", data: npyOf("'|O'", "False", "(1,)", 8)}), "Python objects"},
		{"checksum", flipped, "checksum"},
		{"overlap", overlap, "overlaps"},
		{"encrypted", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) { h.Flags |= 1 }}), "is encrypted"},
		{"method 99", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) { h.Method = 99 }}), "packed by method 99"},
		{"stored, longer", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 30 }}), "is stored"},
		{"bomb", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) {
			h.Method, h.UncompressedSize64 = zip.Deflate, 1<<40
		}}), "more than deflate can do"},
		{"not deflated", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) { h.Method = zip.Deflate }}), `"a.npy"`},
		{"packed beyond the file", npzFile(t, entry{name: "a.npy", data: good, edit: func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 50 }}), "in a file of"},
		{"many", npzFile(t, slices.Repeat([]entry{{name: "a.npy"}}, maxNpzArrays+1)...), "arrays of the file: 65537, but the limit is 65536"},
	}
	for _, c := range cases {
		c.refuses(t, "x.npz", func() error {
			_, err := DecodeNpz("x.npz", bytes.NewReader(c.file), int64(len(c.file)), 0)
			return err
		})
	}
}

func TestSafetensorsMalformed(t *testing.T) {
	one := func(fields string, data int) []byte { return stFile(`{"w":{`+fields+`}}`, make([]byte, data)) }
	two := func(a, b string, data int) []byte {
		return stFile(`{"a":{"dtype":"U8",`+a+`},"b":{"dtype":"U8",`+b+`}}`, make([]byte, data))
	}
	const right = `"dtype":"F32","shape":[2],"data_offsets":[0,8]`
	if _, err := ParseSafetensors("x", one(right, 8)); err != nil {
		t.Fatal(err)
	}
	huge := slices.Clone(one(right, 8))
	binary.LittleEndian.PutUint64(huge, 1<<63+5)
	limit := slices.Clone(one(right, 8))
	binary.LittleEndian.PutUint64(limit, maxHeader)
	cases := []malformed{
		{"empty", nil, "has 0 bytes: want 8"},
		{"7 bytes", make([]byte, 7), "has 7 bytes: want 8"},
		{"no header", make([]byte, 8), "the header starts with the end of the header: want {"},
		{"header beyond the limit", huge, "bytes of the header: 9223372036854775813, but the limit is 100000000"},
		{"header at the limit", limit, "the header takes 100000000 bytes, but only"},
		{"header one beyond the file", binary.LittleEndian.AppendUint64(nil, 1), "the header takes 1 bytes, but only 0 are left"},
		{"space first", stFile(" {}", nil), "want {"},
		{"an array", stFile("[]", nil), "want {"},
		{"no end", stFile(`{"w":{`, nil), "the end of the header"},
		{"text after", stFile(`{} x`, nil), "want its end"},
		{"two documents", stFile(`{}{}`, nil), "want its end"},
		{"not UTF-8", stFile("{\"\xff\":1}", nil), "the header is not UTF-8"},
		{"half a surrogate", stFile(`{"\ud800":{`+right+`}}`, make([]byte, 8)), "half a surrogate pair"},
		{"other half", stFile(`{"\udc00x":{`+right+`}}`, make([]byte, 8)), "half a surrogate pair"},
		{"wrong escape", stFile(`{"\q":{`+right+`}}`, make([]byte, 8)), "wrong escape"},
		{"escape cut", stFile(`{"\u12":{`+right+`}}`, make([]byte, 8)), "wrong escape"},
		{"control character", stFile("{\"a\nb\":{"+right+"}}", make([]byte, 8)), "control character"},
		{"tensor twice", stFile(`{"w":{`+right+`},"w":{`+right+`}}`, make([]byte, 8)), `"w" is in the header twice`},
		{"tensor twice, escaped", stFile(`{"w":{`+right+`},"\u0077":{`+right+`}}`, make([]byte, 8)), `"w" is in the header twice`},
		{"metadata twice", stFile(`{"__metadata__":{},"__metadata__":{}}`, nil), "twice"},
		{"metadata a number", stFile(`{"__metadata__":{"a":1}}`, nil), "want a string"},
		{"metadata key twice", stFile(`{"__metadata__":{"a":"1","a":"2"}}`, nil), `__metadata__ has "a" twice`},
		{"metadata null", stFile(`{"__metadata__":null}`, nil), "want '{'"},
		{"tensor null", stFile(`{"w":null}`, nil), `"w": found`},
		{"no dtype", one(`"shape":[2],"data_offsets":[0,8]`, 8), `"w": has no dtype`},
		{"no shape", one(`"dtype":"F32","data_offsets":[0,4]`, 4), "has no shape"},
		{"no offsets", one(`"dtype":"F32","shape":[2]`, 8), "has no data_offsets"},
		{"upper case", one(`"DTYPE":"F32","shape":[2],"data_offsets":[0,8]`, 8), `has the field "DTYPE"`},
		{"unknown field", one(right+`,"x":1`, 8), `has the field "x": want dtype, shape and data_offsets`},
		{"dtype twice", one(right+`,"dtype":"F32"`, 8), "has dtype twice"},
		{"shape twice", one(right+`,"shape":[2]`, 8), "has shape twice"},
		{"offsets twice", one(right+`,"data_offsets":[0,8]`, 8), "has data_offsets twice"},
		{"unknown dtype", one(`"dtype":"F31","shape":[2],"data_offsets":[0,8]`, 8), `unknown dtype "F31"`},
		{"lower dtype", one(`"dtype":"f32","shape":[2],"data_offsets":[0,8]`, 8), `unknown dtype "f32"`},
		{"dtype a number", one(`"dtype":1,"shape":[2],"data_offsets":[0,8]`, 8), "want a string"},
		{"shape null", one(`"dtype":"F32","shape":null,"data_offsets":[0,8]`, 8), "want '['"},
		{"negative dimension", one(`"dtype":"F32","shape":[-2],"data_offsets":[0,8]`, 8), "want a number from 0 on"},
		{"dimension of a float", one(`"dtype":"F32","shape":[2.0],"data_offsets":[0,8]`, 8), "want ','"},
		{"exponent", one(`"dtype":"F32","shape":[2e0],"data_offsets":[0,8]`, 8), "want ','"},
		{"leading zero", one(`"dtype":"F32","shape":[02],"data_offsets":[0,8]`, 8), "leading zero"},
		{"dimension beyond i64", one(`"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]`, 8), "too large"},
		{"dimension beyond u64", one(`"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]`, 8), "too large"},
		{"product overflows", one(`"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]`, 0), "more than 2^63 bits"},
		{"overflow beside 0", one(`"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]`, 0), "more than 2^63 bits"},
		{"half a byte", one(`"dtype":"F4","shape":[3],"data_offsets":[0,1]`, 1), "no whole bytes"},
		{"rank 17", one(`"dtype":"U8","shape":[`+strings.Repeat("1,", 16)+`1],"data_offsets":[0,1]`, 1), "rank of a tensor"},
		{"comma at the end", one(`"dtype":"F32","shape":[2,],"data_offsets":[0,8]`, 8), "want a number"},
		{"one offset", one(`"dtype":"F32","shape":[2],"data_offsets":[0]`, 8), "has 1 numbers: want 2"},
		{"three offsets", one(`"dtype":"F32","shape":[2],"data_offsets":[0,8,9]`, 8), "more than 2 numbers"},
		{"offsets turned", one(`"dtype":"F32","shape":[2],"data_offsets":[8,0]`, 8), "starts at byte 8, after its end, 0"},
		{"size differs", one(`"dtype":"F32","shape":[3],"data_offsets":[0,8]`, 8), "F32[3] takes 12 bytes, but data_offsets are [0, 8], which is 8"},
		{"begins late", one(`"dtype":"F32","shape":[1],"data_offsets":[4,8]`, 8), "starts at byte 4, but the tensor before ends at 0"},
		{"hole", two(`"shape":[2],"data_offsets":[0,2]`, `"shape":[2],"data_offsets":[4,6]`, 6), `"b": starts at byte 4`},
		{"overlap", two(`"shape":[4],"data_offsets":[0,4]`, `"shape":[4],"data_offsets":[2,6]`, 6), `"b": starts at byte 2, inside`},
		{"same bytes", two(`"shape":[4],"data_offsets":[0,4]`, `"shape":[4],"data_offsets":[0,4]`, 4), `"b": starts at byte 0, inside`},
		{"empty one inside", two(`"shape":[4],"data_offsets":[0,4]`, `"shape":[0],"data_offsets":[2,2]`, 4), "inside"},
		{"data cut", one(right, 7), "ends at byte 8, but the file has 7 bytes of data"},
		{"data after", one(right, 9), "1 bytes of data follow"},
		{"no tensors but data", stFile("{}", make([]byte, 3)), "3 bytes of data follow"},
		{"deep nesting", stFile(strings.Repeat(`{"a":`, 1_000_000), nil), "want dtype, shape and data_offsets"},
		{"long name", stFile(`{"`+strings.Repeat("n", 5000)+`":{}}`, nil), "(5000 bytes)"},
	}
	for _, c := range cases {
		c.refuses(t, "x.safetensors", func() error {
			_, err := ParseSafetensors("x.safetensors", c.file)
			return err
		})
	}
}

// What is allowed although it looks odd.
func TestSafetensorsAccepts(t *testing.T) {
	for _, c := range []struct {
		name   string
		header string
		data   int
		names  int
	}{
		{"nothing", `{}`, 0, 0},
		{"spaces after", `{}       `, 0, 0},
		{"metadata", `{"__metadata__":{"format":"pt"}}`, 0, 0},
		{"spaces and escapes", "{ \"\\ud83d\\ude00\\n\" :\t{ \"shape\" : [ 2 ,1 ] , \"data_offsets\":[0,2],\"dtype\":\"I8\"}\r\n}", 2, 1},
		{"scalar", `{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, 1},
		{"empty tensors share a place", `{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, 3},
		{"any order", `{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, 2},
	} {
		s, err := ParseSafetensors("x", stFile(c.header, make([]byte, c.data)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(s.Names()) != c.names {
			t.Errorf("%s: names %q", c.name, s.Names())
		}
		for _, name := range s.Names() {
			if _, err := s.Tensor(name); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
	s, err := ParseSafetensors("x", stFile(`{"w":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"v":{"dtype":"BOOL","shape":[1],"data_offsets":[2,3]}}`, []byte{1, 2, 3}))
	if err != nil {
		t.Fatal(err) // an unused tensor of another type is no reason to refuse the file
	}
	if _, err := s.Tensor("w"); err == nil || !strings.Contains(err.Error(), `"w": elements of type F8_E4M3 can't be used`) {
		t.Errorf("F8: %v", err)
	}
	if _, err := s.Tensor("v"); !errors.Is(err, ErrFormat) {
		t.Errorf("a bool of 3: %v", err)
	}
}

// One test a limit: at it and one beyond.
func TestBudget(t *testing.T) {
	file := npyOf("'<f4'", "False", "(25,)", 100)
	if _, err := DecodeNpy("x", bytes.NewReader(file), int64(len(file)), 100); err != nil {
		t.Error(err)
	}
	if _, err := DecodeNpy("x", bytes.NewReader(file), int64(len(file)), 99); !errors.Is(err, tensor.ErrLimit) {
		t.Errorf("100 bytes of 99: %v", err)
	}
	z := npzFile(t, entry{name: "a.npy", data: file}, entry{name: "b.npy", data: file})
	if _, err := DecodeNpz("x", bytes.NewReader(z), int64(len(z)), 200); err != nil {
		t.Error(err)
	}
	for _, budget := range []int64{199, 100, 1} {
		if _, err := DecodeNpz("x", bytes.NewReader(z), int64(len(z)), budget); !errors.Is(err, tensor.ErrLimit) {
			t.Errorf("200 bytes of %d: %v", budget, err)
		}
	}
	wide := npyOf("'<u2'", "False", "(25,)", 50) // 100 bytes as i32
	if _, err := DecodeNpy("x", bytes.NewReader(wide), int64(len(wide)), 99); !errors.Is(err, tensor.ErrLimit) {
		t.Errorf("100 bytes of 99, widened: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.safetensors")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "none.npy"), "no such file"},
		{dir, "is a folder: want a regular file"},
		{os.DevNull, "is a device: want a regular file"},
	} {
		_, npy := ReadNpy(c.path, 0)
		_, npz := ReadNpz(c.path, 0)
		_, st := OpenSafetensors(c.path)
		_, shards := OpenShards(c.path)
		for _, err := range []error{npy, npz, st, shards} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.path, err, c.want)
			}
		}
	}
	if _, err := OpenSafetensors(empty); !errors.Is(err, ErrFormat) {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := Read("x.txt", 0); err == nil || !strings.Contains(err.Error(), `".txt": want .npy or .npz`) {
		t.Errorf("x.txt: %v", err)
	}
}
