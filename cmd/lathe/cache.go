package main

import (
	"path/filepath"
	"runtime"
)

// cacheFolder is where compiled code is kept: LATHE_CACHE, else a folder in the
// user's cache folder; "" if there is none.
func cacheFolder(e *env) string {
	if dir := e.getenv("LATHE_CACHE"); dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			return abs
		}
		return ""
	}
	if dir := e.getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lathe")
	}
	home := e.getenv("HOME")
	switch {
	case !filepath.IsAbs(home):
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Caches", "lathe")
	}
	return filepath.Join(home, ".cache", "lathe")
}
