package llama_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var grammarGuards = map[string]guardCase{
	"20000 nested parentheses": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, n := range []int{257, 20000, 200000} {
			errs = append(errs, g.grammar("root ::= "+strings.Repeat("(", n)+`"a"`+strings.Repeat(")", n)),
				g.grammar("root ::= "+strings.Repeat("(", n)), g.grammar("root ::= "+strings.Repeat(`"a" (`, n)+strings.Repeat(")?", n)))
		}
		return errs
	}},
	"an ambiguous grammar": {llama.ErrLimit, func(g *guarded) []error {
		return []error{g.generate(`root ::= (("a"?){1,600}){1,3} "b"`, 200)}
	}},
	"a grammar that takes a second for each token": {llama.ErrLimit, func(g *guarded) []error {
		return []error{g.generate(`root ::= (("a"?){1,200}){1,3} "b"`, 200)}
	}},
	"an ambiguous grammar over a text": {llama.ErrLimit, func(g *guarded) []error {
		return []error{g.begin(`root ::= (("a"?){1,200}){1,3} "b"`, strings.Repeat("a", 50))}
	}},
	"200000 alternatives": {llama.ErrEngine, func(g *guarded) []error {
		return []error{g.grammar("root ::= " + alternatives(200000))}
	}},
	"20000 rules": {llama.ErrEngine, func(g *guarded) []error {
		return []error{g.grammar(chain(60000)), g.grammar(`root ::= (("a"){1,2000}){1,2000}`), g.grammar(`root ::= "a"{2001}`), g.grammar(`root ::= "a"{1,99999999999999999999}`)}
	}},
	"grammars that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, text := range []string{"", " ", "root", `root ::= "`, `root ::= "\`, `root ::= "\x`, `root ::= "\xZZ"`, `root ::= "\u12"`,
			`root ::= "\q"`, "root ::= [", "root ::= [a-", `root ::= [\`, "root ::= (", "root ::= )", `root ::= "a" )`, "root ::= *", "root ::= +", "root ::= ?", "root ::= {1}",
			`root ::= "a"{`, `root ::= "a"{1`, `root ::= "a"{1,`, `root ::= "a"{-1}`, `root ::= "a"{x}`, `root ::= "a"{99999999999}`, "root ::= b", "b ::= \"a\"",
			`root ::= root`, `root ::= root "a"`, "root ::= b\nb ::= root", `root ::= ("a"? root)?`, `root ::= (root | "a")*`, "root ::= <", "root ::= <[", "root ::= <[1", "root ::= <[x]>", "root ::= <nosuchtoken>", "root ::= !",
			"root ::= !<", "root ::= \"a\" ::= \"b\"", "= \"a\"", "\xff", "root ::= \xff", "root ::= \"a\" # \xff\nx"} {
			if err := g.grammar(text); err != nil {
				errs = append(errs, err)
			} else {
				g.Errorf("%q was taken", text)
			}
		}
		return errs
	}},
	"odd grammars": {nil, func(g *guarded) (errs []error) {
		for _, text := range []string{"root ::=", "root ::= ", `root ::= ""`, `root ::= ""*`, `root ::= ("a"*)*`, `root ::= (("a"*)*)*`, `root ::= "a"{0}`, `root ::= "a"{0,0}`, `root ::= "a"{2,1}`, "root ::= ()", "root ::= [^]", "root ::= []", "root ::= [z-a]",
			"root ::= [\xff]", "root ::= \"\xff\"", `root ::= "\uD800"`, `root ::= "\U00110000"`, `root ::= "\UFFFFFFFF"`, `root ::= [\U00110000-\UFFFFFFFF]`, "root ::= .", "root ::= .*", "root ::= <[1]>", "root ::= <[999999999]>", "root ::= <[99999999999999999999]>", "root ::= <[-1]>",
			"root ::= !<[5]>", `root ::= | |`, "root ::= \"a\"\nroot ::= \"b\""} {
			err := g.generate(text, 5)
			g.Logf("%q: %v", text, err)
		}
		return []error{nil}
	}},
	"grammars with NUL": {llama.ErrInvalid, func(g *guarded) []error {
		return []error{g.m.CheckGrammar("root ::= \"a\"\x00"), g.begin("root ::= \"a\"\x00", ""), g.begin("root ::= \"a\"+", "a\x00")}
	}},
	"a token that the grammar forbids": {llama.ErrInvalid, func(g *guarded) []error {
		s := g.constrained(`root ::= "ab"`)
		defer s.Close()
		errs := []error{s.Accept(g.token("b")), s.Accept(g.token("z")), s.Accept(g.m.Info().EOS), s.Accept(g.m.Info().BOS)}
		g.must(s.Accept(g.token("a")))
		errs = append(errs, s.Accept(g.token("a")), s.Accept(g.m.Info().EOS))
		if s.Done() {
			g.Error("done before the end")
		}
		g.must(s.Accept(g.token("b")), s.Accept(g.m.Info().EOS))
		if !s.Done() {
			g.Error("not done at the end")
		}
		return append(errs, s.Accept(g.token("a")), s.Accept(g.m.Info().BOS))
	}},
	"bad tokens in a grammar": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		s := g.constrained(`root ::= "a"`)
		defer s.Close()
		for _, token := range g.badTokens() {
			_, err := s.Allows(token)
			errs = append(errs, err, s.Accept(token))
		}
		return errs
	}},
	"masks of another size": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		s := g.constrained(`root ::= "a"`)
		defer s.Close()
		for _, logits := range [][]float32{nil, {}, {1}, make([]float32, g.m.Info().Vocab-1), make([]float32, g.m.Info().Vocab+1)} {
			errs = append(errs, s.Mask(logits))
		}
		return errs
	}},
	"what a grammar allows": {nil, func(g *guarded) (errs []error) {
		s := g.constrained(`root ::= "a"`)
		defer s.Close()
		for _, want := range []llama.Token{g.token("a"), g.m.Info().EOS, g.m.Info().EOS} {
			logits := g.logits(0.5)
			logits[want] = float32(math.Inf(1))
			errs = append(errs, s.Mask(logits))
			for token, logit := range logits {
				ok, err := s.Allows(llama.Token(token))
				if err != nil || ok != (logit != float32(math.Inf(-1))) {
					g.Fatalf("token %d: allowed %v, %v, and its logit is %v", token, ok, err, logit)
				}
			}
			if logits[want] != float32(math.Inf(1)) {
				g.Errorf("the logit of token %d is %v", want, logits[want])
			}
			errs = append(errs, s.Accept(want))
		}
		return errs
	}},
	"texts that do not fit the grammar": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, text := range []string{"b", "aa", "a\n", "é", strings.Repeat("a", 1<<20)} {
			errs = append(errs, g.begin(`root ::= "a"`, text))
		}
		return errs
	}},
	"half a character before the grammar": {llama.ErrInvalid, func(g *guarded) []error {
		return []error{g.begin(`root ::= "é"+`, "é\xc3"), g.begin(`root ::= .*`, "\xff")}
	}},
	"a grammar that no token fits": {nil, func(g *guarded) []error {
		m := g.model(testgguf.EncoderDecoder(1)) // its vocabulary has no bytes
		s, err := m.NewGrammar(`root ::= "é"`, "")
		g.must(err)
		defer s.Close()
		logits := make([]float32, m.Info().Vocab)
		err = s.Mask(logits)
		if most := slices.Max(logits); most != float32(math.Inf(-1)) {
			g.Errorf("a token is left: %v", most)
		}
		return []error{err}
	}},
}

// begin is why a grammar is refused as one at work.
func (g *guarded) begin(grammar, text string) error {
	s, err := g.m.NewGrammar(grammar, text)
	if err == nil {
		g.must(s.Close())
	}
	return err
}

// grammar is why a grammar is refused, by both who take one.
func (g *guarded) grammar(text string) error {
	g.Helper()
	err, again := g.m.CheckGrammar(text), g.begin(text, "")
	if (err == nil) != (again == nil) {
		g.Errorf("%.100q: %v, and %v", text, err, again)
	}
	return err
}

func (g *guarded) constrained(grammar string) *llama.Grammar {
	g.Helper()
	s, err := g.m.NewGrammar(grammar, "")
	g.must(err)
	return s
}

// generate takes the first of the tokens that a grammar allows, so often, or until that
// fails or none is left.
func (g *guarded) generate(grammar string, tokens int) error {
	s, err := g.m.NewGrammar(grammar, "")
	if err != nil {
		return err
	}
	defer s.Close()
	for range tokens {
		logits := g.logits(0)
		if err := s.Mask(logits); err != nil {
			return err
		}
		token := slices.Index(logits, 0)
		if token < 0 {
			return nil
		}
		if ok, err := s.Allows(llama.Token(token)); err != nil || !ok {
			return errors.Join(err, fmt.Errorf("token %d: %v", token, ok))
		}
		if err := s.Accept(llama.Token(token)); err != nil {
			return err
		}
	}
	return nil
}

// logits are the same for all tokens.
func (g *guarded) logits(v float32) []float32 {
	logits := make([]float32, g.m.Info().Vocab)
	for i := range logits {
		logits[i] = v
	}
	return logits
}

func (g *guarded) badTokens() []llama.Token {
	return []llama.Token{-1, -2, math.MinInt32, math.MaxInt32, llama.Token(g.m.Info().Vocab)}
}

// token is the one whose text this is.
func (g *guarded) token(text string) llama.Token {
	g.Helper()
	for token := range llama.Token(g.m.Info().Vocab) {
		if piece, err := g.m.AppendPiece(nil, token, true); err == nil && string(piece) == text && token > 258 {
			return token
		}
	}
	g.Fatalf("no token is %q", text)
	return llama.NoToken
}

func alternatives(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%q | ", fmt.Sprint("a", i))
	}
	return b.String() + `"b"`
}
