package build

import (
	"runtime"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
)

// places are the Go files that steps came from. The compiler knows places as
// offsets in texts. The text of a Go program need not be there at run time, so
// a file stands for it that has as many lines, all empty.
type places struct {
	lines string
	files map[string]*source.File
}

// maxLine is the last line of a Go file that a place tells from others.
const maxLine = 1 << 16

// at returns the place of a line of a Go file.
func (p *places) at(name string, line int) source.Pos {
	if p.files == nil {
		p.lines, p.files = strings.Repeat("\n", maxLine-1), map[string]*source.File{}
	}
	f := p.files[name]
	if f == nil {
		f = &source.File{Name: name, Text: p.lines}
		p.files[name] = f
	}
	return source.Pos{File: f, Off: min(line, maxLine) - 1}
}

// here returns the place of the statement that called into this package.
func (b *Builder) here() source.Pos {
	var pcs [16]uintptr
	n := runtime.Callers(2, pcs[:]) // without Callers and here
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, prefix) {
			return b.places.at(f.File, f.Line)
		}
		if !more {
			return b.places.at("unknown.go", 1)
		}
	}
}

// prefix starts the names of the functions of this package.
const prefix = "github.com/lathe-lang/lathe/frontend/build."
