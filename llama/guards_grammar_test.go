package llama_test

import (
	"fmt"
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
		return []error{g.generate(`root ::= (("a"?){1,600}){1,3} "b"`)}
	}},
	"a grammar that takes a second for each token": {llama.ErrLimit, func(g *guarded) []error {
		return []error{g.generate(`root ::= (("a"?){1,200}){1,3} "b"`)}
	}},
	"an ambiguous grammar over a text": {llama.ErrLimit, func(g *guarded) []error {
		s := g.sampler(plainSampler)
		defer s.Close()
		return []error{s.Constrain(`root ::= (("a"?){1,200}){1,3} "b"`, strings.Repeat("a", 50))}
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
			err := g.use(text)
			g.Logf("%q: %v", text, err)
		}
		return []error{nil}
	}},
	"grammars with NUL": {llama.ErrInvalid, func(g *guarded) []error {
		s := g.sampler(plainSampler)
		defer s.Close()
		return []error{g.m.CheckGrammar("root ::= \"a\"\x00"), s.Constrain("root ::= \"a\"\x00", ""), s.Constrain("root ::= \"a\"+", "a\x00")}
	}},
	"a token that the grammar forbids": {llama.ErrInvalid, func(g *guarded) []error {
		s := g.constrained(`root ::= "ab"`, "")
		defer s.Close()
		errs := []error{s.Accept(g.token("b"), true), s.Accept(g.token("z"), true), s.Accept(g.m.Info().EOS, true), s.Accept(g.m.Info().BOS, true)}
		g.must(s.Accept(g.token("a"), true))
		errs = append(errs, s.Accept(g.token("a"), true), s.Accept(g.m.Info().EOS, true))
		g.must(s.Accept(g.token("b"), true), s.Accept(g.m.Info().EOS, true))
		return append(errs, s.Accept(g.token("a"), true), s.Accept(g.m.Info().BOS, true))
	}},
	"the end of a grammar": {nil, func(g *guarded) (errs []error) {
		s := g.constrained(`root ::= "a"`, "")
		defer s.Close()
		logits := g.logits(0)
		logits[g.token("a")], logits[g.token("b")] = 0.5, 1
		for _, want := range []llama.Token{g.token("a"), g.m.Info().EOS, g.m.Info().EOS} {
			token, err := s.Sample(logits)
			if token != want {
				g.Errorf("token %d, want %d", token, want)
			}
			errs = append(errs, err, s.Accept(token, true))
		}
		return errs
	}},
	"texts that do not fit the grammar": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, text := range []string{"b", "aa", "a\n", "é", strings.Repeat("a", 1<<20)} {
			s := g.sampler(plainSampler)
			errs = append(errs, s.Constrain(`root ::= "a"`, text))
			if token, err := s.Sample(g.logits(0)); err != nil || token != 0 {
				g.Errorf("%.20q: a grammar that was refused acts: %d, %v", text, token, err)
			}
			g.must(s.Close())
		}
		return errs
	}},
	"half a character before the grammar": {llama.ErrInvalid, func(g *guarded) []error {
		s := g.sampler(plainSampler)
		defer s.Close()
		return []error{s.Constrain(`root ::= "é"+`, "é\xc3"), s.Constrain(`root ::= .*`, "\xff")}
	}},
	"a grammar that no token fits": {llama.ErrEngine, func(g *guarded) []error {
		m := g.model(testgguf.EncoderDecoder(1)) // its vocabulary has no bytes
		s, err := m.NewSampler(plainSampler)
		g.must(err, s.Constrain(`root ::= "é"`, ""))
		defer s.Close()
		_, err = s.Sample(make([]float32, m.Info().Vocab))
		return []error{err}
	}},
}

// grammar is why a grammar is refused, by both who take one.
func (g *guarded) grammar(text string) error {
	g.Helper()
	s := g.sampler(plainSampler)
	defer s.Close()
	err, again := g.m.CheckGrammar(text), s.Constrain(text, "")
	if (err == nil) != (again == nil) {
		g.Errorf("%.100q: %v, and %v", text, err, again)
	}
	return err
}

// use samples a few tokens with a grammar.
func (g *guarded) use(text string) error {
	s := g.sampler(plainSampler)
	defer s.Close()
	if err := s.Constrain(text, ""); err != nil {
		return err
	}
	logits := g.logits(0)
	for range 5 {
		token, err := s.Sample(logits)
		if err != nil {
			return err
		}
		if err := s.Accept(token, true); err != nil {
			g.Errorf("%q: token %d was sampled and not accepted: %v", text, token, err)
		}
	}
	return nil
}

func (g *guarded) constrained(grammar, text string) *llama.Sampler {
	g.Helper()
	s := g.sampler(plainSampler)
	g.must(s.Constrain(grammar, text))
	return s
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

// generate samples 200 tokens of a grammar, or until that fails.
func (g *guarded) generate(grammar string) error {
	s := g.sampler(plainSampler)
	defer s.Close()
	err := s.Constrain(grammar, "")
	logits := g.logits(0)
	for i := 0; err == nil && i < 200; i++ {
		var token llama.Token
		if token, err = s.Sample(logits); err == nil {
			err = s.Accept(token, true)
		}
	}
	return err
}
