package tensorio

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// content returns what a file holds, and checks that it is alone in its folder.
func content(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s is left beside %s", e.Name(), path)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

func writes(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npy")
	if err := WriteFile(t.Context(), path, writes("one")); err != nil || content(t, path) != "one" {
		t.Fatalf("%q, %v", content(t, path), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(t.Context(), path, writes("two")); err != nil || content(t, path) != "two" {
		t.Fatalf("%q, %v", content(t, path), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v, want those of the old file", info.Mode())
	}

	broken := errors.New("broken")
	err := WriteFile(t.Context(), path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) || content(t, path) != "two" {
		t.Errorf("after an error: %q, %v", content(t, path), err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = WriteFile(ctx, path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		cancel()
		_, err := io.WriteString(w, "rest")
		return err
	})
	if !errors.Is(err, context.Canceled) || content(t, path) != "two" {
		t.Errorf("after a cancel: %q, %v", content(t, path), err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	err = WriteFile(ctx, path, func(w io.Writer) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || content(t, path) != "two" {
		t.Errorf("after a late cancel: %q, %v", content(t, path), err)
	}

	func() {
		defer func() { _ = recover() }()
		_ = WriteFile(t.Context(), path, func(io.Writer) error { panic("bug") })
	}()
	if content(t, path) != "two" {
		t.Errorf("after a panic: %q", content(t, path))
	}
}

func TestWriteFilePlaces(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(t.Context(), dir, writes("x")); err == nil {
		t.Errorf("a folder: want an error")
	}
	if err := WriteFile(t.Context(), filepath.Join(dir, "none", "x"), writes("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := WriteFile(t.Context(), "", writes("x")); err == nil {
		t.Errorf("no name: want an error")
	}
	if err := WriteFile(t.Context(), os.DevNull, writes("x")); err != nil {
		t.Errorf("a device: %v", err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device was replaced: %v, %v", info, err)
	}
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := WriteFile(t.Context(), link, writes("through")); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(target); err != nil || string(b) != "through" {
		t.Errorf("through a link: %q, %v", b, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
}
