// Command compare shows two .npy files beside each other, a result and a
// reference, and the largest difference between them:
//
//	go run ./examples/compare RESULT.npy REFERENCE.npy
//
// Differences are told in roundings of the type of the result: units in the
// last place of the largest value of the reference. It exits with 1 where the
// shapes differ, where NaN or infinity meets something else, and where the
// difference passes -roundings.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func main() {
	os.Exit(run(os.Stdout, os.Stderr, os.Args[1:]))
}

// run is main without the process: tests call it.
func run(stdout, stderr io.Writer, args []string) int {
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	// A layer of a few thousand terms a sum rounds as often; a wrong formula is
	// off by millions.
	roundings := flags.Float64("roundings", 4096, "the largest difference, in units in the last place of the largest value")
	if err := flags.Parse(args); err != nil || flags.NArg() != 2 {
		fmt.Fprintln(stderr, "usage: compare [-roundings N] RESULT.npy REFERENCE.npy")
		return 2
	}
	got, err := tensorio.ReadNpy(flags.Arg(0), 0)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	want, err := tensorio.ReadNpy(flags.Arg(1), 0)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	fmt.Fprintf(stdout, "result    %v\nreference %v\n", got.Tensor, want.Tensor)
	if !slices.Equal(got.Tensor.Shape(), want.Tensor.Shape()) {
		fmt.Fprintln(stderr, "the shapes differ")
		return 1
	}
	d := difference(got.Tensor.Floats(), want.Tensor.Floats())
	// 0 where all is equal, also where the largest value is 0.
	units := 0.0
	if d.max > 0 {
		units = d.max / unit(got.Tensor.DType(), d.largest)
	}
	fmt.Fprintf(stdout, "largest difference %.3g, at element %d (%s and %s): %.3g roundings of the largest value\n",
		d.max, d.at, show(got.Tensor, d.at), show(want.Tensor, d.at), units)
	if !(units <= *roundings) {
		fmt.Fprintf(stderr, "that is more than %v roundings\n", *roundings)
		return 1
	}
	return 0
}

func show(t *tensor.Tensor, i int) string {
	if i >= t.Len() {
		return "none"
	}
	return t.Format(i)
}

// gap is the largest difference between two lists of numbers.
type gap struct {
	max     float64 // +Inf where NaN or infinity meets something else
	at      int     // where it is
	largest float64 // the largest finite magnitude of the reference
}

func difference(got, want []float64) gap {
	var d gap
	for i, w := range want {
		g := got[i]
		if a := math.Abs(w); !math.IsInf(a, 0) && a > d.largest {
			d.largest = a
		}
		if g == w || g != g && w != w {
			continue
		}
		diff := math.Abs(g - w)
		if diff != diff {
			diff = math.Inf(1)
		}
		if diff > d.max {
			d.max, d.at = diff, i
		}
	}
	return d
}

// unit is the unit in the last place of x in a type.
func unit(d tensor.DType, x float64) float64 {
	digits := map[tensor.DType]int{tensor.F64: 53, tensor.F32: 24, tensor.F16: 11, tensor.BF16: 8}[d]
	if digits == 0 || x == 0 {
		return 1
	}
	return math.Ldexp(1, math.Ilogb(x)-digits+1)
}
