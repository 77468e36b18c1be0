package lathe_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lathe-lang/lathe"

// layers says which packages of the module a package may import, test files
// apart. It is policy: change it in a commit of its own, with the reason. The
// root package is called lathe. The order is that in which a program passes
// through them, so that a row names only packages of rows above it.
var layers = []layer{
	{"internal/source", ""},
	{"ir/dim", ""},
	{"ir/tensor", ""},

	{"ir", "internal/source ir/dim ir/tensor"},
	// The evaluator judges the code generator, so it may see nothing of it.
	{"ir/eval", "internal/source ir ir/dim ir/tensor"},

	{"frontend/syntax", "internal/source"},
	{"frontend/check", "frontend/syntax internal/source ir ir/dim ir/tensor"},
	// Programs in Go get their meaning from the code that text gets it from.
	{"frontend/build", "frontend/check frontend/syntax internal/source ir ir/tensor"},
	{"frontend", "frontend/check frontend/syntax internal/source"},

	// Not ir/eval: a pass that computes does so by rules of its own, and the
	// evaluator is what holds it to them.
	{"passes", "internal/source ir ir/dim ir/tensor"},

	{"codegen/kernel", "internal/source ir"}, // source: places of operations that may fail
	{"codegen/fuse", "codegen/kernel ir ir/tensor"},
	{"codegen/memplan", "codegen/kernel"},
	{"codegen/counts", "codegen/kernel ir"},
	{"codegen/llvm", "codegen/kernel ir ir/tensor"}, // tensor: the bits of constants
	{"codegen", "codegen/fuse codegen/kernel codegen/llvm codegen/memplan ir"},

	{"internal/libllvm", ""},
	{"runtime/jit", "internal/libllvm"},
	{"runtime/cache", ""},
	// kernel has the layout of a run's context, which the code generator, the
	// pool and the runtime must agree on.
	{"runtime/pool", "codegen/kernel runtime/jit"},
	{"runtime", "codegen/kernel internal/source ir ir/tensor runtime/jit runtime/pool"},

	{"internal/tensorio", "ir/tensor"},
	{"internal/draw", "ir ir/tensor"},
	// No row names these: only test files, which may import anything, do.
	{"internal/irtest", "internal/source ir ir/dim ir/eval ir/tensor"},
	{"internal/langtest", "ir/tensor"},
	{"internal/llvmtest", "internal/libllvm"},

	// The root package is the pipeline: it sees every stage, and nobody below
	// sees it. tensorio: weights come from files.
	{"lathe", "codegen codegen/kernel codegen/llvm frontend frontend/check internal/libllvm internal/source" +
		" internal/tensorio ir ir/eval ir/tensor passes runtime runtime/cache runtime/jit runtime/pool"},
	{"examples", ""}, // the texts, for benchmarks
	// BLAS libraries are rivals only: nothing else may call them.
	{"benchmarks/blas", ""},
	// The FMA and bandwidth loops that figures are shares of are IR text, compiled by jit.
	{"benchmarks", "lathe benchmarks/blas codegen/counts codegen/memplan examples internal/draw internal/libllvm internal/tensorio ir ir/eval ir/tensor passes runtime/jit"},
	// The command line prints every stage and judges runs by the evaluator.
	{"cmd/lathe", "lathe benchmarks codegen codegen/counts codegen/kernel codegen/llvm codegen/memplan frontend frontend/check frontend/syntax" +
		" internal/draw internal/libllvm internal/source internal/tensorio ir ir/eval ir/tensor passes runtime/jit"},
	{"examples/compare", "internal/tensorio ir/tensor"},
	{"examples/embed", "lathe"}, // what users have
}

type layer struct{ name, may string }

// outside says who may import a module from elsewhere. A name with a trailing
// (test) is that package's test files. ARCHITECTURE.md has the reason of each.
var outside = []layer{
	{"codeberg.org/sbinet/npyio", "internal/tensorio(test)"},
	{"github.com/alecthomas/kong", "cmd/lathe"},
	{"github.com/ebitengine/purego", "benchmarks/blas internal/libllvm runtime/jit codegen/llvm(test)"},
	{"github.com/google/go-cmp", "*(test)"},
	{"github.com/jedib0t/go-pretty/v6", "benchmarks cmd/lathe"},
	{"github.com/llir/llvm", "codegen/llvm"},
	{"github.com/nlpodyssey/safetensors", "internal/tensorio"},
	{"github.com/rivo/uniseg", "internal/source"},
	{"github.com/rogpeppe/go-internal", "*(test)"},
	{"github.com/schollz/progressbar/v3", "cmd/lathe"},
	{"github.com/x448/float16", "ir/tensor"},
	{"golang.org/x/sys", "internal/tensorio runtime runtime/cache runtime/jit runtime/pool"},
	{"golang.org/x/term", "cmd/lathe"},
	{"gonum.org/v1/plot", "benchmarks"},
	{"gonum.org/v1/gonum", "benchmarks cmd/lathe internal/draw ir/eval ir/tensor lathe *(test)"},
}

// An edge is one import.
type edge struct {
	from string // a package of the module
	test bool   // by a test file
	to   string // a package of the module, or the whole path of another one
	file string
}

// edges returns the imports of all Go files of the module but the standard library's.
func edges(t *testing.T) []edge {
	t.Helper()
	var out []edge
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && (base == "testdata" || len(base) > 1 && strings.HasPrefix(base, ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := packageName(path.Dir(filepath.ToSlash(name)))
		for _, spec := range file.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if to == module {
				to = "lathe"
			} else if inner, ok := strings.CutPrefix(to, module+"/"); ok {
				to = inner
			} else if first, _, _ := strings.Cut(to, "/"); !strings.Contains(first, ".") {
				continue // the standard library's
			}
			out = append(out, edge{from: from, test: strings.HasSuffix(name, "_test.go"), to: to, file: name})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func packageName(dir string) string {
	if dir == "." {
		return "lathe"
	}
	return dir
}

// TestImports holds the imports of the module's packages by each other to layers.
func TestImports(t *testing.T) {
	allowed := map[string][]string{}
	for _, l := range layers {
		may := strings.Fields(l.may)
		for _, to := range may {
			if _, above := allowed[to]; !above {
				t.Errorf("layers: %s may import %s, which does not stand above it", l.name, to)
			}
		}
		allowed[l.name] = may
	}
	for _, e := range edges(t) {
		may, listed := allowed[e.from]
		if !listed {
			t.Errorf("%s: package %s is not in layers", e.file, e.from)
			continue
		}
		if first, _, _ := strings.Cut(e.to, "/"); strings.Contains(first, ".") || e.test || slices.Contains(may, e.to) {
			continue
		}
		t.Errorf("%s: %s may not import %s", e.file, e.from, e.to)
	}
	for name := range allowed {
		dir := name
		if name == "lathe" {
			dir = "."
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(files) == 0 {
			t.Errorf("layers: there is no package %s", name)
		}
	}
}

// TestOutsideImports holds the imports of other modules to the table outside,
// and the table to what is imported.
func TestOutsideImports(t *testing.T) {
	used := map[string]bool{}
	for _, e := range edges(t) {
		if first, _, _ := strings.Cut(e.to, "/"); !strings.Contains(first, ".") {
			continue
		}
		i := slices.IndexFunc(outside, func(l layer) bool { return e.to == l.name || strings.HasPrefix(e.to, l.name+"/") })
		if i < 0 {
			t.Errorf("%s: %s is of no module in the table", e.file, e.to)
			continue
		}
		used[outside[i].name] = true
		may := strings.Fields(outside[i].may)
		if slices.Contains(may, e.from) || e.test && (slices.Contains(may, "*(test)") || slices.Contains(may, e.from+"(test)")) {
			continue
		}
		t.Errorf("%s: %s may not import %s", e.file, e.from, e.to)
	}
	for _, l := range outside {
		if !used[l.name] {
			t.Errorf("outside: nobody imports %s", l.name)
		}
	}
}
