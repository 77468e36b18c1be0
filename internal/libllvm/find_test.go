package libllvm

import (
	"fmt"
	"testing"
)

func TestParseName(t *testing.T) {
	for _, test := range []struct {
		name string
		want string // "" for no LLVM library
	}{
		{"libLLVM-16.so.1", "16.0.0"},
		{"libLLVM-14.0.6.so.1", "14.0.6"},
		{"libLLVM-19.so", "19.0.0"},
		{"libLLVM.so.19.1", "19.1.0"},
		{"libLLVM.so", "0.0.0"},
		{"libLLVM.dylib", "0.0.0"},
		{"libLLVM-C.dylib", ""},
		{"libLLVM-22-rust-1.95.0-stable.so", ""},
		{"libLLVM.so.22.1-rust-1.95.0-stable", ""},
		{"libLLVMCore.a", ""},
		{"libLLVMSPIRVLib.so.14", ""},
	} {
		got := ""
		if v, ok := parseName(test.name); ok {
			got = fmt.Sprint(v)
		}
		if got != test.want {
			t.Errorf("%s: got version %q, want %q", test.name, got, test.want)
		}
	}
}
