package lathe_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/codegen"
	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

var update = flag.Bool("update", false, "rewrite the texts of stages in ARCHITECTURE.md")

// stageTexts compiles the program that ARCHITECTURE.md follows and returns its
// text at each stage. None depends on the machine: the kernels are so small that
// no operand is packed, and LLVM's text is made for a fixed target.
func stageTexts(t *testing.T, program string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	opts := lathe.Options{
		Set:   sizes("n=8", "d=64", "e=48"),
		LLVM:  llvmtest.Want(),
		Stage: func(name, text string) { texts[name] = text },
	}
	loaded, err := lathe.LoadText("gated.lathe", program)
	if err != nil {
		t.Fatal(err)
	}
	x, err := loaded.Compile(t.Context(), "", opts)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()

	target := llvm.Target{Triple: "x86_64-pc-linux-gnu", CPU: "x86-64-v4", VectorBytes: 64}
	kernels := codegen.Kernels(x.Kernels().Func, target, false)
	if diff := cmp.Diff(texts["kernels"], kernels.String()); diff != "" {
		t.Errorf("the kernels depend on the machine (-this +fixed):\n%s", diff)
	}
	code, err := llvm.Emit(kernels, target, llvm.Options{Symbol: "lathe_program"})
	if err != nil {
		t.Fatal(err)
	}
	texts["llvm"] = divisionOf(t, string(code.Text()))
	return texts
}

// divisionOf cuts the first division of vectors out of the last kernel: from
// the lines that spread the divisor to the store.
func divisionOf(t *testing.T, text string) string {
	t.Helper()
	_, kernel, ok := strings.Cut(text, "@k2(i8* %ctx, i64 %worker")
	if !ok {
		t.Fatal("there is no function k2")
	}
	lines := strings.SplitAfter(kernel, "\n")
	first, last := -1, -1
	for i, l := range lines {
		if first < 0 && strings.Contains(l, "insertelement") {
			first = i
		}
		if first >= 0 && strings.Contains(l, "store <") {
			last = i
			break
		}
	}
	if last < 0 {
		t.Fatal("k2 stores no vector after an insertelement")
	}
	return strings.ReplaceAll(strings.Join(lines[first:last+1], ""), "\t", "  ")
}

// TestArchitecture compares the blocks of ARCHITECTURE.md that are marked with a
// stage with the program's text there. The block marked stage=text is the program.
func TestArchitecture(t *testing.T) {
	const file, mark = "ARCHITECTURE.md", "```text stage="
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), mark)
	if len(parts) < 2 || !strings.HasPrefix(parts[1], "text\n") {
		t.Fatalf("%s: the first marked block is not stage=text", file)
	}
	program, _, _ := strings.Cut(strings.TrimPrefix(parts[1], "text\n"), "```")
	texts := stageTexts(t, program)
	texts["text"] = program

	seen := map[string]bool{}
	for i, part := range parts[1:] {
		stage, rest, _ := strings.Cut(part, "\n")
		have, after, closed := strings.Cut(rest, "```")
		want, known := texts[stage]
		if !known || !closed {
			t.Errorf("%s: stage %q: there is no such stage, or its block has no end", file, stage)
			continue
		}
		seen[stage] = true
		want = strings.TrimRight(want, "\n") + "\n"
		if diff := cmp.Diff(have, want); diff != "" && !*update {
			t.Errorf("%s: stage %s is another now; go test . -run TestArchitecture -update (-file +program):\n%s", file, stage, diff)
		}
		parts[1+i] = stage + "\n" + want + "```" + after
	}
	for _, stage := range []string{"text", "ir", "opt", "kernels", "llvm"} {
		if !seen[stage] {
			t.Errorf("%s has no block of stage %s", file, stage)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(parts, mark)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
