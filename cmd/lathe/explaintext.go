package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// print says the same for people: what was written, what was done about it,
// what is left.
func (x *explanation) print(w io.Writer) {
	fmt.Fprintf(w, "%s%s\n\n", x.Entry, sizesText(x.Sizes))
	t := newTable(w, 2, 3, 4, 5)
	t.AppendHeader(table.Row{"", "flops", "bytes", "peak bytes", "operations"})
	t.AppendRow(table.Row{"as written", si(x.Naive.Flops), si(x.Naive.Bytes), si(x.Naive.Peak), x.Naive.Ops})
	t.AppendRow(table.Row{"compiled", si(x.Optimized.Flops), si(x.Optimized.Bytes), si(x.Optimized.Peak), fmt.Sprintf("%d in %d kernels", x.Optimized.Ops, len(x.Kernels))})
	if x.LoadTime != (loadJSON{}) {
		t.AppendRow(table.Row{"once, at load time", si(x.LoadTime.Flops), si(x.LoadTime.Bytes), "", ""})
	}
	t.Render()
	if x.openLoops > 0 {
		fmt.Fprintf(w, "Loops with bounds that only a run knows: %d; each counts as one turn.\n", x.openLoops)
	}
	fmt.Fprintln(w)
	if len(x.Rewrites) == 0 {
		fmt.Fprintln(w, "No pass found anything to rewrite.")
	} else {
		t := newTable(w, 4, 5)
		t.AppendHeader(table.Row{"pass", "rule", "at", "times", "flops saved", "law"})
		for _, r := range grouped(x.Rewrites) {
			t.AppendRow(table.Row{r.Pass, r.Rule, r.At, r.times, si(r.Before - r.After), r.law})
		}
		t.Render()
	}
	fmt.Fprintln(w)
	t = newTable(w, 3, 4)
	t.AppendHeader(table.Row{"kernel", "kind", "flops", "bytes", "computes"})
	for _, k := range x.Kernels {
		t.AppendRow(table.Row{k.Name, k.Kind, si(k.Flops), si(k.Bytes), strings.Join(k.Ops, " ")})
	}
	t.Render()
}

// printRefused says what passes considered and did not do.
func (x *explanation) printRefused(w io.Writer) {
	fmt.Fprintln(w)
	if len(x.refused) == 0 {
		fmt.Fprintln(w, "No pass considered a rewrite and refused it.")
		return
	}
	t := newTable(w, 4, 5)
	t.AppendHeader(table.Row{"pass", "refused", "at", "times", "flops it would add", "law"})
	for _, r := range grouped(x.refused) {
		t.AppendRow(table.Row{r.Pass, r.Rule, r.At, r.times, si(r.After - r.Before), r.law})
	}
	t.Render()
}

// A rewriteGroup is the rewrites of one line: a layer that stands in a model
// twelve times is rewritten twelve times at the same place. Its counts are sums.
type rewriteGroup struct {
	rewriteJSON
	times int
}

// grouped puts rewrites of one pass by one rule at one place together, where the
// first of them stands.
func grouped(rewrites []rewriteJSON) []rewriteGroup {
	var out []rewriteGroup
	at := map[rewriteJSON]int{}
	for _, r := range rewrites {
		key := r
		key.Before, key.After = 0, 0
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key], out = i, append(out, rewriteGroup{rewriteJSON: key})
		}
		out[i].Before += r.Before
		out[i].After += r.After
		out[i].times++
	}
	return out
}

// newTable returns a table without frames whose columns of the given numbers
// are set to the right.
func newTable(w io.Writer, right ...int) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	var columns []table.ColumnConfig
	for _, n := range right {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	columns = append(columns, table.ColumnConfig{Name: "computes", WidthMax: 72, WidthMaxEnforcer: text.WrapSoft})
	t.SetColumnConfigs(columns)
	return t
}

func sizesText(sizes map[string]any) string {
	var parts []string
	for name, v := range sizes {
		parts = append(parts, fmt.Sprintf("%s=%v", name, v))
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	return " with " + strings.Join(parts, ", ")
}

// si prints a count with three digits and a unit.
func si(n int) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}} {
		if x := float64(n) / u.size; x >= 0.9995 || x <= -0.9995 { // what rounds to a thousand has the next unit
			return fmt.Sprintf("%.3g %s", x, u.name)
		}
	}
	return fmt.Sprint(n)
}
