package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// table collects figures and the budgets they are held against.
type table struct{ rows [][4]string }

func (t *table) add(what, figure, budget, verdict string) {
	t.rows = append(t.rows, [4]string{what, figure, budget, verdict})
	say("%s: %s %s", what, figure, verdict)
}

func (t *table) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tfigure\tbudget\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r[0], r[1], r[2], r[3])
	}
	_ = w.Flush()
}

func verdict(ok bool) string {
	if ok {
		return "OK"
	}
	return "OVER"
}

// ratio adds a row of how much a is of b, against a budget in the same unit.
func (t *table) ratio(what string, a, b time.Duration, budget float64, text string) {
	t.add(what, fmt.Sprintf("%.3f", float64(a)/float64(b)), text, verdict(float64(a) <= budget*float64(b)))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// median is the middle of several times: one run that the machine disturbed does not count.
func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
