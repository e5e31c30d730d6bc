package license

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Words of a use. The first three are purposes.
var (
	facets = []string{"commercial", "noncommercial", "research", "redistribute", "modify", "host", "train-other", "compete",
		"weaken-guardrails", "military", "surveillance", "patents"}
	figures = []string{"mau", "dau", "revenue", "monthly-revenue"}
)

// UseWords are the words that ParseUse takes, with what they mean.
var UseWords = []struct{ Word, Meaning string }{
	{"commercial", "for business, or for money"},
	{"noncommercial", "for private use, without money"},
	{"research", "for research or teaching, without money"},
	{"redistribute", "the model, or a product that contains it, goes to others"},
	{"sell", "commercial and redistribute"},
	{"modify", "it is fine-tuned, merged or quantized"},
	{"host", "others use it over a network"},
	{"train-other", "its outputs train or improve another model"},
	{"compete", "the product competes with the maker of the model"},
	{"weaken-guardrails", "safety measures are taken out"},
	{"military", "for military purposes"},
	{"surveillance", "to watch people"},
	{"patents", "a grant of patents is needed"},
	{"mau=N", "monthly active users of all products of the company"},
	{"dau=N", "daily active users"},
	{"revenue=N", "annual revenue in US dollars"},
	{"monthly-revenue=N", "highest revenue of a month in US dollars"},
	{"region=R", "where the company sits or the model is used: EU, world, or a country's two letters; can be given again"},
}

// Use is what somebody wants to do with a model. The zero value says nothing but that it is run.
type Use struct {
	words   []string           // sorted
	figures map[string]float64 // what was said of figures
	regions []string           // EU, WORLD, two letters
}

// ParseUse reads words and NAME=VALUE with commas between. Errors say what is not known, and what is.
func ParseUse(text string) (Use, error) { return NewUse(strings.Split(text, ",")) }

// NewUse makes a use of its words.
func NewUse(words []string) (Use, error) {
	u := Use{figures: map[string]float64{}}
	for _, word := range words {
		word = strings.ToLower(strings.TrimSpace(word))
		name, value, hasValue := strings.Cut(word, "=")
		switch {
		case word == "":
		case word == "sell":
			u.words = append(u.words, "commercial", "redistribute")
		case slices.Contains(facets, word):
			u.words = append(u.words, word)
		case hasValue && name == "region":
			region, err := parseRegion(value)
			if err != nil {
				return Use{}, err
			}
			u.regions = append(u.regions, region)
		case hasValue && slices.Contains(figures, name):
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || math.IsInf(n, 0) || !(n >= 0) {
				return Use{}, fmt.Errorf("use %s=%s: it must be a number, such as 5e6", name, Clean(value))
			}
			if _, twice := u.figures[name]; twice {
				return Use{}, fmt.Errorf("use %s: it is given twice", name)
			}
			u.figures[name] = n
		default:
			return Use{}, fmt.Errorf("use \"%s\": the words are %s", Clean(word), useWords())
		}
	}
	slices.Sort(u.words)
	u.words = slices.Compact(u.words)
	slices.Sort(u.regions)
	u.regions = slices.Compact(u.regions)
	return u, nil
}

func useWords() string {
	var all []string
	for _, w := range UseWords {
		all = append(all, w.Word)
	}
	return strings.Join(all, ", ")
}

// Has tells whether a word was said.
func (u *Use) Has(word string) bool { return slices.Contains(u.words, word) }

// With is the use with more words, which must be some that there are.
func (u Use) With(words ...string) Use {
	u.words = append(slices.Clone(u.words), words...)
	slices.Sort(u.words)
	u.words = slices.Compact(u.words)
	return u
}

func (u *Use) hasPurpose() bool { return slices.ContainsFunc(facets[:3], u.Has) }

// private is a use in which figures of a business play no part.
func (u *Use) private() bool { return u.hasPurpose() && !u.Has("commercial") && !u.Has("host") }

// String is what ParseUse reads.
func (u Use) String() string {
	all := slices.Clone(u.words)
	for _, name := range figures {
		if n, ok := u.figures[name]; ok {
			all = append(all, name+"="+strconv.FormatFloat(n, 'f', -1, 64))
		}
	}
	for _, r := range u.regions {
		all = append(all, "region="+r)
	}
	return strings.Join(all, ",")
}

// over compares a figure. One that was not said is open for a business, and below any limit for a private person. The
// revenue of a year bounds that of a month.
func (u *Use) over(name string, limit float64) truth {
	if n, ok := u.figures[name]; ok {
		return is(n > limit)
	}
	if year, ok := u.figures["revenue"]; ok && name == "monthly-revenue" {
		switch {
		case year <= limit:
			return no
		case year > 12*limit:
			return yes
		}
		return open
	}
	if u.private() {
		return no
	}
	return open
}

// within tells whether the use touches one of the regions.
func (u *Use) within(regions []string) truth {
	if u.regions == nil {
		return open
	}
	for _, r := range u.regions {
		if r == "WORLD" || slices.Contains(regions, r) || slices.Contains(regions, "EU") && slices.Contains(union, r) {
			return yes
		}
	}
	return no
}

// union are the members of the EU, and those of their islands and lands overseas that belong to it.
var union = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK AX GF GP MF MQ RE YT")

// countries are the codes of ISO 3166-1: a wrong one must not count as a place that no licence excludes.
var countries = strings.Fields(`AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
	BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ
	FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
	JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
	MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU
	RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
	UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`)

func parseRegion(text string) (string, error) {
	r := strings.ToUpper(text)
	switch {
	case r == "EU" || r == "WORLD" || slices.Contains(countries, r):
		return r, nil
	case r == "UK":
		return "GB", nil
	}
	return "", fmt.Errorf("region \"%s\": it must be EU, world, or a country's two letters", Clean(text))
}
