package tensorio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// writeBlock is how many bytes go to the system at a time: ctx is asked as often.
const writeBlock = 1 << 20

// WriteFile makes path hold what write writes, or leaves it as it was: the
// bytes go to a new file beside it, which takes its name when it is complete
// and on the disk. After an error, also that of a cancelled ctx, and after a
// panic the new file is gone. A link is followed, an old file's permissions
// are kept, and a device or a pipe is written to directly.
func WriteFile(ctx context.Context, path string, write func(io.Writer) error) (err error) {
	mode := fs.FileMode(0o666)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	old, err := os.Stat(path)
	switch {
	case err == nil && old.IsDir():
		return fmt.Errorf("%s is a folder: want the name of a file", path)
	case err == nil && !old.Mode().IsRegular():
		return writeDirect(ctx, path, write)
	case err == nil:
		mode = old.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temp, err := createBeside(path, mode)
	if err != nil {
		return err
	}
	complete := false
	defer func() {
		if !complete {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if err := write(contextWriter{ctx, temp}); err != nil {
		return err
	}
	if old != nil { // what the umask took from an old file's permissions
		if err := temp.Chmod(mode); err != nil {
			return err
		}
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	complete = true
	syncFolder(filepath.Dir(path))
	return nil
}

// createBeside makes a new file in the folder of path, which nobody had.
func createBeside(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	if base == "" {
		return nil, fmt.Errorf("%s names no file", path)
	}
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s.%.100s.%016x.tmp", dir, base, rand.Uint64())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil || !errors.Is(err, fs.ErrExist) || try == 100 {
			return f, err
		}
	}
}

func writeDirect(ctx context.Context, path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(contextWriter{ctx, f}), f.Close())
}

// syncFolder makes the new name last. Not every file system can; the bytes are
// safe all the same.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// contextWriter stops writing when ctx ends, at every block.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (n int, err error) {
	for {
		if err := c.ctx.Err(); err != nil {
			return n, err
		}
		m, err := c.w.Write(p[n:min(len(p), n+writeBlock)])
		if n += m; err != nil || n == len(p) {
			return n, err
		}
	}
}
