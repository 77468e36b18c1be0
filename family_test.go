package lathe_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/lathe-lang/lathe"
)

// TestFamily runs an entry for sizes that come and go. Results are those of
// executables of their own; there are never more executables than asked for; and
// all of them take the weights that the first one packed, whose originals are
// gone by then.
func TestFamily(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	input := func(n int) *lathe.Tensor { return ramp(lathe.NewTensor(lathe.F32, n, 96), 0.03) }
	sizesOf := []int{40, 9, 17, 40, 23, 9}
	want := map[int][]byte{}
	for _, n := range sizesOf {
		x, err := program.Compile(t.Context(), "", lathe.Options{Set: sizes(fmt.Sprint("n=", n)), Weights: mlpWeights(), Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Run(t.Context(), input(n))
		if err = errors.Join(err, x.Close()); err != nil {
			t.Fatal(err)
		}
		want[n] = got[0].Bytes()
	}

	const most = 2
	w := mlpWeights()
	f, err := program.Family("", lathe.Options{Weights: w, Threads: 2}, most)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range sizesOf {
		got, err := f.Run(t.Context(), input(n))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[0].Bytes(), want[n]) {
			t.Errorf("run %d, of size %d: other bits than an executable of its own", i, n)
		}
		if have := min(i+1, most); f.Len() != have {
			t.Errorf("run %d: %d executables, want %d", i, f.Len(), have)
		}
		clear(w["up"].Bytes())
		clear(w["down"].Bytes())
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, run := range map[string]func() error{
		"no argument": func() error { _, err := f.Run(t.Context()); return err },
		"no tensor":   func() error { _, err := f.Run(t.Context(), nil); return err },
		"wrong shape": func() error { _, err := f.Run(t.Context(), lathe.NewTensor(lathe.F32, 3, 95)); return err },
		"cancelled":   func() error { _, err := f.Run(gone, input(31)); return err },
	} {
		if err := run(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if f.Len() > most {
		t.Errorf("%d executables after errors, want at most %d", f.Len(), most)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Run(t.Context(), input(9)); !errors.Is(err, lathe.ErrClosed) {
		t.Errorf("after Close: %v, want %v", err, lathe.ErrClosed)
	}
}

// TestFamilyConcurrently runs all sizes at several places at once.
func TestFamilyConcurrently(t *testing.T) {
	program, err := lathe.LoadText("test.lathe", "fn f(x: f32[n]) -> f32[n] { x + x }")
	if err != nil {
		t.Fatal(err)
	}
	f, err := program.Family("f", lathe.Options{Threads: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range 6 {
		all.Go(func() {
			for i := range 8 {
				n := 1 + (g+i)%4
				got, err := f.Run(context.Background(), ramp(lathe.NewTensor(lathe.F32, n), 1))
				if err != nil || got[0].Len() != n || got[0].Float(n-1) != 2*(float64(n-1)-1) {
					t.Errorf("size %d: %v, %v", n, got, err)
				}
			}
		})
	}
	all.Wait()
	if f.Len() > 2 {
		t.Errorf("%d executables, want at most 2", f.Len())
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestFamilyErrors asks for families that cannot be.
func TestFamilyErrors(t *testing.T) {
	text, err := lathe.LoadText("test.lathe", mlp)
	if err != nil {
		t.Fatal(err)
	}
	dump, err := lathe.LoadText("f.ir", "func f(x: f32[2]) -> (f32[2]) {\n  v1 = neg x : f32[2]\n  return v1\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func() (*lathe.Family, error){
		"no such entry": func() (*lathe.Family, error) { return text.Family("Mlp.backward", lathe.Options{}, 1) },
		"none to keep":  func() (*lathe.Family, error) { return text.Family("", lathe.Options{}, 0) },
		"sizes known":   func() (*lathe.Family, error) { return dump.Family("", lathe.Options{}, 1) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
