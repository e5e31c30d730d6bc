package llama_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// TestReplySplits feeds the samples whole, in two parts split at every character,
// and character by character: the result is the same.
func TestReplySplits(t *testing.T) {
	files, err := filepath.Glob("testdata/replies/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files of samples, %v", len(files), err)
	}
	m := load(t, testmodel.SmolLM2(t))
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			f := readFormat(t, path)
			syntax := f.syntax(t, m)
			for _, s := range f.samples {
				t.Run(s.name, func(t *testing.T) { testSplits(t, syntax, s) })
			}
			if golden.Update() {
				f.write(t)
			}
		})
	}
}

func testSplits(t *testing.T, syntax string, s *sample) {
	whole := feed(t, syntax, s.reply)
	if golden.Update() {
		s.want = whole.golden()
	} else if got := whole.golden(); got != s.want {
		t.Errorf("whole:\n%s\nwant:\n%s", got, s.want)
	}
	check := func(how string, parts ...string) {
		if got := feed(t, syntax, parts...); !got.equal(whole) {
			t.Errorf("%s:\n%s\nwant:\n%s", how, got.golden(), whole.golden())
		}
	}
	for at := range s.reply {
		if at > 0 {
			check(fmt.Sprintf("split before %.12q", s.reply[at:]), s.reply[:at], s.reply[at:])
		}
	}
	check("character by character", append(strings.Split(s.reply, ""), "")...)
	testCuts(t, syntax, s.reply, whole)
}

// testCuts ends the reply at every third byte, as a limit of tokens does: what was
// known then is a beginning of the whole.
func testCuts(t *testing.T, syntax, reply string, whole parsed) {
	for at := range reply {
		if at%3 != 0 {
			continue
		}
		got := feed(t, syntax, reply[:at])
		if got.err != nil {
			t.Errorf("cut before %.12q: %v", reply[at:], got.err)
		} else if !got.begins(whole) {
			t.Errorf("cut before %.12q:\n%s\ndoes not begin\n%s", reply[at:], got.golden(), whole.golden())
		}
	}
}

// feed adds the parts to a new reply. It fails the test for pieces that are not what
// Piece says.
func feed(t *testing.T, syntax string, parts ...string) (p parsed) {
	t.Helper()
	r, err := llama.NewReply(syntax)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i, part := range parts {
		pieces, err := r.Add(part, i == len(parts)-1)
		if err != nil {
			p.err = err
			return p
		}
		for _, piece := range pieces {
			if err := p.add(piece); err != nil {
				t.Errorf("%v: %+v after %.40q", err, piece, strings.Join(parts[:i+1], ""))
			}
		}
	}
	return p
}

func (p *parsed) add(piece llama.Piece) error {
	for _, s := range []string{piece.Text, piece.Reasoning, piece.Name, piece.Arguments} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
			return fmt.Errorf("a broken character")
		}
	}
	p.text += piece.Text
	p.reasoning += piece.Reasoning
	if piece.Call == nil {
		return nil
	}
	switch *piece.Call {
	case len(p.calls):
		if piece.Name == "" {
			return fmt.Errorf("a call begins without its name")
		}
		p.calls = append(p.calls, call{})
	case len(p.calls) - 1:
		if piece.Name != "" || piece.ID != "" && p.calls[*piece.Call].id != "" {
			return fmt.Errorf("name or id for the second time")
		}
	default:
		return fmt.Errorf("call %d follows call %d", *piece.Call, len(p.calls)-1)
	}
	c := &p.calls[*piece.Call]
	c.id += piece.ID
	c.name += piece.Name
	c.arguments += piece.Arguments
	return nil
}

func (p parsed) equal(q parsed) bool {
	return p.text == q.text && p.reasoning == q.reasoning && slices.Equal(p.calls, q.calls) && (p.err == nil) == (q.err == nil)
}

// begins: q is p and something that follows. At the end of p's text two bytes may be
// the beginning of a mark.
func (p parsed) begins(q parsed) bool {
	if !strings.HasPrefix(q.text, p.text[:max(0, len(p.text)-2)]) || !strings.HasPrefix(q.reasoning, p.reasoning) || len(p.calls) > len(q.calls) {
		return false
	}
	for i, c := range p.calls {
		if c.name != q.calls[i].name || !strings.HasPrefix(q.calls[i].arguments, c.arguments) {
			return false
		}
	}
	return true
}
