package jit

import "fmt"

// readObjects checks object files and joins them to one.
func readObjects(files [][]byte) (*object, error) {
	objects := make([]*object, len(files))
	for i, file := range files {
		var err error
		if objects[i], err = readObject(file); err != nil {
			return nil, err
		}
	}
	if len(objects) == 1 {
		return objects[0], nil
	}
	return join(objects)
}

// join makes one object of several: what is undefined in one and global in
// another is the same symbol from here on. A name that two of them define is an
// error.
func join(objects []*object) (*object, error) {
	all := &object{}
	defined := map[string]int{} // global symbols, by name
	for _, o := range objects {
		start := len(all.symbols)
		for _, s := range o.symbols {
			if s.section >= 0 {
				s.section += len(all.sections)
			}
			if s.global && s.section != undefined && s.section != ignored {
				if _, twice := defined[s.name]; twice {
					return nil, fmt.Errorf("object files: two of them define %q", s.name)
				}
				defined[s.name] = len(all.symbols)
			}
			all.symbols = append(all.symbols, s)
		}
		for _, r := range o.relocs {
			r.section += len(all.sections)
			r.symbol += start
			all.relocs = append(all.relocs, r)
		}
		all.sections = append(all.sections, o.sections...)
	}
	same := make([]int, len(all.symbols)) // the symbol that stands for each
	for i := range all.symbols {
		s := &all.symbols[i]
		same[i] = i
		if s.section != undefined {
			continue
		}
		if d, ok := defined[s.name]; ok {
			same[i] = d
			s.section = ignored
		}
	}
	for i := range all.relocs {
		r := &all.relocs[i]
		r.symbol = same[r.symbol]
	}
	return all, nil
}
