package engine

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var streamCases = []struct {
	name   string
	pieces []string
	stops  []string
	want   []string // what each push emits
	found  string
	flush  string
}{
	{"plain", []string{"Hello", " world"}, nil, []string{"Hello", " world"}, "", ""},
	{"character over two tokens", []string{"a\xc3", "\xa9b"}, nil, []string{"a", "éb"}, "", ""},
	{"character over four tokens", []string{"\xf0", "\x9f", "\x98", "\x80"}, nil, []string{"", "", "", "😀"}, "", ""},
	{"character never finished", []string{"a\xf0\x9f"}, nil, []string{"a"}, "", "\uFFFD"},
	{"byte that begins nothing", []string{"a\xffb"}, nil, []string{"a\uFFFDb"}, "", ""},
	{"continuation bytes alone", []string{"\x80\x80\x80\x80"}, nil, []string{"\uFFFD"}, "", ""},
	{"stop in one token", []string{"one STOP two"}, []string{"STOP"}, []string{"one "}, "STOP", ""},
	{"stop over tokens", []string{"one ST", "OP two"}, []string{"STOP"}, []string{"one ", ""}, "STOP", ""},
	{"stop a byte a token", []string{"x", "E", "N", "D"}, []string{"END"}, []string{"x", "", "", ""}, "END", ""},
	{"begun and not finished", []string{"one ST", "AND"}, []string{"STOP"}, []string{"one ", "STAND"}, "", ""},
	{"begun at the end", []string{"one ST"}, []string{"STOP"}, []string{"one "}, "", "ST"},
	{"repeated beginning", []string{"aa", "ab"}, []string{"aab"}, []string{"", "a"}, "aab", ""},
	{"first of two", []string{"a b c"}, []string{"c", "b"}, []string{"a "}, "b", ""},
	{"longest of two", []string{"x<|end|>"}, []string{"<|", "<|end|>"}, []string{"x"}, "<|end|>", ""},
	{"stop inside a character", []string{"日", "本"}, []string{"本語"}, []string{"日", ""}, "", "本"},
	{"newline", []string{"line", "\n", "more"}, []string{"\n\n"}, []string{"line", "", "\nmore"}, "", ""},
}

func TestStream(t *testing.T) {
	for _, c := range streamCases {
		t.Run(c.name, func(t *testing.T) {
			s := stream{stops: c.stops}
			found := ""
			for i, p := range c.pieces {
				var got string
				got, found = s.push([]byte(p))
				if got != c.want[i] {
					t.Errorf("push %d (%q) emitted %q, want %q", i, p, got, c.want[i])
				}
			}
			if found != c.found {
				t.Errorf("found %q, want %q", found, c.found)
			}
			if got := s.flush(); got != c.flush {
				t.Errorf("flush %q, want %q", got, c.flush)
			}
		})
	}
}

// FuzzStream holds streaming to what the whole text says, however it is split.
func FuzzStream(f *testing.F) {
	for _, c := range streamCases {
		stop := ""
		if len(c.stops) > 0 {
			stop = c.stops[0]
		}
		f.Add([]byte(strings.Join(c.pieces, "")), stop, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, stop string, step uint8) {
		if !utf8.ValidString(stop) {
			return // Validate refuses it
		}
		want, _, stopped := strings.Cut(string(text), stop)
		if stop == "" {
			want, stopped = string(text), false
		}
		s := stream{}
		if stop != "" {
			s.stops = []string{stop}
		}
		var got strings.Builder
		found := ""
		for rest := text; len(rest) > 0 && found == ""; {
			n := min(int(step)+1, len(rest))
			var part string
			part, found = s.push(rest[:n])
			if !utf8.ValidString(part) {
				t.Fatalf("emitted half a character: %q", part)
			}
			got.WriteString(part)
			rest = rest[n:]
		}
		got.WriteString(s.flush())
		if stopped != (found != "") {
			t.Errorf("stop %q in %q: found %q", stop, text, found)
		}
		// Runs of broken bytes may be shown as one or more replacement characters.
		if squeeze(got.String()) != squeeze(strings.ToValidUTF8(want, "\uFFFD")) {
			t.Errorf("emitted %q, want %q", got.String(), want)
		}
	})
}

func squeeze(s string) string {
	for strings.Contains(s, "\uFFFD\uFFFD") {
		s = strings.ReplaceAll(s, "\uFFFD\uFFFD", "\uFFFD")
	}
	return s
}
