package benchmarks

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// TestAwareness measures one model once and draws it.
func TestAwareness(t *testing.T) {
	r, err := Run(t.Context(), awareness(), Config{LLVM: llvmtest.Want(), Samples: 1, Only: regexp.MustCompile("^Charformer convolution$")})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 1 {
		t.Fatalf("%d rows, want 1", len(r.Rows))
	}
	row := &r.Rows[0]
	get := func(path string) float64 {
		x, ok := row.number(path)
		if !ok {
			t.Errorf("the row lacks %s: %v", path, row.Why)
		}
		return x
	}
	written, lathe, expert := get("naive.flops"), get("lathe.flops"), get("expert.flops")
	if lathe*1000 > written || lathe > expert*flopsOverExpert || get("plain.flops") != written {
		t.Errorf("%v FLOPs as written, %v without passes, %v of Lathe, %v of the expert", written, get("plain.flops"), lathe, expert)
	}
	if get("lathe.bytes") >= get("naive.bytes") || get("lathe.peak_bytes") >= get("naive.peak_bytes") {
		t.Error("as many bytes as written")
	}
	if get("without.sparse") < 1000 || get("without.dead") != 1 {
		t.Errorf("without sparse %v times the FLOPs, without dead %v", get("without.sparse"), get("without.dead"))
	}
	for _, form := range []string{"lathe", "plain", "expert"} {
		if get(form+".time.median_s") <= 0 {
			t.Errorf("%s took no time", form)
		}
	}
	var svg bytes.Buffer
	if err := Bars(&svg, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), "Charformer convolution") {
		t.Error("the drawing does not name the row")
	}
}
