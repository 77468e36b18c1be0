package benchmarks

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A Column shows one figure of each row.
type Column struct {
	Head   string
	Path   string                 // of the figure, with dots: time.median_s
	Format func(v float64) string // of a number; nil for three digits
}

// cell is what a column shows of a row; "" where the row lacks the figure.
func (c *Column) cell(r *Result) string {
	switch v := r.value(c.Path).(type) {
	case float64:
		if c.Format != nil {
			return c.Format(v)
		}
		return fmt.Sprintf("%.3g", v)
	case string:
		return v
	case bool:
		return verdict(v)
	}
	return ""
}

func verdict(pass bool) string {
	if pass {
		return "pass"
	}
	return "FAIL"
}

// Print writes the report for people.
func Print(w io.Writer, r *Report) error {
	t, lines, err := build(r)
	if err != nil {
		return err
	}
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	for _, line := range r.Machine.lines() {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", t.Render()); err != nil {
		return err
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// build makes the table of a report, of the columns that some row has.
func build(r *Report) (table.Writer, []string, error) {
	suite, err := Find(r.Suite)
	if err != nil {
		return nil, nil, err
	}
	if r, err = r.decoded(); err != nil {
		return nil, nil, err
	}
	head, configs := table.Row{"", ""}, []table.ColumnConfig(nil)
	var shown []Column
	for _, c := range suite.Columns {
		used := false
		for i := range r.Rows {
			used = used || c.cell(&r.Rows[i]) != ""
		}
		if used {
			shown = append(shown, c)
			head = append(head, c.Head)
			configs = append(configs, table.ColumnConfig{Number: len(head), Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t := table.NewWriter()
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for i := range r.Rows {
		row := table.Row{r.Rows[i].Name, verdict(r.Rows[i].Pass)}
		for _, c := range shown {
			row = append(row, c.cell(&r.Rows[i]))
		}
		t.AppendRow(row)
	}
	return t, r.Lines(), nil
}

// Page writes reports as a page of Markdown. roofline is the file of the plot of
// kernels, relative to the page; "" for none.
func Page(w io.Writer, reports []*Report, roofline string) error {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `lathe bench --page`; measured by `lathe bench SUITE --json`. Don't edit.\n")
	for _, r := range reports {
		suite, err := Find(r.Suite)
		if err != nil {
			return err
		}
		t, lines, err := build(r)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", suite.Name, suite.About)
		for _, line := range r.Machine.lines() {
			fmt.Fprintf(&b, "- %s\n", line)
		}
		if roofline != "" && r.Suite == "kernels" {
			fmt.Fprintf(&b, "\n![roofline](%s)\n", roofline)
		}
		fmt.Fprintf(&b, "\n%s\n\n", t.RenderMarkdown())
		for _, line := range lines {
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(line, "\n", " "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// seconds prints a time with three digits and a unit.
func seconds(x float64) string { return unit(x, "s", []string{"", "m", "u", "n"}, 1e-3) }

// count prints a count with three digits and a unit.
func count(x float64) string {
	return strings.TrimSpace(unit(x, "", []string{"T", "G", "M", "k", ""}, 1e-3, 1e12))
}

// unit prints x in the largest of units that leaves at least 1, each the step
// times the one before it.
func unit(x float64, name string, units []string, step float64, first ...float64) string {
	scale := 1.0
	if len(first) > 0 {
		scale = first[0]
	}
	for i, u := range units {
		if math.Abs(x) >= scale || i == len(units)-1 {
			return fmt.Sprintf("%.3g %s%s", x/scale, u, name)
		}
		scale *= step
	}
	return ""
}

// percent prints a share.
func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
