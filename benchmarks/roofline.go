package benchmarks

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Roofline draws a report of kernels as SVG: the rate of each product over the
// FLOPs that it does for each byte that it must move, below the roofs that the
// peak and the bandwidths of memory and of the last cache make. f32 only, for
// each number of threads roofs of their own.
func Roofline(w io.Writer, r *Report) error {
	r, err := r.decoded()
	if err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text = r.Machine.Processor
	p.X.Label.Text = "FLOPs a byte"
	p.Y.Label.Text = "GFLOP/s"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.TextStyle.Font.Size = vg.Points(8)
	p.Legend.Left, p.Legend.Top = true, true

	forms := []struct {
		key, name string
		shape     draw.GlyphDrawer
		color     color.Color
	}{
		{"lathe", "Lathe", draw.CircleGlyph{}, color.RGBA{R: 20, G: 90, B: 200, A: 255}},
		{"weight", "Lathe, weight", draw.PyramidGlyph{}, color.RGBA{R: 20, G: 160, B: 90, A: 255}},
		{"openblas", "OpenBLAS", draw.BoxGlyph{}, color.RGBA{R: 200, G: 60, B: 30, A: 255}},
		{"onednn", "oneDNN", draw.CrossGlyph{}, color.RGBA{R: 150, G: 60, B: 160, A: 255}},
	}
	points := map[string]plotter.XYs{}
	type roof struct{ peak, memory, cache []float64 }
	roofs := map[int]*roof{}
	var threads []int
	low, high := math.Inf(1), 0.0
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Name[:3] != "f32" {
			continue
		}
		get := func(path string) float64 { x, _ := row.value(path).(float64); return x }
		flops, bytes, n := get("flops"), get("bytes"), int(get("threads"))
		if bytes == 0 || get("gflops.peak") == 0 {
			continue // it was not measured
		}
		at := flops / bytes
		low, high = min(low, at), max(high, at)
		for _, f := range forms {
			if y := get("gflops." + f.key); y > 0 {
				points[f.key] = append(points[f.key], plotter.XY{X: at, Y: y})
			}
		}
		if roofs[n] == nil {
			roofs[n] = &roof{}
			threads = append(threads, n)
		}
		roofs[n].peak = append(roofs[n].peak, get("gflops.peak"))
		roofs[n].memory = append(roofs[n].memory, get("bandwidth_memory")/1e9)
		roofs[n].cache = append(roofs[n].cache, get("bandwidth_cache")/1e9)
	}
	if len(threads) == 0 {
		return fmt.Errorf("a roofline is of rows of kernels in f32 that were measured; %s has none", r.Suite)
	}
	slices.Sort(threads)
	for i, n := range threads {
		peak := sorted(roofs[n].peak).median()
		for _, line := range []struct {
			name   string
			slope  float64
			dashes []vg.Length
		}{{"last cache", sorted(roofs[n].cache).median(), nil}, {"memory", sorted(roofs[n].memory).median(), []vg.Length{4, 3}}} {
			bend := peak / line.slope
			xys := plotter.XYs{{X: low / 2, Y: min(peak, line.slope*low/2)}, {X: bend, Y: peak}, {X: max(2*high, bend), Y: peak}}
			if bend <= low/2 {
				xys = xys[:1]
				xys = append(xys, plotter.XY{X: 2 * high, Y: peak})
			}
			l, err := plotter.NewLine(xys)
			if err != nil {
				return err
			}
			l.Width, l.Dashes = vg.Points(1), line.dashes
			l.Color = color.Gray{Y: uint8(110 - 60*min(i, 1))}
			p.Add(l)
			p.Legend.Add(fmt.Sprintf("%d threads: %.0f GFLOP/s, %s %.0f GB/s", n, peak, line.name, line.slope), l)
		}
	}
	for _, f := range forms {
		if len(points[f.key]) == 0 {
			continue
		}
		s, err := plotter.NewScatter(points[f.key])
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: f.color, Radius: vg.Points(3), Shape: f.shape}
		p.Add(s)
		p.Legend.Add(f.name, s)
	}
	canvas := vgsvg.New(9*vg.Inch, 6*vg.Inch)
	p.Draw(draw.New(canvas))
	_, err = canvas.WriteTo(w)
	return err
}
