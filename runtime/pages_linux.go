package runtime

import "golang.org/x/sys/unix"

// wantLargePages asks for memory in large pages. Where there are none, small ones
// do as well.
func wantLargePages(memory []byte) { _ = unix.Madvise(memory, unix.MADV_HUGEPAGE) }
