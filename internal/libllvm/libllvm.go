// Package libllvm finds LLVM's shared library, loads it without cgo, and turns
// IR text into machine code with it. In go text and names of targets, out come
// the bytes of object files and assembly text; handles of LLVM never leave the
// package, and no mistake in a module ends the process: LLVM's diagnostics and
// fatal errors come back as Go errors.
//
// It knows nothing of Lathe's own programs, and of what becomes of an object
// file afterwards.
//
// A library is loaded on first use and stays loaded: LLVM cannot be unloaded
// safely, and it has handlers that are set once in a process. Everything is safe
// for concurrent use, but for one Context, which belongs to one goroutine at a
// time.
package libllvm

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
)

// Oldest is the oldest major version of LLVM that is supported. The newest one
// is whatever is found: the C functions used here are stable.
const Oldest = 14

// A Version is a version of LLVM.
type Version struct{ Major, Minor, Patch int }

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// A Library is an LLVM library that is loaded into the process.
type Library struct {
	path    string
	version Version
	c       functions
	fatal   fatalErrors

	mu      sync.Mutex
	targets map[string]error // architectures whose initialisation was tried
}

// Path is the file that was loaded, symbolic links followed, or the name that
// the system's loader found it under where it does not tell.
func (l *Library) Path() string { return l.path }

// Trim gives memory that LLVM has freed back to the system, where the C library
// can. It takes less than a millisecond.
func (l *Library) Trim() {
	if trim, err := purego.Dlsym(purego.RTLD_DEFAULT, "malloc_trim"); err == nil {
		purego.SyscallN(trim, 0)
	}
}

// Version is what the library says of itself.
func (l *Library) Version() Version { return l.version }

func (l *Library) String() string { return fmt.Sprintf("LLVM %v (%s)", l.version, l.path) }

// loaded holds the libraries of the process. A shared library is loaded once
// for all, whoever asks, so this is the process's state and not a program's.
var loaded struct {
	sync.Mutex
	byFile map[string]*Library // by the name or path given to the system's loader
}

// Open finds and loads LLVM. want is "" for the newest supported version that
// is found, or the path of a library, or a folder that has one, or a major
// version such as "19". The error is a *NotFoundError where there is none.
func Open(want string) (*Library, error) {
	files, searched, err := candidates(want)
	if err != nil {
		return nil, err
	}
	var refused []string
	for _, file := range files {
		lib, err := load(file)
		if err == nil {
			return lib, nil
		}
		// A bare name that the system's loader does not know is the usual
		// case and no news.
		if strings.ContainsRune(file, filepath.Separator) {
			refused = append(refused, err.Error())
		}
	}
	return nil, &NotFoundError{Want: want, Searched: searched, Refused: refused}
}

func load(file string) (*Library, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if lib := loaded.byFile[file]; lib != nil {
		return lib, nil
	}
	if real := resolved(file); isRustCopy(real) {
		return nil, fmt.Errorf("%s: Rust's private copy of LLVM, which lacks parts; an LLVM of the system is needed", real)
	}
	handle, err := dlopen(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	path := file
	if sym, err := purego.Dlsym(handle, "LLVMContextCreate"); err == nil {
		path = fileOf(sym, file)
	}
	// One file under two names is one library.
	for _, lib := range loaded.byFile {
		if lib.path == path {
			loaded.byFile[file] = lib
			return lib, nil
		}
	}
	lib := &Library{path: path, targets: map[string]error{}}
	if err := lib.bind(handle); err != nil {
		return nil, err
	}
	if err := lib.fatal.install(handle); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if loaded.byFile == nil {
		loaded.byFile = map[string]*Library{}
	}
	loaded.byFile[file] = lib
	return lib, nil
}

// bind resolves the C functions and the version.
func (l *Library) bind(handle uintptr) error {
	if err := l.c.bind(handle); err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	l.version = l.c.version(filepath.Base(l.path))
	if l.version.Major < Oldest {
		return fmt.Errorf("%s: LLVM %v is too old, %d is the oldest that works", l.path, l.version, Oldest)
	}
	return nil
}
