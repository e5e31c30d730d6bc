package license

import (
	"strconv"
	"strings"
)

// cleanLimit is how much of a stranger's text is shown, in bytes.
const cleanLimit = 200

// Clean is a stranger's text on one line: what a terminal would obey, or a reader not see, is escaped, and of a long
// text the beginning stands with its length.
func Clean(text string) string {
	cut := ""
	if len(text) > cleanLimit {
		cut = "… (" + thousands(len(text)) + " bytes)"
		text = strings.ToValidUTF8(text[:cleanLimit], "")
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`) + cut
}

// thousands is a number with commas.
func thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
