package license

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// claim is a licence that something says.
type claim struct {
	id     string
	conf   Confidence
	how    string
	stated bool // the file says it of itself; else it is concluded
}

// textLength is from which length a value is the text of a licence and no name, in bytes.
const textLength = 256

var separators = regexp.MustCompile(`(?i)\s*[,;|()]\s*|\s+(?:or|and)\s+`)

// tagClaims are the licences that a value of general.license names: an identifier, a list of them (all count, whatever
// stands between), an address, or a text. What it does not know is a claim of the entry unknown. The word other is silent:
// the name and the link beside it, and the family, say which.
func (f *Facts) tagClaims(key, value string) (all []claim, silent bool) {
	says := func(id string, c Confidence) claim {
		return claim{id, c, fmt.Sprintf("%s is \"%s\"", key, Clean(value)), true}
	}
	trimmed := strings.TrimSpace(value)
	switch {
	case len(value) >= textLength || strings.Contains(trimmed, "\n"):
		return []claim{f.textClaim(key, value)}, false
	case strings.Contains(trimmed, "://"):
		if id, ok := f.linked(trimmed); ok {
			return []claim{says(id, High)}, false
		}
		return []claim{{"unknown", High, fmt.Sprintf("%s is the address \"%s\", which the facts do not know", key, Clean(value)), true}}, false
	}
	whole := strings.ToLower(trimmed)
	if ids := f.families.Several[whole]; ids != nil {
		for _, id := range ids {
			all = append(all, claim{id, Low, fmt.Sprintf("%s is \"%s\", which several licences are called", key, Clean(value)), true})
		}
		return all, false
	}
	if id, ok := f.known(whole); ok {
		if id == "other" {
			return nil, true
		}
		return []claim{says(id, High)}, false
	}
	parts := separators.Split(strings.Trim(trimmed, `[]"' `), listLength+1)
	if len(parts) > listLength {
		return []claim{{"unknown", High, fmt.Sprintf("%s has more than %d names", key, listLength), true}}, false
	}
	for _, part := range parts {
		part, _, _ = strings.Cut(strings.ToLower(part), " with ") // an exception only adds permission
		if part = strings.Trim(part, "\"' \t"); part == "" {
			continue
		}
		if len(parts) > 1 {
			one, quiet := f.tagClaims(key, part)
			all, silent = append(all, one...), silent || quiet
			continue
		}
		id, ok := f.known(part)
		if !ok {
			return []claim{{"unknown", High, fmt.Sprintf("%s is \"%s\", which the facts do not know", key, Clean(value)), true}}, false
		}
		all = append(all, says(id, High))
	}
	return all, silent
}

// known finds a licence by its id, name or alias. A later version or "only" behind an identifier says nothing new.
func (f *Facts) known(name string) (string, bool) {
	for _, n := range []string{name, strings.TrimSuffix(name, "+"), strings.TrimSuffix(name, "-or-later"), strings.TrimSuffix(name, "-only")} {
		if id, ok := f.byAlias[n]; ok {
			return id, true
		}
	}
	return "", false
}

// linked finds a licence by the host and path of an address.
func (f *Facts) linked(address string) (string, bool) {
	_, rest, ok := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "://")
	if !ok {
		return "", false
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	rest = strings.TrimPrefix(strings.TrimRight(rest, "/"), "www.")
	for {
		if id, ok := f.families.Links[rest]; ok {
			return id, true
		}
		shorter := rest
		for _, end := range []string{".txt", ".html", ".en.html", ".md", ".pdf", ".php", "/legalcode", "/legalcode.txt", "/deed.en", "/legalcode.en", "/"} {
			shorter = strings.TrimSuffix(shorter, end)
		}
		if shorter == rest {
			return "", false
		}
		rest = shorter
	}
}

// licenceTexts are the SHA-256 of texts as plainText leaves them: the words of the licence without its copyright line.
var licenceTexts = map[string]string{
	"46be4098b02dc4768c48449a6772bb67ddd1405e98a63f14d65943e9c10b5a99": "apache-2.0",
	"95cef6332b35354c12f9d666ab9ff47002e6f7ef937924896882b2e0cdb7a0d6": "apache-2.0", // without its appendix
	"69539425723b87be2bdbc194c23a63b78c57c7a0ea2b261b3845c396bc7bda60": "mit",
	"1673fc9bcd589fe70a9a86f9052219695248c51a4ca3aac699ce94492880d439": "mit", // with another title
	"56959050891f7b737ac4e803051170c7197f02df73d80bd9a78d968e305bf558": "mit", // without one
	"a940f8703f522b73eef5b1fc3b5be717d765550c996e936053b7efeea56868d6": "gpl-3.0",
}

// textClaim knows a text by its hash alone: a text that begins like another could end otherwise.
func (f *Facts) textClaim(key, text string) claim {
	sum := sha256.Sum256([]byte(plainText(text)))
	hash := hex.EncodeToString(sum[:])
	if id, ok := licenceTexts[hash]; ok && f.byID[id] != nil {
		return claim{id, High, fmt.Sprintf("%s is the text of %s (sha256 %s…)", key, f.byID[id].Name, hash[:12]), true}
	}
	return claim{"unknown", High, fmt.Sprintf("%s is a text of %s bytes that the facts do not know (sha256 %s…)", key, thousands(len(text)), hash[:12]), true}
}

var (
	copyrightLine = regexp.MustCompile(`(?m)^\s*(?:copyright\s+(?:(?:\(c\)|©)\s*)?[\[{]?[0-9y][^\n]{0,100}|all rights reserved\.?\s*)$`)
	condition     = regexp.MustCompile(`\b(?:may|must|not|no|only|use|used|using|licen[cs]ed?|permit|permitted|permission|grant|granted|prohibited|forbidden)\b`)
	white         = regexp.MustCompile(`\s+`)
)

// plainText is a text in lower case, with one space between words, without lines that only say whose copyright it is.
func plainText(text string) string {
	text = copyrightLine.ReplaceAllStringFunc(strings.ToLower(text), func(line string) string {
		if condition.MatchString(line) {
			return line
		}
		return ""
	})
	return strings.TrimSpace(white.ReplaceAllString(text, " "))
}
