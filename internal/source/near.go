package source

import (
	"strings"
	"unicode/utf8"
)

// Near returns the candidate that name was most likely meant to be, for a hint:
// the one at the smallest edit distance, which must be at most 2 and leave at
// least half of the name. Letters that differ only in case are free. Of equally
// near ones it returns the first in the alphabet, so that the order of the
// candidates does not matter; "" where none is near.
func Near(name string, candidates []string) string {
	n := utf8.RuneCountInString(name)
	if n > maxQuote {
		return ""
	}
	best, bestDist := "", min(2, n/2)
	found := false
	for _, c := range candidates {
		d := distance(strings.ToLower(name), strings.ToLower(c), bestDist)
		if c == name || d > bestDist {
			continue
		}
		if !found || d < bestDist || c < best {
			best, bestDist, found = c, d, true
		}
	}
	return best
}

// distance returns the number of insertions, deletions, substitutions and swaps
// of neighbours that make b from a, or limit+1 where there are more than limit
// (the optimal string alignment distance, by rows).
func distance(a, b string, limit int) int {
	s, t := []rune(a), []rune(b)
	if len(s)-len(t) > limit || len(t)-len(s) > limit {
		return limit + 1
	}
	before, above, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			d := above[j-1]
			if s[i-1] != t[j-1] {
				d++
			}
			d = min(d, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
		}
		before, above, row = above, row, before
	}
	return min(above[len(t)], limit+1)
}
