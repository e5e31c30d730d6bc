package task

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// number is a value with what an answer may be off by.
type number struct {
	want, tolerance float64
}

// Number takes an answer for right whose last number differs from want by tolerance at most.
func Number(want, tolerance float64) Check {
	text := strconv.FormatFloat(want, 'g', -1, 64)
	return Check{number: &number{want, tolerance}, correct: text}
}

// numeral is a number in a text: digits, perhaps in groups of three, a fraction, an exponent.
var numeral = regexp.MustCompile(`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?`)

// lastNumber is the last number of a text. A minus sign counts unless it stands behind
// something that it could subtract from ("7-5" ends with 5).
func lastNumber(text string) (float64, bool) {
	text = strings.ReplaceAll(text, "−", "-")
	all := numeral.FindAllStringIndex(text, -1)
	if all == nil {
		return 0, false
	}
	at := all[len(all)-1]
	v, err := strconv.ParseFloat(strings.ReplaceAll(text[at[0]:at[1]], ",", ""), 64)
	if err != nil || math.IsInf(v, 0) {
		return 0, false
	}
	before := text[:at[0]]
	if head, minus := strings.CutSuffix(before, "-"); minus && !endsOperand(head) {
		v = -v
	}
	return v, true
}

// endsOperand says whether a minus sign behind this text would be one between two things.
func endsOperand(text string) bool {
	if text == "" {
		return false
	}
	last := text[len(text)-1]
	return last >= '0' && last <= '9' || last >= 'a' && last <= 'z' || last >= 'A' && last <= 'Z' || last == ')' || last == ']'
}

func (n *number) wrong(answer string) string {
	got, ok := lastNumber(answer)
	if !ok {
		return "has no number"
	}
	if math.Abs(got-n.want) <= n.tolerance {
		return ""
	}
	return fmt.Sprintf("ends with the number %v, not %v", got, n.want)
}
