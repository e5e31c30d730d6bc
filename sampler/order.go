package sampler

import (
	"fmt"
	"strings"
)

// Step is a step of a chain whose place can be chosen.
type Step int8

// The steps, with the engine's names (common_sampler_type_to_str,
// common/sampling.cpp@v0.5.0).
const (
	Penalties Step = iota
	DRYStep
	TopNSigma
	TopK
	Typical
	TopP
	MinP
	XTC
	Temperature
	Infill
	AdaptiveP
	numSteps
)

var stepNames = [numSteps]string{"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature", "infill", "adaptive_p"}

// The letters of the engine's --sampling-seq.
const stepLetters = "edskypmxtia"

func (s Step) String() string {
	if s < 0 || s >= numSteps {
		return fmt.Sprintf("step %d", int8(s))
	}
	return stepNames[s]
}

// DefaultOrder is the engine's (common/common.h@v0.5.0).
func DefaultOrder() []Step {
	return []Step{Penalties, DRYStep, TopNSigma, TopK, Typical, TopP, MinP, XTC, Temperature}
}

// ParseOrder reads names with semicolons between them, as --samplers takes them; case,
// hyphens for underscores and the engine's other names are taken too. A name that the
// engine would leave out with a warning is an error.
func ParseOrder(text string) ([]Step, error) {
	order := []Step{}
	for name := range strings.SplitSeq(text, ";") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		step, ok := stepOf(strings.ToLower(name))
		if !ok {
			return nil, fmt.Errorf("sampler: there is no step %.40q; the steps are %s", name, strings.Join(stepNames[:], ";"))
		}
		order = append(order, step)
		if len(order) > maxOrder {
			return nil, fmt.Errorf("sampler: more than %d steps", maxOrder)
		}
	}
	return order, nil
}

// Steps of an order at most; the engine sets no limit.
const maxOrder = 64

// ParseLetters reads an order of one letter a step, as --sampling-seq takes it.
func ParseLetters(text string) ([]Step, error) {
	order := []Step{}
	for _, letter := range text {
		i := strings.IndexRune(stepLetters, letter)
		if i < 0 {
			return nil, fmt.Errorf("sampler: there is no step %q; the letters are %s", letter, stepLetters)
		}
		if len(order) == maxOrder {
			return nil, fmt.Errorf("sampler: more than %d steps", maxOrder)
		}
		order = append(order, Step(i))
	}
	return order, nil
}

// FormatOrder is the text that ParseOrder reads.
func FormatOrder(order []Step) string {
	names := make([]string, len(order))
	for i, s := range order {
		names[i] = s.String()
	}
	return strings.Join(names, ";")
}

func stepOf(name string) (Step, bool) {
	switch name {
	case "nucleus":
		return TopP, true
	case "temp":
		return Temperature, true
	case "typ":
		return Typical, true
	}
	for i, n := range stepNames {
		if name == n || strings.Contains(n, "_") && (name == strings.ReplaceAll(n, "_", "-") || name == strings.ReplaceAll(n, "_", "")) {
			return Step(i), true
		}
	}
	return 0, false
}
