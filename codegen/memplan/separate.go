package memplan

import "github.com/lathe-lang/lathe/codegen/kernel"

// Separate gives each temporary buffer of p memory of its own, as a check needs
// that reads all of them after a run. It is an alternative to Assign.
func Separate(p *kernel.Program) {
	p.Arena = 0
	for _, b := range p.Buffers {
		if b.Kind == kernel.Temp {
			b.Offset = p.Arena
			p.Arena = roundUp(p.Arena + b.Bytes)
		}
	}
}
