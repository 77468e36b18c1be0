package runtime

import (
	"errors"
	"fmt"
	"sync"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// Packs are packed weights that executables share: there is one copy of each
// weight and layout, which lives as long as an executable that uses it. The zero
// Packs is empty. It is safe for concurrent use.
type Packs struct {
	mu   sync.Mutex
	made map[packID]*pack
}

// A packID tells packed weights apart. Weight is what Config.Sources says.
type packID struct {
	weight any
	layout string
}

// A pack is a packed weight.
type pack struct {
	id     packID
	memory []byte
	users  int
	ready  chan struct{} // closed when memory is filled, or will not be
	filled bool
}

// acquire returns the pack of an ID for one more user. The first one has to fill
// its memory, and call publish.
func (s *Packs) acquire(id packID, bytes int) (p *pack, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.made[id]; p != nil {
		p.users++
		return p, false, nil
	}
	memory, err := allocate(bytes)
	if err != nil {
		return nil, false, fmt.Errorf("memory for a packed weight (%d bytes): %w", bytes, err)
	}
	p = &pack{id: id, memory: memory, users: 1, ready: make(chan struct{})}
	if s.made == nil {
		s.made = map[packID]*pack{}
	}
	s.made[id] = p
	return p, true, nil
}

// publish tells the others that the memory is filled; or, if it is not, that
// they have to do so themselves.
func (s *Packs) publish(p *pack, filled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.filled = filled
	if !filled {
		delete(s.made, p.id)
	}
	close(p.ready)
}

// release ends one use of a pack.
func (s *Packs) release(p *pack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.users--; p.users > 0 {
		return nil
	}
	if s.made[p.id] == p {
		delete(s.made, p.id)
	}
	return release(p.memory)
}

// share finds the packs of x that other executables may have too, as far as it
// does not have them. It returns those that x has to fill.
func (x *Executable) share(sources []any) (fresh []*pack, err error) {
	for _, s := range x.prog.Packs {
		if x.shared[s.Buffer] != nil {
			continue
		}
		p, first, err := x.packs.acquire(packID{sources[x.number(s.Weight)], s.Layout}, s.Buffer.Bytes)
		if err != nil {
			return fresh, err
		}
		x.shared[s.Buffer] = p
		if first {
			fresh = append(fresh, p)
		}
	}
	return fresh, nil
}

// number returns which of the weights b is.
func (x *Executable) number(b *kernel.Buffer) int {
	n := 0
	for _, w := range x.prog.Params {
		if w == b {
			break
		}
		if w.Kind == kernel.Weight {
			n++
		}
	}
	return n
}

// forsake ends the use of packs that were not filled by those who had to, so that
// they are looked for again. It reports whether there are any.
func (x *Executable) forsake() (again bool, err error) {
	for _, s := range x.prog.Packs {
		if p := x.shared[s.Buffer]; p != nil && !p.filled {
			delete(x.shared, s.Buffer)
			again, err = true, errors.Join(err, x.packs.release(p))
		}
	}
	return again, err
}

// unshare ends the use of all packs.
func (x *Executable) unshare() error {
	var errs []error
	for _, s := range x.prog.Packs {
		if p := x.shared[s.Buffer]; p != nil {
			errs = append(errs, x.packs.release(p))
		}
	}
	clear(x.shared)
	return errors.Join(errs...)
}
