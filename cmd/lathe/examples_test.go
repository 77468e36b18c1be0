package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// headCommands returns the commands that the head of an example shows.
func headCommands(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(string(text), "\n") {
		if args, ok := strings.CutPrefix(line, "#     lathe "); ok {
			out = append(out, strings.Fields(args))
		}
	}
	return out
}

// TestExamples runs the commands in the heads of the examples, at full size.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("full sizes take half a minute of processor time")
	}
	t.Parallel()
	files, err := filepath.Glob("../../examples/*.lathe")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range files {
		for _, args := range headCommands(t, path) {
			n++
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				args[1] = path
				var stdout, stderr bytes.Buffer
				e := &env{stdout: &stdout, stderr: &stderr, getenv: uncached}
				if code := run(t.Context(), e, args); code != exitDone {
					t.Fatalf("exit status %d\n%s%s", code, stdout.String(), stderr.String())
				}
				if args[0] == "run" && !strings.Contains(stdout.String(), "check passed") {
					t.Errorf("no check in\n%s", stdout.String())
				}
			})
		}
	}
	if n == 0 {
		t.Error("the examples show no command")
	}
}
