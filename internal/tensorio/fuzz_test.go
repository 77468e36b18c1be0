package tensorio

import (
	"bytes"
	"errors"
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
