package doctor

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Limits of the NMSE. Of products: those of upstream's tests for the same
// (tests/test-backend-ops.cpp, test_mul_mat::max_nmse_err, at the pinned tree); activations
// that are rounded to 8 bits, as on the CPU, make 1.5e-5. Of logits: what the CPU itself
// makes when it evaluates the same tokens in other batches, several times: rounding
// activations to 8 bits multiplies the smallest difference (docs/doctor.md has the numbers).
const (
	productLimit = 5e-4
	fp4Limit     = 2e-2 // MXFP4 on GPUs that multiply it as such, activations too

	// SyntheticLimit and ModelLimit are for Check.Limit.
	SyntheticLimit = 1e-3
	ModelLimit     = 1e-2
)

// Limit is that of a type's products on a device.
func (a Accuracy) limit(d *Device) float64 {
	if a.Type == "mxfp4" && d.Type != "CPU" {
		return fp4Limit
	}
	return productLimit
}

// Passed: NaN does not.
func (c *Check) Passed() bool { return c.NMSE <= c.Limit && c.NotFinite == 0 }

// avoid is how to do without a device.
func avoid(d *Device) string {
	if d.Type == "CPU" {
		return "Do not trust answers of this build on this CPU"
	}
	return "Do not use this device: run with -ngl 0, or name another one with --device"
}

// ErrNoNumbers is what there is to say of a reference of which nothing can be concluded.
var ErrNoNumbers = errors.New("the model's logits are no numbers")

// failed are steps that did not come to their end.
func failed(f *Facts, d *Device) (list []Finding) {
	for _, x := range d.Failures {
		suggestion := avoid(d) + "; update its driver and look again"
		if text := strings.ToLower(x.Error); strings.Contains(text, "out of memory") || strings.Contains(text, "has no room") {
			suggestion = "Free memory of the device, or name a smaller model, and look again"
		}
		if strings.Contains(x.Error, ErrNoNumbers.Error()) {
			suggestion = "Run llm doctor without a model: if that passes, the file is damaged, so get it again"
		}
		list = append(list, Finding{
			Level: Error, About: d.Name,
			Expected:   fmt.Sprintf("the step %q comes to its end", x.Step),
			Observed:   x.Error,
			Evidence:   describe(d) + ", engine " + f.Build.Engine,
			Suggestion: suggestion,
		})
	}
	return list
}

// describe says which device it is.
func describe(d *Device) string {
	text := d.Description
	if text == "" {
		text = d.Name
	}
	if d.Driver != "" {
		text += ", driver " + d.Driver
	}
	return text
}

// wrong are results that are too far from those of the CPU, or from double precision.
func wrong(d *Device) (list []Finding) {
	var bad []string
	for _, a := range d.Accuracy {
		if !a.Unsupported && !(float64(a.NMSE) <= a.limit(d)) {
			bad = append(bad, fmt.Sprintf("%s %.1e", a.Type, float64(a.NMSE)))
		}
	}
	report := "; report it with the output of 'llm doctor --json'"
	if bad != nil {
		list = append(list, Finding{
			Level: Error, About: d.Name,
			Expected:   fmt.Sprintf("products within an NMSE of %.0e of double precision", productLimit),
			Observed:   strings.Join(bad, ", "),
			Evidence:   fmt.Sprintf("random weights of %d types, multiplied on %s", len(d.Accuracy), describe(d)),
			Suggestion: avoid(d) + report,
		})
	}
	if c := d.Logits; c != nil && !c.Passed() {
		observed := fmt.Sprintf("%.1e; the same best token at %d of %d positions", float64(c.NMSE), c.Top1, c.Tokens)
		if c.NotFinite > 0 {
			observed += fmt.Sprintf("; %d logits are no numbers", c.NotFinite)
		}
		list = append(list, Finding{
			Level: Error, About: d.Name,
			Expected:   fmt.Sprintf("logits within an NMSE of %.0e of the CPU's", float64(c.Limit)),
			Observed:   observed,
			Evidence:   fmt.Sprintf("%d tokens, worst at position %d (%.1e), largest difference %.3g, on %s", c.Tokens, c.WorstAt, float64(c.WorstNMSE), float64(c.MaxDiff), describe(d)),
			Suggestion: avoid(d) + report,
		})
	}
	return list
}

// memory that is nearly full, or smaller than the model.
func memory(f *Facts, d *Device) (list []Finding) {
	if d.MemoryTotal == 0 {
		return nil
	}
	part := float64(d.MemoryFree) / float64(d.MemoryTotal)
	if part < 0.1 {
		list = append(list, Finding{
			Level: Warning, About: d.Name,
			Expected:   "a tenth of its memory is free at least",
			Observed:   fmt.Sprintf("%s of %s (%.0f %%)", gib(d.MemoryFree), gib(d.MemoryTotal), math.Floor(100*part)),
			Evidence:   "what the device tells",
			Suggestion: "Find out which programs hold it, and end them",
		})
	}
	if need := uint64(f.Model.Bytes); need > d.MemoryFree && !f.Model.Synthetic {
		list = append(list, Finding{
			Level: Warning, About: d.Name,
			Expected:   fmt.Sprintf("room for the %s of %s", gib(need), f.Model.Name),
			Observed:   gib(d.MemoryFree) + " are free",
			Evidence:   "the sizes of the model's tensors, without its KV cache",
			Suggestion: "Put fewer layers there (-ngl), or take a smaller quantization of the model",
		})
	}
	return list
}

func gib(bytes uint64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
