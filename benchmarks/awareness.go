package benchmarks

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/codegen/counts"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/examples"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/passes"
)

// awareness is the suite of models as papers write them: what naive execution costs,
// Lathe without passes, Lathe, and the form that an expert writes by hand; and what
// is lost without each of the passes.
func awareness() Suite {
	var columns []Column
	for _, figure := range []struct {
		name, path string
		format     func(float64) string
	}{{"flops", "flops", count}, {"bytes", "bytes", count}, {"peak bytes", "peak_bytes", count}, {"time", "time.median_s", seconds}} {
		for _, form := range []struct{ name, key string }{{"as written", "naive"}, {"without passes", "plain"}, {"Lathe", "lathe"}, {"expert", "expert"}} {
			columns = append(columns, Column{figure.name + ", " + form.name, form.key + "." + figure.path, figure.format})
		}
	}
	columns = append(columns, Column{"time over expert", "of_expert", ratio})
	for _, name := range passNames() {
		columns = append(columns, Column{"flops without " + name, "without." + name, ratio})
	}
	return Suite{
		Name:    "awareness",
		About:   "models as papers write them: FLOPs, bytes and time, beside the forms of experts, and FLOPs without each pass over those with all",
		Columns: columns,
		rows: func(cfg *Config) []row {
			var rows []row
			for _, c := range textbooks() {
				rows = append(rows, row{c.name, func(ctx context.Context, s *session) (*Result, error) { return c.measure(ctx, s, cfg.threads(1)[0]) }})
			}
			return rows
		},
	}
}

// passNames are the names of the passes, each once.
func passNames() []string {
	names := slices.Clone(passes.Names())
	slices.Sort(names)
	return slices.Compact(names)
}

// A textbook is a row of awareness: an entry of an example, NAME.lathe as a paper
// writes it and NAME_expert.lathe.
type textbook struct {
	name, file, entry string
	set               map[string]string
}

func textbooks() []textbook {
	one := func(more ...string) map[string]string {
		set := map[string]string{"b": "1"}
		for i := 0; i < len(more); i += 2 {
			set[more[i]] = more[i+1]
		}
		return set
	}
	bytes := map[string]string{"n": "1", "l": "1024", "depth": "2"}
	return []textbook{
		{"GAU n1024", "gau", "Gau.forward", one("n", "1024")},
		{"FLASH n4096", "flash", "Flash.forward", one("n", "4096")},
		{"FLASH n4096 causal", "flash", "Flash.forward", one("n", "4096", "causal", "true")},
		{"MoE expert choice n1024", "moe_choice", "MoeChoice.forward", map[string]string{"n": "1024"}},
		{"MoE capped choice n1024", "moe_choice_capped", "MoeChoiceCapped.forward", map[string]string{"n": "1024"}},
		{"MoE top 2 n1024", "moe_top2", "MoeTop2.forward", map[string]string{"n": "1024"}},
		{"ViT S/32", "vit", "Vit.forward", one()},
		{"PatchMerger S/16", "patch_merger", "Vit.forward", one()},
		{"DataMUX N40 Hadamard", "datamux", "DataMux.forward", one("n", "40")},
		{"DataMUX N10 orthogonal", "datamux", "DataMux.forward", one("mixing", "1")},
		{"DataMUX N8 binary", "datamux", "DataMux.forward", one("mixing", "2", "n", "8")},
		{"DataMUX N10 sentence", "datamux", "DataMux.sentence", one()},
		{"Y-Tuning", "ytuning", "YTuning.forward", one("t", "128")},
		{"Y-Tuning cross attention", "ytuning", "YTuning.attend", one("t", "128")},
		{"Charformer convolution", "charformer", "Charformer.convolved", map[string]string{"n": "1", "l": "1024"}},
		{"Charformer front end", "charformer", "Charformer.front", map[string]string{"n": "1", "l": "1024"}},
		{"Charformer", "charformer", "Charformer.forward", bytes},
	}
}

// How much more than the expert's form a textbook's may take.
const (
	flopsOverExpert = 1.02
	timeOverExpert  = 1.05
)

// unpacked writes the examples to a folder for as long as they are read.
func unpacked(file string) (*lathe.Program, error) {
	dir, err := os.MkdirTemp("", "lathe-examples")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	names, err := fs.Glob(examples.Files, "*.lathe")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := examples.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	return lathe.Load(filepath.Join(dir, file+".lathe"))
}

// costs are what a call costs after the passes of opts.
func (s *session) costs(ctx context.Context, p *lathe.Program, entry string, opts lathe.Options) (map[string]any, int, error) {
	opts.LLVM = s.cfg.LLVM
	f, program, err := p.Inspect(ctx, entry, opts)
	if err != nil {
		return nil, 0, err
	}
	_, bytes := counts.Of(program, program.Steps)
	return map[string]any{"flops": f.Work(), "bytes": bytes, "peak_bytes": memplan.Peak(program)}, f.Work(), nil
}

func (c *textbook) measure(ctx context.Context, s *session, threads int) (*Result, error) {
	r := &Result{Pass: true}
	written, err := unpacked(c.file)
	if err != nil {
		return nil, err
	}
	expert, err := unpacked(c.file + "_expert")
	if err != nil {
		return nil, err
	}
	opts := lathe.Options{Set: c.set, Threads: threads}
	plain := opts
	plain.Passes = []string{}
	f, _, err := written.Func(c.entry, opts)
	if err != nil {
		return nil, err
	}
	naive := map[string]any{"flops": f.Flops(), "bytes": f.Bytes(), "peak_bytes": counts.NaivePeak(f)}
	forms := []struct {
		key     string
		program *lathe.Program
		opts    lathe.Options
		costs   map[string]any
		flops   int
		x       *compiled
	}{{key: "lathe", program: written, opts: opts}, {key: "expert", program: expert, opts: opts}, {key: "plain", program: written, opts: plain}}
	list := []contestant{}
	for i := range forms {
		f := &forms[i]
		if f.costs, f.flops, err = s.costs(ctx, f.program, c.entry, f.opts); err != nil {
			return nil, err
		}
		if f.x, err = s.compile(ctx, f.program, c.entry, f.opts); err != nil {
			return nil, err
		}
		defer f.x.close()
		list = append(list, f.x.contestant(ctx, f.key))
	}
	without := map[string]any{}
	for _, name := range passNames() {
		some := opts
		if some.Passes, err = passes.Select([]string{"-" + name}); err != nil {
			return nil, err
		}
		_, flops, err := s.costs(ctx, written, c.entry, some)
		if err != nil {
			return nil, err
		}
		without[name] = float64(flops) / float64(forms[0].flops)
	}
	r.set("without", without)
	list = append(list, s.peak(tensor.F32, threads))
	t, err := s.race(ctx, rules{samples: s.cfg.samples(15), budget: 5 * time.Second, settle: settle(threads), warm: warm(threads), steady: len(list) - 1}, list)
	if err != nil {
		return nil, err
	}
	for i, f := range forms {
		f.costs["time"] = t[i].timing()
		r.set(f.key, f.costs)
	}
	if s.cfg.Naive {
		start := time.Now()
		if _, err := eval.Run(ctx, forms[0].x.fn, forms[0].x.params, eval.Options{}); err != nil {
			return nil, err
		}
		naive["time"] = samples{time.Since(start).Seconds()}.timing()
	}
	r.set("naive", naive)
	r.set("threads", threads)
	r.set("of_expert", t[0].median()/t[1].median())
	if over := float64(forms[0].flops) / float64(forms[1].flops); over > flopsOverExpert {
		r.failf("%.3f times the FLOPs of the expert's form, want %.2f", over, flopsOverExpert)
	}
	if over := t[0].median() / t[1].median(); over > timeOverExpert {
		r.failf("%.3f times the time of the expert's form, want %.2f", over, timeOverExpert)
	}
	for _, f := range forms[1:] {
		if apart := difference(forms[0].x.outputs[0], f.x.outputs[0]); !(apart <= halfDigits) {
			r.failf("%s: results differ by %.2g of the largest element", fmt.Sprint(f.key), apart)
		}
	}
	return r, nil
}
