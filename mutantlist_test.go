package lathe_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A mutant is a wrong compiler: an edit of one file.
type mutant struct {
	file, what string
	from, to   string // lines of the file
}

// mutants reads testdata/mutants.txt.
func mutants(t *testing.T) []mutant {
	t.Helper()
	text, err := os.ReadFile("testdata/mutants.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []mutant
	for _, paragraph := range strings.Split(string(text), "\n\n") {
		if strings.HasPrefix(paragraph, "#") {
			continue
		}
		head, rest, _ := strings.Cut(strings.TrimSuffix(paragraph, "\n"), "\n")
		m := mutant{}
		m.file, m.what, _ = strings.Cut(head, ": ")
		for _, line := range strings.Split(rest, "\n") {
			switch {
			case strings.HasPrefix(line, "-"):
				m.from += line[1:] + "\n"
			case strings.HasPrefix(line, "+"):
				m.to += line[1:] + "\n"
			default:
				t.Fatalf("%s: a line that begins with neither - nor +: %q", head, line)
			}
		}
		all = append(all, m)
	}
	return all
}

// applied returns the text of m's file with its edit.
func (m mutant) applied() (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.from); n != 1 {
		return "", fmt.Errorf("the lines to be changed stand in the file %d times, want once", n)
	}
	return strings.Replace(string(text), m.from, m.to, 1), nil
}

// TestMutantsApply sees that the list keeps up with the files that it edits;
// make mutants, which takes hours, tries what it makes.
func TestMutantsApply(t *testing.T) {
	for _, m := range mutants(t) {
		if _, err := m.applied(); err != nil {
			t.Errorf("%s: %s: %v", m.file, m.what, err)
		}
	}
}
