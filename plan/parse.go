package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxDevices is how many devices the engine works with: llama_max_devices of
// src/llama.cpp@v0.5.0.
const MaxDevices = 16

// Backends are the names of those whose rules are known.
var Backends = []string{"cuda", "vulkan", "metal"}

// ParseDevices reads a list of cards that need not be there: "24GiB", "rtx4090", "2x12GiB",
// "24GiB+12GiB", "vulkan:16GiB", "rtx4060ti:16GiB", "metal:64GiB", "24GiB@936GB/s". A size is in GiB or MiB, or
// in GB or MB, which are powers of ten; alone it is a card that follows the rules of CUDA.
// What stands before a colon is a backend, or a card that is sold with several sizes; what
// stands behind an @ is the bandwidth of its memory. The size of a metal machine is all of its
// memory, of which Metal gives a part. An error says
// what of the text is wrong and what would be right.
func ParseDevices(text string) ([]Device, error) {
	var devices []Device
	for part := range strings.SplitSeq(text, "+") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("devices %.80q: a card is missing; write something like 24GiB, rtx4090, 2x12GiB or 24GiB+12GiB", text)
		}
		count, item, err := cutCount(part)
		if err != nil {
			return nil, err
		}
		item, bandwidth, isBandwidth := strings.Cut(item, "@")
		d, err := parseDevice(item)
		if err == nil && isBandwidth {
			d.Bandwidth, err = ParseBandwidth(bandwidth)
		}
		if err != nil {
			return nil, err
		}
		if len(devices)+count > MaxDevices {
			return nil, fmt.Errorf("devices %.80q: more than %d, which is all that the engine works with", text, MaxDevices)
		}
		for range count {
			devices = append(devices, d)
		}
	}
	return devices, nil
}

// cutCount cuts off a number with an x: 2x12GiB.
func cutCount(text string) (count int, rest string, err error) {
	i := strings.IndexAny(text, "x×")
	if _, known := FindCard(text); known || i <= 0 || strings.Trim(text[:i], "-0123456789") != "" {
		return 1, text, nil // 7900xtx is a card
	}
	rest = strings.TrimLeft(text[i:], "x×")
	count, err = strconv.Atoi(text[:i])
	if err != nil || count < 1 || count > MaxDevices {
		return 0, "", fmt.Errorf("devices %.80q: the number of cards must be between 1 and %d, not %s", text, MaxDevices, text[:i])
	}
	return count, rest, nil
}

// parseDevice reads one: a size, a card, or one of them behind a colon.
func parseDevice(text string) (Device, error) {
	before, after, colon := strings.Cut(text, ":")
	if !colon {
		if _, known := FindCard(text); looksLikeSize(text) && !known {
			return sized("cuda", text)
		}
		return card(text)
	}
	backend := strings.ToLower(strings.TrimSpace(before))
	for _, b := range Backends {
		if b != backend {
			continue
		}
		if looksLikeSize(after) {
			return sized(b, after)
		}
		d, err := card(after)
		if err == nil && d.Backend != b {
			if b == "metal" || d.Backend == "metal" {
				return Device{}, fmt.Errorf("device %q: %s has no %s", text, d.Name, b)
			}
			d.Backend = b
			if b == "cuda" && d.ComputeCapability == 0 {
				return Device{}, fmt.Errorf("device %q: CUDA is for cards of NVIDIA's only; write vulkan:%s", text, after)
			}
		}
		return d, err
	}
	c, ok := FindCard(before)
	if !ok {
		return Device{}, unknownCard(before, "what stands before the colon is a backend ("+strings.Join(Backends, ", ")+") or a card")
	}
	size, err := ParseSize(after)
	if err != nil {
		return Device{}, fmt.Errorf("device %.80q: %w", text, err)
	}
	for _, memory := range c.Memory {
		// The driver reports some per cent less than is printed on the card, and those who
		// write GB may mean GiB.
		if float64(memory) > 0.9*float64(size) && float64(memory) < 1.1*float64(size) {
			return c.device(memory), nil
		}
	}
	sizes := make([]string, len(c.Memory))
	for i, memory := range c.Memory {
		sizes[i] = inCardSize(memory)
	}
	return Device{}, fmt.Errorf("device %.80q: %s has %s, not %s", text, c.Name, strings.Join(sizes, " or "), inCardSize(size))
}

func card(name string) (Device, error) {
	c, ok := FindCard(name)
	if !ok {
		return Device{}, unknownCard(name, "write its memory instead, such as 24GiB")
	}
	return c.device(c.Memory[0]), nil
}

func (c Card) device(memory uint64) Device {
	d := Device{Name: c.Name, Backend: c.Backend, Total: memory, Free: memory, Bandwidth: c.Bandwidth, ComputeCapability: c.ComputeCapability}
	if len(c.Memory) > 1 {
		d.Name += " " + inCardSize(memory)
	}
	if c.Backend == "metal" {
		d.Free = metalPart(memory)
	}
	return d
}

func unknownCard(name, remedy string) error {
	near := nearCards(name)
	question := ""
	switch len(near) {
	case 0:
	case 1:
		question = "did you mean " + near[0] + "? Or "
	default:
		question = "did you mean " + strings.Join(near[:len(near)-1], ", ") + " or " + near[len(near)-1] + "? Or "
	}
	return fmt.Errorf("the card %.80q is not known; %s%s", name, question, remedy)
}

func sized(backend, text string) (Device, error) {
	size, err := ParseSize(text)
	if err != nil {
		return Device{}, fmt.Errorf("device %.80q: %w", text, err)
	}
	d := Device{Name: inCardSize(size), Backend: backend, Total: size, Free: size}
	if backend == "metal" {
		d.Free = metalPart(size)
	}
	return d, nil
}

// looksLikeSize: it begins as a number and ends as a unit, or is nothing but a number.
func looksLikeSize(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	rest := strings.TrimLeft(text, "+-.0123456789")
	if rest == text {
		return false
	}
	return strings.Trim(rest, " gmkt") == "" || strings.HasSuffix(rest, "b")
}

// units are those of sizes.
var units = []struct {
	name  string
	bytes float64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}}

// ParseSize reads an amount of memory with its unit: 24GiB, 512MiB, 1.5TiB, 24GB.
func ParseSize(text string) (uint64, error) {
	trimmed := strings.TrimSpace(text)
	for _, u := range units {
		number := len(trimmed) - len(u.name)
		if number < 1 || !strings.EqualFold(trimmed[number:], u.name) {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(trimmed[:number]), 64)
		bytes := value * u.bytes
		switch {
		case err != nil || math.IsNaN(value):
			return 0, fmt.Errorf("%.40q is not a size: %.40q is not a number", text, trimmed[:number])
		case value <= 0:
			return 0, fmt.Errorf("%.40q is not a size of memory: it must be more than 0", text)
		case bytes < 1<<20:
			return 0, fmt.Errorf("%.40q is less than 1 MiB", text)
		case bytes > 1<<50:
			return 0, fmt.Errorf("%.40q is more than 1024 TiB", text)
		}
		return uint64(bytes), nil
	}
	if digits := strings.TrimRight(trimmed, "gGmMbB "); digits != "" {
		if _, err := strconv.ParseFloat(digits, 64); err == nil {
			return 0, fmt.Errorf("%.40q has no unit that is known: write %.40sGiB, or MiB", text, digits)
		}
	}
	return 0, fmt.Errorf("%.40q is not a size: write something like 24GiB or 512MiB", text)
}

// ParseBandwidth reads bytes a second: 936GB/s.
func ParseBandwidth(text string) (uint64, error) {
	amount, ok := strings.CutSuffix(strings.TrimSpace(text), "/s")
	if ok {
		if n, err := ParseSize(amount); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%.40q is not a bandwidth: write something like 936GB/s", text)
}

// inCardSize is an amount of memory as cards are called: 24 GiB, 11.5 GiB.
func inCardSize(bytes uint64) string {
	if bytes < 1<<30 {
		return strconv.FormatFloat(math.Round(float64(bytes)/(1<<20)), 'f', -1, 64) + " MiB"
	}
	return strconv.FormatFloat(math.Round(10*float64(bytes)/(1<<30))/10, 'f', -1, 64) + " GiB"
}
