package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/tensorio"
)

// endless turns more often than anybody can wait for.
const endless = `
fn endless(x: f32[n]) -> f32[n] {
    y = x
    for i in 0..1000000000000 { y = tanh(y) + x }
    return y
}
`

// TestInterrupt interrupts a process in the middle of a run.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := filepath.Join(dir, "lathe")
	if err := os.Symlink(exe, command); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "endless.lathe"), []byte(endless), 0o666); err != nil {
		t.Fatal(err)
	}
	// An f64 argument makes a note, which says that the process is under way.
	if _, err := tensorio.WriteNpy(t.Context(), filepath.Join(dir, "x.npy"), lathe.NewTensor(lathe.F64, 4)); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"--json", "--naive"} {
		before, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(command, "run", "endless.lathe", "--in", "x=x.npy", "--out", "y.npy", how)
		cmd.Dir = dir
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stderr)
		if !lines.Scan() {
			t.Fatal("no note")
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		var rest []string
		for lines.Scan() {
			rest = append(rest, lines.Text())
		}
		_ = cmd.Wait() // its status is looked at below
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
			t.Errorf("%s: exit status %d, want %d; stderr %q", how, code, exitInterrupted, rest)
		}
		after, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(before) {
			t.Errorf("%s: files before %v, after %v", how, before, after)
		}
	}
}

// TestPanic sees a panic become exit status 3 with a message.
func TestPanic(t *testing.T) {
	var stdout, stderr bytes.Buffer
	e := &env{stdout: &stdout, stderr: &stderr, getenv: func(string) string { panic("a bug") }}
	if code := run(context.Background(), e, []string{"doctor"}); code != exitInternal {
		t.Errorf("exit status %d, want %d", code, exitInternal)
	}
	if s := stderr.String(); !strings.HasPrefix(s, "lathe: internal error: a bug\n") {
		t.Errorf("stderr is %q", s)
	}
}

// TestFullDisk sees a failing standard output become an error.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	var stderr bytes.Buffer
	e := &env{stdout: full, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(t.Context(), e, []string{"check", "../../examples/gau.lathe"}); code != exitInput {
		t.Errorf("exit status %d, want %d", code, exitInput)
	}
	if s := stderr.String(); !strings.HasPrefix(s, "lathe: standard output: ") {
		t.Errorf("stderr is %q", s)
	}
}
