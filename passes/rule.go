package passes

// A Class says what a law is exact for (algebra in floats is not that of the
// reals). Strict mode allows Exact only.
type Class uint8

const (
	Exact         Class = iota // the same bits: only movement, sharing, or less of the same work
	Reassociate                // the order of sums and products changes; both orders are within the derived bound
	Distribute                 // a product of a sum becomes a sum of products, or the other way round
	Nonfinite                  // holds where values are finite, or where a zero is one by construction
	FromStructure              // holds because of a structure that a type states
)

// String returns the class in words.
func (c Class) String() string {
	return [...]string{"exact", "reassociates", "distributes", "finite", "by structure"}[c]
}

// A Rule is one law by which a pass rewrites.
type Rule struct {
	Name  string // as explain prints it
	Law   string // left side = right side, in the notation of the language
	Class Class
}

// Rules returns the laws of each pass, by its name.
func Rules() map[string][]*Rule {
	out := map[string][]*Rule{}
	for _, p := range pipeline() {
		out[p.Name] = p.Rules
	}
	return out
}
