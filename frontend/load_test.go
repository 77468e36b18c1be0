package frontend_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/source"
)

// write makes a folder with the given files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// names returns the names of a program's entries.
func names(p *frontend.Program) string {
	var all []string
	for _, e := range p.Entries() {
		all = append(all, e.Name)
	}
	return strings.Join(all, " ")
}

func TestImports(t *testing.T) {
	dir := write(t, map[string]string{
		"main.lathe":  "import \"a.lathe\"\nimport \"sub/b.lathe\"\nfn main() { fa(1) + fb(2) }\n",
		"a.lathe":     "import \"sub/c.lathe\"\nfn fa(k: int) { fc(k) }\n",
		"sub/b.lathe": "import \"c.lathe\"\nfn fb(k: int) { fc(k) + 1 }\n",
		"sub/c.lathe": "fn fc(k: int) { k * 10 }\n",
	})
	p, err := frontend.Load(filepath.Join(dir, "main.lathe"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if got := names(p); got != "main" {
		t.Errorf("entries %q, want main alone: those of imported files are not listed", got)
	}
}

func TestImportErrors(t *testing.T) {
	outside := write(t, map[string]string{"secret.lathe": "fn f() { 1 }\n"})
	for _, tt := range []struct {
		name, path, want string
		files            map[string]string
		prepare          func(t *testing.T, dir string)
	}{
		{name: "missing", path: "a.lathe", want: "cannot import a.lathe: no such file or directory"},
		{name: "empty", path: "", want: "the path is empty"},
		{name: "above", path: "../a.lathe", want: "a path with .. leads out of the folder"},
		{name: "above in the middle", path: "sub/../../a.lathe", want: "a path with .. leads out of the folder"},
		{name: "absolute", path: "/etc/passwd", want: "the path is absolute"},
		{name: "backslash", path: `a\\b.lathe`, want: `a path has / between its parts`},
		{name: "folder", path: "sub", want: "it is a folder", files: map[string]string{"sub/a.lathe": ""}},
		{name: "itself", path: "main.lathe", want: "importing in a circle: main.lathe -> main.lathe"},
		{name: "circle", path: "a.lathe", want: "importing in a circle: main.lathe -> a.lathe -> main.lathe", files: map[string]string{"a.lathe": "import \"main.lathe\"\n"}},
		{name: "symbolic link that leads out", path: "a.lathe", want: "path escapes from parent", prepare: func(t *testing.T, dir string) {
			must(t, os.Symlink(filepath.Join(outside, "secret.lathe"), filepath.Join(dir, "a.lathe")))
		}},
		{name: "folder that leads out", path: "sub/secret.lathe", want: "path escapes from parent", prepare: func(t *testing.T, dir string) {
			must(t, os.Symlink(outside, filepath.Join(dir, "sub")))
		}},
		{name: "hard link", path: "a.lathe", want: "the file has 2 names (hard links)", prepare: func(t *testing.T, dir string) {
			must(t, os.Link(filepath.Join(outside, "secret.lathe"), filepath.Join(dir, "a.lathe")))
		}},
		{name: "pipe", path: "a.lathe", want: "it is no regular file", prepare: func(t *testing.T, dir string) {
			must(t, syscall.Mkfifo(filepath.Join(dir, "a.lathe"), 0o644))
		}},
		{name: "folder in itself", path: "loop/main.lathe", want: "importing in a circle", prepare: func(t *testing.T, dir string) {
			must(t, os.Symlink(".", filepath.Join(dir, "loop")))
		}},
		{name: "wrong file", path: "a.lathe", want: "a.lathe:1:1: expected import, const, fn or model", files: map[string]string{"a.lathe": "nonsense\n"}},
		{name: "name twice", path: "a.lathe", want: "main is declared twice", files: map[string]string{"a.lathe": "fn main() { 1 }\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"main.lathe": "import \"" + tt.path + "\"\nfn main() { 1 }\n"}
			for name, text := range tt.files {
				files[name] = text
			}
			dir := write(t, files)
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			done := make(chan error, 1)
			go func() {
				_, err := frontend.Load(filepath.Join(dir, "main.lathe"))
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if source.List(err) == nil {
					t.Errorf("%v has no place in the source", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Load waits")
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Skip(err) // the file system has no links or pipes
	}
}

// TestLinkInside checks that a link to a file of the same folder is that file.
func TestLinkInside(t *testing.T) {
	dir := write(t, map[string]string{
		"main.lathe": "import \"a.lathe\"\nimport \"b.lathe\"\nfn main() { f() }\n",
		"a.lathe":    "fn f() { 1 }\n",
	})
	must(t, os.Symlink("a.lathe", filepath.Join(dir, "b.lathe")))
	p, err := frontend.Load(filepath.Join(dir, "main.lathe"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := frontend.Load(filepath.Join(dir, "none.lathe")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := frontend.Load(dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
	big := filepath.Join(dir, "big.lathe")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(16<<20 + 1); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := frontend.Load(big); !errors.Is(err, source.ErrLimit) {
		t.Errorf("a file over the limit: %v", err)
	}
}

func TestLoadText(t *testing.T) {
	p, err := frontend.LoadText("t.lathe", "fn main() { 1 }\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(p); got != "main" {
		t.Errorf("entries %q", got)
	}
	_, err = frontend.LoadText("t.lathe", "import \"a.lathe\"\n")
	if err == nil || !strings.Contains(err.Error(), "t.lathe:1:8: a program that is in no file imports nothing") {
		t.Errorf("import in a text: %v", err)
	}
}

func TestLoadFS(t *testing.T) {
	fsys := fstest.MapFS{
		"models/main.lathe":  {Data: []byte("import \"a.lathe\"\nfn main() { f() }\n")},
		"models/a.lathe":     {Data: []byte("fn f() { 1 }\n")},
		"models/above.lathe": {Data: []byte("import \"../a.lathe\"\n")},
	}
	p, err := frontend.LoadFS(fsys, "models/main.lathe")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if _, err := frontend.LoadFS(fsys, "models/above.lathe"); err == nil {
		t.Error("an import from above is read")
	}
}
