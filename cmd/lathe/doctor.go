package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe"
)

// A doctorCmd is lathe doctor.
type doctorCmd struct{}

// The program that doctor tries; its result is exact in any order.
const trial = `
fn trial(x: f32[n, n], y: f32[n, n]) -> f32[n, n] {
    return relu(x @ y + 1)
}
`

func (c *doctorCmd) run(ctx context.Context, e *env) error {
	want := e.getenv("LATHE_LLVM")
	if want != "" {
		fmt.Fprintf(e.stdout, "LATHE_LLVM  %s\n", want)
	}
	t, err := lathe.FindToolchain(want)
	if err != nil {
		fmt.Fprintf(e.stdout, "LLVM        missing\n%v\n", err)
		return errFailed
	}
	fmt.Fprintf(e.stdout, "LLVM        %s (%s)\n", t.Version, t.Path)
	fmt.Fprintf(e.stdout, "target      %s, %s, vectors of %d bytes\n", t.Target.Triple, t.Target.CPU, t.Target.VectorBytes())
	fmt.Fprintf(e.stdout, "features    %s\n", strings.Join(present(t.Target.Features), " "))
	fmt.Fprintf(e.stdout, "cache       %s\n", describeCache(cacheFolder(e)))
	if err := t.SelfCheck(ctx); err != nil {
		fmt.Fprintf(e.stdout, "compiler    fails: %v\nname another library with LATHE_LLVM=PATH, or install a newer LLVM\n", err)
		return errFailed
	}
	if err := try(ctx, want); err != nil {
		fmt.Fprintf(e.stdout, "trial       fails: %v\nname another library with LATHE_LLVM=PATH; if that fails too, it is a bug of lathe\n", err)
		return errFailed
	}
	fmt.Fprintln(e.stdout, "trial       a small program was compiled and ran; its results are right")
	return nil
}

// describeCache says what there is of a cache folder, or why it is not used.
func describeCache(dir string) string {
	if dir == "" {
		return "none: neither LATHE_CACHE nor HOME names a folder"
	}
	entries, bytes, err := lathe.CacheUse(dir)
	if err != nil {
		return fmt.Sprintf("not used: %v; LATHE_CACHE names another folder", err)
	}
	return fmt.Sprintf("%s, %d entries, %.1f MB of at most %d MB", dir, entries, float64(bytes)/1e6, lathe.CacheLimit/1_000_000)
}

// present are the features that the processor has, of LLVM's list of all.
func present(features string) []string {
	var out []string
	for _, f := range strings.Split(features, ",") {
		if name, ok := strings.CutPrefix(f, "+"); ok {
			out = append(out, name)
		}
	}
	return out
}

// try compiles the trial and runs it on small integers, where f32 is exact.
func try(ctx context.Context, llvm string) error {
	const n = 17
	p, err := lathe.LoadText("trial.lathe", trial)
	if err != nil {
		return err
	}
	x, err := p.Compile(ctx, "trial", lathe.Options{LLVM: llvm, Set: map[string]string{"n": fmt.Sprint(n)}})
	if err != nil {
		return err
	}
	defer x.Close()
	a, b := lathe.NewTensor(lathe.F32, n, n), lathe.NewTensor(lathe.F32, n, n)
	for i := range n * n {
		a.SetInt(i, int64(i%5-2))
		b.SetInt(i, int64(i%7-3))
	}
	got, err := x.Run(ctx, a, b)
	if err != nil {
		return err
	}
	for i := range n {
		for j := range n {
			sum := int64(1)
			for k := range n {
				sum += a.Int(i*n+k) * b.Int(k*n+j)
			}
			if v := got[0].Int(i*n + j); v != max(sum, 0) {
				return fmt.Errorf("element %d, %d of the trial is %d, want %d", i, j, v, max(sum, 0))
			}
		}
	}
	return nil
}
