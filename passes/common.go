package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

var commonPart = &Rule{Name: "common part", Law: "x @ (a @ b), y @ (a @ b) with a @ b computed once", Class: Reassociate}

// How many rounds the search for common parts goes on for, and the largest
// network that it looks into.
const (
	maxCommon  = 8
	maxLooking = 10
)

// A common is a part of several networks that is computed once for them.
type common struct {
	*network
	stand *ir.Value // what stands for it in networks
	made  *ir.Value // nil until it is computed
}

// An occurrence is where a part comes in a network.
type occurrence struct {
	network int // in the list
	factors set
	axes    []int // the indices there of the part's axes
}

// shareParts replaces parts that several of the networks have by one value each,
// where that costs less than each network in its own best order: the part that
// saves most first, as long as one does. It returns what stands for parts, and
// the networks that have some now, as they are without.
func shareParts(networks []*network, when *timing) (map[*ir.Value]*common, map[*network]*network) {
	stands := map[*ir.Value]*common{}
	before := map[*network]*network{}
	for range maxCommon {
		found := parts(networks)
		var texts []string
		for text, places := range found {
			if len(places) > 1 {
				texts = append(texts, text)
			}
		}
		slices.Sort(texts)
		gain := 0
		var best *common
		var instead map[int]*network
		for _, text := range texts {
			c, others, saved := replaced(networks, found[text], len(stands), when)
			if saved > gain {
				gain, best, instead = saved, c, others
			}
		}
		if best == nil {
			break
		}
		stands[best.stand] = best
		for i, n := range instead {
			if before[networks[i]] == nil {
				copied := *networks[i]
				before[networks[i]] = &copied
			}
			*networks[i] = *n
		}
	}
	return stands, before
}

// parts returns where parts of at least two factors come, by their keys. Of
// places that overlap only the first counts.
func parts(networks []*network) map[string][]occurrence {
	out := map[string][]occurrence{}
	for i, n := range networks {
		if len(n.factors) < 2 || len(n.factors) > maxLooking {
			continue
		}
		o := newOrdering(n)
		taken := map[string]set{}
		for size := 2; size <= len(n.factors); size++ {
			for from := 0; from+size <= len(n.factors); from++ {
				s := (set(1)<<size - 1) << from
				if o.joined(s&-s, s) != s {
					continue
				}
				k := o.key(s)
				if taken[k.text]&s == 0 {
					taken[k.text] |= s
					out[k.text] = append(out[k.text], occurrence{i, s, k.orders[0]})
				}
			}
		}
	}
	return out
}

// replaced returns the part that comes at the places as a value of its own, the
// networks with it, and the FLOPs that this saves.
func replaced(networks []*network, places []occurrence, number int, when *timing) (*common, map[int]*network, int) {
	first := places[0]
	n := networks[first.network]
	c := &common{network: &network{root: n.root, sizes: n.sizes, out: first.axes}}
	t := ir.Type{DType: n.root.Type.DType}
	for _, i := range first.axes {
		t.Shape = append(t.Shape, dim.Const(n.sizes[i]))
	}
	c.stand = &ir.Value{ID: -1 - number, Op: ir.OpParam, Type: t}
	for _, i := range first.factors.members() {
		c.factors = append(c.factors, n.factors[i])
	}
	tree, _ := order(c.network, when)
	saved := -tree.price.flops
	when.stands(c.stand, tree.at)
	instead := map[int]*network{}
	gone := map[int]set{}
	for _, p := range places {
		gone[p.network] |= p.factors
		if instead[p.network] == nil {
			copied := *networks[p.network]
			copied.factors = nil
			instead[p.network] = &copied
		}
		instead[p.network].factors = append(instead[p.network].factors, factor{Value: c.stand, idx: p.axes, shared: true})
	}
	counted := map[string]bool{} // networks that are the same are shared as they are
	for i := range networks {
		if instead[i] == nil {
			continue
		}
		for k, f := range networks[i].factors {
			if !gone[i].has(k) {
				instead[i].factors = append(instead[i].factors, f)
			}
		}
		text := wholeText(networks[i])
		if counted[text] {
			continue
		}
		counted[text] = true
		old, _ := order(networks[i], when)
		now, _ := order(instead[i], when)
		saved += old.price.flops - now.price.flops
	}
	return c, instead, saved
}

// wholeText tells networks apart that are not the same product.
func wholeText(n *network) string {
	var b strings.Builder
	t := term{network: n}
	b.WriteString(t.text())
	b.WriteString(t.scaleText())
	return b.String()
}
