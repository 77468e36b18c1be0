package ir_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/ir"
)

var update = flag.Bool("update", false, "write OPS.md anew")

// TestOpsPage checks that OPS.md says what the table of operations says.
func TestOpsPage(t *testing.T) {
	page := opsPage()
	if n := strings.Count(page, "| `"); n != int(ir.NumOps)-1 {
		t.Errorf("the page has %d operations of %d", n, ir.NumOps-1)
	}
	if *update {
		if err := os.WriteFile("OPS.md", []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("OPS.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("go test ./ir -run TestOpsPage -update writes it anew (-file +table):\n%s", diff)
	}
}

// TestOpTable checks that each row has what other packages rely on.
func TestOpTable(t *testing.T) {
	names := map[string]ir.Op{}
	for op := ir.OpParam; op < ir.NumOps; op++ {
		info := op.Info()
		switch {
		case info.Name == "" || info.Doc == "" || info.Flops == nil:
			t.Errorf("operation %d (%s) lacks a name, a meaning or a cost", op, info.Name)
		case info.Infer == nil && op != ir.OpParam:
			t.Errorf("%v has no inference", op)
		case info.Args == 0 && info.Class != ir.Leaf || info.Args != 0 && info.Class == ir.Leaf:
			t.Errorf("%v has %d operands in class %v", op, info.Args, info.Class)
		}
		if old, ok := names[info.Name]; ok {
			t.Errorf("%d and %d are both called %s", old, op, info.Name)
		}
		names[info.Name] = op
		if found, ok := ir.OpByName(info.Name); !ok || found != op {
			t.Errorf("OpByName(%s) is %v", info.Name, found)
		}
	}
	if op, ok := ir.OpByName("invalid"); ok {
		t.Errorf("the text form may say %v", op)
	}
}

// opsPage returns the table of operations as a page, class by class.
func opsPage() string {
	var b strings.Builder
	b.WriteString(`# Operations of the IR

Written from the table in ` + "`optable.go`" + ` by ` + "`go test ./ir -run TestOpsPage -update`" + `; a test compares the two. What all
operations have in common, and the text form, is in ` + "`doc.go`" + ` and ` + "`print.go`" + `.
Laws: C commutative, A associative, as for real numbers. "Typed" operations state the type of their result;
the others infer it. "Fails" ones may end a run with an error.
`)
	classes := []struct {
		class ir.Class
		title string
	}{
		{ir.Leaf, "Leaves"}, {ir.Elementwise, "Elementwise"}, {ir.Contraction, "Contraction"}, {ir.Reduction, "Reductions"}, {ir.Scan, "Scans"},
		{ir.Movement, "Movement"}, {ir.Indexed, "Movement by indices known at run time"}, {ir.Selection, "Selection"},
		{ir.Factorisation, "Factorisations"}, {ir.Control, "Control"},
	}
	for _, c := range classes {
		fmt.Fprintf(&b, "\n## %s\n\n| operation | operands | laws | typed | fails | result |\n| --- | --- | --- | --- | --- | --- |\n", c.title)
		for op := ir.OpParam; op < ir.NumOps; op++ {
			if info := op.Info(); info.Class == c.class {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", opName(info), operands(info), laws(info), yes(info.Typed), yes(info.Fails), cell(info.Doc))
			}
		}
	}
	return b.String()
}

// opName returns the name with the names of the attributes, sum{axes}.
func opName(info *ir.OpInfo) string {
	if info.Attrs == nil {
		return info.Name
	}
	var fields []string
	for _, field := range strings.Split(strings.Trim(ir.AttrString(info.Attrs()), "{}"), ", ") {
		name, _, _ := strings.Cut(field, "=")
		fields = append(fields, name)
	}
	return info.Name + "{" + strings.Join(fields, ", ") + "}"
}

func operands(info *ir.OpInfo) string {
	if info.Args == ir.Variadic {
		return "1 or more"
	}
	return fmt.Sprint(info.Args)
}

func laws(info *ir.OpInfo) string {
	s := ""
	if info.Algebra&ir.Commutative != 0 {
		s += "C"
	}
	if info.Algebra&ir.Associative != 0 {
		s += "A"
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
