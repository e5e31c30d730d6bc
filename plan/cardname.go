package plan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/seed-f87006eb/llm/internal/spelling"
)

// FindCard finds a card by what a driver, or a person, calls it: "NVIDIA GeForce RTX 4090",
// "rtx 4090", "4090", "AMD Radeon RX 7900 XTX (RADV NAVI31)". False: it is not known.
func FindCard(name string) (Card, bool) {
	key := cardKey(name)
	if short, ok := aliases[key]; ok {
		key = cardKey(short)
	}
	keys := []string{key}
	if key != "" && key[0] >= '0' && key[0] <= '9' {
		keys = append(keys, "rtx"+key, "gtx"+key, "rx"+key)
	}
	for _, key := range keys {
		if c, ok := cardsByKey()[key]; ok {
			return c, true
		}
	}
	return Card{}, false
}

var cardsByKey = sync.OnceValue(func() map[string]Card {
	by := map[string]Card{}
	for _, c := range Cards() {
		by[cardKey(c.Name)], by[cardKey(c.Short)] = c, c
	}
	return by
})

// aliases are further names, as cardKey leaves them, with the short one.
var aliases = map[string]string{
	"a100": "a100-40gb", "a10080gbpcie": "a100-80gb", "v10016gb": "v100", "v10032gb": "v100",
	"h100sxm": "h100", "h10080gb": "h100", "rtxa4000": "a4000", "rtxa5000": "a5000", "rtxa6000": "a6000",
	"rtxpro6000blackwell": "rtxpro6000", "rtxpro6000blackwellserveredition": "rtxpro6000",
}

var (
	makers = strings.NewReplacer("nvidia", "", "geforce", "", "tesla", "", "amd", "", "radeon", "", "instinct", "", "intel", "", "apple", "",
		"(tm)", "", "(r)", "", "graphics", "", "generation", "", "gpu", "", "mobile", "laptop", " ", "", "-", "", "_", "", "arc", "")
	inBrackets = regexp.MustCompile(`\([^)]*\)`)
	board      = regexp.MustCompile(`^([av]100)(?:sxm[24]?|pcie)(\d+gb)$`) // A100-SXM4-80GB
)

// cardKey is a name without what differs from one writer to another.
func cardKey(name string) string {
	key := makers.Replace(strings.ToLower(name))
	return board.ReplaceAllString(inBrackets.ReplaceAllString(key, ""), "$1$2")
}

// nearCards are the short names of at most three cards that a name may have meant.
func nearCards(name string) (names []string) {
	key := cardKey(name)
	type near struct {
		short    string
		distance int
	}
	var all []near
	for _, c := range Cards() {
		short := cardKey(c.Short)
		d := spelling.Distance(key, short)
		if len(key) >= 3 && strings.Contains(short, key) {
			d = min(d, 1)
		}
		if 2*d < max(len(key), len(short)) {
			all = append(all, near{c.Short, d})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	for _, n := range all[:min(3, len(all))] {
		names = append(names, n.short)
	}
	return names
}
