package jit

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// seedObject is an object file with every kind of section and reference.
func seedObject(t testing.TB) []byte {
	t.Helper()
	return mustCompile(t, llvmtest.Library(t), names)
}

// anywhere resolves every name, so that loading goes on to the relocations.
func anywhere(string) uintptr { return LibC("memcpy") }

// survive loads and links what may be malformed. A panic or a fault fails the
// test; nothing of the code is run.
func survive(t *testing.T, obj []byte) (loads bool) {
	t.Helper()
	img, err := Load(obj, anywhere)
	if err == nil {
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
	_, _ = SharedObject(obj, "libx.so") // may well be an error
	return err == nil
}

// Cut short or changed anywhere, an object file is an error or an image.
func TestMalformed(t *testing.T) {
	seed := seedObject(t)
	if !survive(t, seed) {
		t.Fatal("the unchanged object does not load")
	}
	for n := 0; n < len(seed); n += 7 {
		survive(t, seed[:n])
	}
	r := rand.New(rand.NewPCG(1, 2))
	failed := 0
	const tries = 3000
	for range tries {
		obj := slices.Clone(seed)
		for range 1 + r.IntN(4) {
			at := r.IntN(len(obj) - 8)
			switch r.IntN(3) {
			case 0:
				obj[at] = byte(r.Uint32())
			case 1:
				binary.LittleEndian.PutUint32(obj[at&^3:], r.Uint32())
			case 2:
				binary.LittleEndian.PutUint64(obj[at&^7:], uint64(1)<<r.IntN(64)-uint64(r.IntN(2)))
			}
		}
		if !survive(t, obj) {
			failed++
		}
	}
	// The tables are a good part of the file: some changes must have been seen.
	if failed == 0 {
		t.Errorf("%d changed files all load", tries)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(seedObject(f))
	f.Fuzz(func(t *testing.T, obj []byte) { survive(t, obj) })
}

// What the loader would have to run or set up is refused by name.
func TestUnsupported(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		for _, test := range []struct{ text, want string }{
			{"@x = thread_local global i64 1\ndefine i64 @f() {\n %v = load i64, i64* @x\n ret i64 %v }", "thread-local"},
			{"@llvm.global_ctors = appending global [1 x { i32, void ()*, i8* }] [{ i32, void ()*, i8* } { i32 1, void ()* @f, i8* null }]\ndefine void @f() {\n ret void }", "run when the code is loaded"},
		} {
			if _, err := Load(mustCompile(t, lib, test.text), LibC); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error with %q", version, err, test.want)
			}
		}
		target, err := Level("neoverse-n1")
		if err != nil {
			t.Fatal(err)
		}
		obj, err := Compile(t.Context(), lib, target, []byte("define void @f() {\n ret void }"), Object)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(obj, LibC); err == nil || !strings.Contains(err.Error(), "EM_AARCH64") {
			t.Errorf("%s: got %v, want an error about the processor", version, err)
		}
	})
}
