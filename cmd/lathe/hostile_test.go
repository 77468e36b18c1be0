package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// A hostile is an input that no command may take: files, and a call that names
// them.
type hostile struct {
	name  string
	files map[string]string
	args  []string
}

// TestHostile gives commands malformed programs, IR texts, arrays, weights and
// calls. Each must end with exitInput and one message, which quotes nothing raw
// and is short, and leave no file behind that was not there.
func TestHostile(t *testing.T) {
	var all []hostile
	for _, f := range []func() []hostile{hostileTexts, hostileIR, hostileNpy, hostileNpz, hostileSafetensors, hostileCalls} {
		all = append(all, f()...)
	}
	if len(all) < 150 {
		t.Errorf("%d inputs, want at least 150", len(all))
	}
	names := map[string]bool{}
	for _, c := range all {
		if names[c.name] {
			t.Errorf("two inputs are called %s", c.name)
		}
		names[c.name] = true
		t.Run(c.name, c.refused)
	}
	t.Logf("tried: %d malformed inputs, each refused with exit status 2 and one message", len(all))
}

func (c hostile) refused(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range c.files {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	var stdout, stderr bytes.Buffer
	e := &env{stdout: &stdout, stderr: &stderr, getenv: uncached}
	if code := run(t.Context(), e, c.args); code != exitInput {
		t.Errorf("exit status %d, want %d", code, exitInput)
	}
	if stdout.Len() > 0 {
		t.Errorf("standard output has %q", quoted(stdout.String()))
	}
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("files before: %v; after: %v", before, after)
	}
	oneMessage(t, stderr.String())
}

// oneMessage checks what a command that takes no such input has to say of it.
func oneMessage(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) {
		t.Errorf("the message quotes its input raw: %q", quoted(text))
	}
	errors := 0
	for line := range strings.Lines(text) {
		if len(line) > 2000 {
			t.Errorf("a line of the message has %d bytes", len(line))
		}
		if strings.HasPrefix(line, "lathe: ") || placed(line) {
			errors++
		}
		if strings.Contains(line, "goroutine ") || strings.Contains(line, "internal error") {
			t.Errorf("the message is that of a bug: %q", quoted(text))
		}
	}
	if errors == 0 || errors > source.MaxErrors || errors > 1 && strings.HasPrefix(text, "lathe: ") {
		t.Errorf("%d messages, want one, or up to %d errors in a text: %q", errors, source.MaxErrors, quoted(text))
	}
}

// placed reports whether a line begins with a place, FILE:LINE:COLUMN.
func placed(line string) bool {
	parts := strings.SplitN(line, ":", 4)
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return len(parts) == 4 && digits(parts[1]) && digits(parts[2])
}

// quoted shortens what a failure quotes.
func quoted(s string) string { return s[:min(len(s), 1000)] }

// tree lists the files below a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
