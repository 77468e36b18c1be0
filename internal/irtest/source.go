package irtest

import "math/rand/v2"

// A Src makes every choice of the generator, so that the same one is driven by
// a seed, by a property test or by the bytes of a fuzzer. 0 is always the
// simplest choice.
type Src interface {
	// Int returns a number in 0..n, n at least 1. The label says what for.
	Int(n int, label string) int
}

// Seeded returns a source that draws from a seed.
func Seeded(seed uint64) Src { return seeded{rand.New(rand.NewPCG(seed, 0x6c61746865))} }

type seeded struct{ *rand.Rand }

func (s seeded) Int(n int, _ string) int { return s.IntN(n) }

// Bytes returns n bytes drawn from a seed, such as to begin a fuzz target with.
func Bytes(seed uint64, n int) []byte {
	src, data := Seeded(seed), make([]byte, n)
	for i := range data {
		data[i] = byte(src.Int(256, ""))
	}
	return data
}

// FromBytes returns a source that reads its choices from data, and makes the
// simplest one where data has ended.
func FromBytes(data []byte) Src { return &fromBytes{data} }

type fromBytes struct{ data []byte }

func (s *fromBytes) Int(n int, _ string) int {
	x := 0
	for reach := 1; reach < n && len(s.data) > 0; reach <<= 8 {
		x = x<<8 | int(s.data[0])
		s.data = s.data[1:]
	}
	return x % n
}
