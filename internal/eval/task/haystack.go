package task

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// needlesOf is how many facts are hidden in one text.
var needlesOf = map[Kind]int{Needle: 1, MultiNeedle: 3}

// Lengths are lengths that grow by a factor of two to the longest prompt that a context of so
// many tokens holds beside a chat template and an answer.
func Lengths(context int) []int {
	const shortest, reserve = 256, 160
	var all []int
	longest := context - reserve
	for n := shortest; n < longest; n *= 2 {
		all = append(all, n)
	}
	if longest >= shortest {
		all = append(all, longest)
	}
	return all
}

// haystacks makes cases that ask for facts in long texts: a number of each length.
func (o *Options) haystacks(k Kind) ([]Case, error) {
	if len(o.Lengths) == 0 {
		return nil, nil
	}
	if o.Count == nil {
		return nil, errors.New("lengths in tokens need a function that counts them")
	}
	lengths := slices.Clone(o.Lengths)
	slices.Sort(lengths)
	lengths = slices.Compact(lengths)
	var cases []Case
	for i, length := range lengths {
		if length > maxLength {
			return nil, fmt.Errorf("a length of %d tokens; choose %d at most", length, maxLength)
		}
		// The source is that of the length, so that another list of lengths changes nothing.
		example := hide(o.source(k, length, -1), k, 0.5, 3)
		offset := o.source(k, length, -2).Float64()
		for n := range o.PerRung {
			r := o.source(k, length, n)
			_, depth := math.Modf(offset + float64(n)/math.Phi) // even over the text, however many there are
			c := Case{ID: fmt.Sprintf("%s/%d/%d", k, length, n+1), Kind: k, Rung: i + 1, Length: length}
			if err := o.fill(&c, r, depth, example); err != nil {
				return nil, fmt.Errorf("length %d: %w", length, err)
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// fill makes the prompt of a case as long as its length allows, to the sentence. It makes the
// text of more sentences than are needed, and finds by bisection how many of them fit.
func (o *Options) fill(c *Case, r *rand.Rand, depth float64, example question) error {
	seed := r.Uint64()
	with := func(sentences int) (int, error) {
		q := hide(rand.New(rand.NewPCG(seed, 0)), c.Kind, depth, sentences)
		var err error
		if c.Prompt, err = o.prompt([]question{example}, q); err != nil {
			return 0, err
		}
		c.Check = q.check
		return o.Count(c.Prompt.text())
	}
	low, high := 0, 1
	for {
		n, err := with(high)
		if err != nil {
			return err
		}
		if n > c.Length {
			break
		}
		if high > c.Length {
			return errors.New("sentences seem to have no tokens; the function that counts them cannot be right")
		}
		low, high = high, 2*high
	}
	for high-low > 1 {
		middle := (low + high) / 2
		n, err := with(middle)
		if err != nil {
			return err
		}
		if n > c.Length {
			high = middle
		} else {
			low = middle
		}
	}
	if low == 0 {
		return errors.New("not even one sentence fits beside the question; choose a greater length")
	}
	_, err := with(low)
	return err
}

// text is all that a prompt says.
func (p *Prompt) text() string {
	all := p.Text
	for _, m := range p.Messages {
		all += m.Content + "\n"
	}
	return all
}

// hide makes a text of so many sentences that say nothing, with facts among them, and asks for
// the facts. The first fact is at the depth, a share of the text; others are anywhere.
func hide(r *rand.Rand, k Kind, depth float64, sentences int) question {
	things := several(r, nouns, needlesOf[k])
	text := make([]string, 0, sentences+len(things))
	numbers, places := make([]string, len(things)), make([]float64, len(things))
	for i := range things {
		numbers[i], places[i] = strconv.Itoa(1000+r.IntN(9000)), r.Float64()
	}
	places[0] = depth
	for range sentences {
		text = append(text, sentence(r))
	}
	for i, thing := range things {
		at := int(places[i] * float64(len(text)+1))
		text = slices.Insert(text, at, fmt.Sprintf("The secret number of the %s is %s.", thing, numbers[i]))
		things[i] = "the " + thing
	}
	ask, check := "What is the secret number of "+things[0]+"?", Constraints(Words{Contains: numbers})
	if len(things) > 1 {
		ask = "What are the secret numbers of " + listed(things) + "?"
	}
	return question{ask: strings.Join(text, " ") + "\n" + ask, answer: strings.Join(numbers, ", "), check: check}
}
