package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// trim is slice before the passes that choose how to compute: what costs least of all
// the rows of a value may not of those that are needed.
//
//	(q @ (x @ w).T)[0]   becomes   q[0] @ (x @ w).T, of which chain makes (q[0] @ w.T) @ x.T
//
// Values that are the same are not shared yet. They are trimmed alike, to what is
// needed of any of them, so that cse finds them; so a value that is needed as a
// whole costs no more where a part of it is written anew. What is picked at run time
// is left to slice.
func trim(ctx *Context, f *ir.Func) error {
	shared := &sharedDemand{need: map[*ir.Value]demand{}, same: equals(f), looking: true, grows: true}
	for round := 0; shared.grows; round++ {
		if round == maxRounds {
			return nil
		}
		shared.grows = false
		s := newSlicing(ctx, f)
		s.shared = shared
		s.region(&f.Region, 1)
	}
	shared.looking = false
	s := newSlicing(ctx, f)
	s.shared = shared
	s.apply(f)
	return nil
}

// maxRounds is how often equal values are looked through for what is needed of them.
const maxRounds = 16

// A sharedDemand is what is needed of values that are the same.
type sharedDemand struct {
	need    map[*ir.Value]demand    // of the first of them
	same    map[*ir.Value]*ir.Value // the first of those that a value is the same as
	grows   bool                    // in this round
	looking bool                    // nothing is planned yet
}

// add adds to what is needed of v and of all that are the same, and returns it.
func (s *sharedDemand) add(v *ir.Value, d demand) demand {
	if u := s.same[v]; u != nil {
		v = u
	}
	had := s.need[v]
	d = had.or(d)
	if had == nil || !slices.EqualFunc(had, d, func(a, b wanted) bool { return a.all == b.all && slices.Equal(a.list, b.list) }) {
		s.need[v], s.grows = d, true
	}
	return d
}

// equals returns for each value that is the same as another one the first of them.
// Values in different regions are not compared.
func equals(f *ir.Func) map[*ir.Value]*ir.Value {
	same := map[*ir.Value]*ir.Value{}
	number := map[*ir.Value]int{}
	var region func(r *ir.Region)
	region = func(r *ir.Region) {
		known := map[string]*ir.Value{}
		for _, p := range r.Params {
			number[p] = len(number)
		}
		for _, v := range r.Body {
			number[v] = len(number)
			if v.Body != nil {
				region(v.Body)
				continue
			}
			if v.Type.Tuple != nil {
				continue
			}
			var key strings.Builder
			fmt.Fprint(&key, v.Op, ir.AttrString(v.Attrs), v.Type, v.Cost, v.Load)
			for _, a := range v.Args {
				fmt.Fprint(&key, ",", number[a])
			}
			if u := known[key.String()]; u != nil {
				same[v], number[v] = u, number[u]
			} else {
				known[key.String()] = v
			}
		}
	}
	region(&f.Region)
	return same
}
