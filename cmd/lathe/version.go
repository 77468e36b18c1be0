package main

import (
	"context"
	"fmt"

	"github.com/lathe-lang/lathe"
)

// A versionCmd is lathe version.
type versionCmd struct{}

func (c *versionCmd) run(_ context.Context, e *env) error {
	fmt.Fprintf(e.stdout, "lathe %s\n", lathe.Version)
	if dir := cacheFolder(e); dir != "" {
		fmt.Fprintf(e.stdout, "cache %s\n", dir)
	}
	t, err := lathe.FindToolchain(e.getenv("LATHE_LLVM"))
	if err != nil {
		fmt.Fprintln(e.stdout, "LLVM: none found; lathe doctor says what to do")
		return nil
	}
	fmt.Fprintf(e.stdout, "LLVM %s (%s)\ntarget %s, %s\n", t.Version, t.Path, t.Target.Triple, t.Target.CPU)
	return nil
}
