//go:build !amd64

package jit

// Processor returns "": what processor this is, only LLVM can tell.
func Processor() string { return "" }
