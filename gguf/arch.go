package gguf

import (
	"maps"
	"slices"
)

// architecture is what sets one apart from the others: the keys that the engine reads
// of it, and rules that its C++ hard-codes.
type architecture struct {
	name    string
	refused bool // the engine knows the name and does not run it
	kind    Kind
	memory  memory
	cache   cacheRule
	rope    RoPEKind
	need    []key // without one the engine refuses the model
	may     []key // the engine also reads these
	late    []key // and these on conditions: they are checked where they are read
	window  *windowRule

	recurrent recurrentRule
	interval  int // of recurrentInterval, where the key is absent

	sections        sectionsRule
	normEpsilon     float32 // where the key is absent or not read
	sharedExperts   int     // where the key is absent
	notCausal       bool    // whatever the key says
	wholeHeads      bool    // RoPE must turn all of a head
	ropeSwitch      bool    // finetuned is true where the key is absent
	oneExpertIsNone bool

	first func(*hyperReader) // runs when the number of layers is known
	then  func(*hyperReader) // runs before it is known which layers are recurrent or have a window
}

// sectionsRule says when sections make RoPE that of several positions.
type sectionsRule uint8

const (
	sectionsIgnored  sectionsRule = iota
	sectionsFirstTwo              // the first two are not 0
	sectionsAny                   // one is not 0
)

// architectures are all, by name.
var architectures = func() map[string]*architecture {
	m := make(map[string]*architecture, 160)
	for _, table := range [...][]architecture{attentionArchitectures, expertArchitectures, windowArchitectures,
		latentArchitectures, recurrentArchitectures, otherArchitectures} {
		for i := range table {
			m[table[i].name] = &table[i]
		}
	}
	return m
}()

// Architectures are the names that the engine knows, in order.
func Architectures() []string { return slices.Sorted(maps.Keys(architectures)) }

// Keys that stand in several rows.
var (
	needRMS      = []key{kRMSEps}
	needNorm     = []key{kNormEps}
	needSections = []key{kRMSEps, kRoPEDimensionSections}
)
