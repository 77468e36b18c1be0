//go:build mutants

package lathe_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var (
	mutantFrom = flag.Int("from", 0, "the first mutant that TestMutants tries")
	mutantMost = flag.Int("most", 1000, "how many mutants TestMutants tries")
	mutantFor  = flag.Int("mutantprograms", 2000, "how many random programs each mutant is tried with")
)

// TestMutants builds each mutant, without touching the files of the module, and
// runs the trials of random programs: those of the passes for an edit there, else
// those of workers in opposite orders and of compiled functions. Each must fail;
// what survives is listed.
func TestMutants(t *testing.T) {
	all := mutants(t)
	killed, survived := 0, []string{}
	for i, m := range all {
		if i < *mutantFrom || i >= *mutantFrom+*mutantMost {
			continue
		}
		name := fmt.Sprintf("%d %s: %s", i, m.file, m.what)
		dead, err := m.killed(t.TempDir())
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case dead:
			killed++
			t.Logf("killed:   %s", name)
		default:
			survived = append(survived, name)
			t.Logf("survived: %s", name)
		}
	}
	t.Logf("tried: %d mutants, %d killed", killed+len(survived), killed)
	if len(survived) > 0 {
		t.Errorf("%d mutants survive:\n%s", len(survived), strings.Join(survived, "\n"))
	}
}

// killed reports whether a trial fails for m.
func (m mutant) killed(dir string) (bool, error) {
	text, err := m.applied()
	if err != nil {
		return false, err
	}
	changed := filepath.Join(dir, "changed.go")
	if err := os.WriteFile(changed, []byte(text), 0o666); err != nil {
		return false, err
	}
	path, err := filepath.Abs(m.file)
	if err != nil {
		return false, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return false, err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o666); err != nil {
		return false, err
	}
	programs := []string{"passes TestTrial -programs " + fmt.Sprint(*mutantFor/2)} // two lists each
	if !strings.HasPrefix(m.file, "passes/") {
		programs = []string{"codegen/llvm TestOrder -orders 60", ". TestRandomFunctions -graphs " + fmt.Sprint(*mutantFor)}
	}
	for _, p := range programs {
		words := strings.Fields(p)
		trial := filepath.Join(dir, "trial.test")
		if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", file, "-o", trial, "./"+words[0]).CombinedOutput(); err != nil {
			return false, fmt.Errorf("does not build: %s", out)
		}
		cmd := exec.Command(trial, append(words[2:], "-test.run", "^"+words[1]+"$", "-test.timeout", "20m")...)
		cmd.Dir = words[0]
		if cmd.Run() != nil {
			return true, nil
		}
	}
	return false, nil
}
