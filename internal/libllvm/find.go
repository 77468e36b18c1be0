package libllvm

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// newestProbed is the highest major version whose names are tried with the
// system's loader. Newer ones are still found in the usual folders.
const newestProbed = 30

// A NotFoundError says that no usable LLVM library was found, where it was
// looked for, and what to do.
type NotFoundError struct {
	Want     string   // what was asked for; "" for any
	Searched []string // names and folders, in the order in which they were tried
	Refused  []string // libraries that were there and why they would not do
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	b.WriteString("no LLVM library found")
	if e.Want != "" {
		fmt.Fprintf(&b, " for %q", e.Want)
	}
	fmt.Fprintf(&b, " (needs LLVM %d or later)\n", Oldest)
	fmt.Fprintf(&b, "looked for: %s\n", strings.Join(e.Searched, ", "))
	for _, r := range e.Refused {
		fmt.Fprintf(&b, "refused: %s\n", r)
	}
	b.WriteString(install(e.Want))
	return b.String()
}

// install says how to get an LLVM library on this system: the major version that
// is wanted, else the one that most systems have.
func install(want string) string {
	version := "19"
	if _, err := strconv.Atoi(want); err == nil {
		version = want
	}
	if runtime.GOOS == "darwin" {
		return "install one with: brew install llvm@" + version + "\nor set LATHE_LLVM to a library, its folder, or a major version"
	}
	return "install one with: apt-get install libllvm" + version + "\n" +
		"or, without root, with what it needs and is not there:\n" +
		"  apt-get download $(apt-get -s install libllvm" + version + " | awk '/^Inst/ {print $2}')\n" +
		"  for p in *.deb; do dpkg -x $p llvm; done\n" +
		"  export LATHE_LLVM=$PWD/llvm/usr/lib/" + debianTriple() + "\n" +
		"or set LATHE_LLVM to a library, its folder, or a major version"
}

// debianTriple is the folder in which Debian keeps this architecture's libraries.
func debianTriple() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64-linux-gnu"
	}
	return "x86_64-linux-gnu"
}

// candidates lists what to give to the system's loader, best first, and in
// words for people where that comes from.
func candidates(want string) (files, searched []string, err error) {
	switch major, nan := strconv.Atoi(want); {
	case want == "":
		files = names(Oldest, newestProbed)
		found := inFolders(folders(), Oldest)
		for _, f := range found {
			files = append(files, f.path)
		}
		searched = append([]string{fmt.Sprintf("%s to %s", names(newestProbed, newestProbed)[0], names(Oldest, Oldest)[0])}, folders()...)
		return files, searched, nil

	case nan == nil:
		if major < Oldest {
			return nil, nil, fmt.Errorf("LLVM %d is too old, %d is the oldest that works", major, Oldest)
		}
		files = names(major, major)
		for _, f := range inFolders(folders(), Oldest) {
			if f.version.Major == major {
				files = append(files, f.path)
			}
		}
		return files, append(names(major, major), folders()...), nil
	}

	info, err := os.Stat(want)
	if err != nil {
		return nil, nil, fmt.Errorf("LLVM library %q: expected a path, a folder or a major version: %w", want, err)
	}
	path, err := filepath.Abs(want)
	if err != nil {
		return nil, nil, fmt.Errorf("LLVM library %q: %w", want, err)
	}
	if !info.IsDir() {
		return []string{path}, []string{path}, nil
	}
	for _, f := range inFolders([]string{path}, 0) {
		files = append(files, f.path)
	}
	return files, []string{path}, nil
}

// names lists the names under which distributions install LLVM, newest first.
func names(oldest, newest int) []string {
	var out []string
	for v := newest; v >= oldest; v-- {
		if runtime.GOOS == "darwin" {
			out = append(out, fmt.Sprintf("libLLVM-%d.dylib", v))
			continue
		}
		if v >= 18 { // since 18 the name carries a minor version
			out = append(out, fmt.Sprintf("libLLVM.so.%d.1", v))
		}
		out = append(out, fmt.Sprintf("libLLVM-%d.so.1", v), fmt.Sprintf("libLLVM-%d.so", v))
	}
	return out
}

// folders lists the usual places that the system's loader does not search.
func folders() []string {
	var out []string
	var patterns []string
	switch runtime.GOOS {
	case "linux":
		out = append(out, "/usr/lib/"+debianTriple(), "/usr/lib64", "/usr/lib", "/usr/local/lib")
		patterns = []string{"/usr/lib/llvm*/lib", "/usr/lib64/llvm*/lib", "/usr/lib/llvm/*/lib64", "/usr/local/llvm*/lib", "/opt/llvm*/lib", "/home/linuxbrew/.linuxbrew/opt/llvm*/lib"}
	case "darwin":
		patterns = []string{"/opt/homebrew/opt/llvm*/lib", "/usr/local/opt/llvm*/lib", "/opt/local/libexec/llvm-*/lib"}
	}
	for _, p := range patterns {
		m, err := filepath.Glob(p)
		if err != nil {
			panic(err) // a pattern above is malformed
		}
		out = append(out, m...)
	}
	return out
}

type foundFile struct {
	path    string
	version Version // zero where the name does not tell
}

// inFolders lists the LLVM libraries in dirs, newest first and otherwise in the
// order of dirs, each file once whatever its links.
func inFolders(dirs []string, oldest int) []foundFile {
	var out []foundFile
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a usual place that this system lacks
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "libLLVM") {
				continue
			}
			if _, ok := parseName(e.Name()); !ok {
				continue
			}
			real, err := filepath.EvalSymlinks(filepath.Join(dir, e.Name()))
			if err != nil || seen[real] {
				continue
			}
			seen[real] = true
			version, ok := parseName(filepath.Base(real))
			if !ok || isRustCopy(real) || version.Major != 0 && version.Major < oldest {
				continue
			}
			out = append(out, foundFile{real, version})
		}
	}
	slices.SortStableFunc(out, func(a, b foundFile) int {
		return cmp.Or(cmp.Compare(b.version.Major, a.version.Major), cmp.Compare(b.version.Minor, a.version.Minor), cmp.Compare(b.version.Patch, a.version.Patch))
	})
	return out
}

// libraryName matches
//
//	libLLVM-16.so.1  libLLVM-14.0.6.so.1  libLLVM-19.so   Debian
//	libLLVM.so.19.1  libLLVM-17.so                        upstream, Fedora, Arch
//	libLLVM.so       libLLVM.dylib                        no version in the name
var libraryName = regexp.MustCompile(`^libLLVM(?:-(\d+)(?:\.(\d+))?(?:\.(\d+))?)?\.(?:so|dylib)(?:\.(\d+)(?:\.(\d+))?)?$`)

// parseName reads the version out of a file's name; ok is false where the name
// is not that of the whole LLVM library.
func parseName(name string) (v Version, ok bool) {
	m := libraryName.FindStringSubmatch(name)
	if m == nil {
		return Version{}, false
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0 // absent
		}
		return n
	}
	if m[1] != "" {
		return Version{number(m[1]), number(m[2]), number(m[3])}, true
	}
	return Version{number(m[4]), number(m[5]), 0}, true
}

// isRustCopy reports whether path is the library that a Rust toolchain carries
// for itself. It is built without parts of the C interface.
func isRustCopy(path string) bool {
	return strings.Contains(filepath.Base(path), "-rust-") || strings.Contains(path, "/rustlib/") || strings.Contains(path, "/.rustup/")
}

// Installed lists the supported libraries in the usual folders, newest first.
// Open may know of others, from the configuration of the system's loader.
func Installed() []string {
	var out []string
	for _, f := range inFolders(folders(), Oldest) {
		out = append(out, f.path)
	}
	return out
}
