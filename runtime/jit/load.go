package jit

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An Image is object files that are loaded into the process as one. Its code is
// executable and not writable, its data writable at most.
type Image struct {
	symbols map[string]uintptr

	mu     sync.Mutex
	memory []byte // nil once closed
}

// Supported returns an error where compiled programs cannot run: the loader and
// the worker pool are made for x86-64 Linux. Compile and SharedObject work
// elsewhere too.
func Supported() error {
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		return nil
	}
	return fmt.Errorf("running compiled programs needs linux/amd64, this is %s/%s: the loader lacks its object format and relocations, and the worker pool its wait instructions; the reference evaluator runs here", runtime.GOOS, runtime.GOARCH)
}

// Load maps an object file for x86-64 Linux and relocates it. resolve gives the
// address of a symbol that the object does not define, or 0 for one that does
// not exist, which is an error. A file of whatever content is an error or an
// image; the code in it is trusted.
func Load(obj []byte, resolve func(name string) uintptr) (*Image, error) {
	return LoadAll([][]byte{obj}, resolve)
}

// LoadAll is Load for object files of which each may use what the others define.
func LoadAll(objs [][]byte, resolve func(name string) uintptr) (*Image, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	o, err := readObjects(objs)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(o)
	if err != nil {
		return nil, err
	}
	// At least a page: an object may be empty.
	l.memory, err = unix.Mmap(-1, 0, int(max(l.size, l.page)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("%d bytes for a program: %w", l.size, err)
	}
	img := &Image{symbols: map[string]uintptr{}, memory: l.memory}
	if err := l.fill(resolve, img.symbols); err != nil {
		_ = img.Close() // the first error is the one to tell
		return nil, err
	}
	return img, nil
}

// Symbol returns the address of a global symbol of the objects.
func (img *Image) Symbol(name string) (uintptr, bool) {
	addr, ok := img.symbols[name]
	return addr, ok
}

// Close unmaps the image. Nothing may run in it any more. Closing again does
// nothing.
func (img *Image) Close() error {
	img.mu.Lock()
	defer img.mu.Unlock()
	if img.memory == nil {
		return nil
	}
	memory := img.memory
	img.memory = nil
	return unix.Munmap(memory)
}

// layout says where the parts of an object lie in its image:
// code and stubs, then constants and the table of addresses, then variables,
// each from a page of its own.
type layout struct {
	o       *object
	page    uint64
	start   [numClasses]uint64
	end     [numClasses]uint64
	offset  []uint64 // of each section
	stub    []uint64 // of each undefined symbol, by symbol
	slot    []uint64 // in the table, by symbol
	size    uint64
	memory  []byte
	address []uint64 // of each symbol
}

func newLayout(o *object) (*layout, error) {
	l := &layout{o: o, page: uint64(unix.Getpagesize()), offset: make([]uint64, len(o.sections)),
		stub: make([]uint64, len(o.symbols)), slot: make([]uint64, len(o.symbols)), address: make([]uint64, len(o.symbols))}
	inTable := make([]bool, len(o.symbols))
	for i, s := range o.symbols {
		inTable[i] = s.section == undefined
	}
	for _, r := range o.relocs {
		if r.viaTable() {
			inTable[r.symbol] = true
		}
	}
	var at uint64
	for c := code; c < numClasses; c++ {
		if c != zero { // zeros follow the variables in their pages
			at = roundUp(at, l.page)
		}
		l.start[c] = at
		for i, s := range o.sections {
			if s.class == c {
				at = roundUp(at, s.align)
				l.offset[i] = at
				at += s.size
			}
		}
		switch c {
		case code:
			at = roundUp(at, stubSize)
			for i, s := range o.symbols {
				if s.section == undefined {
					l.stub[i] = at
					at += stubSize
				}
			}
		case constant:
			at = roundUp(at, slotSize)
			for i := range o.symbols {
				if inTable[i] {
					l.slot[i] = at
					at += slotSize
				}
			}
		}
		l.end[c] = at
	}
	l.size = roundUp(at, l.page)
	if l.size > maxImage {
		return nil, fmt.Errorf("object file: an image of %d bytes passes %d", l.size, maxImage)
	}
	return l, nil
}

// fill writes the image, protects it, and lists its symbols.
func (l *layout) fill(resolve func(string) uintptr, symbols map[string]uintptr) error {
	base := uint64(uintptr(unsafe.Pointer(&l.memory[0])))
	for i, s := range l.o.sections {
		copy(l.memory[l.offset[i]:], s.data)
	}
	for i, s := range l.o.symbols {
		switch s.section {
		case undefined:
			l.address[i] = uint64(resolve(s.name))
			if l.address[i] == 0 && !s.weak {
				return fmt.Errorf("machine code refers to %q, which nothing provides", s.name)
			}
			if err := putJump(l.memory[l.stub[i]:], l.stub[i], l.slot[i]); err != nil {
				return err
			}
		case absolute:
			l.address[i] = s.value
		case ignored:
		default:
			l.address[i] = base + l.offset[s.section] + s.value
			if s.global {
				symbols[s.name] = uintptr(l.address[i])
			}
		}
		if l.slot[i] != 0 {
			binary.LittleEndian.PutUint64(l.memory[l.slot[i]:], l.address[i])
		}
	}
	for _, r := range l.o.relocs {
		if err := l.relocate(r, base); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		from, to class
		prot     int
	}{{code, code, unix.PROT_READ | unix.PROT_EXEC}, {constant, constant, unix.PROT_READ}} {
		from, to := l.start[p.from], roundUp(l.end[p.to], l.page)
		if to > from {
			if err := unix.Mprotect(l.memory[from:to], p.prot); err != nil {
				return fmt.Errorf("protecting a program's memory: %w", err)
			}
		}
	}
	return nil
}

func (l *layout) relocate(r reloc, base uint64) error {
	at := l.offset[r.section] + r.offset
	place := base + at
	sym := l.o.symbols[r.symbol]
	value := l.address[r.symbol] + uint64(r.addend)
	b := l.memory[at:]
	switch r.kind {
	case elf.R_X86_64_64:
		binary.LittleEndian.PutUint64(b, value)
		return nil
	case elf.R_X86_64_PC64:
		binary.LittleEndian.PutUint64(b, value-place)
		return nil
	case elf.R_X86_64_32, elf.R_X86_64_32S:
		return put32(b, r.kind, sym.name, int64(value))
	case elf.R_X86_64_PLT32:
		if sym.section == undefined { // it may be farther away than 2 GiB
			value = base + l.stub[r.symbol] + uint64(r.addend)
		}
	case elf.R_X86_64_PC32: // data, or code in another object: within reach or an error
	default:
		value = base + l.slot[r.symbol] + uint64(r.addend)
	}
	return put32(b, r.kind, sym.name, int64(value-place))
}
