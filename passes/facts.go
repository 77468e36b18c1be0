package passes

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/lathe-lang/lathe/ir"
)

// Facts returns what the passes know of each value of f, a line each: when it
// becomes known, its structure, whether it is finite whatever the arguments are, and
// which of its elements anything needs. f has constant sizes, and is only read.
func Facts(f *ir.Func) string {
	levels := f.Levels()
	s := newSlicing(&Context{Context: context.Background()}, f)
	s.region(&f.Region, 1)
	needs, sizes := f.Needed(), newMagnitudes()
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "value\ttype\tknown in\tstructure\tneeded")
	for _, v := range f.Params {
		s.fact(t, sizes, v, levels[v], needs)
	}
	f.Walk(func(v *ir.Value) {
		if v.Op != ir.OpParam {
			s.fact(t, sizes, v, levels[v], needs)
		}
	})
	t.Flush()
	// Columns that are empty at the end of a line leave spaces there.
	lines := strings.Split(text.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// fact writes the line of v.
func (s *slicing) fact(w io.Writer, m *magnitudes, v *ir.Value, level ir.Level, needs map[*ir.Value]ir.Diagonals) {
	if v.Type.Tuple != nil {
		fmt.Fprintf(w, "%v\t%v\t%v\t\t\n", v, v.Type, level)
		return
	}
	needed := s.need[v].describe()
	if d, ok := needs[v]; ok && s.need[v] != nil {
		needed = strings.TrimPrefix(needed+", ", "all, ") + fmt.Sprintf("diagonals %d to %d", -d.Below, d.Above)
	}
	fmt.Fprintf(w, "%v\t%v\t%v\t%s\t%s\n", v, v.Type.Plain(), level, m.described(v), needed)
}

// described says what is known of the last two axes of v, and whether floats are
// finite; integers are.
func (m *magnitudes) described(v *ir.Value) string {
	var parts []string
	if p := v.Type.Props; p != (ir.Props{}) {
		parts = append(parts, p.String())
	}
	if n := v.Type.Rank(); n >= 2 {
		d := v.Type.Dims()
		if at := ir.DiagonalsOf(v, false); at.Of(d[n-2], d[n-1]) {
			parts = append(parts, fmt.Sprintf("diagonals %d to %d", -at.Below, at.Above))
		}
		if v.Op != ir.OpParam {
			if rank := rankBound(v, rankDepth); rank < min(d[n-2], d[n-1]) {
				parts = append(parts, fmt.Sprintf("rank at most %d", rank))
			}
		}
	}
	switch {
	case v.Op == ir.OpContract && ir.OwnTranspose(v):
		parts = append(parts, "its own transpose")
	case exactZero(v):
		parts = append(parts, "zeros")
	case v.Op == ir.OpOneHot:
		parts = append(parts, "at most a one in each row")
	case isIdentity(v):
		parts = append(parts, "identity")
	}
	if v.Type.DType.IsFloat() && m.finite(v) {
		parts = append(parts, "finite")
	}
	return strings.Join(parts, ", ")
}

// describe returns a demand in the language's notation of slices; a list of
// indices that is no progression is cut short.
func (d demand) describe() string {
	if d == nil {
		return "nothing"
	}
	if d.whole() {
		return "all"
	}
	parts := make([]string, len(d))
	for i, w := range d {
		switch {
		case w.all:
			parts[i] = ":"
		case w.pick != nil && w.count > 0:
			parts[i] = fmt.Sprintf("%v:%v+%d", w.pick, w.pick, w.count)
		case w.pick != nil:
			parts[i] = w.pick.String()
		default:
			parts[i] = asSlice(w.list)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// asSlice returns ascending indices as a slice, or as a list.
func asSlice(list []int) string {
	const most = 8
	switch len(list) {
	case 0:
		return "0:0"
	case 1:
		return fmt.Sprint(list[0])
	}
	step := list[1] - list[0]
	for i, k := range list {
		if k != list[0]+i*step {
			text := fmt.Sprint(list[:min(len(list), most)])
			if len(list) > most {
				text = strings.TrimSuffix(text, "]") + " ...]"
			}
			return text
		}
	}
	text := fmt.Sprintf("%d:%d", list[0], list[len(list)-1]+1)
	if step > 1 {
		text += fmt.Sprintf(":%d", step)
	}
	return text
}
