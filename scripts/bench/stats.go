package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// pairs are measurements of both sides.
type pairs struct{ ours, theirs []float64 }

func (p *pairs) add(ours, theirs float64) {
	p.ours = append(p.ours, ours)
	p.theirs = append(p.theirs, theirs)
}

// print shows the medians, the median ratio pair by pair and how sure it is.
// lessIsBetter: the values are times.
func (p *pairs) print(name, unit string, lessIsBetter bool) {
	ratios := make([]float64, len(p.ours))
	for i := range ratios {
		ratios[i] = p.ours[i] / p.theirs[i]
		if lessIsBetter {
			ratios[i] = 1 / ratios[i]
		}
	}
	slices.Sort(ratios)
	low, high := medianInterval(ratios)
	fmt.Printf("%-44s %6.1f %-5s %6.1f %-5s %10.3f  [%.3f, %.3f]   %.3f to %.3f\n", name, median(p.ours), unit, median(p.theirs), unit,
		median(ratios), low, high, ratios[0], ratios[len(ratios)-1])
}

// printFine shows times of which ours are much shorter: how many times as long theirs is.
func (p *pairs) printFine(name, unit string) {
	ratios := p.timesFaster()
	low, high := medianInterval(ratios)
	fmt.Printf("%-44s %6.3f %-5s %6.1f %-5s %10.1f  [%.1f, %.1f]   %.1f to %.1f\n", name, median(p.ours), unit, median(p.theirs), unit,
		median(ratios), low, high, ratios[0], ratios[len(ratios)-1])
}

// timesFaster are sorted: how many times as long theirs takes as ours.
func (p *pairs) timesFaster() []float64 {
	ratios := make([]float64, len(p.ours))
	for i := range ratios {
		ratios[i] = p.theirs[i] / p.ours[i]
	}
	slices.Sort(ratios)
	return ratios
}

// printDifference shows the medians and the median difference pair by pair.
func (p *pairs) printDifference(name, unit string) {
	differences := make([]float64, len(p.ours))
	for i := range differences {
		differences[i] = p.ours[i] - p.theirs[i]
	}
	slices.Sort(differences)
	low, high := medianInterval(differences)
	fmt.Printf("%-44s %6.2f %-5s %6.2f %-5s %+10.2f  [%+.2f, %+.2f]   %+.2f to %+.2f\n", name, median(p.ours), unit, median(p.theirs), unit,
		median(differences), low, high, differences[0], differences[len(differences)-1])
}

func median(v []float64) float64 { return stat.Median(v) }

// medianInterval is the 95 % confidence interval of the median.
func medianInterval(v []float64) (low, high float64) {
	b := stat.MedianBounds(v, 0.95)
	return b.Low, b.High
}

// millis is a time in milliseconds.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
