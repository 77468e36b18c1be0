package benchmarks

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *Report {
	r := &Report{Suite: "laab", Machine: Machine{Processor: "P", Cores: 2, Caches: []string{"L1 48K"}, Rivals: []string{"R 1"}}}
	for _, name := range []string{"mm_syrk", "mm_sgemm"} {
		row := Result{Name: name, Pass: true}
		row.set("time", sorted([]float64{0.001, 0.003}).timing())
		row.set("rule", laabVerdict{Loss: 0.01, Pass: true})
		r.Rows = append(r.Rows, row)
	}
	r.Rows[0].failf("it is %d times too slow", 3)
	return r
}

// TestReportJSON holds the document to the form that cli.md promises: suite,
// machine, and rows with name, pass and each row's figures beside.
func TestReportJSON(t *testing.T) {
	data, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Suite   string
		Machine map[string]any
		Rows    []map[string]any
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Suite != "laab" || doc.Machine["processor"] != "P" || len(doc.Rows) != 2 {
		t.Errorf("the document is %s", data)
	}
	want := map[string]any{
		"name": "mm_syrk", "pass": false, "why": []any{"it is 3 times too slow"},
		"time": map[string]any{"min_s": 0.001, "q25_s": 0.0015, "median_s": 0.002, "q75_s": 0.0025, "max_s": 0.003, "n": 2.0},
		"rule": map[string]any{"slowdown": 0.0, "bad_slowdown": 0.0, "loss": 0.01, "pass": true},
	}
	if diff := cmp.Diff(want, doc.Rows[0]); diff != "" {
		t.Error(diff)
	}
	back := &Report{}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	again, err := back.decoded()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(back, again); diff != "" {
		t.Errorf("it does not come back as it was: %s", diff)
	}
	if back.Pass() {
		t.Error("a report with a failed row passes")
	}
}

func TestPrintAndPage(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"table": func(b *bytes.Buffer) error { return Print(b, sample()) },
		"page":  func(b *bytes.Buffer) error { return Page(b, []*Report{sample()}, "") },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"mm_syrk", "FAIL", "2 ms", "0.01", "it is 3 times too slow", "P, 2 cores", "1 of 2 tests"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("the %s lacks %q:\n%s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), "JAX 0.4") {
			t.Errorf("the %s shows a column without figures", name)
		}
	}
}

func TestMachineSaysThatItWasBusy(t *testing.T) {
	for load, want := range map[float64]bool{0.5: false, 3: true} {
		m := Machine{LoadBefore: load}
		if got := strings.Contains(strings.Join(m.lines(), "\n"), "other programs"); got != want {
			t.Errorf("at a load of %g it says so: %v", load, got)
		}
	}
}

func TestJoin(t *testing.T) {
	a, b := sample(), sample()
	a.Rows = a.Rows[:1] // mm_syrk
	b.Machine.Rivals = []string{"R 1", "S 2"}
	b.Machine.LoadAfter = 3
	a.Machine.Time, b.Machine.Time = "2026-01-02", "2026-01-01"
	out, err := Join([]*Report{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 || len(out[0].Rows) != 2 || out[0].Rows[0].Name != "mm_sgemm" {
		t.Errorf("joined %+v, want one report with mm_sgemm and mm_syrk in the suite's order", out)
	}
	if m := out[0].Machine; m.LoadAfter != 3 || m.Time != "2026-01-01" || m.Until != "2026-01-02" || !cmp.Equal(m.Rivals, []string{"R 1", "S 2"}) {
		t.Errorf("the machine is %+v", m)
	}
	b.Machine.Cores = 4
	if _, err := Join([]*Report{a, b}); err == nil {
		t.Error("reports of different machines were joined")
	}
}

func TestUnits(t *testing.T) {
	for x, want := range map[float64]string{1.5: "1.5 s", 0.25: "250 ms", 3e-5: "30 us", 5e-8: "50 ns", 12e-12: "0.012 ns"} {
		if got := seconds(x); got != want {
			t.Errorf("seconds(%g) = %q, want %q", x, got, want)
		}
	}
	for x, want := range map[float64]string{0: "0", 999: "999", 1234567: "1.23 M", 2e9: "2 G", 3e12: "3 T", 4e15: "4e+03 T"} {
		if got := count(x); got != want {
			t.Errorf("count(%g) = %q, want %q", x, got, want)
		}
	}
}
