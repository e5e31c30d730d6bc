package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Options say which cases are made.
type Options struct {
	Seed    uint64
	Form    Form
	Kinds   []Kind // of Kinds; nil: all
	PerRung int    // cases a rung of each ladder (fewer where it has no more), and a length; 0: 4
	Lengths []int  // of Needle and MultiNeedle: tokens of a prompt, without a chat template; nil: none of these kinds
	// Count is how many tokens a text has. Lengths need it; without it answers may be longer
	// before they are cut off. Its error ends the making.
	Count func(text string) (int, error)
}

const (
	rungs        = 6 // of every ladder
	defaultRung  = 4
	maxPerRung   = 1000
	shots        = 2       // solved examples in front of a question
	answerTokens = 32      // a model may say a little more than the answer
	maxLength    = 1 << 21 // tokens
)

// question is a case before it is put in a form. answer is a right answer, as an example
// shows it.
type question struct {
	ask, answer string
	check       Check
	schema      json.RawMessage
}

// ladder makes questions of one kind; difficulty grows with the rung, from 1 to rungs.
type ladder func(r *rand.Rand, rung int) (question, error)

// Generate makes cases: for every kind, rung (or length), a number of them, in this order, so
// that neighbours share the beginning of their prompts. The same options give the same cases,
// and more cases a rung are the same ones and others.
func Generate(o Options) ([]Case, error) {
	ladders := map[Kind]ladder{Arithmetic: arithmetic, Copy: copying, Reverse: reversing, Extract: extracting, Variables: tracking, Instruction: instructing}
	if o.PerRung == 0 {
		o.PerRung = defaultRung
	}
	if o.PerRung < 1 || o.PerRung > maxPerRung {
		return nil, fmt.Errorf("generate tasks: %d cases a rung; choose 1 to %d", o.PerRung, maxPerRung)
	}
	for _, k := range o.Kinds {
		if !slices.Contains(Kinds(), k) {
			return nil, fmt.Errorf("generate tasks: there is no kind %q; the kinds are %v", k, Kinds())
		}
	}
	var cases []Case
	for _, k := range Kinds() {
		if o.Kinds != nil && !slices.Contains(o.Kinds, k) {
			continue
		}
		var made []Case
		var err error
		if make := ladders[k]; make != nil {
			made, err = o.climb(k, make)
		} else {
			made, err = o.haystacks(k)
		}
		if err != nil {
			return nil, fmt.Errorf("generate tasks: %s: %w", k, err)
		}
		cases = append(cases, made...)
	}
	if len(cases) == 0 {
		return nil, errors.New("generate tasks: needles need lengths, and no other kind was asked for")
	}
	return cases, nil
}

// source is the generator of random numbers of one case: cases do not depend on each other.
func (o *Options) source(k Kind, rung, index int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d/%d", k, rung, index)
	return rand.New(rand.NewPCG(o.Seed, h.Sum64()))
}

func (o *Options) climb(k Kind, make ladder) ([]Case, error) {
	var cases []Case
	for rung := 1; rung <= rungs; rung++ {
		examples, seen := []question{}, map[string]bool{}
		for i := range shots {
			q, err := make(o.source(k, rung, -1-i), rung)
			if err != nil {
				return nil, err
			}
			examples, seen[q.ask] = append(examples, q), true
		}
		for i := range o.PerRung {
			q, err := o.unseen(k, rung, i, make, seen)
			if err != nil {
				return nil, err
			}
			if seen[q.ask] {
				continue // there are no more: the same question twice would count as evidence twice
			}
			seen[q.ask] = true
			c := Case{ID: fmt.Sprintf("%s/%d/%d", k, rung, i+1), Kind: k, Rung: rung, Check: q.check}
			if c.Prompt, err = o.prompt(examples, q); err != nil {
				return nil, err
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// unseen is a question that was not asked yet, unless there seems to be none.
func (o *Options) unseen(k Kind, rung, index int, make ladder, seen map[string]bool) (q question, err error) {
	r := o.source(k, rung, index)
	for range 1000 {
		if q, err = make(r, rung); err != nil || !seen[q.ask] {
			break
		}
	}
	return q, err
}

// prompt puts a question behind its examples.
func (o *Options) prompt(examples []question, q question) (Prompt, error) {
	p := Prompt{Schema: q.schema, MaxTokens: len(q.answer)} // a byte is a token at most
	if o.Count != nil {
		n, err := o.Count(q.answer)
		if err != nil {
			return p, err
		}
		p.MaxTokens = n + n/4
	}
	if q.schema != nil {
		p.MaxTokens *= 2 // the schema leaves white space to the model
	}
	p.MaxTokens += answerTokens
	if o.Form == Chat {
		for _, e := range examples {
			p.Messages = append(p.Messages, Message{"user", e.ask}, Message{"assistant", e.answer})
		}
		p.Messages = append(p.Messages, Message{"user", q.ask})
		return p, nil
	}
	for _, e := range examples {
		p.Text += "Q: " + e.ask + "\nA: " + e.answer + "\n\n"
	}
	p.Text += "Q: " + q.ask + "\nA:"
	if q.schema == nil {
		p.Stop = []string{"\n"}
	}
	return p, nil
}
