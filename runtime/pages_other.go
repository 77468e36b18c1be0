//go:build unix && !linux

package runtime

// wantLargePages does nothing: the system chooses its pages.
func wantLargePages([]byte) {}
