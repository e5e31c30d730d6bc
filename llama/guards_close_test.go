package llama_test

import (
	"errors"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var closeGuards = map[string]guardCase{
	"a closed model": {llama.ErrInvalid, func(g *guarded) []error {
		m := g.closedModel()
		_, tokenizeErr := m.Tokenize("x", true, true)
		_, detokenizeErr := m.Detokenize([]llama.Token{1})
		_, pieceErr := m.AppendPiece(nil, 1, true)
		_, templateErr := m.NewChatTemplates("")
		_, overrideErr := m.NewChatTemplates("{{ 1 }}")
		if _, ok := m.Meta("general.architecture"); ok || m.IsEOG(2) || m.IsControl(2) {
			g.Error("it still answers")
		}
		return []error{tokenizeErr, detokenizeErr, pieceErr, templateErr, overrideErr, m.CheckGrammar(`root ::= "a"`)}
	}},
	"children of a closed model": {llama.ErrClosed, func(g *guarded) []error {
		m := g.closedModel()
		_, contextErr := m.NewContext(smallParams())
		_, grammarErr := m.NewGrammar(`root ::= "a"`, "")
		_, loraErr := m.LoadLoRA("x")
		_, vectorErr := m.LoadControlVector("x")
		return []error{contextErr, grammarErr, loraErr, vectorErr, m.Close()}
	}},
	"a closed context": {llama.ErrInvalid, func(g *guarded) []error {
		lora, _ := g.adapters()
		g.must(g.decode(4, 0), g.c.Close())
		c, mem := g.c, g.c.Memory()
		_, remove := mem.Remove(0, 0, -1)
		_, _, span := mem.Range(0)
		_, state := mem.State(0)
		c.Cancel(true)
		c.Synchronize()
		if c.Progress() != 0 || mem.CanShift() || len(c.MemoryUse()) != 0 {
			g.Error("it still answers")
		}
		return []error{c.Decode(g.b), c.Encode(g.b), mem.Clear(), remove, span, state, mem.SetState(0, make([]byte, 64)), mem.Copy(0, 0, 0, -1),
			mem.Keep(0), mem.Shift(0, 0, -1, 1), mem.Divide(0, 0, -1, 2), c.Adapt(), c.Adapt(llama.ScaledAdapter{Adapter: lora, Scale: 1})}
	}},
	"rows of a closed context": {llama.ErrNoRow, func(g *guarded) []error {
		g.must(g.decode(4, 0), g.c.Close())
		_, logits := g.c.Logits(-1)
		_, sequence := g.c.SequenceEmbedding(0)
		_, token := g.c.TokenEmbedding(-1)
		return []error{logits, sequence, token}
	}},
	"a closed grammar": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		s := g.constrained(`root ::= "a"`)
		g.must(s.Close())
		if s.Done() {
			g.Error("it still answers")
		}
		_, err := s.Allows(1)
		return append(errs, err, s.Mask(g.logits(0)), s.Accept(1))
	}},
	"closed templates and replies": {llama.ErrInvalid, func(g *guarded) []error {
		templates, err := g.m.NewChatTemplates("{{ messages[0].content }}")
		g.must(err, templates.Close())
		_, applyErr := templates.Apply([]byte(question))
		if templates.Source() != "" {
			g.Error("templates still answer")
		}
		reply, err := llama.NewReply(`{"format":0}`)
		g.must(err, reply.Close())
		_, addErr := reply.Add("x", false)
		return []error{applyErr, addErr}
	}},
	"a closed batch": {llama.ErrBatchFull, func(g *guarded) []error {
		g.must(g.b.Close())
		g.b.Clear()
		if g.b.Len() != 0 || g.b.Cap() != 0 {
			g.Error("it still holds something")
		}
		return []error{g.b.Add(300, 0, true, 0)}
	}},
	"closing twice": {llama.ErrClosed, func(g *guarded) []error {
		s := g.constrained(`root ::= "a"`)
		lora, vector := g.adapters()
		templates, templatesErr := g.m.NewChatTemplates("{{ 1 }}")
		reply, replyErr := llama.NewReply(`{"format":0}`)
		g.must(templatesErr, replyErr)
		all := []interface{ Close() error }{s, lora, vector, templates, reply, g.b, g.c, g.m}
		var errs []error
		for _, h := range all {
			g.must(h.Close())
			errs = append(errs, h.Close())
		}
		return errs
	}},
	"closing a parent": {llama.ErrBusy, func(g *guarded) []error {
		first := g.m.Close()
		g.must(g.c.Close())
		s := g.constrained(`root ::= "a"`)
		second := g.m.Close()
		lora, vector := g.adapters()
		g.must(s.Close())
		third := g.m.Close()
		g.must(lora.Close(), vector.Close(), g.m.Close())
		return []error{first, second, third}
	}},
	"things that were never opened": {llama.ErrInvalid, func(g *guarded) []error {
		var m llama.Model
		var c llama.Context
		var b llama.Batch
		var s llama.Grammar
		_, tokenizeErr := m.Tokenize("x", true, true)
		grammarErr := s.Mask(g.logits(0))
		_, replyErr := new(llama.Reply).Add("x", true)
		_, applyErr := new(llama.ChatTemplates).Apply([]byte(question))
		return []error{tokenizeErr, c.Decode(&b), c.Decode(g.b), g.c.Decode(&b), grammarErr, replyErr, applyErr, c.Memory().Clear(),
			g.c.Adapt(llama.ScaledAdapter{Adapter: &llama.Adapter{}, Scale: 1})}
	}},
}

func (g *guarded) closedModel() *llama.Model {
	g.Helper()
	m, err := llama.LoadModel(testgguf.Decoder(1).Write(g, "closed.gguf"), llama.DefaultModelParams())
	g.must(errors.Join(err), m.Close())
	return m
}
