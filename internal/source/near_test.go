package source_test

import (
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/internal/source"
)

func TestNear(t *testing.T) {
	names := []string{"exp", "expm1", "log", "log1p", "layernorm", "softmax", "wu", "wv", "γ1", "Gau"}
	for name, want := range map[string]string{
		"expp":      "exp",
		"laynorm":   "layernorm", // two letters are missing
		"lanorm":    "",          // three are
		"layernrom": "layernorm", // neighbours swapped
		"softmx":    "softmax",
		"SoftMax":   "softmax",
		"gau":       "Gau",
		"wx":        "wu", // wu and wv are as near: the first in the alphabet
		"x":         "",   // nothing of the name would be left
		"":          "",
		"transpose": "",
		"log":       "", // itself is no suggestion
		"γ2":        "γ1",
	} {
		for range 2 {
			if got := source.Near(name, names); got != want {
				t.Errorf("Near(%q) = %q, want %q", name, got, want)
			}
			slices.Reverse(names)
		}
	}
}
