package doctor

import (
	"fmt"
	"strings"
)

// cards are those whose memory bandwidth their maker publishes, in GB/s, by the name that
// their driver gives them. A copy reaches some 80 to 95 % of it.
var cards = map[string]float64{
	"NVIDIA GeForce RTX 3060": 360, "NVIDIA GeForce RTX 3070": 448, "NVIDIA GeForce RTX 3090": 936,
	"NVIDIA GeForce RTX 4060": 272, "NVIDIA GeForce RTX 4070": 504, "NVIDIA GeForce RTX 4090": 1008,
	"NVIDIA GeForce RTX 5090": 1792, "NVIDIA H100 80GB HBM3": 3350, "NVIDIA L4": 300, "Tesla T4": 320,
}

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
	if published, ok := cards[d.Description]; ok && d.Copy != nil && d.Copy.Best < published*1e9/2 {
		list = append(list, Finding{
			Level: Warning, About: d.Name,
			Expected:   fmt.Sprintf("half of the %.0f GB/s that its maker publishes, at least", published),
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
