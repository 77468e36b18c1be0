package libllvm

import (
	"debug/elf"
	"path/filepath"

	"github.com/ebitengine/purego"
)

const dlopenMode = purego.RTLD_NOW | purego.RTLD_LOCAL

// dlopen loads a library by its path or name. The libraries that it needs may
// lie beside it, as they do where packages were unpacked without root: the
// system's loader does not look there, but where a needed name is loaded
// already it takes that.
func dlopen(file string) (uintptr, error) {
	handle, err := purego.Dlopen(file, dlopenMode)
	if err == nil {
		return handle, nil
	}
	if !loadNeeds(resolved(file), map[string]bool{}) {
		return 0, err
	}
	return purego.Dlopen(file, dlopenMode)
}

// loadNeeds loads from file's folder what file needs and the system lacks, what
// is needed first. It reports whether anything was loaded; what is still missing
// then is for the system's loader to say.
func loadNeeds(file string, seen map[string]bool) (loaded bool) {
	f, err := elf.Open(file)
	if err != nil {
		return false // no such file, or none of ELF
	}
	defer f.Close()
	needs, err := f.ImportedLibraries()
	if err != nil {
		return false
	}
	for _, name := range needs {
		if seen[name] {
			continue
		}
		seen[name] = true
		if _, err := purego.Dlopen(name, dlopenMode); err == nil {
			continue
		}
		beside := filepath.Join(filepath.Dir(file), name)
		loadNeeds(beside, seen)
		if _, err := purego.Dlopen(beside, dlopenMode); err == nil {
			loaded = true
		}
	}
	return loaded
}
