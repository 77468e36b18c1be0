package lathe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readPage(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// TestPlaces looks for the files and folders that the pages name in backquotes.
func TestPlaces(t *testing.T) {
	place := regexp.MustCompile("`((?:frontend|ir|passes|codegen|runtime|internal|cmd|examples|benchmarks|scripts)/[\\w./-]*|\\w+\\.(?:go|md|lathe))`")
	checked := 0
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"} {
		for _, m := range place.FindAllStringSubmatch(readPage(t, name), -1) {
			checked++
			found := false
			// A bare file name may stand for one of the folder that the text is about.
			for _, pattern := range []string{m[1], filepath.Join("*", m[1]), filepath.Join("*", "*", m[1])} {
				files, err := filepath.Glob(pattern)
				if err != nil {
					t.Fatal(err)
				}
				found = found || len(files) > 0
			}
			if !found {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d places were found in the pages", checked)
	}
}

// TestDependencies compares the table of ARCHITECTURE.md with the modules that
// may be imported, and with go.mod.
func TestDependencies(t *testing.T) {
	_, table, ok := strings.Cut(readPage(t, "ARCHITECTURE.md"), "\n## Dependencies\n")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no section of dependencies")
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| \\S")
	var have []string
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		have = append(have, m[1])
	}
	slices.Sort(have)
	want := []string{"honnef.co/go/tools"} // a tool, which nobody imports
	for _, l := range outside {
		want = append(want, l.name)
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("ARCHITECTURE.md has reasons for\n%s\nand imported are\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	mod := readPage(t, "go.mod")
	for _, name := range have {
		if !strings.Contains(mod, "\t"+name+" v") {
			t.Errorf("go.mod does not require %s", name)
		}
	}
}

// TestReadme compares what README.md shows with the files it is from, and its
// commands with the Makefile.
func TestReadme(t *testing.T) {
	page := readPage(t, "README.md")
	block := func(language string) string {
		_, rest, ok := strings.Cut(page, "```"+language+"\n")
		if !ok {
			t.Fatalf("README.md has no block of %s", language)
		}
		code, _, _ := strings.Cut(rest, "```")
		return code
	}
	if code := block("go"); !strings.HasSuffix(readPage(t, "examples/embed/main.go"), code) {
		t.Error("the Go program of README.md is not the end of examples/embed/main.go")
	}
	for i, file := range []string{"examples/residual.lathe", "examples/gau.lathe"} {
		parts := strings.Split(page, "```lathe\n")
		if len(parts) < i+2 {
			t.Fatalf("README.md has %d blocks of lathe", len(parts)-1)
		}
		if text, _, _ := strings.Cut(parts[i+1], "```"); !strings.HasSuffix(readPage(t, file), text) {
			t.Errorf("block %d of README.md is not the end of %s", i, file)
		}
	}
	targets := regexp.MustCompile("`make ([a-z]+)").FindAllStringSubmatch(page, -1)
	if len(targets) < 2 {
		t.Error("README.md names fewer than two targets of make")
	}
	for _, m := range targets {
		if !strings.Contains(readPage(t, "Makefile"), "\n"+m[1]+":") {
			t.Errorf("README.md: the Makefile has no target %s", m[1])
		}
	}
}

// TestReadmeCommands runs the command lines of README.md that begin with
// bin/lathe, from the module's folder; what they write goes elsewhere.
func TestReadmeCommands(t *testing.T) {
	dir := t.TempDir()
	lathe := filepath.Join(dir, "lathe")
	if out, err := exec.Command("go", "build", "-o", lathe, "./cmd/lathe").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page := strings.ReplaceAll(readPage(t, "README.md"), "\\\n", " ")
	commands := 0
	for line := range strings.Lines(page) {
		args := strings.Fields(line)
		if len(args) == 0 || args[0] != "bin/lathe" {
			continue
		}
		commands++
		for i, a := range args {
			if a == "--out" || a == "-o" {
				args[i+1] = filepath.Join(dir, args[i+1])
			}
		}
		if out, err := exec.Command(lathe, args[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.TrimSpace(line), err, out)
		}
	}
	if commands == 0 {
		t.Error("README.md has no line that begins with bin/lathe")
	}
	for _, file := range []string{"y.npy", "out/gau_forward.h", "out/gau_forward.o", "out/libgau_forward.so"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("the commands of README.md have not written %s", file)
		}
	}
}

// TestSecurity looks for the tests that SECURITY.md names, in the folders that it
// names.
func TestSecurity(t *testing.T) {
	row := regexp.MustCompile("(?m)^\\|[^|]*\\| (`Test.*) \\|$")
	group := regexp.MustCompile("((?:`Test\\w+`(?:, )?)+) in `([\\w./]+)`")
	name := regexp.MustCompile(`Test\w+`)
	checked := 0
	for _, line := range row.FindAllStringSubmatch(readPage(t, "SECURITY.md"), -1) {
		for _, m := range group.FindAllStringSubmatch(line[1], -1) {
			files, err := filepath.Glob(filepath.Join(m[2], "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, file := range files {
				text.WriteString(readPage(t, file))
			}
			for _, test := range name.FindAllString(m[1], -1) {
				checked++
				if !strings.Contains(text.String(), "\nfunc "+test+"(t *testing.T) {") {
					t.Errorf("SECURITY.md: there is no %s in %s", test, m[2])
				}
			}
		}
	}
	if checked < 10 {
		t.Errorf("SECURITY.md names %d tests, want one for each promise", checked)
	}
}
