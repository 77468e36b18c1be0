package frontend

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// Limits of a program of several files.
const (
	maxFiles = 1024
	maxTotal = 64 << 20 // bytes of all files
)

// A loader follows imports, depth first, so that each file comes behind what
// it imports.
type loader struct {
	folder string                            // of the main file, for messages
	read   func(name string) (opened, error) // nil where there is no folder
	errs   source.Errors

	units  []*check.Unit
	loaded []loadedFile
	open   []string // names of the files whose imports are being read
	total  int
}

// An opened file is a text and what tells its file from others.
type opened struct {
	text string
	info os.FileInfo // nil where the name tells
}

type loadedFile struct {
	key  string // the name in the folder, with slashes
	info os.FileInfo
	unit *check.Unit
}

// visit parses a file and loads what it imports. It returns nil where the file
// cannot be used; what is wrong is in l.errs then.
func (l *loader) visit(file *source.File, key string) *check.Unit {
	l.total += len(file.Text)
	tree, err := syntax.Parse(file)
	for _, e := range source.List(err) {
		l.errs.Add(e)
	}
	unit := &check.Unit{File: tree}
	l.open = append(l.open, key)
	for _, d := range tree.Decls {
		if im, ok := d.(*syntax.Import); ok && !l.errs.Full() {
			if u := l.load1(im, key); u != nil && !slices.Contains(unit.Imports, u) {
				unit.Imports = append(unit.Imports, u)
			}
		}
	}
	l.open = l.open[:len(l.open)-1]
	l.units = append(l.units, unit)
	return unit
}

// load1 loads what an import of the file called importer names.
func (l *loader) load1(im *syntax.Import, importer string) *check.Unit {
	fail := func(hint, format string, args ...any) *check.Unit {
		l.errs.Addf(im.At, format, args...).Hint = hint
		return nil
	}
	if l.read == nil {
		return fail("put the program into a file beside what it imports", "a program that is in no file imports nothing")
	}
	if problem := badPath(im.Path); problem != "" {
		return fail("name it relative to this file, as in import \"layers.lathe\"", "cannot import %s: %s", source.Quote(im.Path), problem)
	}
	key := path.Join(path.Dir(importer), im.Path)
	if i := slices.Index(l.open, key); i >= 0 {
		return fail("move what both need to a third file", "importing in a circle: %s", strings.Join(append(slices.Clone(l.open[i:]), key), " -> "))
	}
	for _, f := range l.loaded {
		if f.key == key {
			return f.unit
		}
	}
	f, err := l.read(key)
	if err != nil {
		return fail("", "cannot import %s: %s", source.Quote(im.Path), reason(err))
	}
	for _, g := range l.loaded {
		if f.info != nil && g.info != nil && os.SameFile(f.info, g.info) {
			if g.unit == nil {
				return fail("move what both need to a third file", "importing in a circle: %s is %s", source.Quote(key), source.Quote(g.key))
			}
			return g.unit
		}
	}
	if len(l.loaded) >= maxFiles || l.total+len(f.text) > maxTotal {
		e := l.errs.Addf(im.At, "the program has more than %d files, or more than %d bytes", maxFiles, maxTotal)
		e.Kind = source.ErrLimit
		return nil
	}
	i := len(l.loaded)
	l.loaded = append(l.loaded, loadedFile{key: key, info: f.info})
	unit := l.visit(&source.File{Name: filepath.Join(l.folder, filepath.FromSlash(key)), Text: f.text}, key)
	l.loaded[i].unit = unit
	return unit
}

// badPath says what is wrong with the path of an import, "" if nothing is.
func badPath(p string) string {
	switch {
	case p == "":
		return "the path is empty"
	case strings.HasPrefix(p, "/") || filepath.IsAbs(p) || filepath.VolumeName(p) != "":
		return "the path is absolute"
	case strings.ContainsAny(p, "\\\x00"):
		return "a path has / between its parts, and no \\ or NUL"
	case slices.Contains(strings.Split(p, "/"), ".."):
		return "a path with .. leads out of the folder"
	case !filepath.IsLocal(filepath.FromSlash(p)):
		return "the path leads out of the folder"
	}
	return ""
}

// reason returns what an error of the operating system says, without the path
// that the message has already.
func reason(err error) string {
	if e, ok := err.(*os.PathError); ok {
		return e.Err.Error()
	}
	return fmt.Sprint(err)
}
