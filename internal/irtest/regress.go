package irtest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Regression is a program that was compiled wrongly once.
type Regression struct {
	Case
	Passes []string // with these, nil for the usual ones
	Strict bool     // under strict math
}

// How lines of a file of Regressions begin.
const (
	argLine    = "# arg "
	passesLine = "# passes "
	strictLine = "# strict"
)

// Text returns r as a file that Regressions reads.
func (r Regression) Text() string {
	var b strings.Builder
	switch {
	case len(r.Passes) > 0:
		fmt.Fprintf(&b, "%s%s\n", passesLine, strings.Join(r.Passes, ","))
	case r.Passes != nil:
		b.WriteString(passesLine + "none\n")
	}
	if r.Strict {
		b.WriteString(strictLine + "\n")
	}
	for i, p := range r.Func.Params {
		fmt.Fprintf(&b, "%s%s", argLine, p.Name)
		for k := range r.Args[i].Len() {
			b.WriteString(" " + r.Args[i].Format(k))
		}
		b.WriteByte('\n')
	}
	b.WriteString(r.Func.String())
	return b.String()
}

// Regressions reads the files NAME.ir of a folder, in the order of their names.
// Each is a function of constant sizes, with lines before it that are comments
// to the IR: "# arg NAME ELEMENTS..." gives the elements of an argument, row-major
// (those without one are drawn as Args does), "# passes LIST" the passes, or none, and
// "# strict" the mode with which it was compiled wrongly.
func Regressions(dir string) ([]Regression, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.ir"))
	if err != nil {
		return nil, err
	}
	var all []Regression
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := readRegression(strings.TrimSuffix(filepath.Base(file), ".ir"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func readRegression(name, text string) (r Regression, err error) {
	m, err := ir.Parse(&source.File{Name: name + ".ir", Text: text})
	if err != nil {
		return r, err
	}
	if len(m.Funcs) != 1 {
		return r, fmt.Errorf("want one function, have %d", len(m.Funcs))
	}
	f := m.Funcs[0]
	if err := ir.Verify(f); err != nil {
		return r, err
	}
	r.Case = Case{name, f, Args(f, 1, true)}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if list, ok := strings.CutPrefix(line, passesLine); ok {
			r.Passes = slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return name == "none" })
		}
		r.Strict = r.Strict || line == strictLine
		if rest, ok := strings.CutPrefix(line, argLine); ok {
			fields := strings.Fields(rest)
			if len(fields) == 0 {
				return r, fmt.Errorf("want %sNAME ELEMENTS, have %q", argLine, line)
			}
			if err := setArg(f, r.Args, fields[0], fields[1:]); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// setArg sets the argument called name to elements.
func setArg(f *ir.Func, args []*tensor.Tensor, name string, elements []string) error {
	for i, p := range f.Params {
		if p.Name != name {
			continue
		}
		t := tensor.New(p.Type.DType, p.Type.Dims()...)
		if len(elements) != t.Len() {
			return fmt.Errorf("argument %s: want %d elements, have %d", name, t.Len(), len(elements))
		}
		for k, e := range elements {
			x, err := number(e)
			if err != nil {
				return fmt.Errorf("argument %s: %w", name, err)
			}
			if t.DType().IsFloat() {
				t.SetFloat(k, x)
			} else {
				t.SetInt(k, int64(x))
			}
		}
		args[i] = t
		return nil
	}
	return fmt.Errorf("the function has no parameter %s", name)
}

func number(text string) (float64, error) {
	switch text {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	case "NaN":
		return math.NaN(), nil
	}
	return strconv.ParseFloat(text, 64)
}
