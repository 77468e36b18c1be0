package ir

// A Level says when the value of something becomes known.
type Level uint8

// The levels, from the earliest on.
const (
	CompileLevel Level = iota // when the program is compiled: it depends on no parameter
	LoadLevel                 // when weights are loaded
	CallLevel                 // in a call, or in a turn of a loop there
)

// String returns the level as messages spell it.
func (l Level) String() string { return [...]string{"compile", "load", "call"}[l] }

// LoadTime returns the values that are computed when weights are loaded and used
// in a call, in order.
func (f *Func) LoadTime() []*Value {
	used := map[*Value]bool{}
	for _, v := range f.Results {
		used[v] = true
	}
	for _, v := range f.Body {
		if v.Load {
			continue
		}
		for _, a := range v.Args {
			used[a] = true
		}
		if v.Body != nil {
			for _, a := range v.Body.Captures() {
				used[a] = true
			}
		}
	}
	var out []*Value
	for _, v := range f.Body {
		if v.Load && used[v] {
			out = append(out, v)
		}
	}
	return out
}

// Levels returns the level of each value of f, and of the bodies of its loops: the
// latest of those that it depends on. A loop is as late as what it starts with
// and what its body uses from outside; so are the parameters of the body.
func (f *Func) Levels() map[*Value]Level {
	levels := map[*Value]Level{}
	for _, v := range f.Params {
		levels[v] = CallLevel
		if v.Weight {
			levels[v] = LoadLevel
		}
	}
	var region func(*Region)
	region = func(r *Region) {
		for _, v := range r.Body {
			l := CompileLevel
			for _, a := range v.Args {
				l = max(l, levels[a])
			}
			if v.Body != nil {
				for _, a := range v.Body.Captures() {
					l = max(l, levels[a])
				}
				for _, p := range v.Body.Params {
					levels[p] = l
				}
				region(v.Body)
			}
			levels[v] = l
		}
	}
	region(&f.Region)
	return levels
}
