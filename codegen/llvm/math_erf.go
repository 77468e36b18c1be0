package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// erf returns the error function.
func (e *emitter) erf(x value.Value) value.Value { return e.inDouble(x, e.erfDouble) }

// erfDouble uses the rational approximations of FreeBSD's s_erf.c, whose
// coefficients these are, in four ranges of a = |x|:
//
//	a < 0.84375   a + a P(a^2) / Q(a^2)
//	a < 1.25      c + P(a - 1) / Q(a - 1)
//	else          1 - exp(-a^2 - 0.5625 + R(1/a^2) / S(1/a^2)) / a, R and S by whether a < 1/0.35
func (e *emitter) erfDouble(x value.Value) value.Value {
	t := x.Type()
	one := e.float(t, 1)
	a := e.within(e.intrinsic("llvm.fabs", t, x), 0, 6)

	z := e.fmul(a, a)
	near := e.fadd(a, e.fmul(a, e.fdiv(
		e.poly(z, 1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03, -2.37630166566501626084e-05),
		e.poly(z, 1, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06))))

	s := e.fsub(a, one)
	middle := e.fadd(e.float(t, 8.45062911510467529297e-01), e.fdiv(
		e.poly(s, -2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01, -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03),
		e.poly(s, 1, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02)))

	b := e.choose(e.fcmp(enum.FPredOLT, a, one), one, a) // keeps 1/a^2 finite where it is not used
	w := e.fdiv(one, e.fmul(b, b))
	closer := e.fcmp(enum.FPredOLT, b, e.float(t, 1/0.35))
	r := e.choose(closer,
		e.poly(w, -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01, -9.81432934416914548592e+00),
		e.poly(w, -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02))
	q := e.choose(closer,
		e.poly(w, 1, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02, 6.45387271733267880336e+02, 4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02),
		e.poly(w, 1, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03, 3.19985821950859553908e+03, 2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01))
	// The square of a head of b is exact, so its exponential and that of the
	// rest lose nothing.
	head := e.bitcast(e.cur.NewAnd(e.asBits(b), e.int(like(types.I64, x), -1<<32)), t)
	square := e.fsub(e.fmul(e.fneg(head), head), e.float(t, 0.5625))
	rest := e.fadd(e.fmul(e.fsub(head, b), e.fadd(head, b)), e.fdiv(r, q))
	far := e.fsub(one, e.fdiv(e.fmul(e.expDouble(square), e.expDouble(rest)), b))

	y := e.choose(e.fcmp(enum.FPredOLT, a, e.float(t, 1.25)), middle, far)
	y = e.choose(e.fcmp(enum.FPredOLT, a, e.float(t, 0.84375)), near, y)
	y = e.choose(e.fcmp(enum.FPredUNO, x, x), x, y)
	return e.intrinsic("llvm.copysign", t, y, x)
}
