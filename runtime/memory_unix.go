//go:build unix

package runtime

import "golang.org/x/sys/unix"

// allocate returns zeroed memory, aligned to pages, that the garbage collector
// does not know: native code keeps addresses in it.
func allocate(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
}

func release(memory []byte) error { return unix.Munmap(memory) }
