package memplan

import "github.com/lathe-lang/lathe/codegen/kernel"

// Separate gives each temporary buffer of p memory of its own, as a check needs
// that reads all of them after a run. It is an alternative to Assign.
func Separate(p *kernel.Program) {
	p.Arena = separate(p, kernel.Temp)
	p.Making = separate(p, kernel.LoadTemp)
	p.Loaded = separate(p, kernel.Loaded)
}

// separate places the buffers of a kind one behind the other and returns how
// many bytes they take.
func separate(p *kernel.Program, kind kernel.BufferKind) int {
	arena := 0
	for _, b := range p.Buffers {
		if b.Kind == kind {
			b.Offset = arena
			arena = roundUp(arena + b.Bytes)
		}
	}
	return arena
}
