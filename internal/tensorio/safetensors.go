package tensorio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/nlpodyssey/safetensors"
)

// Safetensors is an open .safetensors file. Its header is checked whole: every
// byte of the file belongs to one tensor. Methods but Close may be called from
// several goroutines at once.
type Safetensors struct {
	file    string
	data    []byte // the mapped file
	start   int64  // where the elements begin
	entries []stEntry
	meta    map[string]string
	unmap   func() error
	version string // which file it is: path, size, time of change; empty for one in memory
}

// OpenSafetensors opens a .safetensors file. Where the system can, it is mapped
// into memory, read-only, and elements are read when they are used; the file
// must not be cut or changed until Close.
func OpenSafetensors(path string) (*Safetensors, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its file
	if size < 8 {   // nothing to map
		return nil, &FormatError{File: path, Err: fmt.Errorf("has %d bytes: want 8 for the length of the header", size)}
	}
	data, unmap, err := mapFile(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s, err := ParseSafetensors(path, data)
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	s.unmap = unmap
	if s.version, err = fileVersion(path, f); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// fileVersion returns a text that tells an open file from all others, and from
// what it was before it was last changed.
func fileVersion(path string, f *os.File) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d bytes, changed at %d", full, info.Size(), info.ModTime().UnixNano()), nil
}

// ParseSafetensors reads a .safetensors file that is in memory. The errors call
// it file. The tensors share data, which must not change.
func ParseSafetensors(file string, data []byte) (*Safetensors, error) {
	entries, meta, start, fault, err := parseHeader(data)
	if err != nil {
		return nil, &FormatError{File: file, Array: fault, Err: err}
	}
	return &Safetensors{file: file, data: data, start: start, entries: entries, meta: meta}, nil
}

// File returns the path that the file was opened with.
func (s *Safetensors) File() string { return s.file }

// Metadata returns the strings that the file holds beside its tensors.
func (s *Safetensors) Metadata() map[string]string { return s.meta }

// Names returns the names of the tensors, sorted.
func (s *Safetensors) Names() []string {
	names := make([]string, len(s.entries))
	for i, e := range s.entries {
		names[i] = e.name
	}
	return names
}

// find returns the tensor of a name.
func (s *Safetensors) find(name string) (stEntry, bool) {
	i, ok := slices.BinarySearchFunc(s.entries, name, func(e stEntry, name string) int {
		return strings.Compare(e.name, name)
	})
	if !ok {
		return stEntry{}, false
	}
	return s.entries[i], true
}

// Type returns the type of a tensor as the file states it, "F32" and [2 3],
// without a look at its elements.
func (s *Safetensors) Type(name string) (dtype string, shape []int, ok bool) {
	e, ok := s.find(name)
	return e.dtype, slices.Clone(e.shape), ok
}

// ErrNoTensor is what errors.Is finds where a file has no tensor of a name.
var ErrNoTensor = errors.New("no such tensor")

// Tensor returns a tensor. It shares the memory of the file: it must not be
// written to, nor used after Close. It is a copy where its place in the file
// is not a multiple of the element size, and where integers of 16 bits or
// without sign are widened, which the note says.
func (s *Safetensors) Tensor(name string) (Array, error) {
	e, ok := s.find(name)
	if !ok {
		return Array{}, fmt.Errorf("%s: %w: %s", s.file, ErrNoTensor, tensor.Quote(name))
	}
	fail := func(err error) (Array, error) {
		return Array{}, &FormatError{File: s.file, Array: name, Err: err}
	}
	if s.data == nil {
		return Array{}, fmt.Errorf("%s is closed", s.file)
	}
	st := stTypes[e.dtype].storage
	if st.dtype == tensor.Invalid {
		return fail(fmt.Errorf("elements of type %s can't be used: want one of %s", e.dtype, stUsable))
	}
	raw := s.data[s.start+e.begin : s.start+e.end]
	if st.widen {
		t, err := st.widened(raw, e.shape, 0)
		if err != nil {
			return fail(err)
		}
		return Array{Name: name, Tensor: t, Note: st.note()}, nil
	}
	if !aligned(raw, st.size) {
		t, err := tensor.Alloc(st.dtype, e.shape, int64(max(len(raw), 1)))
		if err != nil {
			return fail(err)
		}
		copy(t.Bytes(), raw)
		raw = t.Bytes()
	}
	t, err := tensor.FromBytes(st.dtype, raw, e.shape...)
	if err != nil {
		return fail(err)
	}
	return Array{Name: name, Tensor: t}, nil
}

// Close gives the memory back: no tensor of the file may be used any more.
// Another Close does nothing.
func (s *Safetensors) Close() error {
	unmap := s.unmap
	s.data, s.unmap = nil, nil
	if unmap == nil {
		return nil
	}
	return unmap()
}

var stDTypes = [tensor.NumDTypes]safetensors.DType{
	tensor.F64: safetensors.F64, tensor.F32: safetensors.F32, tensor.BF16: safetensors.BF16, tensor.F16: safetensors.F16,
	tensor.I64: safetensors.I64, tensor.I32: safetensors.I32, tensor.I8: safetensors.I8, tensor.U8: safetensors.U8, tensor.Bool: safetensors.BOOL,
}

// stView is a tensor as the library asks for it.
type stView struct{ t *tensor.Tensor }

func (v stView) DType() safetensors.DType { return stDTypes[v.t.DType()] }
func (v stView) Data() []byte             { return v.t.Bytes() }
func (v stView) DataLen() uint64          { return uint64(len(v.t.Bytes())) }
func (v stView) Shape() []uint64 {
	shape := make([]uint64, v.t.Rank()) // not nil, which would be written as null
	for i, n := range v.t.Shape() {
		shape[i] = uint64(n)
	}
	return shape
}

// EncodeSafetensors writes arrays as a .safetensors file: those with the widest
// elements first, by name. Names must be different, not empty and UTF-8.
func EncodeSafetensors(w io.Writer, arrays []Array) error {
	views := make(map[string]stView, len(arrays))
	seen := make(map[string]bool, len(arrays))
	for _, a := range arrays {
		if err := checkName(a.Name, seen); err != nil {
			return err
		}
		if a.Name == "__metadata__" {
			return errors.New("no tensor can be called __metadata__ in a .safetensors file")
		}
		views[a.Name] = stView{a.Tensor}
	}
	return safetensors.SerializeToWriter(views, nil, w)
}

// WriteSafetensors writes arrays to a .safetensors file, as WriteFile does.
func WriteSafetensors(ctx context.Context, path string, arrays []Array) error {
	return WriteFile(ctx, path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, writeBlock)
		if err := EncodeSafetensors(b, arrays); err != nil {
			return err
		}
		return b.Flush()
	})
}
