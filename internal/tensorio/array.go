package tensorio

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// Array is a tensor with the name that a file gives it.
type Array struct {
	Name   string         // without ".npy"; "" in a .npy file
	Tensor *tensor.Tensor // the caller's
	Note   string         // what reading or writing changed, for the user; "" for nothing
}

// Read reads the arrays of a .npy file (one, without a name) or of a .npz file
// (sorted by name), by the ending of the path. Together they may take budget
// bytes; 0 stands for tensor.DefaultBudget.
func Read(path string, budget int64) ([]Array, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".npy":
		a, err := ReadNpy(path, budget)
		if err != nil {
			return nil, err
		}
		return []Array{a}, nil
	case ".npz":
		return ReadNpz(path, budget)
	default:
		return nil, fmt.Errorf("%s ends in %s: want .npy or .npz", path, tensor.Quote(ext))
	}
}

// openRegular opens a file for reading and returns its size. Pipes and devices
// are errors: their size, which bounds every allocation, is not known.
func openRegular(path string) (*os.File, int64, error) {
	info, err := os.Stat(path) // before opening, which waits for ever on a pipe
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is %s: want a regular file", path, fileKind(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func fileKind(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&os.ModeNamedPipe != 0:
		return "a pipe"
	case mode&os.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
