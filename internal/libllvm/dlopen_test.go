package libllvm

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ebitengine/purego"
)

// A library whose needs lie beside it loads, also through a link from
// elsewhere; without them the error names what is missing.
func TestDlopenNeeds(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("no C compiler for linux here")
	}
	dir := t.TempDir()
	build := func(name, code string, args ...string) string {
		t.Helper()
		cmd := exec.Command(cc, append([]string{"-shared", "-fPIC", "-Wl,-soname," + name, "-o", name, "-x", "c", "-", "-x", "none"}, args...)...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(code)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return filepath.Join(dir, name)
	}
	inner := build("liblathe-inner.so.1", "int lathe_inner(void) { return 40; }")
	build("liblathe-middle.so.1", "int lathe_inner(void); int lathe_middle(void) { return lathe_inner() + 1; }", "liblathe-inner.so.1")
	outer := build("liblathe-outer.so.1", "int lathe_middle(void); int lathe_outer(void) { return lathe_middle() + 1; }", "liblathe-middle.so.1")

	if err := os.Rename(inner, inner+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := dlopen(outer); err == nil || !strings.Contains(err.Error(), "liblathe-") {
		t.Errorf("got error %v, want one that names the missing library", err)
	}
	if err := os.Rename(inner+".away", inner); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "liblathe.so")
	if err := os.Symlink(outer, link); err != nil {
		t.Fatal(err)
	}
	handle, err := dlopen(link)
	if err != nil {
		t.Fatal(err)
	}
	var f func() int32
	purego.RegisterLibFunc(&f, handle, "lathe_outer")
	if got := f(); got != 42 {
		t.Errorf("got %d from the library, want 42", got)
	}
}
