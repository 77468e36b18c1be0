package jit

import "fmt"

func cpuid(leaf, subleaf uint32) (a, b, c, d uint32)

// xgetbv returns which registers the operating system saves.
func xgetbv() (a, d uint32)

// Processor returns a text that is the same for two processors only if LLVM
// takes them for the same and finds the same features in them: the model, and
// all words of the instruction CPUID in which features are. Such a text does not
// need LLVM. What differs between the cores of a processor is left out.
func Processor() string {
	top, v0, v1, v2 := cpuid(0, 0)
	model, _, c1, d1 := cpuid(1, 0)
	text := fmt.Sprintf("x86-64 %x.%x.%x %x %x.%x", v0, v1, v2, model, c1, d1)
	const savesRegisters = 1 << 27
	if c1&savesRegisters != 0 {
		a, d := xgetbv()
		text += fmt.Sprintf(" saves %x.%x", a, d)
	}
	extended, _, _, _ := cpuid(0x80000000, 0)
	for _, l := range []struct {
		leaf, subleaf uint32
		words         string
	}{
		{7, 0, "bcd"}, {7, 1, "abcd"}, {0xd, 1, "a"}, {0x14, 0, "b"}, {0x19, 0, "b"}, {0x1e, 1, "a"}, {0x24, 0, "b"},
		{0x80000001, 0, "cd"}, {0x80000008, 0, "b"}, {0x80000021, 0, "a"},
	} {
		if last := map[bool]uint32{false: top, true: extended}[l.leaf >= 0x80000000]; l.leaf > last {
			continue
		}
		a, b, c, d := cpuid(l.leaf, l.subleaf)
		text += fmt.Sprintf(" %x.%x", l.leaf, l.subleaf)
		for _, w := range l.words {
			text += fmt.Sprintf(":%x", map[rune]uint32{'a': a, 'b': b, 'c': c, 'd': d}[w])
		}
	}
	return text
}
