package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/codegen/counts"
	"github.com/lathe-lang/lathe/internal/tensorio"
)

// profile runs once more with a clock at every kernel. It prints what each took
// beside what is predicted for it, and writes the Chrome trace if a file is
// named.
func (c *runCmd) profile(ctx context.Context, e *env, m *model, x *lathe.Executable) error {
	_, spans, err := x.Timed(ctx, m.inputs...)
	if err != nil {
		return err
	}
	if c.Trace != "" {
		if err := writeTrace(ctx, c.Trace, spans); err != nil {
			return err
		}
	}
	if !c.Profile {
		return nil
	}
	kernels, _ := counts.Of(x.Kernels(), x.Kernels().Steps)
	// A kernel takes as long as the worker that takes longest.
	longest := map[string]time.Duration{}
	for _, s := range spans {
		longest[s.Kernel.Name] = max(longest[s.Kernel.Name], s.Took)
	}
	t := newTable(e.stdout, 3, 4, 5, 6, 7)
	t.AppendHeader(table.Row{"kernel", "kind", "time", "flops", "GFLOP/s", "bytes", "GB/s"})
	for _, k := range kernels {
		took := longest[k.Name].Seconds()
		rate := func(n int) string {
			if took == 0 {
				return ""
			}
			return fmt.Sprintf("%.3g", float64(n)/took/1e9)
		}
		t.AppendRow(table.Row{k.Name, k.Kind, seconds(took), si(k.Flops), rate(k.Flops), si(k.Bytes), rate(k.Bytes)})
	}
	t.Render()
	return nil
}

// A traceEvent is a span in the form of Chrome's trace viewer, times in
// microseconds.
type traceEvent struct {
	Name   string  `json:"name"`
	Kind   string  `json:"cat"`
	Phase  string  `json:"ph"`
	Start  float64 `json:"ts"`
	Took   float64 `json:"dur"`
	Pid    int     `json:"pid"`
	Worker int     `json:"tid"`
}

// writeTrace writes the spans as a Chrome trace; a kernel of a loop is one span
// from its first turn on, as long as all turns took.
func writeTrace(ctx context.Context, path string, spans []lathe.Span) error {
	events := []traceEvent{}
	for _, s := range spans {
		events = append(events, traceEvent{
			Name: s.Kernel.Name, Kind: s.Kernel.Kind.String(), Phase: "X",
			Start: micro(s.Start), Took: micro(s.Took), Pid: 1, Worker: s.Worker,
		})
	}
	return tensorio.WriteFile(ctx, path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(map[string]any{"traceEvents": events})
	})
}

func micro(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
