package tensorio

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// ReadNpy reads a .npy file: little- and big-endian, row- and column-major.
// The elements may take budget bytes; 0 stands for tensor.DefaultBudget.
func ReadNpy(path string, budget int64) (Array, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return Array{}, err
	}
	defer f.Close()
	return DecodeNpy(path, f, size, budget)
}

// DecodeNpy reads a .npy file of size bytes from r. The errors call it file.
// Bytes after the elements are an error.
func DecodeNpy(file string, r io.Reader, size, budget int64) (Array, error) {
	a, err := decodeNpy(r, size, budget)
	if err != nil {
		return Array{}, &FormatError{File: file, Err: err}
	}
	return a, nil
}

func decodeNpy(r io.Reader, size, budget int64) (Array, error) {
	h, read, err := readNpyHeader(r, size)
	if err != nil {
		return Array{}, err
	}
	s := h.storage
	elems, _, err := tensor.Size(s.dtype, h.shape, budget)
	if err != nil {
		return Array{}, err
	}
	if left, want := size-read, int64(elems)*int64(s.size); left < want {
		return Array{}, fmt.Errorf("ends in the elements: %s%v takes %d bytes, found %d", s.name, h.shape, want, left)
	} else if left > want {
		return Array{}, fmt.Errorf("%d bytes follow the elements of %s%v: want one array a file", left-want, s.name, h.shape)
	}
	t, err := readElements(r, h, elems, budget)
	if err != nil {
		return Array{}, err
	}
	return Array{Tensor: t, Note: s.note()}, nil
}

func readElements(r io.Reader, h npyHeader, elems int, budget int64) (*tensor.Tensor, error) {
	s := h.storage
	if !s.widen {
		t, err := tensor.Alloc(s.dtype, h.shape, budget)
		if err != nil {
			return nil, err
		}
		if err := readRaw(r, t.Bytes(), h); err != nil {
			return nil, err
		}
		return tensor.FromBytes(s.dtype, t.Bytes(), h.shape...) // for the check of bools
	}
	raw := make([]byte, elems*s.size)
	if err := readRaw(r, raw, h); err != nil {
		return nil, err
	}
	return s.widened(raw, h.shape, budget)
}

// readRaw fills raw with the elements, little-endian and row-major.
func readRaw(r io.Reader, raw []byte, h npyHeader) error {
	if err := readExactly(r, raw, "the elements"); err != nil {
		return err
	}
	if h.bigEndian {
		swapBytes(raw, h.storage.size)
	}
	if h.fortran && len(h.shape) > 1 {
		copy(raw, fromFortran(raw, h.storage.size, h.shape))
	}
	return nil
}

var npyDescr = [tensor.NumDTypes]string{
	tensor.F64: "<f8", tensor.F32: "<f4", tensor.F16: "<f2",
	tensor.I64: "<i8", tensor.I32: "<i4", tensor.I8: "|i1", tensor.U8: "|u1", tensor.Bool: "|b1",
}

// EncodeNpy writes t as a .npy file of version 1.0. bf16, which NumPy does not
// have, is written as f32; the note says so.
func EncodeNpy(w io.Writer, t *tensor.Tensor) (note string, err error) {
	if t.DType() == tensor.BF16 {
		t, note = t.Convert(tensor.F32), "bf16 is written as f32"
	}
	if _, err := w.Write(npyHeaderBytes(t)); err != nil {
		return "", err
	}
	if _, err := w.Write(t.Bytes()); err != nil {
		return "", err
	}
	return note, nil
}

// npyHeaderBytes returns all that stands before the elements; they start at a
// multiple of 64 bytes, as NumPy's do.
func npyHeaderBytes(t *tensor.Tensor) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "{'descr': '%s', 'fortran_order': False, 'shape': (", npyDescr[t.DType()])
	for i, n := range t.Shape() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	if t.Rank() == 1 {
		b.WriteString(",")
	}
	b.WriteString("), }")
	const prefix = len(npyMagic) + 4
	for (prefix+b.Len()+1)%64 != 0 {
		b.WriteByte(' ')
	}
	b.WriteByte('\n')
	n := b.Len() // under 400: MaxRank dimensions of 19 digits
	return append([]byte(npyMagic+"\x01\x00"), append([]byte{byte(n), byte(n >> 8)}, b.String()...)...)
}

// WriteNpy writes t to a .npy file, as WriteFile does, and returns the note of
// EncodeNpy.
func WriteNpy(ctx context.Context, path string, t *tensor.Tensor) (note string, err error) {
	err = WriteFile(ctx, path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, writeBlock)
		if note, err = EncodeNpy(b, t); err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return "", err
	}
	return note, nil
}
