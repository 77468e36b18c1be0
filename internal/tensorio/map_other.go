//go:build !unix

package tensorio

import (
	"io"
	"os"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// mapFile reads a whole file, where it can't be mapped.
func mapFile(f *os.File, size int64) (data []byte, unmap func() error, err error) {
	t, err := tensor.Alloc(tensor.U8, []int{int(size)}, size)
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(f, t.Bytes()); err != nil {
		return nil, nil, err
	}
	return t.Bytes(), func() error { return nil }, nil
}
