package lathe

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"sync"
)

// buildID returns a text that two builds of this package never share: the
// linker's hash of the executable in which it runs, or, of one that was built
// without, a hash of the file.
var buildID = sync.OnceValues(func() (string, error) {
	// Not os.Executable: that path may by now lead to a newer build.
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", fmt.Errorf("the running executable: %w", err)
	}
	defer file.Close()
	if program, err := elf.NewFile(file); err == nil {
		if note := program.Section(".note.go.buildid"); note != nil {
			const header = 16 // of the note, with its name
			if id, err := note.Data(); err == nil && len(id) > header {
				return string(id), nil
			}
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(file, 0, 1<<62)); err != nil {
		return "", fmt.Errorf("the running executable: %w", err)
	}
	return string(h.Sum(nil)), nil
})
