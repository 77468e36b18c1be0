// Package blas finds the libraries that others use for products of matrices, so
// that benchmarks can call them: OpenBLAS and oneDNN. They are opened while the
// program runs, without cgo, and nothing outside of benchmarks uses them.
package blas

import (
	"fmt"
	"strings"

	"github.com/ebitengine/purego"
)

// A Library is one that is loaded into the process. It stays until the process
// ends.
type Library struct {
	Name    string // OpenBLAS or oneDNN
	Path    string // as it was given to the system's loader
	Version string // and, of OpenBLAS, the processor whose kernels it chose

	handle  uintptr
	prefix  string // of its symbols
	threads func(int32)
}

// A NotFoundError says that a library is not there, and what to do.
type NotFoundError struct {
	Name, Package, Variable string
	Tried                   []string
	Last                    error // of the last try
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no %s found (tried %s: %v); install it with apt-get install %s, or set %s to the library",
		e.Name, strings.Join(e.Tried, ", "), e.Last, e.Package, e.Variable)
}

// open opens the first of files that the system's loader finds.
func open(missing *NotFoundError, files []string) (*Library, error) {
	for _, file := range files {
		handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err == nil {
			return &Library{Name: missing.Name, Path: file, handle: handle}, nil
		}
		missing.Last = err
	}
	missing.Tried = files
	return nil, missing
}

// OpenBLAS opens OpenBLAS at a path, or where that is "", the system's. It reads
// OPENBLAS_CORETYPE and its kin from the environment, which a fair comparison
// leaves unset.
func OpenBLAS(path string) (*Library, error) {
	files := []string{"libopenblas.so.0", "libopenblas.so"}
	if path != "" {
		files = []string{path}
	}
	l, err := open(&NotFoundError{Name: "OpenBLAS", Package: "libopenblas0-pthread", Variable: "LATHE_OPENBLAS"}, files)
	if err != nil {
		return nil, err
	}
	// The builds that Python packages carry have a prefix.
	for _, l.prefix = range []string{"", "scipy_"} {
		if _, err = l.Symbol("cblas_sgemm"); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	var config, core func() string
	for name, fn := range map[string]any{"openblas_get_config": &config, "openblas_get_corename": &core, "openblas_set_num_threads": &l.threads} {
		at, err := l.Symbol(name)
		if err != nil {
			return nil, err
		}
		purego.RegisterFunc(fn, at)
	}
	words := strings.Fields(config())
	l.Version = strings.Join(words[:min(2, len(words))], " ") + " " + core()
	return l, nil
}

// OneDNN opens oneDNN at a path, or where that is "", the system's.
func OneDNN(path string) (*Library, error) {
	files := []string{"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}
	if path != "" {
		files = []string{path}
	}
	l, err := open(&NotFoundError{Name: "oneDNN", Package: "libdnnl2", Variable: "LATHE_ONEDNN"}, files)
	if err != nil {
		return nil, err
	}
	at, err := l.Symbol("dnnl_version")
	if err != nil {
		return nil, err
	}
	var version func() *struct{ Major, Minor, Patch int32 }
	purego.RegisterFunc(&version, at)
	v := version()
	l.Version = fmt.Sprintf("oneDNN %d.%d.%d", v.Major, v.Minor, v.Patch)
	// Debian's and Python's builds run on OpenMP, whose library is found through oneDNN's own.
	if at, err = l.Symbol("omp_set_num_threads"); err != nil {
		return nil, err
	}
	purego.RegisterFunc(&l.threads, at)
	return l, nil
}

// Symbol returns the address of a C function.
func (l *Library) Symbol(name string) (uintptr, error) {
	at, err := purego.Dlsym(l.handle, l.prefix+name)
	if err != nil {
		return 0, fmt.Errorf("%s (%s) has no function %s: %w", l.Name, l.Path, name, err)
	}
	return at, nil
}

// SetThreads sets how many threads a call from this thread of the system uses.
func (l *Library) SetThreads(n int) { l.threads(int32(n)) }
