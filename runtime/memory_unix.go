//go:build unix

package runtime

import "golang.org/x/sys/unix"

// allocate returns zeroed memory, aligned to pages, that the garbage collector
// does not know: native code keeps addresses in it.
func allocate(n int) ([]byte, error) {
	memory, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil && n >= hugePages {
		_ = unix.Madvise(memory, unix.MADV_HUGEPAGE) // where the system has none, small ones do as well
	}
	return memory, err
}

// hugePages is from how many bytes on memory is asked for in pages of 2 MiB.
const hugePages = 2 << 20

func release(memory []byte) error { return unix.Munmap(memory) }
