package llvm

import (
	"fmt"
	"math"
	"math/big"
)

// A fit asks for the polynomial that is nearest to a function in the sense of
// the largest weighted error on an interval.
type fit struct {
	name, doc string
	// sample returns, at x, what is approximated, the variable of the
	// polynomial, and the factor of the error.
	sample func(x *big.Float) (f, u *big.Float, weight float64)
	lo, hi float64   // the interval of x; 0 is not sampled
	degree int       // in u
	known  []float64 // the coefficients that are not free, from the constant on
	single bool      // coefficients are rounded to float, else to double
}

// coefficients returns the coefficients from the constant on, and the largest
// weighted error. They are rounded one after the other, and those that are left
// are fitted anew to what rounding left over.
func (f fit) coefficients() ([]float64, float64) {
	const points = 400
	var fs, us []*big.Float
	var ws []float64
	for i := range points {
		// Points of Chebyshev: dense at the ends, where the errors are.
		x := f.lo + (f.hi-f.lo)*(0.5-0.5*math.Cos(math.Pi*(float64(i)+0.5)/points))
		y, u, w := f.sample(bigOf(x))
		fs, us, ws = append(fs, y), append(us, u), append(ws, w)
	}
	done := append([]float64(nil), f.known...)
	for len(done) <= f.degree {
		c := remez(fs, us, ws, done, f.degree)
		x, _ := c[0].Float64()
		if f.single {
			x = float64(float32(x))
		}
		done = append(done, x)
	}
	worst := 0.0
	for i := range fs {
		r := newBig().Set(fs[i])
		power := bigInt(1)
		for _, c := range done {
			r.Sub(r, bigMul(bigOf(c), power))
			power.Mul(power, us[i])
		}
		e, _ := r.Float64()
		worst = max(worst, math.Abs(e*ws[i]))
	}
	return done, worst
}

// remez returns the coefficients len(done)..degree of the best polynomial whose
// other coefficients are done, by the exchange algorithm of Remez on the points
// given.
func remez(fs, us []*big.Float, ws []float64, done []float64, degree int) []*big.Float {
	first := len(done)
	n := degree - first + 1 // unknowns, with the error n+1
	// What is left of the function, and the powers of u.
	rest := make([]*big.Float, len(fs))
	powers := make([][]*big.Float, len(fs))
	// Errors alternate if what the powers have in common has one sign.
	signs := make([]float64, len(fs))
	for i := range fs {
		rest[i] = newBig().Set(fs[i])
		power := bigInt(1)
		signs[i] = 1
		if us[i].Sign() < 0 && first%2 == 1 {
			signs[i] = -1
		}
		for k := range degree + 1 {
			if k < first {
				rest[i].Sub(rest[i], bigMul(bigOf(done[k]), power))
			} else {
				powers[i] = append(powers[i], newBig().Set(power))
			}
			power.Mul(power, us[i])
		}
	}
	at := make([]int, n+1)
	for k := range at {
		at[k] = int((0.5 - 0.5*math.Cos(math.Pi*float64(k)/float64(n))) * float64(len(fs)-1))
		if k > 0 && at[k] <= at[k-1] {
			at[k] = at[k-1] + 1
		}
	}
	errs := make([]float64, len(fs))
	var best []*big.Float
	least := math.Inf(1)
	for range 30 {
		rows := make([][]*big.Float, n+1)
		for k, i := range at {
			w := bigOf(ws[i] * signs[i])
			for _, p := range powers[i] {
				rows[k] = append(rows[k], bigMul(p, w))
			}
			rows[k] = append(rows[k], bigInt(1-2*(k%2)), bigMul(rest[i], w))
		}
		x := solveBig(rows)
		worst := 0.0
		for i := range fs {
			r := newBig().Set(rest[i])
			for k, p := range powers[i] {
				r.Sub(r, bigMul(x[k], p))
			}
			e, _ := r.Float64()
			errs[i] = e * ws[i] * signs[i]
			worst = max(worst, math.Abs(errs[i]))
		}
		if worst < least {
			best, least = x[:n], worst
		}
		next := alternation(errs, n+1)
		if next == nil || fmt.Sprint(next) == fmt.Sprint(at) {
			break
		}
		at = next
	}
	return best
}

// alternation returns n points where the errors are large and of alternating
// sign; nil if there are not so many.
func alternation(errs []float64, n int) []int {
	var peaks []int
	for i, e := range errs {
		last := len(peaks) - 1
		switch {
		case last < 0 || (errs[peaks[last]] > 0) != (e > 0):
			peaks = append(peaks, i)
		case math.Abs(e) > math.Abs(errs[peaks[last]]):
			peaks[last] = i
		}
	}
	for len(peaks) > n { // drop the smaller end
		if math.Abs(errs[peaks[0]]) < math.Abs(errs[peaks[len(peaks)-1]]) {
			peaks = peaks[1:]
		} else {
			peaks = peaks[:len(peaks)-1]
		}
	}
	if len(peaks) < n {
		return nil
	}
	return peaks
}

// solveBig solves linear equations, given with their right-hand sides, by
// elimination with pivots.
func solveBig(rows [][]*big.Float) []*big.Float {
	n := len(rows)
	for k := range n {
		best := k
		for i := k + 1; i < n; i++ {
			if newBig().Abs(rows[i][k]).Cmp(newBig().Abs(rows[best][k])) > 0 {
				best = i
			}
		}
		rows[k], rows[best] = rows[best], rows[k]
		for i := k + 1; i < n; i++ {
			q := bigQuo(rows[i][k], rows[k][k])
			for j := k; j <= n; j++ {
				rows[i][j] = bigSub(rows[i][j], bigMul(q, rows[k][j]))
			}
		}
	}
	x := make([]*big.Float, n)
	for k := n - 1; k >= 0; k-- {
		s := newBig().Set(rows[k][n])
		for j := k + 1; j < n; j++ {
			s.Sub(s, bigMul(rows[k][j], x[j]))
		}
		x[k] = bigQuo(s, rows[k][k])
	}
	return x
}
