package tensorio

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// storage is a type of elements in a file.
type storage struct {
	name  string       // as the messages call it
	size  int          // bytes
	dtype tensor.DType // the element type it is read as; Invalid where there is none
	widen bool         // whether its size differs from that of dtype
}

var (
	storeF64  = storage{"f64", 8, tensor.F64, false}
	storeF32  = storage{"f32", 4, tensor.F32, false}
	storeF16  = storage{"f16", 2, tensor.F16, false}
	storeBF16 = storage{"bf16", 2, tensor.BF16, false}
	storeI64  = storage{"i64", 8, tensor.I64, false}
	storeI32  = storage{"i32", 4, tensor.I32, false}
	storeI8   = storage{"i8", 1, tensor.I8, false}
	storeU8   = storage{"u8", 1, tensor.U8, false}
	storeBool = storage{"bool", 1, tensor.Bool, false}
	// The language has no such types; every value but some of u64 fits the
	// next signed one.
	storeI16 = storage{"i16", 2, tensor.I32, true}
	storeU16 = storage{"u16", 2, tensor.I32, true}
	storeU32 = storage{"u32", 4, tensor.I64, true}
	storeU64 = storage{"u64", 8, tensor.I64, true}
)

// note says what reading changes.
func (s storage) note() string {
	if !s.widen {
		return ""
	}
	return fmt.Sprintf("%s is read as %v", s.name, s.dtype)
}

// widened returns the elements in raw, little-endian, as a tensor of s.dtype.
func (s storage) widened(raw []byte, shape []int, budget int64) (*tensor.Tensor, error) {
	t, err := tensor.Alloc(s.dtype, shape, budget)
	if err != nil {
		return nil, err
	}
	buf := make([]int64, 1)
	for i := range t.Len() {
		switch at := raw[i*s.size:]; s {
		case storeI16:
			buf[0] = int64(int16(binary.LittleEndian.Uint16(at)))
		case storeU16:
			buf[0] = int64(binary.LittleEndian.Uint16(at))
		case storeU32:
			buf[0] = int64(binary.LittleEndian.Uint32(at))
		case storeU64:
			v := binary.LittleEndian.Uint64(at)
			if v > math.MaxInt64 {
				return nil, fmt.Errorf("element %d is %d, which no i64 holds", i, v)
			}
			buf[0] = int64(v)
		}
		t.StoreInts(buf, i)
	}
	return t, nil
}

// swapBytes turns elements of the given size from big- to little-endian.
func swapBytes(raw []byte, size int) {
	for ; len(raw) >= size; raw = raw[size:] {
		slices.Reverse(raw[:size])
	}
}

// fromFortran returns the elements of raw, in column-major order, in row-major
// order.
func fromFortran(raw []byte, size int, shape []int) []byte {
	rank := len(shape)
	out := make([]byte, len(raw))
	if len(raw) == 0 {
		return out
	}
	stride := make([]int, rank) // in bytes of raw
	step := size
	for i, n := range shape {
		stride[i] = step
		step *= n
	}
	index := make([]int, rank)
	from := 0
	for to := 0; to < len(out); to += size {
		copy(out[to:to+size], raw[from:])
		for i := rank - 1; i >= 0; i-- { // count up, the last dimension fastest
			index[i]++
			from += stride[i]
			if index[i] < shape[i] {
				break
			}
			from -= index[i] * stride[i]
			index[i] = 0
		}
	}
	return out
}

// aligned reports whether raw starts at a multiple of size bytes.
func aligned(raw []byte, size int) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%uintptr(size) == 0
}
