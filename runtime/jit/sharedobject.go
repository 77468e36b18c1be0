package jit

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// SharedObject makes a shared library of one object file for x86-64 Linux,
// without a linker. Its global symbols are the library's, but for hidden ones;
// soname is its name for the programs that are linked against it, and needed are
// the libraries that it needs itself, such as libc.so.6 for memcpy.
//
// The same object gives the same bytes. Compilers' linkers can link against the
// library; it holds no debugging information.
func SharedObject(obj []byte, soname string, needed ...string) ([]byte, error) {
	o, err := readObject(obj)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{soname}, needed...) {
		if name == "" || strings.ContainsRune(name, 0) {
			return nil, fmt.Errorf("shared library: %q is no name of a library", name)
		}
	}
	s := &shared{o: o}
	s.collect(soname, needed)
	s.place()
	if s.size > maxImage {
		return nil, fmt.Errorf("shared library: %d bytes pass %d", s.size, maxImage)
	}
	s.out = make([]byte, s.sections[len(s.sections)-1].offset) // up to what place reserved in the file
	if err := s.relocate(); err != nil {
		return nil, err
	}
	s.writeTables()
	s.writeDynamic()
	s.writeHeaders()
	return s.out, nil
}

// Sizes of ELF-64 records.
const (
	fileHeader    = 64
	programHeader = 56
	sectionHeader = 64
	symbolEntry   = 24
	relaEntry     = 24
	dynamicEntry  = 16
	filePage      = 0x1000
)

// Sections of the library, in the order of its file. Addresses are offsets in
// the file throughout.
const (
	secNull = iota
	secHash
	secDynsym
	secDynstr
	secRela
	secText
	secRodata
	secDynamic
	secGot
	secData
	secBss
	secNames
	numSections
)

// part is a section of the library.
type part struct {
	name         string
	kind         elf.SectionType
	flags        elf.SectionFlag
	offset, size uint64
	link, info   uint32
	align, entry uint64
}

// shared is a library in the making.
type shared struct {
	o        *object
	sections [numSections]part
	size     uint64 // in memory
	out      []byte

	strings bytes.Buffer // the dynamic string table
	soname  uint32       // in it
	needed  []uint32
	dynamic []int    // symbols of the dynamic symbol table, from its entry 1 on
	index   []uint64 // entry in it of each symbol, or 0
	name    []uint32 // of each symbol in dynamic
	slots   []int    // symbols in the table of addresses
	slot    []uint64 // address of each symbol's, or 0
	stub    []uint64 // address of each undefined symbol's
	offset  []uint64 // of each section of the object
	relas   bytes.Buffer
}

func (s *shared) intern(name string) uint32 {
	at := s.strings.Len()
	s.strings.WriteString(name)
	s.strings.WriteByte(0)
	return uint32(at)
}

// collect decides what the tables hold.
func (s *shared) collect(soname string, needed []string) {
	n := len(s.o.symbols)
	s.index, s.slot, s.stub, s.offset = make([]uint64, n), make([]uint64, n), make([]uint64, n), make([]uint64, len(s.o.sections))
	s.intern("")
	for i, sym := range s.o.symbols {
		if sym.section == undefined || sym.exported {
			s.dynamic = append(s.dynamic, i)
			s.index[i] = uint64(len(s.dynamic))
			s.name = append(s.name, s.intern(sym.name))
		}
	}
	s.soname = s.intern(soname)
	for _, name := range needed {
		s.needed = append(s.needed, s.intern(name))
	}
	inTable := make([]bool, n)
	for _, r := range s.o.relocs {
		if r.viaTable() {
			inTable[r.symbol] = true
		}
	}
	for i, sym := range s.o.symbols {
		if inTable[i] || sym.section == undefined {
			s.slots = append(s.slots, i)
		}
	}
}

// place gives every part its offset. Parts that are protected differently start
// at a page of their own.
func (s *shared) place() {
	relas := len(s.slots)
	for _, r := range s.o.relocs {
		if r.kind == elf.R_X86_64_64 {
			relas++
		}
	}
	const alloc, write, exec = elf.SHF_ALLOC, elf.SHF_WRITE, elf.SHF_EXECINSTR
	at := uint64(fileHeader + numSegments*programHeader)
	add := func(index int, p part, fill func()) {
		at = roundUp(at, p.align)
		p.offset = at
		fill()
		p.size = at - p.offset
		s.sections[index] = p
	}
	take := func(n int) func() { return func() { at += uint64(n) } }
	objects := func(c class) {
		for i, sec := range s.o.sections {
			if sec.class == c {
				at = roundUp(at, sec.align)
				s.offset[i] = at
				at += sec.size
			}
		}
	}
	add(secHash, part{name: ".hash", kind: elf.SHT_HASH, flags: alloc, link: secDynsym, align: 8, entry: 4}, take(4*(4+len(s.dynamic))))
	add(secDynsym, part{name: ".dynsym", kind: elf.SHT_DYNSYM, flags: alloc, link: secDynstr, info: 1, align: 8, entry: symbolEntry}, take(symbolEntry*(1+len(s.dynamic))))
	add(secDynstr, part{name: ".dynstr", kind: elf.SHT_STRTAB, flags: alloc, align: 1}, take(s.strings.Len()))
	add(secRela, part{name: ".rela.dyn", kind: elf.SHT_RELA, flags: alloc, link: secDynsym, align: 8, entry: relaEntry}, take(relaEntry*relas))
	add(secText, part{name: ".text", kind: elf.SHT_PROGBITS, flags: alloc | exec, align: filePage}, func() {
		objects(code)
		at = roundUp(at, stubSize)
		for i, sym := range s.o.symbols {
			if sym.section == undefined {
				s.stub[i] = at
				at += stubSize
			}
		}
	})
	add(secRodata, part{name: ".rodata", kind: elf.SHT_PROGBITS, flags: alloc, align: filePage}, func() { objects(constant) })
	add(secDynamic, part{name: ".dynamic", kind: elf.SHT_DYNAMIC, flags: alloc | write, link: secDynstr, align: filePage, entry: dynamicEntry}, take(dynamicEntry*(11+len(s.needed))))
	add(secGot, part{name: ".got", kind: elf.SHT_PROGBITS, flags: alloc | write, align: slotSize, entry: slotSize}, func() {
		for _, i := range s.slots {
			s.slot[i] = at
			at += slotSize
		}
	})
	// The largest alignment that an object's section can have is a page.
	add(secData, part{name: ".data", kind: elf.SHT_PROGBITS, flags: alloc | write, align: filePage}, func() { objects(variable) })
	end := at
	add(secBss, part{name: ".bss", kind: elf.SHT_NOBITS, flags: alloc | write, align: 1}, func() { objects(zero) })
	s.size = at
	// In the file, the names of sections follow the data.
	s.sections[secNames] = part{name: ".shstrtab", kind: elf.SHT_STRTAB, offset: end, align: 1}
}

// address is where a symbol is in the library.
func (s *shared) address(i int) uint64 {
	if sym := s.o.symbols[i]; sym.section >= 0 {
		return s.offset[sym.section] + sym.value
	}
	return s.o.symbols[i].value
}

// relocate copies the object's sections and resolves their references, now or
// as entries for the dynamic linker.
func (s *shared) relocate() error {
	for i, sec := range s.o.sections {
		copy(s.out[min(s.offset[i], uint64(len(s.out))):], sec.data)
	}
	for _, i := range s.slots {
		switch s.o.symbols[i].section {
		case undefined:
			s.rela(s.slot[i], elf.R_X86_64_GLOB_DAT, s.index[i], 0)
			if err := putJump(s.out[s.stub[i]:], s.stub[i], s.slot[i]); err != nil {
				return err
			}
		case absolute:
			binary.LittleEndian.PutUint64(s.out[s.slot[i]:], s.o.symbols[i].value)
		default:
			s.rela(s.slot[i], elf.R_X86_64_RELATIVE, 0, s.address(i))
		}
	}
	for _, r := range s.o.relocs {
		if err := s.relocateOne(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *shared) relocateOne(r reloc) error {
	place := s.offset[r.section] + r.offset
	sym := s.o.symbols[r.symbol]
	value := s.address(r.symbol) + uint64(r.addend)
	b := s.out[place:]
	switch r.kind {
	case elf.R_X86_64_64:
		if sym.section == absolute {
			binary.LittleEndian.PutUint64(b, value)
			return nil
		}
		if s.o.sections[r.section].class != variable {
			return fmt.Errorf("shared library: the address of %q in a section that is not writable: compile position-independent code", sym.name)
		}
		if sym.section == undefined {
			s.rela(place, elf.R_X86_64_64, s.index[r.symbol], uint64(r.addend))
		} else {
			s.rela(place, elf.R_X86_64_RELATIVE, 0, value)
		}
		return nil
	case elf.R_X86_64_32, elf.R_X86_64_32S:
		return fmt.Errorf("shared library: a 32-bit address of %q: compile position-independent code", sym.name)
	case elf.R_X86_64_PLT32:
		if sym.section == undefined {
			value = s.stub[r.symbol] + uint64(r.addend)
		}
	case elf.R_X86_64_PC32, elf.R_X86_64_PC64:
		if sym.section < 0 {
			return fmt.Errorf("shared library: a distance to %q, which is not in it: compile position-independent code", sym.name)
		}
	default:
		value = s.slot[r.symbol] + uint64(r.addend)
	}
	if r.kind == elf.R_X86_64_PC64 {
		binary.LittleEndian.PutUint64(b, value-place)
		return nil
	}
	return put32(b, r.kind, sym.name, int64(value-place))
}

// rela adds an entry for the dynamic linker.
func (s *shared) rela(at uint64, kind elf.R_X86_64, index, addend uint64) {
	s.relas.Write(record(at, index<<32|uint64(kind), addend))
}

// record encodes values in the widths of their types.
func record(values ...any) []byte {
	var out []byte
	for _, v := range values {
		var err error
		if out, err = binary.Append(out, binary.LittleEndian, v); err != nil {
			panic(errors.Join(errors.New("a record of ELF has fields of fixed width"), err))
		}
	}
	return out
}

func (s *shared) writeTables() {
	copy(s.out[s.sections[secDynstr].offset:], s.strings.Bytes())
	copy(s.out[s.sections[secRela].offset:], s.relas.Bytes())

	table := make([]byte, symbolEntry)
	for k, i := range s.dynamic {
		sym := s.o.symbols[i]
		if sym.section == undefined {
			bind := elf.STB_GLOBAL
			if sym.weak {
				bind = elf.STB_WEAK
			}
			table = append(table, record(s.name[k], elf.ST_INFO(bind, elf.STT_NOTYPE), uint8(0), uint16(0), uint64(0), uint64(0))...)
			continue
		}
		in := map[class]uint16{code: secText, constant: secRodata, variable: secData, zero: secBss}[s.o.sections[sym.section].class]
		table = append(table, record(s.name[k], sym.info, uint8(elf.STV_DEFAULT), in, s.address(i), sym.size)...)
	}
	copy(s.out[s.sections[secDynsym].offset:], table)

	// A hash table with one bucket: a chain through all the symbols.
	n := uint32(len(s.dynamic))
	hash := record(uint32(1), n+1, min(n, 1), uint32(0))
	for i := uint32(1); i <= n; i++ {
		hash = append(hash, record((i+1)%(n+1))...)
	}
	copy(s.out[s.sections[secHash].offset:], hash)
}

func (s *shared) writeDynamic() {
	var table []byte
	add := func(tag elf.DynTag, value uint64) { table = append(table, record(uint64(tag), value)...) }
	for _, name := range s.needed {
		add(elf.DT_NEEDED, uint64(name))
	}
	add(elf.DT_SONAME, uint64(s.soname))
	add(elf.DT_HASH, s.sections[secHash].offset)
	add(elf.DT_SYMTAB, s.sections[secDynsym].offset)
	add(elf.DT_SYMENT, symbolEntry)
	add(elf.DT_STRTAB, s.sections[secDynstr].offset)
	add(elf.DT_STRSZ, s.sections[secDynstr].size)
	add(elf.DT_RELA, s.sections[secRela].offset)
	add(elf.DT_RELASZ, uint64(s.relas.Len()))
	add(elf.DT_RELAENT, relaEntry)
	add(elf.DT_FLAGS, uint64(elf.DF_BIND_NOW))
	add(elf.DT_NULL, 0)
	copy(s.out[s.sections[secDynamic].offset:], table)
}

// numSegments is the number of program headers: four that are loaded, the
// dynamic table, and the one that says that the stack is not executable.
const numSegments = 6

func (s *shared) writeHeaders() {
	// Names of sections, then their headers, at the end of the file.
	names := []byte{0}
	var nameOf [numSections]uint32
	for i, p := range s.sections[1:] {
		nameOf[i+1] = uint32(len(names))
		names = append(append(names, p.name...), 0)
	}
	s.sections[secNames].size = uint64(len(names))
	s.out = append(s.out, names...)
	for len(s.out)%8 != 0 {
		s.out = append(s.out, 0)
	}
	headers := uint64(len(s.out))
	s.out = append(s.out, make([]byte, sectionHeader)...)
	for i, p := range s.sections[1:] {
		address := p.offset
		if p.flags&elf.SHF_ALLOC == 0 {
			address = 0
		}
		s.out = append(s.out, record(nameOf[i+1], uint32(p.kind), uint64(p.flags), address, p.offset, p.size, p.link, p.info, p.align, p.entry)...)
	}

	head := append([]byte(elf.ELFMAG), byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT))
	head = append(head, make([]byte, elf.EI_NIDENT-len(head))...)
	head = append(head, record(uint16(elf.ET_DYN), uint16(elf.EM_X86_64), uint32(elf.EV_CURRENT), uint64(0), uint64(fileHeader), headers,
		uint32(0), uint16(fileHeader), uint16(programHeader), uint16(numSegments), uint16(sectionHeader), uint16(numSections), uint16(secNames))...)
	segment := func(kind elf.ProgType, flags elf.ProgFlag, from, fileEnd, end, align uint64) {
		if kind == elf.PT_LOAD && end == from {
			kind = elf.PT_NULL // an object without constants, say: nothing to map
		}
		head = append(head, record(uint32(kind), uint32(flags), from, from, from, fileEnd-from, end-from, align)...)
	}
	at := func(i int) uint64 { return s.sections[i].offset }
	end := func(i int) uint64 { return s.sections[i].offset + s.sections[i].size }
	segment(elf.PT_LOAD, elf.PF_R, 0, end(secRela), end(secRela), filePage)
	segment(elf.PT_LOAD, elf.PF_R|elf.PF_X, at(secText), end(secText), end(secText), filePage)
	segment(elf.PT_LOAD, elf.PF_R, at(secRodata), end(secRodata), end(secRodata), filePage)
	segment(elf.PT_LOAD, elf.PF_R|elf.PF_W, at(secDynamic), end(secData), s.size, filePage)
	segment(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, at(secDynamic), end(secDynamic), end(secDynamic), 8)
	segment(elf.PT_GNU_STACK, elf.PF_R|elf.PF_W, 0, 0, 0, 16)
	copy(s.out, head)
}
