package benchmarks

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Report is what a run of a suite found.
type Report struct {
	Suite   string   `json:"suite"`
	Machine Machine  `json:"machine"`
	Rows    []Result `json:"rows"`
}

// Pass reports whether all rows passed.
func (r *Report) Pass() bool {
	return !slices.ContainsFunc(r.Rows, func(r Result) bool { return !r.Pass })
}

// Lines returns what is to be said below the table: the suite's own summary,
// and why rows failed.
func (r *Report) Lines() []string {
	var out []string
	if suite, err := Find(r.Suite); err == nil && suite.summary != nil {
		out = suite.summary(r)
	}
	for _, row := range r.Rows {
		for _, why := range row.Why {
			out = append(out, row.Name+": "+why)
		}
	}
	return out
}

// Join puts reports together, the rows of one suite into one report. A row that
// was measured again replaces the earlier one. The machine is that of the first,
// and must be that of all.
func Join(reports []*Report) ([]*Report, error) {
	var out []*Report
	for _, r := range reports {
		i := slices.IndexFunc(out, func(have *Report) bool { return have.Suite == r.Suite })
		if i < 0 {
			out = append(out, &Report{Suite: r.Suite, Machine: r.Machine, Rows: slices.Clone(r.Rows)})
			continue
		}
		have := out[i]
		if a, b := have.Machine.identity(), r.Machine.identity(); a != b {
			return nil, fmt.Errorf("%s was measured on different machines or versions: %s, and %s", r.Suite, a, b)
		}
		have.Machine.join(&r.Machine)
		for _, row := range r.Rows {
			if j := slices.IndexFunc(have.Rows, func(h Result) bool { return h.Name == row.Name }); j >= 0 {
				have.Rows[j] = row
			} else {
				have.Rows = append(have.Rows, row)
			}
		}
	}
	for _, r := range out {
		suite, err := Find(r.Suite)
		if err != nil {
			return nil, err
		}
		// The rows' own order, whichever piece was measured first.
		place := map[string]int{}
		for i, row := range suite.rows(&Config{}) {
			place[row.name] = i
		}
		slices.SortStableFunc(r.Rows, func(a, b Result) int { return place[a.Name] - place[b.Name] })
	}
	return out, nil
}

// A Result is what was found for a row.
type Result struct {
	Name   string
	Pass   bool
	Why    []string       // what failed, for people
	Values map[string]any // the row's figures, as JSON holds them
}

// set sets a figure. What encoding/json makes of it is what tables see.
func (r *Result) set(key string, v any) {
	if r.Values == nil {
		r.Values = map[string]any{}
	}
	r.Values[key] = v
}

// failf says why the row failed.
func (r *Result) failf(format string, args ...any) {
	r.Pass = false
	r.Why = append(r.Why, fmt.Sprintf(format, args...))
}

// MarshalJSON writes name, pass and why beside the figures.
func (r Result) MarshalJSON() ([]byte, error) {
	all := map[string]any{}
	maps.Copy(all, r.Values)
	all["name"], all["pass"] = r.Name, r.Pass
	if len(r.Why) > 0 {
		all["why"] = r.Why
	}
	return json.Marshal(all)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Result) UnmarshalJSON(data []byte) error {
	var head struct {
		Name string
		Pass bool
		Why  []string
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	*r = Result{Name: head.Name, Pass: head.Pass, Why: head.Why}
	if err := json.Unmarshal(data, &r.Values); err != nil {
		return err
	}
	for _, key := range []string{"name", "pass", "why"} {
		delete(r.Values, key)
	}
	return nil
}

// value returns a figure by its path, such as time.median_s; nil for none. Only
// for results that come from JSON.
func (r *Result) value(path string) any {
	var at any = r.Values
	for key := range strings.SplitSeq(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

// decoded returns the report as it comes back from its JSON, so that tables see
// fresh and stored reports alike.
func (r *Report) decoded() (*Report, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out := &Report{}
	return out, json.Unmarshal(data, out)
}

// number returns a figure of a fresh or a stored result.
func (r *Result) number(path string) (float64, bool) {
	data, err := json.Marshal(r)
	if err != nil {
		return 0, false
	}
	var stored Result
	if err := json.Unmarshal(data, &stored); err != nil {
		return 0, false
	}
	x, ok := stored.value(path).(float64)
	return x, ok
}
