package benchmarks

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/internal/tensorio"
)

const playRival = "LATHE_TEST_RIVAL"

// TestMain lets the test binary be a rival, for TestRival.
func TestMain(m *testing.M) {
	if os.Getenv(playRival) == "" {
		os.Exit(m.Run())
	}
	fmt.Printf("{\"name\": \"Rival 1\", \"forms\": [\"torch_eager\", \"torch_compile\", \"jax_jit\"]}\n")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := play(lines.Bytes()); err != nil {
			fmt.Printf("{\"error\": %q}\n", err)
		}
	}
}

// play answers as a rival that has matchain_ltor right in one form, wrong in
// another, and not at all in a third.
func play(line []byte) error {
	var ask struct {
		rivalTask
		N int
	}
	if err := json.Unmarshal(line, &ask); err != nil {
		return err
	}
	if ask.Do == "time" {
		fmt.Printf("{\"seconds\": %g}\n", 1e-9*float64(ask.N))
		return nil
	}
	if ask.Do == "open" {
		if ask.Form == "jax_jit" {
			return fmt.Errorf("%s on %s threads is too hard", ask.Row, os.Args[len(os.Args)-1])
		}
		read := func(name string) *lathe.Tensor {
			a, err := tensorio.ReadNpy(filepath.Join(ask.Folder, name+".npy"), 0)
			if err != nil {
				panic(err)
			}
			return a.Tensor
		}
		h, y, n := read("H"), read("y"), ask.Sizes["n"]
		out := lathe.NewTensor(lathe.F32, 1, n)
		for j := range n {
			sum := 0.0
			for i := range n {
				z := 0.0
				for k := range n {
					z += y.Float(k) * h.Float(i*n+k)
				}
				sum += z * h.Float(i*n+j)
			}
			out.SetFloat(j, sum)
		}
		if ask.Form == "torch_compile" {
			out.SetFloat(0, out.Float(0)+1)
		}
		if _, err := tensorio.WriteNpy(context.Background(), filepath.Join(ask.Folder, ask.Form+".npy"), out); err != nil {
			return err
		}
	}
	fmt.Println("{}")
	return nil
}

// TestRival runs a row beside a rival in a process of its own.
func TestRival(t *testing.T) {
	t.Setenv(playRival, "1")
	suite, err := Find("laab")
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), suite, Config{LLVM: llvmtest.Want(), Size: 20, Samples: 2, Rivals: []string{exe}, Only: regexp.MustCompile("^matchain_ltor$")})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Machine.Rivals; got[len(got)-1] != "Rival 1" {
		t.Errorf("the rivals are %v", got)
	}
	if report, err = report.decoded(); err != nil {
		t.Fatal(err)
	}
	r := report.Rows[0]
	if x := r.value("rivals.torch_eager.time.median_s"); x != 1e-9 {
		t.Errorf("the right form took %v, want 1 ns", x)
	}
	if x, ok := r.value("rivals.torch_eager.rule.loss").(float64); !ok || x != 0 {
		t.Errorf("the loss of the right form is %v, want 0", r.value("rivals.torch_eager.rule.loss"))
	}
	if r.value("rivals.torch_compile.rule") != nil || !strings.Contains(strings.Join(r.Why, "; "), "the result of torch_compile differs") {
		t.Errorf("the wrong form was not found wrong: %v", r.Why)
	}
	if x := r.value("rivals.jax_jit.error"); x != "matchain_ltor on 1 threads is too hard" {
		t.Errorf("of the form that failed it says %v", x)
	}
	if _, err := startRival(t.Context(), "/none/such", 1); err == nil || !strings.Contains(err.Error(), "/none/such") {
		t.Errorf("a rival that is not there: %v", err)
	}
	if _, err := startRival(t.Context(), "/bin/true", 1); err == nil || !strings.Contains(err.Error(), "ended without an answer") {
		t.Errorf("a rival that says nothing: %v", err)
	}
}
