package tensorio

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxNpzArrays is the most arrays that a .npz file may hold.
const maxNpzArrays = 1 << 16

// maxDeflate is how much one byte of deflated data can stand for: 258 bytes
// for every two bits.
const maxDeflate = 1032

// ReadNpz reads all arrays of a .npz file, sorted by name. Together they may
// take budget bytes; 0 stands for tensor.DefaultBudget.
func ReadNpz(path string, budget int64) ([]Array, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return DecodeNpz(path, f, size, budget)
}

// DecodeNpz reads a .npz file of size bytes from r. The errors call it file.
func DecodeNpz(file string, r io.ReaderAt, size, budget int64) ([]Array, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, &FormatError{File: file, Err: fmt.Errorf("not a complete .npz (zip) file: %w", err)}
	}
	if budget == 0 {
		budget = tensor.DefaultBudget
	}
	if name, err := checkNpz(z.File, size, budget); err != nil {
		return nil, &FormatError{File: file, Array: name, Err: err}
	}
	var arrays []Array
	for _, e := range z.File {
		left := budget
		if left == 0 { // which would stand for the default
			left = -1
		}
		a, err := readEntry(e, left)
		if err != nil {
			return nil, &FormatError{File: file, Array: e.Name, Err: err}
		}
		budget -= int64(len(a.Tensor.Bytes()))
		arrays = append(arrays, a)
	}
	slices.SortFunc(arrays, func(a, b Array) int { return cmp.Compare(a.Name, b.Name) })
	return arrays, nil
}

// checkNpz checks the directory of the archive before anything is unpacked;
// with an error it returns the name of the entry at fault, if it is one.
func checkNpz(entries []*zip.File, size, budget int64) (string, error) {
	if len(entries) > maxNpzArrays {
		return "", &tensor.LimitError{What: "arrays of the file", Got: strconv.Itoa(len(entries)), Limit: maxNpzArrays}
	}
	seen := make(map[string]bool, len(entries))
	type span struct {
		from, to int64
		name     string
	}
	var spans []span
	var total uint64
	for _, e := range entries {
		switch packed, plain := e.CompressedSize64, e.UncompressedSize64; {
		case !strings.HasSuffix(e.Name, ".npy"):
			return e.Name, errors.New("is not an array: want names that end in .npy only")
		case !utf8.ValidString(e.Name):
			return e.Name, errors.New("the name is not UTF-8")
		case seen[e.Name]:
			return e.Name, errors.New("is there twice")
		case e.Flags&1 != 0:
			return e.Name, errors.New("is encrypted")
		case e.Method != zip.Store && e.Method != zip.Deflate:
			return e.Name, fmt.Errorf("is packed by method %d: want 0 (stored) or 8 (deflated)", e.Method)
		case packed > uint64(size):
			return e.Name, fmt.Errorf("takes %d bytes in a file of %d", packed, size)
		case e.Method == zip.Store && packed != plain:
			return e.Name, fmt.Errorf("is stored: %d bytes can't hold %d", packed, plain)
		case plain > packed*maxDeflate: // packed is at most the file: no overflow
			return e.Name, fmt.Errorf("claims to unpack to %d bytes from %d, which is more than deflate can do", plain, packed)
		default:
			// A header beside the elements of each array: allowed on top.
			if total += min(plain, 1<<62); total > uint64(budget)+uint64(len(entries))*(maxNpyHeader+12) {
				return e.Name, &tensor.LimitError{What: "bytes of the arrays together", Got: strconv.FormatUint(total, 10), Limit: budget}
			}
		}
		seen[e.Name] = true
		from, err := e.DataOffset()
		if err != nil {
			return e.Name, err
		}
		spans = append(spans, span{from, from + int64(e.CompressedSize64), e.Name})
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.name, b.name))
	})
	for i, s := range spans {
		if s.to > size {
			return s.name, fmt.Errorf("ends at byte %d of a file of %d", s.to, size)
		}
		if i > 0 && spans[i-1].to > s.from {
			return s.name, fmt.Errorf("overlaps %s in the file", tensor.Quote(spans[i-1].name))
		}
	}
	return "", nil
}

func readEntry(e *zip.File, budget int64) (Array, error) {
	r, err := e.Open()
	if err != nil {
		return Array{}, err
	}
	defer r.Close()
	sum := crc32.NewIEEE()
	a, err := decodeNpy(io.TeeReader(r, sum), int64(e.UncompressedSize64), budget)
	if err != nil {
		return Array{}, err
	}
	// The checksum is compared at the end, which the elements may not reach.
	if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); err != nil || n > 0 {
		return Array{}, cmp.Or(err, fmt.Errorf("is longer than the %d bytes that the directory states", e.UncompressedSize64))
	}
	if have := sum.Sum32(); have != e.CRC32 { // archive/zip takes a zero for no checksum
		return Array{}, fmt.Errorf("has the checksum %08x, but the directory states %08x", have, e.CRC32)
	}
	a.Name = strings.TrimSuffix(e.Name, ".npy")
	return a, nil
}

// WriteNpz writes arrays to a .npz file, in their order, as WriteFile does.
// They are stored, not packed, so that NumPy can map them. It returns a note
// for each array that was changed.
func WriteNpz(ctx context.Context, path string, arrays []Array) (notes []string, err error) {
	err = WriteFile(ctx, path, func(w io.Writer) error {
		b := bufio.NewWriterSize(w, writeBlock)
		if notes, err = EncodeNpz(b, arrays); err != nil {
			return err
		}
		return b.Flush()
	})
	if err != nil {
		return nil, err
	}
	return notes, nil
}

// EncodeNpz writes arrays as a .npz file. Names must be different, not empty
// and UTF-8.
func EncodeNpz(w io.Writer, arrays []Array) (notes []string, err error) {
	seen := make(map[string]bool, len(arrays))
	z := zip.NewWriter(w)
	for _, a := range arrays {
		if err := checkName(a.Name, seen); err != nil {
			return nil, err
		}
		e, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return nil, err
		}
		note, err := EncodeNpy(e, a.Tensor)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, tensor.Quote(a.Name)+": "+note)
		}
	}
	return notes, z.Close()
}

func checkName(name string, seen map[string]bool) error {
	switch {
	case name == "":
		return errors.New("an array has no name")
	case !utf8.ValidString(name):
		return fmt.Errorf("the name %s is not UTF-8", tensor.Quote(name))
	case seen[name]:
		return fmt.Errorf("the name %s is given to two arrays", tensor.Quote(name))
	}
	seen[name] = true
	return nil
}
