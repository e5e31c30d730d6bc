package doctor

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/plan"
)

// Software are drivers that compute on the CPU.
var software = []string{"llvmpipe", "lavapipe", "swiftshader"}

func isSoftware(d *Device) bool {
	for _, name := range software {
		if strings.Contains(strings.ToLower(d.Description), name) {
			return true
		}
	}
	return false
}

// slow are devices that are not as fast as they could be.
func slow(f *Facts, d *Device) (list []Finding) {
	if isSoftware(d) {
		list = append(list, Finding{
			Level: Note, About: d.Name,
			Expected: "a graphics card behind the driver", Observed: "a software driver, which computes on the CPU",
			Evidence:   d.Description + versus(f, d),
			Suggestion: "Good for tests; for work use -ngl 0, which is faster",
		})
		return list
	}
	// A copy reaches some 80 to 95 % of the bandwidth that is published.
	if card, ok := plan.FindCard(d.Description); ok && d.Copy != nil && d.Copy.Best < float64(card.Bandwidth)/2 {
		list = append(list, Finding{
			Level: Warning, About: d.Name,
			Expected:   fmt.Sprintf("half of the %.0f GB/s that its maker publishes, at least", float64(card.Bandwidth)/1e9),
			Observed:   fmt.Sprintf("%.0f GB/s", d.Copy.Best/1e9),
			Evidence:   fmt.Sprintf("the best of %d rounds of copying within the device", d.Copy.Rounds),
			Suggestion: "Look in nvidia-smi -q for other programs, a power limit, or clocks that are held down by heat",
		})
	}
	if text := versus(f, d); text != "" && d.fastestPrompt().Flop.Best < cpu(f).fastestPrompt().Flop.Best {
		list = append(list, Finding{
			Level: Warning, About: d.Name,
			Expected: "it multiplies faster than the CPU", Observed: "it does not",
			Evidence:   strings.TrimPrefix(text, "; "),
			Suggestion: "Use -ngl 0, unless the CPU has other work",
		})
	}
	return list
}

// cpu is the CPU among the devices; nil: it is not there.
func cpu(f *Facts) *Device {
	for i := range f.Devices {
		if f.Devices[i].Type == "CPU" {
			return &f.Devices[i]
		}
	}
	return nil
}

// versus compares a device with the CPU; "": there is nothing to compare.
func versus(f *Facts, d *Device) string {
	c := cpu(f)
	if c == nil || c == d || d.fastestPrompt() == nil || c.fastestPrompt() == nil {
		return ""
	}
	return fmt.Sprintf("; %.1f GFLOP/s, the CPU has %.1f", d.fastestPrompt().Flop.Best/1e9, c.fastestPrompt().Flop.Best/1e9)
}
