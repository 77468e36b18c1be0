package frontend

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// readMain reads the file that the caller names, wherever it is.
func readMain(name string) (string, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	got, err := readRegular(f, false)
	if err != nil {
		return "", fmt.Errorf("%s: %w", source.Printable(name), err)
	}
	return got.text, nil
}

// rootReader reads files in a folder or below it. The root lets no link and no
// path lead out of it, but for hard links: a file with another name is refused.
func rootReader(root *os.Root) func(string) (opened, error) {
	return func(name string) (opened, error) {
		f, err := root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
		if err != nil {
			return opened{}, err
		}
		defer f.Close()
		return readRegular(f, true)
	}
}

// fsReader reads files of a file system.
func fsReader(fsys fs.FS) func(string) (opened, error) {
	return func(name string) (opened, error) {
		f, err := fsys.Open(name)
		if err != nil {
			return opened{}, err
		}
		defer f.Close()
		got, err := readRegular(f, false)
		got.info = nil // os.SameFile knows only the operating system's
		return got, err
	}
}

// readRegular reads an open file. It looks at what is open, not at the name,
// so that nothing can be put in its place in between.
func readRegular(f fs.File, single bool) (opened, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return opened{}, err
	case info.IsDir():
		return opened{}, fmt.Errorf("it is a folder")
	case !info.Mode().IsRegular():
		return opened{}, fmt.Errorf("it is no regular file")
	case single && links(info) > 1:
		return opened{}, fmt.Errorf("the file has %d names (hard links), of which one may be outside of the folder", links(info))
	case info.Size() > syntax.MaxFile:
		return opened{}, fmt.Errorf("a file of %d bytes; %w of %d (16 MB)", info.Size(), source.ErrLimit, syntax.MaxFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, syntax.MaxFile+1))
	return opened{string(text), info}, err
}
