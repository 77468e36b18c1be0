package tensorio

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	npylib "codeberg.org/sbinet/npyio/npy"
	"github.com/google/go-cmp/cmp"
	"github.com/lathe-lang/lathe/ir/tensor"
	stlib "github.com/nlpodyssey/safetensors"
	"gonum.org/v1/gonum/mat"
)

// sample returns a tensor of the type with values that tell its bytes apart,
// the special ones of floats among them.
func sample(d tensor.DType, shape ...int) *tensor.Tensor {
	t := tensor.New(d, shape...)
	for i := range t.Len() {
		switch {
		case d.IsFloat() && i%7 == 3:
			t.SetFloat(i, []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[i/7%4])
		case d.IsFloat():
			t.SetFloat(i, float64(i)*1.37-5)
		default:
			t.SetInt(i, int64(i)*0x0102030405060709)
		}
	}
	return t
}

var shapes = [][]int{{}, {0}, {1}, {7}, {3, 5}, {0, 4}, {2, 3, 4}, {2, 1, 2, 1, 2}, slices.Repeat([]int{1}, tensor.MaxRank)}

func TestNpyRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for _, d := range tensor.DTypes() {
		for i, shape := range shapes {
			x := sample(d, shape...)
			path := filepath.Join(dir, fmt.Sprintf("%v-%d.npy", d, i))
			note, err := WriteNpy(t.Context(), path, x)
			if err != nil {
				t.Fatal(err)
			}
			want := x
			if d == tensor.BF16 {
				want = x.Convert(tensor.F32)
			}
			if (note != "") != (d == tensor.BF16) {
				t.Errorf("%v: note %q", d, note)
			}
			a, err := ReadNpy(path, 0)
			if err != nil {
				t.Fatal(err)
			}
			if !tensor.Equal(a.Tensor, want) || !a.Tensor.Aligned() || a.Note != "" {
				t.Errorf("%v %v came back as %v, note %q", d, shape, a.Tensor, a.Note)
			}
		}
	}
}

func TestNpzRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npz")
	var in []Array
	for i, d := range tensor.DTypes() {
		in = append(in, Array{Name: fmt.Sprintf("γ/%d", 9-i), Tensor: sample(d, i, 3)})
	}
	notes, err := WriteNpz(t.Context(), path, in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`"γ/7": bf16 is written as f32`}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	out, err := Read(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(in) // sorted by name
	for i, a := range in {
		want := a.Tensor
		if want.DType() == tensor.BF16 {
			want = want.Convert(tensor.F32)
		}
		if out[i].Name != a.Name || !tensor.Equal(out[i].Tensor, want) {
			t.Errorf("%s came back as %s %v", a.Name, out[i].Name, out[i].Tensor)
		}
	}
	for _, bad := range [][]Array{
		{{Name: "", Tensor: in[0].Tensor}},
		{{Name: "\xff", Tensor: in[0].Tensor}},
		{{Name: "a", Tensor: in[0].Tensor}, {Name: "a", Tensor: in[0].Tensor}},
	} {
		if _, err := EncodeNpz(new(bytes.Buffer), bad); err == nil {
			t.Errorf("names %q: want an error", bad[0].Name)
		}
		if err := EncodeSafetensors(new(bytes.Buffer), bad); err == nil {
			t.Errorf("names %q: want an error", bad[0].Name)
		}
	}
}

func TestSafetensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	want := map[string]*tensor.Tensor{}
	var in []Array
	for _, d := range tensor.DTypes() {
		for i, shape := range shapes {
			name := fmt.Sprintf("%v.%d.\"<γ>", d, i)
			want[name] = sample(d, shape...)
			in = append(in, Array{Name: name, Tensor: want[name]})
		}
	}
	if err := WriteSafetensors(t.Context(), path, in); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(s.Names()) || len(s.Names()) != len(want) {
		t.Errorf("names %q", s.Names())
	}
	for name, x := range want {
		a, err := s.Tensor(name)
		if err != nil {
			t.Error(err)
		} else if !tensor.Equal(a.Tensor, x) {
			t.Errorf("%s came back as %v", name, a.Tensor)
		}
		dtype, shape, ok := s.Type(name)
		if !ok || !strings.EqualFold(dtype, x.DType().String()) || !slices.Equal(shape, x.Shape()) {
			t.Errorf("Type(%q) = %s %v", name, dtype, shape)
		}
	}
	if _, err := s.Tensor("x"); err == nil || !strings.Contains(err.Error(), "no such tensor") {
		t.Errorf("a missing tensor: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := s.Tensor(in[0].Name); err == nil {
		t.Errorf("a tensor of a closed file: want an error")
	}
}

// The library reads what we write, and we read what it writes.
func TestNpyAgainstLibrary(t *testing.T) {
	x := sample(tensor.F32, 12)
	var file bytes.Buffer
	if _, err := EncodeNpy(&file, x); err != nil {
		t.Fatal(err)
	}
	var got []float32
	if err := npylib.Read(&file, &got); err != nil {
		t.Fatal(err)
	}
	if y := tensor.Must(tensor.FromSlice(got, 12)); !tensor.Equal(x, y) {
		t.Errorf("%v was read as %v", x, y)
	}
	file.Reset()
	m := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	if err := npylib.Write(&file, m); err != nil {
		t.Fatal(err)
	}
	a, err := DecodeNpy("m.npy", &file, int64(file.Len()), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !tensor.Equal(a.Tensor, tensor.FromDense(m)) {
		t.Errorf("the library's matrix was read as %v", a.Tensor)
	}
	for _, v := range []any{[]int64{1, -2}, []int32{3}, []int8{4}, []uint8{5}, []bool{true, false}} {
		file.Reset()
		if err := npylib.Write(&file, v); err != nil {
			t.Fatal(err)
		}
		a, err := DecodeNpy("v.npy", bytes.NewReader(file.Bytes()), int64(file.Len()), 0)
		if err != nil {
			t.Errorf("%v: %v", v, err)
			continue
		}
		var got []string
		for i := range a.Tensor.Len() {
			got = append(got, a.Tensor.Format(i))
		}
		if want := fmt.Sprint(v); fmt.Sprint(got) != want {
			t.Errorf("%s was read as %v", want, got)
		}
	}
}

func TestSafetensorsAgainstLibrary(t *testing.T) {
	in := []Array{{Name: "a", Tensor: sample(tensor.BF16, 3, 2)}, {Name: "b", Tensor: sample(tensor.I64)}, {Name: "c", Tensor: sample(tensor.Bool, 5)}}
	var file bytes.Buffer
	if err := EncodeSafetensors(&file, in); err != nil {
		t.Fatal(err)
	}
	lib, err := stlib.Deserialize(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range in {
		v, ok := lib.Tensor(a.Name)
		if !ok || !bytes.Equal(v.Data(), a.Tensor.Bytes()) || v.DType() != stDTypes[a.Tensor.DType()] {
			t.Errorf("the library reads %s as %v", a.Name, v)
		}
	}
}

// A matrix in column-major order, and in big-endian, is the same matrix.
func TestNpyOrders(t *testing.T) {
	shape := []int{2, 3, 4}
	x := tensor.New(tensor.I32, shape...)
	for i := range x.Len() {
		x.SetInt(i, int64(i)*1000003)
	}
	column := tensor.New(tensor.I32, shape...)
	for i := range 2 {
		for j := range 3 {
			for k := range 4 {
				column.SetInt(i+2*j+6*k, x.Int((i*3+j)*4+k))
			}
		}
	}
	swapped := x.Clone()
	for b := swapped.Bytes(); len(b) > 0; b = b[4:] {
		b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	}
	for _, c := range []struct {
		descr, fortran string
		data           []byte
	}{
		{"<i4", "False", x.Bytes()},
		{"<i4", "True", column.Bytes()},
		{">i4", "False", swapped.Bytes()},
		{"=i4", "False", x.Bytes()},
	} {
		file := npyFile("{'descr': '"+c.descr+"', 'fortran_order': "+c.fortran+", 'shape': (2, 3, 4), }", c.data)
		a, err := DecodeNpy("x.npy", bytes.NewReader(file), int64(len(file)), 0)
		if err != nil {
			t.Errorf("%s %s: %v", c.descr, c.fortran, err)
		} else if !tensor.Equal(a.Tensor, x) {
			t.Errorf("%s %s: %v", c.descr, c.fortran, a.Tensor)
		}
	}
}

func TestNpyWidens(t *testing.T) {
	for _, c := range []struct {
		descr string
		data  []byte
		want  *tensor.Tensor
		note  string
	}{
		{"<i2", []byte{0xfe, 0xff, 1, 0}, tensor.Must(tensor.FromSlice([]int32{-2, 1}, 2)), "i16 is read as i32"},
		{"<u2", []byte{0xfe, 0xff, 1, 0}, tensor.Must(tensor.FromSlice([]int32{65534, 1}, 2)), "u16 is read as i32"},
		{">u2", []byte{0xff, 0xfe, 0, 1}, tensor.Must(tensor.FromSlice([]int32{65534, 1}, 2)), "u16 is read as i32"},
		{"<u4", []byte{0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0}, tensor.Must(tensor.FromSlice([]int64{1<<32 - 1, 2}, 2)), "u32 is read as i64"},
		{"<u8", []byte{3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127}, tensor.Must(tensor.FromSlice([]int64{3, math.MaxInt64}, 2)), "u64 is read as i64"},
	} {
		file := npyFile("{'descr': '"+c.descr+"', 'fortran_order': False, 'shape': (2,)}", c.data)
		a, err := DecodeNpy("x.npy", bytes.NewReader(file), int64(len(file)), 0)
		if err != nil {
			t.Errorf("%s: %v", c.descr, err)
		} else if !tensor.Equal(a.Tensor, c.want) || a.Note != c.note {
			t.Errorf("%s: %v, note %q", c.descr, a.Tensor, a.Note)
		}
	}
}

// Tensors share the mapped file where they can, and are copies where the
// place of the elements forbids it; both hold the same.
func TestSafetensorsSharesMemory(t *testing.T) {
	header := `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},"c":{"dtype":"F32","shape":[1],"data_offsets":[9,13]},"d":{"dtype":"U16","shape":[],"data_offsets":[13,15]}}`
	for len(header)%8 != 0 {
		header += " "
	}
	data := []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 7, 0, 0, 0x80, 0x3f, 0xff, 0xff}
	file := tensor.New(tensor.U8, 8+len(header)+len(data)).Bytes() // aligned, as a mapping is
	copy(file, stFile(header, data))
	s, err := ParseSafetensors("x", file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Tensor("a")
	if err != nil {
		t.Fatal(err)
	}
	if &a.Tensor.Bytes()[0] != &file[8+len(header)] {
		t.Errorf("a does not share the memory of the file")
	}
	c, err := s.Tensor("c")
	if err != nil || c.Tensor.Float(0) != 1 {
		t.Errorf("c, which is not aligned: %v, %v", c.Tensor, err)
	}
	d, err := s.Tensor("d")
	if err != nil || d.Tensor.Int(0) != 65535 || d.Tensor.DType() != tensor.I32 || d.Note != "u16 is read as i32" {
		t.Errorf("d: %v, %v", d, err)
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, names ...string) string {
		var in []Array
		for _, n := range names {
			in = append(in, Array{Name: n, Tensor: sample(tensor.F32, len(n))})
		}
		path := filepath.Join(dir, name)
		if err := WriteSafetensors(t.Context(), path, in); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two, again := write("1.safetensors", "c", "aa"), write("2.safetensors", "bbb"), write("3.safetensors", "aa")
	s, err := OpenShards(one, two)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"aa", "bbb", "c"}, s.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if a, err := s.Tensor("bbb"); err != nil || a.Tensor.Len() != 3 {
		t.Errorf("bbb: %v, %v", a, err)
	}
	if _, shape, ok := s.Type("aa"); !ok || !slices.Equal(shape, []int{2}) {
		t.Errorf("type of aa: %v, %v", shape, ok)
	}
	if _, err := s.Tensor("zz"); err == nil {
		t.Errorf("zz: want an error")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenShards(one, again); err == nil || !strings.Contains(err.Error(), `both hold "aa"`) {
		t.Errorf("a tensor in two files: %v", err)
	}
}
