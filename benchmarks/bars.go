package benchmarks

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Bars draws a report of awareness as SVG: for each model the FLOPs of a call
// without passes, of Lathe and of the expert's form, as shares of those written.
func Bars(w io.Writer, r *Report) error {
	r, err := r.decoded()
	if err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text = "FLOPs of a call, of those written"
	p.Y.Label.Text = "%"
	p.Y.Min = 0
	p.Legend.Top = true
	var names []string
	for i := range r.Rows {
		names = append(names, r.Rows[i].Name)
	}
	const width = 9.
	for k, form := range []struct {
		key, name string
		color     color.Color
	}{
		{"plain", "without passes", color.RGBA{R: 170, G: 170, B: 170, A: 255}},
		{"lathe", "Lathe", color.RGBA{R: 20, G: 90, B: 200, A: 255}},
		{"expert", "expert", color.RGBA{R: 20, G: 160, B: 90, A: 255}},
	} {
		var shares plotter.Values
		for i := range r.Rows {
			written, _ := r.Rows[i].number("naive.flops")
			flops, _ := r.Rows[i].number(form.key + ".flops")
			if written == 0 {
				written = 1 // it was not measured
			}
			shares = append(shares, 100*flops/written)
		}
		if len(shares) == 0 {
			return fmt.Errorf("the report of %s has no rows", r.Suite)
		}
		bars, err := plotter.NewBarChart(shares, vg.Points(width))
		if err != nil {
			return err
		}
		bars.Color, bars.LineStyle.Width = form.color, 0
		bars.Offset = vg.Points(width * float64(k-1))
		p.Add(bars)
		p.Legend.Add(form.name, bars)
	}
	p.NominalX(names...)
	p.X.Tick.Label.Rotation = 0.6
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	c := vgsvg.New(24*vg.Centimeter, 12*vg.Centimeter)
	p.Draw(draw.New(c))
	_, err = c.WriteTo(w)
	return err
}
