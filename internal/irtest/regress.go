package irtest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// argLine begins the line of a file of Regressions that gives the elements of an
// argument.
const argLine = "# arg "

// Text returns c as a file that Regressions reads: the function, and a comment
// with the elements of each argument, row-major.
func (c Case) Text() string {
	var b strings.Builder
	for i, p := range c.Func.Params {
		fmt.Fprintf(&b, "%s%s", argLine, p.Name)
		for k := range c.Args[i].Len() {
			b.WriteString(" " + c.Args[i].Format(k))
		}
		b.WriteByte('\n')
	}
	b.WriteString(c.Func.String())
	return b.String()
}

// Regressions reads the files NAME.ir of a folder, in the order of their names.
// Each is a function of constant sizes. A line "# arg NAME ELEMENTS..." gives
// the elements of an argument; those without one are drawn as Args does.
func Regressions(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.ir"))
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, err := readCase(strings.TrimSuffix(filepath.Base(file), ".ir"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func readCase(name, text string) (Case, error) {
	m, err := ir.Parse(&source.File{Name: name + ".ir", Text: text})
	if err != nil {
		return Case{}, err
	}
	if len(m.Funcs) != 1 {
		return Case{}, fmt.Errorf("want one function, have %d", len(m.Funcs))
	}
	f := m.Funcs[0]
	if err := ir.Verify(f); err != nil {
		return Case{}, err
	}
	args := Args(f, 1, true)
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, argLine)
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return Case{}, fmt.Errorf("want %sNAME ELEMENTS, have %q", argLine, line)
		}
		if err := setArg(f, args, fields[0], fields[1:]); err != nil {
			return Case{}, err
		}
	}
	return Case{name, f, args}, nil
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
