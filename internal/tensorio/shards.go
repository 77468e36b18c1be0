package tensorio

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// Shards is a set of .safetensors files that hold the weights of one model.
type Shards struct {
	files []*Safetensors
	owner map[string]*Safetensors
	names []string // sorted
}

// OpenShards opens the files. A tensor that two of them hold is an error.
func OpenShards(paths ...string) (*Shards, error) {
	s := &Shards{owner: map[string]*Safetensors{}}
	for _, path := range paths {
		f, err := OpenSafetensors(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.files = append(s.files, f)
		for _, name := range f.Names() {
			if other, twice := s.owner[name]; twice {
				err := fmt.Errorf("%s and %s both hold %s", other.File(), path, tensor.Quote(name))
				return nil, errors.Join(err, s.Close())
			}
			s.owner[name] = f
			s.names = append(s.names, name)
		}
	}
	slices.Sort(s.names)
	return s, nil
}

// Names returns the names of all tensors, sorted.
func (s *Shards) Names() []string { return slices.Clone(s.names) }

// Type is that of the file that holds the tensor.
func (s *Shards) Type(name string) (dtype string, shape []int, ok bool) {
	f, ok := s.owner[name]
	if !ok {
		return "", nil, false
	}
	return f.Type(name)
}

// Tensor is that of the file that holds the tensor; the error is ErrNoTensor
// where none does.
func (s *Shards) Tensor(name string) (Array, error) {
	f, ok := s.owner[name]
	if !ok {
		return Array{}, fmt.Errorf("%w in the weights: %s", ErrNoTensor, tensor.Quote(name))
	}
	return f.Tensor(name)
}

// Identity returns a text that the tensor of a name has in common with that of the
// same name in the same file only, as long as the file is not changed. The set
// must have the tensor.
func (s *Shards) Identity(name string) string {
	return tensor.Quote(name) + " in " + s.owner[name].version
}

// Close closes all files: no tensor of them may be used any more.
func (s *Shards) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
