package main

import (
	"strings"

	"github.com/seed-f87006eb/llm/internal/spelling"
)

// nearest is a question after the name that was probably meant, "" when none is
// near: "; did you mean /help?".
func nearest(typed string, names []string, prefix string) string {
	best, distance := "", 100
	for _, name := range names {
		d := spelling.Distance(typed, name)
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
