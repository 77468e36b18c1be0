package libllvm

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Fingerprint returns a text that differs where Open(want) might find another
// library than before: one was installed, removed or replaced. It loads nothing.
// It does not see where the environment sends the system's loader.
func Fingerprint(want string) string {
	var b strings.Builder
	see := func(path string) {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
	}
	if _, err := strconv.Atoi(want); want == "" || err == nil {
		see("/etc/ld.so.cache")
		for _, dir := range folders() {
			see(dir)
		}
		return b.String()
	}
	see(want)
	if info, err := os.Stat(want); err == nil && info.IsDir() {
		for _, f := range inFolders([]string{want}, 0) {
			see(f.path)
		}
	}
	return b.String()
}
