package jit

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// class says which part of an image a section belongs to.
type class int

const (
	absent class = iota - 1 // not in the image
	code                    // executable
	constant
	variable
	zero // variable, and not in the file
	numClasses
)

// maxImage is the most that the sections of one object may take. Beyond it,
// the 32-bit distances between them do not fit.
const maxImage = 1 << 30

// An object is a relocatable x86-64 object file that has been checked: every
// index is in range, every relocation and symbol within its section.
type object struct {
	sections []section
	symbols  []symbol // in the file's order; entry 0 is the null symbol
	relocs   []reloc
}

type section struct {
	class class
	size  uint64
	align uint64
	data  []byte // size bytes; nil for class zero
}

type symbol struct {
	name     string
	section  int // index, or one of the three below
	value    uint64
	size     uint64
	global   bool // visible to other objects
	exported bool // visible outside of a shared library
	weak     bool
	info     byte
}

const (
	undefined = -1
	absolute  = -2
	ignored   = -3 // in a section that is absent
)

type reloc struct {
	section int
	offset  uint64
	symbol  int
	kind    elf.R_X86_64
	addend  int64
}

// width is the number of bytes that a relocation changes.
func (r reloc) width() uint64 {
	switch r.kind {
	case elf.R_X86_64_64, elf.R_X86_64_PC64:
		return 8
	}
	return 4
}

// viaTable reports whether the code wants the address of an entry of the table
// of addresses rather than the symbol's own.
func (r reloc) viaTable() bool {
	switch r.kind {
	case elf.R_X86_64_GOTPCREL, elf.R_X86_64_GOTPCRELX, elf.R_X86_64_REX_GOTPCRELX:
		return true
	}
	return false
}

// readObject checks an object file and takes it apart.
func readObject(file []byte) (*object, error) {
	o, err := readELF(file)
	if err != nil {
		return nil, fmt.Errorf("object file: %w", err)
	}
	return o, nil
}

func readELF(file []byte) (*object, error) {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if f.Type != elf.ET_REL || f.Machine != elf.EM_X86_64 || f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB {
		return nil, fmt.Errorf("expected a relocatable ELF file for x86-64, found %v for %v", f.Type, f.Machine)
	}
	o := &object{}
	if err := o.readSections(f); err != nil {
		return nil, err
	}
	if err := o.readSymbols(f); err != nil {
		return nil, err
	}
	if err := o.readRelocs(f); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *object) readSections(f *elf.File) error {
	const maxAlign = 4096 // images start at a page
	var total uint64
	for _, s := range f.Sections {
		c, err := classOf(s)
		if err != nil {
			return err
		}
		sec := section{class: c, size: s.Size, align: max(s.Addralign, 1)}
		if c == absent {
			o.sections = append(o.sections, section{class: absent})
			continue
		}
		if sec.align&(sec.align-1) != 0 || sec.align > maxAlign {
			return fmt.Errorf("section %s: alignment %d is no power of two up to %d", s.Name, sec.align, maxAlign)
		}
		if sec.size > maxImage || total+sec.size > maxImage {
			return fmt.Errorf("section %s: %d bytes, with which the image passes %d", s.Name, sec.size, maxImage)
		}
		total += sec.size
		if c != zero {
			if sec.data, err = s.Data(); err != nil {
				return fmt.Errorf("section %s: %w", s.Name, err)
			}
			if uint64(len(sec.data)) != sec.size {
				return fmt.Errorf("section %s: %d bytes of %d", s.Name, len(sec.data), sec.size)
			}
		}
		o.sections = append(o.sections, sec)
	}
	return nil
}

// classOf sorts a section, and refuses what would have to run or be set up for
// the code to work.
func classOf(s *elf.Section) (class, error) {
	switch {
	case s.Flags&elf.SHF_ALLOC == 0, s.Type == elf.SHT_NOTE, s.Name == ".eh_frame":
		return absent, nil
	case s.Flags&elf.SHF_TLS != 0:
		return absent, fmt.Errorf("section %s: thread-local values are not supported", s.Name)
	case s.Flags&elf.SHF_COMPRESSED != 0:
		return absent, fmt.Errorf("section %s: compressed code is not supported", s.Name)
	case s.Type == elf.SHT_INIT_ARRAY, s.Type == elf.SHT_FINI_ARRAY, s.Type == elf.SHT_PREINIT_ARRAY,
		strings.HasPrefix(s.Name, ".ctors"), strings.HasPrefix(s.Name, ".dtors"):
		return absent, fmt.Errorf("section %s: functions that run when the code is loaded are not supported", s.Name)
	case s.Type == elf.SHT_NOBITS:
		return zero, nil
	case s.Type != elf.SHT_PROGBITS:
		return absent, fmt.Errorf("section %s: a loaded section of type %v is not supported", s.Name, s.Type)
	case s.Flags&elf.SHF_EXECINSTR != 0:
		if s.Flags&elf.SHF_WRITE != 0 {
			return absent, fmt.Errorf("section %s: both writable and executable", s.Name)
		}
		return code, nil
	case s.Flags&elf.SHF_WRITE != 0:
		return variable, nil
	}
	return constant, nil
}

func (o *object) readSymbols(f *elf.File) error {
	symbols, err := f.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return errors.New("no symbols")
	}
	if err != nil {
		return err
	}
	o.symbols = []symbol{{section: ignored}}
	defined := map[string]bool{}
	for _, s := range symbols {
		bind, kind := elf.ST_BIND(s.Info), elf.ST_TYPE(s.Info)
		sym := symbol{name: s.Name, value: s.Value, size: s.Size, info: s.Info,
			global: bind == elf.STB_GLOBAL || bind == elf.STB_WEAK, weak: bind == elf.STB_WEAK}
		if kind == elf.STT_TLS || kind == elf.STT_GNU_IFUNC {
			return fmt.Errorf("symbol %q: type %v is not supported", s.Name, kind)
		}
		switch {
		case s.Section == elf.SHN_UNDEF:
			sym.section = undefined
			if !sym.global || s.Name == "" {
				return fmt.Errorf("symbol %q: undefined, and not to be found elsewhere", s.Name)
			}
			if strings.ContainsRune(s.Name, 0) {
				return fmt.Errorf("symbol %q: name with a zero byte", s.Name)
			}
		case s.Section == elf.SHN_ABS:
			sym.section = absolute
		case s.Section >= elf.SHN_LORESERVE || int(s.Section) >= len(o.sections):
			return fmt.Errorf("symbol %q: section %v is not supported", s.Name, s.Section)
		case o.sections[s.Section].class == absent:
			sym.section = ignored
		default:
			sym.section = int(s.Section)
			size := o.sections[sym.section].size
			if s.Value > size || s.Size > size-s.Value {
				return fmt.Errorf("symbol %q: bytes %d to %d of a section of %d", s.Name, s.Value, s.Value+s.Size, size)
			}
		}
		if sym.global && sym.section >= 0 {
			if s.Name == "" || defined[s.Name] {
				return fmt.Errorf("symbol %q: defined twice or without a name", s.Name)
			}
			defined[s.Name] = true
			v := elf.ST_VISIBILITY(s.Other)
			sym.exported = v == elf.STV_DEFAULT || v == elf.STV_PROTECTED
		}
		o.symbols = append(o.symbols, sym)
	}
	return nil
}

func (o *object) readRelocs(f *elf.File) error {
	const entry = 24
	le := binary.LittleEndian
	for _, s := range f.Sections {
		if s.Type == elf.SHT_REL {
			return fmt.Errorf("section %s: relocations without addends are not x86-64's", s.Name)
		}
		if s.Type != elf.SHT_RELA {
			continue
		}
		if int(s.Info) >= len(o.sections) || int(s.Link) >= len(f.Sections) || f.Sections[s.Link].Type != elf.SHT_SYMTAB {
			return fmt.Errorf("section %s: relocates section %d with the symbols of section %d, of %d sections", s.Name, s.Info, s.Link, len(o.sections))
		}
		at := o.sections[s.Info]
		if at.class == absent {
			continue
		}
		if at.class == zero {
			return fmt.Errorf("section %s: relocates zeros", s.Name)
		}
		data, err := s.Data()
		if err != nil {
			return fmt.Errorf("section %s: %w", s.Name, err)
		}
		if len(data)%entry != 0 {
			return fmt.Errorf("section %s: %d bytes are no number of entries of %d", s.Name, len(data), entry)
		}
		for ; len(data) > 0; data = data[entry:] {
			info := le.Uint64(data[8:])
			r := reloc{section: int(s.Info), offset: le.Uint64(data), kind: elf.R_X86_64(uint32(info)), addend: int64(le.Uint64(data[16:]))}
			if info>>32 >= uint64(len(o.symbols)) {
				return fmt.Errorf("section %s: symbol %d of %d", s.Name, info>>32, len(o.symbols))
			}
			r.symbol = int(info >> 32)
			switch r.kind {
			case elf.R_X86_64_NONE:
				continue
			case elf.R_X86_64_64, elf.R_X86_64_PC64, elf.R_X86_64_PC32, elf.R_X86_64_PLT32, elf.R_X86_64_32, elf.R_X86_64_32S,
				elf.R_X86_64_GOTPCREL, elf.R_X86_64_GOTPCRELX, elf.R_X86_64_REX_GOTPCRELX:
			default:
				return fmt.Errorf("section %s: relocation %v is not supported", s.Name, r.kind)
			}
			if r.offset > at.size || r.width() > at.size-r.offset {
				return fmt.Errorf("section %s: relocation at byte %d of %d", s.Name, r.offset, at.size)
			}
			if o.symbols[r.symbol].section == ignored {
				return fmt.Errorf("section %s: relocation against %q, which is not loaded", s.Name, o.symbols[r.symbol].name)
			}
			o.relocs = append(o.relocs, r)
		}
	}
	return nil
}

// put writes a 32-bit value if it fits.
func put32(b []byte, kind elf.R_X86_64, name string, v int64) error {
	if kind == elf.R_X86_64_32 && v == int64(uint32(v)) || kind != elf.R_X86_64_32 && v == int64(int32(v)) {
		binary.LittleEndian.PutUint32(b, uint32(v))
		return nil
	}
	return fmt.Errorf("object file: relocation %v against %q: %#x does not fit into 32 bits", kind, name, v)
}

// roundUp is the least multiple of align, a power of two, from n on.
func roundUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }

// putJump writes the stub through which code at address from calls what the
// address at slot leads to: jmp *slot(%rip).
func putJump(b []byte, from, slot uint64) error {
	b[0], b[1] = 0xff, 0x25
	return put32(b[2:], elf.R_X86_64_PC32, "stub", int64(slot-(from+6)))
}

const (
	stubSize = 16
	slotSize = 8
)
