package tensorio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// fuzzBudget keeps the fuzzer from spending its time on zeros.
const fuzzBudget = 1 << 20

// What is read comes back when it is written and read again, and what is not
// read is refused as a malformed file.

func FuzzNpy(f *testing.F) {
	for _, d := range tensor.DTypes() {
		var b bytes.Buffer
		if _, err := EncodeNpy(&b, sample(d, 2, 3)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add(npyOf("'>u2'", "True", "(2L, 3)", 12))
	f.Add(npyOf("'|O'", "False", "(1,)", 8))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := DecodeNpy("x", bytes.NewReader(file), int64(len(file)), fuzzBudget)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		var b bytes.Buffer
		if _, err := EncodeNpy(&b, a.Tensor); err != nil {
			t.Fatal(err)
		}
		again, err := DecodeNpy("again", &b, int64(b.Len()), fuzzBudget)
		if err != nil || !tensor.Equal(a.Tensor, again.Tensor) {
			t.Fatalf("%v came back as %v, %v", a.Tensor, again.Tensor, err)
		}
	})
}

func FuzzNpz(f *testing.F) {
	var b bytes.Buffer
	if _, err := EncodeNpz(&b, []Array{{Name: "a", Tensor: sample(tensor.F32, 3)}, {Name: "b", Tensor: sample(tensor.I64)}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		arrays, err := DecodeNpz("x", bytes.NewReader(file), int64(len(file)), fuzzBudget)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		for i, a := range arrays {
			if i > 0 && arrays[i-1].Name >= a.Name {
				t.Fatalf("%q before %q", arrays[i-1].Name, a.Name)
			}
		}
	})
}

func FuzzSafetensors(f *testing.F) {
	var in []Array
	for _, d := range tensor.DTypes() {
		in = append(in, Array{Name: "w." + d.String(), Tensor: sample(d, 2, 1)})
	}
	var b bytes.Buffer
	if err := EncodeSafetensors(&b, in); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(stFile(`{"\ud83d\ude00":{"dtype":"U16","shape":[],"data_offsets":[0,2]},"__metadata__":{"a":"b"}}  `, []byte{1, 2}))
	f.Add(stFile(`{"a":{"dtype":"F4","shape":[2,0],"data_offsets":[0,0]}}`, nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := ParseSafetensors("x", file)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		var arrays []Array
		for _, name := range s.Names() {
			a, err := s.Tensor(name)
			if err != nil && !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			if err == nil && name != "" {
				arrays = append(arrays, a)
			}
		}
		var b bytes.Buffer
		if err := EncodeSafetensors(&b, arrays); err != nil {
			t.Fatal(err)
		}
		again, err := ParseSafetensors("again", b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range arrays {
			if got, err := again.Tensor(a.Name); err != nil || !tensor.Equal(got.Tensor, a.Tensor) {
				t.Fatalf("%q came back as %v, %v", a.Name, got.Tensor, err)
			}
		}
	})
}

// FuzzSafetensorsHeader puts the right length before the header, so that the
// fuzzer gets to what is behind it.
func FuzzSafetensorsHeader(f *testing.F) {
	f.Add(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}`, make([]byte, 9))
	f.Add(`{"\ud83d\ude00":{"dtype":"U16","shape":[],"data_offsets":[0,2]},"__metadata__":{"a":"b"}}  `, []byte{1, 2})
	f.Add(`{"a":{"dtype":"F4","shape":[2,0],"data_offsets":[0,0]},"b":{"shape":[0],"dtype":"I64","data_offsets":[0,0]}}`, []byte{})
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		s, err := ParseSafetensors("x", stFile(header, data))
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		// What is accepted here is JSON to others too, and covers the data.
		if !json.Valid([]byte(header)) {
			t.Fatalf("%q was accepted and is no JSON", header)
		}
		covered := int64(0)
		for _, e := range s.entries {
			covered += e.end - e.begin
		}
		if covered != int64(len(data)) {
			t.Fatalf("the tensors cover %d bytes of %d", covered, len(data))
		}
		for _, name := range s.Names() {
			if _, err := s.Tensor(name); err != nil && !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
		}
	})
}

// A header of a million tensors is read in time that grows with its length:
// the time of a benchmark run divided by its bytes says so.
func BenchmarkSafetensorsHeader(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("tensors=%d", n), func(b *testing.B) {
			var header strings.Builder
			for i := range n {
				fmt.Fprintf(&header, `%c"layers.%d.w":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}`, "{,"[min(i, 1)], i, i, i+1)
			}
			header.WriteString("}")
			file := stFile(header.String(), make([]byte, n))
			b.SetBytes(int64(header.Len()))
			for b.Loop() {
				if _, err := ParseSafetensors("x", file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
