package main

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	file := func(name string, data []float32, shape ...int) string {
		path := filepath.Join(dir, name)
		if _, err := tensorio.WriteNpy(t.Context(), path, tensor.Must(tensor.FromSlice(data, shape...))); err != nil {
			t.Fatal(err)
		}
		return path
	}
	base := file("base.npy", []float32{1, 2, nan, inf}, 4)
	up := math.Nextafter32(1, 2)
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"equal", []string{base, base}, 0, "largest difference 0,"},
		{"a rounding", []string{file("near.npy", []float32{up, 2, nan, inf}, 4), base}, 0, "at element 0 (1.0000001 and 1): 0.5 roundings"},
		{"no rounding", []string{"-roundings", "0.4", filepath.Join(dir, "near.npy"), base}, 1, "0.5 roundings"},
		{"far", []string{file("far.npy", []float32{1, 2.5, nan, inf}, 4), base}, 1, "largest difference 0.5, at element 1"},
		{"NaN", []string{file("nan.npy", []float32{nan, 2, nan, inf}, 4), base}, 1, "largest difference +Inf"},
		{"infinity", []string{file("inf.npy", []float32{1, 2, nan, -inf}, 4), base}, 1, "largest difference +Inf"},
		{"shape", []string{file("shape.npy", []float32{1, 2, 3, 4}, 2, 2), base}, 1, "the shapes differ"},
		{"no file", []string{filepath.Join(dir, "none.npy"), base}, 2, "none.npy"},
		{"usage", []string{base}, 2, "usage"},
		{"empty", []string{file("empty.npy", nil, 0), filepath.Join(dir, "empty.npy")}, 0, "largest difference 0,"},
	} {
		var out bytes.Buffer
		if code := run(&out, &out, c.args); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit %d, want %d and %q in:\n%s", c.name, code, c.code, c.want, out.String())
		}
	}
}
