package tensor

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"
)

func TestDTypes(t *testing.T) {
	for _, d := range DTypes() {
		got, err := ParseDType(d.String())
		if err != nil || got != d {
			t.Errorf("ParseDType(%q) = %v, %v", d.String(), got, err)
		}
		if d.Size() == 0 || d.IsFloat() && d.IsInt() || !d.Valid() {
			t.Errorf("%v: size %d, float %v, int %v", d, d.Size(), d.IsFloat(), d.IsInt())
		}
	}
	if len(DTypes()) != NumDTypes-1 {
		t.Errorf("%d element types, want %d", len(DTypes()), NumDTypes-1)
	}
	for _, name := range []string{"", "f31", "invalid", "F32", strings.Repeat("x", 1000), "\x00\xff"} {
		d, err := ParseDType(name)
		if err == nil || d != Invalid {
			t.Errorf("ParseDType(%q) = %v, want an error", name, d)
		} else if strings.ContainsRune(err.Error(), 0) || len(err.Error()) > 400 {
			t.Errorf("message %q quotes its input raw", err)
		}
	}
	if s := DType(77).String(); s != "dtype(77)" {
		t.Errorf("DType(77) = %s", s)
	}
}

func TestSize(t *testing.T) {
	const big = math.MaxInt
	for _, c := range []struct {
		d      DType
		shape  []int
		budget int64
		elems  int
		limit  bool
		want   string // part of the error
	}{
		{d: F32, elems: 1},
		{d: F32, shape: []int{2, 3}, elems: 6},
		{d: F32, shape: []int{2, 0, 3}, elems: 0},
		{d: F32, shape: []int{25}, budget: 100, elems: 25},
		{d: F32, shape: []int{26}, budget: 100, limit: true, want: "104, but the limit is 100"},
		{d: U8, shape: []int{int(DefaultBudget)}, elems: int(DefaultBudget)},
		{d: U8, shape: []int{int(DefaultBudget) + 1}, limit: true, want: "limit is 8589934592"},
		{d: F32, shape: []int{65536, 65536, 65536, 65536}, limit: true, want: "more than 2^63"},
		{d: F64, shape: []int{big}, budget: math.MaxInt64, limit: true, want: "more than 2^63"},
		{d: U8, shape: []int{big}, budget: math.MaxInt64, limit: true},
		{d: F32, shape: []int{0, big, big}, limit: true, want: "more than 2^63"},
		{d: F32, shape: []int{2, -3}, want: "negative dimension, -3"},
		{d: F32, shape: []int{math.MinInt}, want: "negative"},
		{d: U8, shape: make([]int, MaxRank), elems: 0},
		{d: U8, shape: make([]int, MaxRank+1), limit: true, want: "rank of a tensor: 17, but the limit is 16"},
		{d: Invalid, shape: []int{1}, want: "no tensor has element type invalid"},
	} {
		elems, bytes, err := Size(c.d, c.shape, c.budget)
		if (err != nil) != (c.want != "" || c.limit) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Size(%v, %v) error %v, want %q", c.d, c.shape, err, c.want)
			continue
		}
		if errors.Is(err, ErrLimit) != c.limit {
			t.Errorf("Size(%v, %v) = %v, is a limit: want %v", c.d, c.shape, err, c.limit)
		}
		if err == nil && (elems != c.elems || bytes != c.elems*c.d.Size()) {
			t.Errorf("Size(%v, %v) = %d, %d, want %d elements", c.d, c.shape, elems, bytes, c.elems)
		}
	}
}

func TestNew(t *testing.T) {
	for _, d := range DTypes() {
		for _, shape := range [][]int{{}, {0}, {1}, {7}, {3, 5}, {1000, 77}} {
			x := New(d, shape...)
			addr := uintptr(unsafe.Pointer(unsafe.SliceData(x.Bytes())))
			if addr == 0 || addr%Align != 0 || !x.Aligned() {
				t.Errorf("%v %v starts at %x", d, shape, addr)
			}
			for _, b := range x.Bytes() {
				if b != 0 {
					t.Fatalf("%v %v is not zero", d, shape)
				}
			}
			if x.Rank() != len(shape) || x.Len()*d.Size() != len(x.Bytes()) {
				t.Errorf("%v %v: rank %d, %d elements, %d bytes", d, shape, x.Rank(), x.Len(), len(x.Bytes()))
			}
		}
	}
	if _, err := Alloc(F32, []int{1 << 40}, 0); !errors.Is(err, ErrLimit) {
		t.Errorf("Alloc of 4 TiB: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Errorf("New of a negative size did not panic")
		}
	}()
	New(F32, -1)
}

func sliceRoundTrip[T Elem](t *testing.T, data []T) {
	t.Helper()
	x := Must(FromSlice(data, len(data)))
	got, err := Slice[T](x)
	if err != nil {
		t.Fatal(err)
	}
	if unsafe.SliceData(got) != unsafe.SliceData(data) {
		t.Errorf("%v: memory is not shared", x.DType())
	}
	if diff := cmp.Diff(data, got); diff != "" {
		t.Errorf("%v (-want +got):\n%s", x.DType(), diff)
	}
	for i := range data { // element by element, through another type
		if x.DType() == I64 || x.DType() == Bool || x.DType().IsInt() {
			x.SetInt(i, x.Int(i))
		} else {
			x.SetFloat(i, x.Float(i))
		}
	}
	if diff := cmp.Diff(data, got); diff != "" {
		t.Errorf("%v by element (-want +got):\n%s", x.DType(), diff)
	}
}

func TestFromSlice(t *testing.T) {
	sliceRoundTrip(t, []float64{1, -2.5, math.Inf(1), math.MaxFloat64})
	sliceRoundTrip(t, []float32{1, -2.5, math.MaxFloat32})
	sliceRoundTrip(t, []int64{math.MinInt64, -1, math.MaxInt64, 1<<53 + 1})
	sliceRoundTrip(t, []int32{math.MinInt32, math.MaxInt32})
	sliceRoundTrip(t, []int8{-128, 127})
	sliceRoundTrip(t, []uint8{0, 255})
	sliceRoundTrip(t, []bool{true, false})

	x := Must(FromSlice([]float32{1, 2, 3}, 3))
	if _, err := Slice[float64](x); err == nil || !strings.Contains(err.Error(), "f32[3] are not float64") {
		t.Errorf("f32 as float64: %v", err)
	}
	if _, err := Slice[uint16](x); err == nil {
		t.Errorf("f32 as uint16: want an error")
	}
	for _, shape := range [][]int{{2}, {4}, {}, {3, 2}, {-3}, {1 << 62, 1 << 62}} {
		if _, err := FromSlice([]float32{1, 2, 3}, shape...); err == nil {
			t.Errorf("3 elements as %v: want an error", shape)
		}
	}
	_, err := FromSlice([]float32{1, 2, 3}, 1<<62, 1<<62)
	if err == nil || !strings.HasPrefix(err.Error(), "3 elements of f32 (12 bytes) do not fill f32[") {
		t.Errorf("message: %v", err)
	}
	if got := Must(FromSlice([]float32{}, 0, 3)).Len(); got != 0 {
		t.Errorf("%d elements, want 0", got)
	}
}

func TestFromBits(t *testing.T) {
	bits := []uint16{0x3f80, 0xc000}
	x := Must(FromBits(BF16, bits, 2))
	if x.Float(0) != 1 || x.Float(1) != -2 {
		t.Errorf("bf16 is %v", x.Floats())
	}
	x.SetFloat(0, 0.5)
	if bits[0] != 0x3f00 {
		t.Errorf("memory is not shared: %04x", bits[0])
	}
	if got, err := Slice[uint16](x); err != nil || &got[0] != &bits[0] {
		t.Errorf("bits: %v", err)
	}
	if y := Must(FromBits(F16, []uint16{0x3c00})); y.Float(0) != 1 {
		t.Errorf("f16 is %v", y.Floats())
	}
	if _, err := FromBits(F32, bits, 1); err == nil {
		t.Errorf("bits as f32: want an error")
	}
}

func TestFromBytes(t *testing.T) {
	raw := New(F64, 4).Bytes()
	if _, err := FromBytes(F32, raw[4:12], 2); err != nil {
		t.Error(err)
	}
	if _, err := FromBytes(F32, raw[1:9], 2); err == nil || !strings.Contains(err.Error(), "multiple of 4") {
		t.Errorf("misaligned: %v", err)
	}
	if _, err := FromBytes(F32, raw, 9); err == nil {
		t.Errorf("too short: want an error")
	}
	if _, err := FromBytes(Invalid, raw, 9); err == nil {
		t.Errorf("no type: want an error")
	}
	raw[5] = 2
	if _, err := FromBytes(Bool, raw, 32); err == nil || !strings.Contains(err.Error(), "element 5 of bool[32] is the byte 2") {
		t.Errorf("bool of 2: %v", err)
	}
}

// Conversion between every two types, against the rule written out per element.
func TestConvert(t *testing.T) {
	values := []float64{0, 1, -1, 2.5, -2.5, 127, 128, 255, 256, -129, 300, 65504, 1e5, -1e5, 3e9, -3e9, 1e19, -1e19, math.NaN(), math.Inf(1), math.Inf(-1)}
	for len(values) < 2*convertBlock+3 { // more than a block
		values = append(values, values...)
	}
	ints := []int64{0, 1, -1, 127, 128, 255, 256, -129, 1<<31 - 1, 1 << 31, 1<<32 + 5, math.MaxInt64, math.MinInt64, 1<<53 + 1}
	for _, from := range DTypes() {
		x := New(from, len(values))
		if from.IsFloat() {
			x.StoreFloats(values, 0)
		} else {
			for i := range values {
				x.SetInt(i, ints[i%len(ints)])
			}
		}
		for _, to := range DTypes() {
			y := x.Convert(to)
			if y.DType() != to || y.Len() != x.Len() {
				t.Fatalf("%v to %v made %v", from, to, y)
			}
			for i := range y.Len() {
				switch {
				case from.IsFloat():
					want := Round(to, x.Float(i))
					if got := y.Float(i); got != want && (got == got || want == want) {
						t.Fatalf("%v %v to %v: %v, want %v", from, x.Float(i), to, got, want)
					}
				case to.IsFloat():
					want := nearestOf(to, x.Int(i))
					if got := y.Float(i); got != want {
						t.Fatalf("%v %v to %v: %v, want %v", from, x.Int(i), to, got, want)
					}
				default:
					if got, want := y.Int(i), Wrap(to, x.Int(i)); got != want {
						t.Fatalf("%v %v to %v: %v, want %v", from, x.Int(i), to, got, want)
					}
				}
			}
		}
	}
}

func nearestOf(d DType, v int64) float64 {
	for _, f := range narrow {
		if f.d == d {
			return nearest(bigInt(v), f.mant, f.minExp, f.maxExp)
		}
	}
	return float64(v)
}

func TestConvertShares(t *testing.T) {
	x := Must(FromSlice([]float32{1, 2}, 2))
	y := x.Convert(F32)
	y.SetFloat(0, 9)
	if x.Float(0) != 1 {
		t.Errorf("Convert to the same type shares memory")
	}
}

func TestEqual(t *testing.T) {
	nan := Must(FromSlice([]float32{float32(math.NaN())}, 1))
	zero := Must(FromSlice([]float32{0}, 1))
	minus := Must(FromSlice([]float32{float32(math.Copysign(0, -1))}, 1))
	flat := Must(zero.Reshape())
	for _, c := range []struct {
		a, b *Tensor
		want bool
	}{
		{nan, nan.Clone(), true}, {zero, minus, false}, {zero, flat, false},
		{zero, New(I32, 1), false}, {New(I32, 1), New(I32, 1), true},
	} {
		if got := Equal(c.a, c.b); got != c.want {
			t.Errorf("Equal(%v, %v) = %v", c.a, c.b, got)
		}
	}
}

func TestReshape(t *testing.T) {
	x := New(F32, 2, 3)
	y := Must(x.Reshape(3, 2))
	y.SetFloat(5, 7)
	if x.Float(5) != 7 {
		t.Errorf("Reshape does not share memory")
	}
	for _, shape := range [][]int{{4}, {7}, {-6}, {}} {
		if _, err := x.Reshape(shape...); err == nil {
			t.Errorf("6 elements as %v: want an error", shape)
		}
	}
}

func TestDense(t *testing.T) {
	m := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
	x := FromDense(m)
	m.Set(1, 2, 60)
	if x.Float(5) != 60 {
		t.Errorf("memory is not shared")
	}
	back, err := Dense(x)
	if err != nil {
		t.Fatal(err)
	}
	back.Set(0, 0, 10)
	if m.At(0, 0) != 10 {
		t.Errorf("memory is not shared on the way back")
	}
	part := FromDense(m.Slice(0, 2, 1, 3).(*mat.Dense))
	if diff := cmp.Diff([]float64{2, 3, 5, 60}, part.Floats()); diff != "" {
		t.Errorf("part (-want +got):\n%s", diff)
	}
	f32, err := Dense(Must(FromSlice([]float32{1, 2}, 1, 2)))
	if err != nil || f32.At(0, 1) != 2 {
		t.Errorf("f32: %v, %v", f32, err)
	}
	for _, x := range []*Tensor{New(F64, 3), New(F64, 0, 3), New(F64)} {
		if _, err := Dense(x); err == nil {
			t.Errorf("%v as a matrix: want an error", x)
		}
	}
	if x := FromDense(&mat.Dense{}); x.Len() != 0 {
		t.Errorf("an empty matrix is %v", x)
	}
}

func TestSummary(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		x    *Tensor
		want string
	}{
		{Must(FromSlice([]float32{0, 1, 2, 3, 4, 5}, 2, 3)), "f32[2, 3] min 0 max 5 mean 2.5 [0, 1, 2, 3, 4, 5]"},
		{Must(FromSlice([]int64{1, 2, 3, 4, 5, 6, 7}, 7)), "i64[7] min 1 max 7 mean 4 [1, 2, 3, 4, 5, 6, ...]"},
		{Must(FromSlice([]float32{-inf, nan, inf}, 3)), "f32[3] min NaN max NaN mean NaN [-Inf, NaN, +Inf]"},
		{Must(FromSlice([]float32{nan, -inf}, 2)), "f32[2] min NaN max NaN mean NaN [NaN, -Inf]"},
		{Must(FromSlice([]bool{true}, 1)), "bool[1] min 1 max 1 mean 1 [true]"},
		{Must(FromSlice([]float32{0.1})), "f32 min 0.1 max 0.1 mean 0.1 [0.1]"},
		{New(F32, 0), "f32[0] min +Inf max -Inf mean NaN []"},
		{nil, "nil"},
	} {
		if got := c.x.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	n := 3*convertBlock + 1
	x := New(F64, n)
	for i := range n {
		x.SetInt(i, int64(i))
	}
	if s := x.Summary(); s.Mean != float64(n-1)/2 || s.Max != float64(n-1) {
		t.Errorf("%v", s)
	}
}

func TestOutOfRangePanics(t *testing.T) {
	x := New(F32, 3)
	for _, f := range []func(){
		func() { x.Float(3) }, func() { x.Int(-1) }, func() { x.SetFloat(3, 1) },
		func() { x.StoreInts(make([]int64, 4), 0) }, func() { x.LoadFloats(make([]float64, 2), 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an index out of range did not panic")
				}
			}()
			f()
		}()
	}
}

func BenchmarkConvertBF16(b *testing.B) {
	x := New(BF16, 1<<20)
	b.SetBytes(int64(len(x.Bytes())))
	for b.Loop() {
		x.Convert(F32)
	}
}
