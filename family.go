package lathe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Family is the executables of one entry for arguments of different sizes, for
// those who don't know sizes beforehand: batches as they come, texts of any
// length. Each is compiled when arguments of its sizes come first. Weights that
// they pack alike are there once; see also Options.Cache. It is safe for
// concurrent use.
type Family struct {
	program *Program
	entry   string
	opts    Options
	params  []string // names of the tensors that the entry takes
	most    int

	mu      sync.Mutex
	members map[string]*member // by types of arguments
	turn    int                // counts uses
	closed  bool
}

// A member is an executable of a family, or the attempt to make it.
type member struct {
	key   string
	ready chan struct{} // closed when it is made, or is not
	x     *Executable
	err   error
	users int // runs, and those who wait for it
	last  int // the turn of the last use
}

// Family returns the executables of an entry, none so far. It keeps the most
// executables that were used last, at least one, beside those that run. The
// types of arguments are those of the tensors to come: Options.Args has to be
// empty, and what else determines sizes is up to Options.Set and the weights.
// Functions of the options may be called by several goroutines.
func (p *Program) Family(entry string, opts Options, most int) (*Family, error) {
	name, err := p.Entry(entry)
	switch {
	case err != nil:
		return nil, err
	case p.text == nil:
		return nil, fmt.Errorf("%s has the sizes that its text has: want a program in the language for a family, have one in the form of the IR; use Compile", name)
	case len(opts.Args) > 0:
		return nil, errors.New("a family takes the types of arguments from the tensors of each run: leave Options.Args empty")
	case most < 1:
		return nil, fmt.Errorf("want at least 1 executable in a family, have %d", most)
	}
	f := &Family{program: p, entry: name, opts: opts, most: most, members: map[string]*member{}}
	for _, e := range p.text.Entries() {
		if e.Name != name {
			continue
		}
		for _, q := range e.Params {
			if !slices.Contains([]string{"int", "float", "flag"}, q.Type) { // which are static: see Options.Set
				f.params = append(f.params, q.Name)
			}
		}
	}
	return f, nil
}

// Run evaluates the entry for inputs of whatever sizes, which are compiled for
// first if they are new. Its errors are those of Compile and of Executable.Run.
func (f *Family) Run(ctx context.Context, inputs ...*Tensor) ([]*Tensor, error) {
	if len(inputs) != len(f.params) {
		return nil, fmt.Errorf("%s takes %d arguments, have %d", f.entry, len(f.params), len(inputs))
	}
	var key strings.Builder
	for i, t := range inputs {
		if t == nil || t.DType() == tensor.Invalid {
			return nil, fmt.Errorf("argument %s of %s: want a tensor, have none", f.params[i], f.entry)
		}
		fmt.Fprintln(&key, tensor.TypeString(t.DType(), t.Shape()))
	}
	for {
		m, first, err := f.use(key.String())
		if err != nil {
			return nil, err
		}
		if first {
			f.compile(ctx, m, inputs)
		}
		results, err := m.run(ctx, inputs)
		err = errors.Join(err, f.release(m))
		if err == nil || first || ctx.Err() != nil || m.err == nil || !cancelled(m.err) {
			return results, err
		}
		// Who compiled it gave up, which is no reason for others to.
	}
}

func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// use returns a member for one more user. The first one has to compile it.
func (f *Family) use(key string) (m *member, first bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, ErrClosed
	}
	m = f.members[key]
	if m == nil {
		m, first = &member{key: key, ready: make(chan struct{})}, true
		f.members[key] = m
	}
	f.turn++
	m.users, m.last = m.users+1, f.turn
	return m, first, nil
}

// compile makes the executable of m, or its error.
func (f *Family) compile(ctx context.Context, m *member, inputs []*Tensor) {
	defer close(m.ready)
	opts := f.opts
	opts.Args = map[string]ir.Type{}
	for i, t := range inputs {
		opts.Args[f.params[i]] = ir.Make(t.DType(), t.Shape()...)
	}
	m.x, m.err = f.program.Compile(ctx, f.entry, opts)
}

// run waits for the executable and runs it.
func (m *member) run(ctx context.Context, inputs []*Tensor) ([]*Tensor, error) {
	select {
	case <-m.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if m.err != nil {
		return nil, m.err
	}
	return m.x.Run(ctx, inputs...)
}

// release ends a use, and closes what is one too many: of the members that
// nobody uses, those whose last use is longest ago. One that could not be made
// is forgotten.
func (f *Family) release(m *member) error {
	var gone []*member
	f.mu.Lock()
	m.users--
	select {
	case <-m.ready:
		if m.err != nil && f.members[m.key] == m {
			delete(f.members, m.key)
		}
	default: // its compilation goes on
	}
	for len(f.members) > f.most {
		var oldest *member
		for _, c := range f.members { // in any order: no two have the same turn
			if c.users == 0 && (oldest == nil || c.last < oldest.last) {
				oldest = c
			}
		}
		if oldest == nil {
			break
		}
		delete(f.members, oldest.key)
		gone = append(gone, oldest)
	}
	f.mu.Unlock()
	return closeAll(gone)
}

// Len returns how many executables there are.
func (f *Family) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.members)
}

// Close waits for the runs in progress and closes all executables. Closing again
// does nothing.
func (f *Family) Close() error {
	f.mu.Lock()
	f.closed = true
	gone := slices.SortedFunc(maps.Values(f.members), func(a, b *member) int { return a.last - b.last })
	clear(f.members)
	f.mu.Unlock()
	return closeAll(gone)
}

func closeAll(members []*member) error {
	var errs []error
	for _, m := range members {
		if <-m.ready; m.x != nil {
			errs = append(errs, m.x.Close())
		}
	}
	return errors.Join(errs...)
}
