package ir_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// TestMutations exchanges words of functions for others: most of what comes out
// is wrong in a way that only types and attributes show. Nothing may panic, and
// what is read must be printed and read again.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 7))
	word := regexp.MustCompile(`[A-Za-z_]+[A-Za-z_0-9]*|-?[0-9]+(\.[0-9]+)?|"[^"]*"|\[[^\]]*\]|\([^)]*\)|[,:{}]`)
	var texts []string
	for _, line := range strings.Split(strings.Trim(everyOp, "\n"), "\n") {
		texts = append(texts, everyParam+"\n"+strings.ReplaceAll(line, "§", "\n")+"\n  return x\n}\n")
	}
	pool := []string{"0", "-1", "4611686018427387904", "[]", "[n - 5]", "f32[0]", "(f32, f32)", "i8", "inf", "nan", `"ab->"`, `"aa,b->ab"`, "bool[1]", "f32[4, 4] lower"}
	for _, text := range texts {
		pool = append(pool, word.FindAllString(text, -1)...)
	}
	read, passed := 0, 0
	for range 20000 {
		text := texts[r.IntN(len(texts))]
		body := strings.IndexByte(text, '\n')
		if r.IntN(3) == 0 {
			body = 0
		}
		for range 1 + r.IntN(2) {
			at := word.FindAllStringIndex(text[body:], -1)
			m := at[r.IntN(len(at))]
			text = text[:body+m[0]] + pool[r.IntN(len(pool))] + text[body+m[1]:]
			body = min(body, len(text))
			if len(word.FindString(text[body:])) == 0 {
				body = 0
			}
		}
		m, err := ir.Parse(&source.File{Name: "f.ir", Text: text})
		if err != nil {
			continue
		}
		read++
		if ir.VerifyModule(m) == nil {
			passed++
		}
		roundTrip(t, m)
		if t.Failed() {
			t.Fatalf("seed %d: %s", *seed, text)
		}
	}
	if read < 1000 || passed < 300 {
		t.Errorf("only %d texts could be read, %d of them are right", read, passed)
	}
}
