package main

import "strings"

// nearest is a question after the name that was probably meant, "" when none is
// near: "; did you mean /help?".
func nearest(typed string, names []string, prefix string) string {
	best, distance := "", 100
	for _, name := range names {
		d := editDistance(typed, name)
		if typed != "" && strings.HasPrefix(name, typed) {
			d = 1
		}
		if d < distance && 2*d < len(name) {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + prefix + best + "?"
}

// editDistance counts the letters to insert, remove or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
