package license

import (
	"fmt"
	"slices"
)

// Confidence is how sure a fact is.
type Confidence uint8

// Confidences, least first: secondary or remembered; partly read or well known; the text was read.
const (
	Low Confidence = iota
	Medium
	High
)

var confidences = []string{"low", "medium", "high"}

func (c Confidence) String() string { return confidences[c] }

// MarshalText is the word.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText takes one of the three words.
func (c *Confidence) UnmarshalText(text []byte) error {
	i := slices.Index(confidences, string(text))
	if i < 0 {
		return fmt.Errorf("confidence \"%s\": it must be low, medium or high", Clean(string(text)))
	}
	*c = Confidence(i)
	return nil
}

// Verdict is the answer for a use. They are ordered: of several the greatest counts.
type Verdict uint8

// Verdicts. Unknown outranks Ask, because there is nothing to ask about; a No that is certain outranks both.
const (
	Allow Verdict = iota
	AllowWithDuties
	Ask
	Unknown
	Deny
)

var verdicts = []string{"allow", "allow with duties", "ask", "unknown", "deny"}

func (v Verdict) String() string { return verdicts[v] }

// MarshalText is the words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText takes the words.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdicts, string(text))
	if i < 0 {
		return fmt.Errorf("verdict \"%s\": it must be one of %q", Clean(string(text)), verdicts)
	}
	*v = Verdict(i)
	return nil
}

// ExitCode is that of a command that answers with it.
func (v Verdict) ExitCode() int { return []int{0, 0, 3, 5, 4}[v] }
