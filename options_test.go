package lathe_test

import (
	"errors"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestMaxThreads asks for as many workers as may be, and for one more.
func TestMaxThreads(t *testing.T) {
	program, err := lathe.LoadText("f.lathe", "fn f(x: f32[3]) -> f32[3] { x + x }")
	if err != nil {
		t.Fatal(err)
	}
	x, err := program.Compile(t.Context(), "f", lathe.Options{Threads: lathe.MaxThreads, LLVM: llvmtest.Want()})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if _, err := program.Compile(t.Context(), "f", lathe.Options{Threads: lathe.MaxThreads + 1}); !errors.Is(err, tensor.ErrLimit) {
		t.Errorf("one thread too many: %v", err)
	}
}
