// Package frontend is the one door to programs in text: it reads a file and
// what it imports, and gives the program to package check, which turns its
// entries into functions of the IR. It knows files; it knows nothing of types.
//
// This package is part of the compiler, not of its API; it changes without notice.
package frontend

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/source"
)

// What a loaded program is made of; see package check.
type (
	Program      = check.Program
	Entry        = check.Entry
	Field        = check.Field
	Binding      = check.Binding
	Signature    = check.Signature
	Requirements = check.Requirements
)

// Load reads the program in the file called path, and the files that it
// imports: regular files in the folder of path or below it. It returns source
// errors, joined, where a text is not well formed, where an import cannot be
// read or where a name is declared twice; Program.Check finds the rest. An
// error about the file itself is that of the operating system.
func Load(path string) (*Program, error) {
	text, err := readMain(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	l := &loader{folder: filepath.Dir(path), read: rootReader(root)}
	return l.load(path, filepath.Base(path), text)
}

// LoadText reads a program from its text. The name stands in messages. A text
// is in no folder, so its imports are errors.
func LoadText(name, text string) (*Program, error) {
	return (&loader{}).load(name, "", text)
}

// LoadFS reads the program in the file called name of a file system, such as
// an embed.FS, as Load does. Links are the file system's concern.
func LoadFS(fsys fs.FS, name string) (*Program, error) {
	read := fsReader(fsys)
	f, err := read(name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(name)
	sub, err := fs.Sub(fsys, filepath.ToSlash(dir))
	if err != nil {
		return nil, err
	}
	l := &loader{folder: dir, read: fsReader(sub)}
	return l.load(name, filepath.Base(name), f.text)
}

// load reads a program whose main file has the given text. The key is its name
// in the folder.
func (l *loader) load(name, key, text string) (*Program, error) {
	main := &source.File{Name: name, Text: text}
	l.visit(main, key)
	if err := l.errs.Err(); err != nil {
		return nil, err
	}
	return check.New(l.units)
}
