//go:build unix

package runtime

import "golang.org/x/sys/unix"

// allocate returns zeroed memory, aligned to pages, that the garbage collector
// does not know: native code keeps addresses in it.
func allocate(n int) ([]byte, error) {
	memory, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil && n >= largePage {
		wantLargePages(memory)
	}
	return memory, err
}

// largePage is the bytes of a large page, and from how many on memory is asked
// for in such pages: each of them is zeroed at once, where small ones are one
// call of the system each.
const largePage = 2 << 20

func release(memory []byte) error { return unix.Munmap(memory) }
