package syntax

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/lathe-lang/lathe/internal/source"
)

// DumpTokens writes the tokens of a file, one a line: line:column, kind, text.
// It returns the scanner's errors, or the writer's.
func DumpTokens(w io.Writer, file *source.File) error {
	var errs source.Errors
	out := bufio.NewWriter(w)
	s := newScanner(file, &errs)
	line, start := 1, 0 // of the line that the last token was in
	if strings.HasPrefix(file.Text, "\uFEFF") {
		start = len("\uFEFF")
	}
	for {
		t := s.next()
		between := file.Text[start:min(t.Off, len(file.Text))]
		if i := strings.LastIndexByte(between, '\n'); i >= 0 {
			line += strings.Count(between, "\n")
			start += i + 1
		}
		col := 1 + len([]rune(file.Text[start:min(t.Off, len(file.Text))]))
		fmt.Fprintf(out, "%d:%d\t%s", line, col, t.Kind)
		if t.Text != "" && t.Text != t.Kind.String() {
			fmt.Fprintf(out, "\t%s", t.Text)
		}
		out.WriteByte('\n')
		if t.Kind == EOF {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return errs.Err()
}

// DumpTree writes a tree, one node a line, what is in it set in below: the
// kind of node with its own fields, then line:column in brackets. Fields that
// are empty are left out.
func DumpTree(w io.Writer, f *File) error {
	out := bufio.NewWriter(w)
	d := dumper{out}
	for _, decl := range f.Decls {
		d.node("", reflect.ValueOf(decl), 0)
	}
	return out.Flush()
}

// A dumper walks the tree by its fields, so that a node cannot be forgotten.
type dumper struct{ out *bufio.Writer }

// node writes a node that a pointer, perhaps in an interface, refers to.
func (d *dumper) node(label string, v reflect.Value, depth int) {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if label != "" {
		label += ": "
	}
	node := v.Interface().(Node)
	line, col := node.Pos().LineCol()
	v = v.Elem()
	t := v.Type()
	fmt.Fprintf(d.out, "%s%s%s", strings.Repeat("  ", depth), label, t.Name())
	for i := range t.NumField() {
		switch x := v.Field(i).Interface().(type) {
		case Place, source.Pos:
		case string:
			text := source.Quote(x)
			if t.Name() == "String" || t.Name() == "Import" {
				text = quote(x)
			}
			fmt.Fprintf(d.out, " %s", text)
		case Kind:
			fmt.Fprintf(d.out, " %s", x)
		case Static:
			if x != NotStatic {
				fmt.Fprintf(d.out, " %s", x)
			}
		case bool:
			if t.Name() == "Bool" {
				fmt.Fprintf(d.out, " %v", x)
			} else if x {
				fmt.Fprintf(d.out, " %s", strings.ToLower(t.Field(i).Name))
			}
		}
	}
	fmt.Fprintf(d.out, " [%d:%d]\n", line, col)
	for i := range t.NumField() {
		name, field := t.Field(i).Name, v.Field(i)
		switch field.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !field.IsNil() {
				d.node(name, field, depth+1)
			}
		case reflect.Slice:
			for j := range field.Len() {
				d.node(name, field.Index(j), depth+1)
			}
		}
	}
}
