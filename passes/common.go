package passes

import (
	"cmp"
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
	maxLooking = 24
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
	prices := map[*network]int{}
	price := func(n *network) int {
		if _, ok := prices[n]; !ok {
			t, _ := order(n, when)
			prices[n] = t.price.flops
		}
		return prices[n]
	}
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
		// Where a part comes n times, n-1 times of computing it is what can be saved:
		// most of the others need not be tried then.
		most := map[string]int{}
		cut := map[string]*common{}
		for _, text := range texts {
			c, cost := cutOut(networks, found[text][0], len(stands), when)
			cut[text], most[text] = c, times(cost, len(found[text])-1)
		}
		slices.SortFunc(texts, func(a, b string) int {
			return cmp.Or(cmp.Compare(most[b], most[a]), cmp.Compare(a, b))
		})
		gain := 0
		var best *common
		var instead map[int]*network
		for _, text := range texts {
			if most[text] <= gain {
				break
			}
			others, saved := replaced(networks, found[text], cut[text], when, price)
			if saved > gain {
				gain, best, instead = saved, cut[text], others
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
			delete(prices, networks[i])
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

// cutOut returns the part at a place as a value of its own, and its FLOPs.
func cutOut(networks []*network, place occurrence, number int, when *timing) (*common, int) {
	n := networks[place.network]
	c := &common{network: &network{root: n.root, sizes: n.sizes, out: place.axes}}
	t := ir.Type{DType: n.root.Type.DType}
	for _, i := range place.axes {
		t.Shape = append(t.Shape, dim.Const(n.sizes[i]))
	}
	for _, i := range place.factors.members() {
		c.factors = append(c.factors, n.factors[i])
	}
	tree, _ := order(c.network, when)
	t.Props = tree.props
	c.stand = &ir.Value{ID: -1 - number, Op: ir.OpParam, Type: t}
	when.stands(c.stand, tree.at)
	return c, tree.price.flops
}

// replaced returns the networks with the part c, which comes at the places, as a
// value of its own, and the FLOPs that this saves; price is that of networks as
// they are.
func replaced(networks []*network, places []occurrence, c *common, when *timing, price func(*network) int) (map[int]*network, int) {
	saved := -price(c.network)
	instead := map[int]*network{}
	for _, p := range places {
		if instead[p.network] == nil {
			copied := *networks[p.network]
			copied.factors = slices.Clone(copied.factors)
			copied.mirror = copied.mirror || networks[p.network].symmetric()
			instead[p.network] = &copied
		}
		for i, k := range p.factors.members() {
			// The part stands where its first factor was; the others go.
			f := &instead[p.network].factors[k]
			*f = factor{}
			if i == 0 {
				*f = factor{Value: c.stand, idx: p.axes, shared: true}
			}
		}
	}
	counted := map[string]bool{} // networks that are the same are shared as they are
	for i := range networks {
		if instead[i] == nil {
			continue
		}
		instead[i].factors = slices.DeleteFunc(instead[i].factors, func(f factor) bool { return f.Value == nil })
		text := wholeText(networks[i])
		if counted[text] {
			continue
		}
		counted[text] = true
		now, _ := order(instead[i], when)
		saved += price(networks[i]) - now.price.flops
	}
	return instead, saved
}

// wholeText tells networks apart that are not the same product.
func wholeText(n *network) string {
	var b strings.Builder
	t := term{network: n}
	b.WriteString(t.text())
	b.WriteString(t.scaleText())
	return b.String()
}
