package tensor

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// nearest returns x rounded to a float with the given bits of mantissa and
// exponents by big.Float, which shares nothing with the code under test.
func nearest(x *big.Float, mant uint, minExp, maxExp int) float64 {
	if x.Sign() == 0 {
		v, _ := x.Float64()
		return v
	}
	// x = 0.1... * 2^e; below the smallest normal number the unit stays fixed.
	e := x.MantExp(nil) - 1
	unit := max(e, minExp) - int(mant) + 1
	scaled := new(big.Float).SetPrec(200).SetMantExp(x, -unit)
	n := roundEven(scaled)
	r := new(big.Float).SetPrec(200).SetMantExp(new(big.Float).SetInt(n), unit)
	v, _ := r.Float64()
	if n.Sign() == 0 && x.Sign() < 0 {
		return math.Copysign(0, -1)
	}
	if math.Abs(v) >= math.Ldexp(1, maxExp+1) {
		return math.Inf(x.Sign())
	}
	return v
}

func roundEven(x *big.Float) *big.Int {
	lo, _ := x.Int(nil) // towards zero
	rest := new(big.Float).SetPrec(200).Sub(x, new(big.Float).SetPrec(200).SetInt(lo))
	rest.Abs(rest)
	c := rest.Cmp(big.NewFloat(0.5))
	if c > 0 || c == 0 && lo.Bit(0) == 1 {
		lo.Add(lo, big.NewInt(int64(x.Sign())))
	}
	return lo
}

var narrow = []struct {
	d              DType
	mant           uint
	minExp, maxExp int
}{
	{F32, 24, -126, 127},
	{F16, 11, -14, 15},
	{BF16, 8, -126, 127},
}

func TestRoundNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range narrow {
		for range 20000 {
			x := math.Ldexp(rng.Float64()+1, rng.IntN(300)-160)
			if f.d == F16 {
				x = math.Ldexp(rng.Float64()+1, rng.IntN(48)-30)
			}
			if rng.IntN(2) == 0 { // near a tie of the type, one bit of f64 away or none
				bits := math.Float64bits(x)
				keep := 53 - f.mant
				bits = bits>>keep<<keep | 1<<(keep-1)
				x = math.Float64frombits(bits + uint64(rng.IntN(3)) - 1)
			}
			if rng.IntN(2) == 0 {
				x = -x
			}
			want := nearest(big.NewFloat(x), f.mant, f.minExp, f.maxExp)
			if got := Round(f.d, x); math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("Round(%v, %b) = %b, want %b", f.d, x, got, want)
			}
		}
	}
}

func TestRoundFromInt(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, f := range narrow {
		u := New(f.d)
		for range 20000 {
			v := int64(rng.Uint64()) >> rng.IntN(64)
			if rng.IntN(2) == 0 && (v > 1<<25 || v < -1<<25) { // near a tie
				keep := uint(bitLen(v)) - f.mant
				v = v>>keep<<keep | 1<<(keep-1)
				v += int64(rng.IntN(3)) - 1
			}
			u.SetInt(0, v)
			want := nearest(bigInt(v), f.mant, f.minExp, f.maxExp)
			if got := u.Float(0); got != want {
				t.Fatalf("%v from %d = %v, want %v", f.d, v, got, want)
			}
		}
		for _, v := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
			u.SetInt(0, v)
			want := nearest(bigInt(v), f.mant, f.minExp, f.maxExp)
			if got := u.Float(0); got != want {
				t.Errorf("%v from %d = %v, want %v", f.d, v, got, want)
			}
		}
	}
}

func bitLen(v int64) int { return new(big.Int).Abs(big.NewInt(v)).BitLen() }

// Every pattern of 16 bits survives the way out and back, NaN as NaN.
func TestRound16Bits(t *testing.T) {
	for bits := range 1 << 16 {
		b := uint16(bits)
		for _, c := range []struct {
			name string
			out  float32
			back uint16
			f64  uint16
		}{
			{"f16", F16ToF32(b), F32ToF16(F16ToF32(b)), F64ToF16(float64(F16ToF32(b)))},
			{"bf16", BF16ToF32(b), F32ToBF16(BF16ToF32(b)), F64ToBF16(float64(BF16ToF32(b)))},
		} {
			if c.out != c.out {
				f := map[string]func(uint16) float32{"f16": F16ToF32, "bf16": BF16ToF32}[c.name]
				if v := f(c.back); v == v {
					t.Fatalf("%s %04x is NaN and came back as %v", c.name, b, v)
				}
				continue
			}
			if c.back != b || c.f64 != b {
				t.Fatalf("%s %04x came back as %04x and %04x", c.name, b, c.back, c.f64)
			}
		}
	}
}

func TestRoundSpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		d       DType
		x, want float64
	}{
		{F32, inf, inf}, {F16, inf, inf}, {BF16, -inf, -inf},
		{F32, nan, nan}, {F16, nan, nan}, {BF16, nan, nan}, {F64, nan, nan},
		{F16, 65519, 65504}, {F16, 65520, inf}, {F16, -1e300, -inf},
		{F32, math.MaxFloat64, inf}, {BF16, math.MaxFloat32, inf},
		{I64, nan, 0}, {I32, nan, 0}, {U8, nan, 0}, {Bool, nan, 1},
		{I32, 1e10, math.MaxInt32}, {I32, -1e10, math.MinInt32}, {I32, -1.9, -1}, {I32, 1.9, 1},
		{I8, 127.9, 127}, {I8, 128, 127}, {I8, -128.9, -128}, {U8, -0.5, 0}, {U8, 255.5, 255}, {U8, 300, 255}, {U8, -inf, 0},
		{I64, inf, math.MaxInt64}, {I64, -inf, math.MinInt64}, {I64, 1 << 62, 1 << 62},
		{Bool, 0, 0}, {Bool, -3, 1},
	} {
		got := Round(c.d, c.x)
		if got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("Round(%v, %v) = %v, want %v", c.d, c.x, got, c.want)
		}
	}
	if got := Round(F16, math.Copysign(0, -1)); !math.Signbit(got) {
		t.Errorf("f16 of -0 lost its sign")
	}
	if got := F64ToBF16(math.Float64frombits(0xfff0000000000001)); BF16ToF32(got) == BF16ToF32(got) || got>>15 != 1 {
		t.Errorf("bf16 of -NaN with a small payload is %04x", got)
	}
}

func TestSaturate(t *testing.T) {
	for _, c := range []struct {
		d    DType
		x    float64
		want int64
	}{
		{I64, 9.3e18, math.MaxInt64}, {I64, -9.3e18, math.MinInt64},
		{I64, 9007199254740993, 9007199254740992}, {I64, math.Nextafter(1<<63, 0), 1<<63 - 1024},
		{I32, 2147483647.5, 2147483647}, {I32, -2147483648.5, -2147483648},
	} {
		if got := Saturate(c.d, c.x); got != c.want {
			t.Errorf("Saturate(%v, %v) = %d, want %d", c.d, c.x, got, c.want)
		}
	}
}

func bigInt(v int64) *big.Float { return new(big.Float).SetInt64(v) }
