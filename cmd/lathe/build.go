package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lathe-lang/lathe/internal/tensorio"
)

// A buildCmd is lathe build.
type buildCmd struct {
	names
	flags
	Dir string `name:"output" short:"o" placeholder:"DIR" required:"" help:"Where NAME.o, libNAME.so and NAME.h go."`
}

func (c *buildCmd) run(ctx context.Context, e *env) error {
	m, err := open(e, c.names, &c.flags)
	if err != nil {
		return err
	}
	defer m.close()
	work := e.progress("compiling " + m.entry)
	defer work.done()
	name := strings.ToLower(strings.ReplaceAll(m.entry, ".", "_"))
	opts := m.opts
	opts.WeightFiles = c.flags.Weights
	l, err := m.program.Library(ctx, m.entry, name, opts)
	if err != nil {
		return err
	}
	return writeFiles(ctx, c.Dir, []file{{name + ".o", l.Object}, {"lib" + name + ".so", l.Shared}, {name + ".h", []byte(l.Header)}})
}

// A file is a name in a folder and what it holds.
type file struct {
	name string
	data []byte
}

// writeFiles writes files to a folder, which it makes. Each is whole or not
// there; a folder that it made and could write nothing to is removed.
func writeFiles(ctx context.Context, dir string, files []file) error {
	made := !exists(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i, f := range files {
		err := tensorio.WriteFile(ctx, filepath.Join(dir, f.name), func(w io.Writer) error {
			_, err := w.Write(f.data)
			return err
		})
		if err != nil {
			if made && i == 0 {
				_ = os.Remove(dir) // the error that matters is the first one
			}
			return err
		}
	}
	return nil
}
