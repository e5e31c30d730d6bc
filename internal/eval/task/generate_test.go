package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/schema"
)

// count counts words and signs, much as a tokenizer does.
func count(text string) (int, error) {
	n := len(strings.Fields(text))
	return n + strings.Count(text, ".") + strings.Count(text, ","), nil
}

func generate(t testing.TB, o Options) []Case {
	t.Helper()
	if o.Lengths != nil {
		o.Count = count
	}
	cases, err := Generate(o)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestGenerated shows a case of each rung, and that the same seed gives the same cases
// everywhere.
func TestGenerated(t *testing.T) {
	for form, name := range map[Form]string{Chat: "chat.txt", Completion: "completion.txt"} {
		var b strings.Builder
		for _, c := range generate(t, Options{Seed: 7, Form: form, PerRung: 1, Lengths: []int{128, 256}}) {
			fmt.Fprintf(&b, "== %s: %d tokens", c.ID, c.Prompt.MaxTokens)
			if c.Prompt.Schema != nil {
				fmt.Fprintf(&b, ", %s", c.Prompt.Schema)
			}
			b.WriteString("\n" + c.Prompt.Text)
			for _, m := range c.Prompt.Messages {
				fmt.Fprintf(&b, "%s: %s\n", m.Role, m.Content)
			}
			fmt.Fprintf(&b, "\n--> %s\n\n", c.Check.Expected())
		}
		golden.Compare(t, name, b.String())
	}
}

// TestAnswersAreRight: what a generator takes for an answer passes its own check, the answer
// to another question seldom does, and schemas can become grammars.
func TestAnswersAreRight(t *testing.T) {
	ladders := map[Kind]ladder{Arithmetic: arithmetic, Copy: copying, Reverse: reversing, Extract: extracting, Variables: tracking, Instruction: instructing}
	for kind, make := range ladders {
		for rung := 1; rung <= rungs; rung++ {
			previous, mistaken := question{}, 0
			const questions = 100
			for seed := range uint64(questions) {
				o := Options{Seed: seed}
				q, err := make(o.source(kind, rung, 0), rung)
				if err != nil {
					t.Fatal(err)
				}
				if why := q.check.Wrong(q.answer); why != "" {
					t.Fatalf("%s %d: %q answers %q: %s", kind, rung, q.answer, q.ask, why)
				}
				if seed > 0 && previous.check.Wrong(q.answer) == "" {
					mistaken++
				}
				previous = q
				if q.schema == nil || seed > 0 {
					continue
				}
				if err := schema.Check(q.schema); err != nil {
					t.Errorf("%s %d: %v", kind, rung, err)
				}
			}
			if mistaken > questions/5 {
				t.Errorf("%s %d: %d of %d answers are right for the question before", kind, rung, mistaken, questions)
			}
		}
	}
}

// TestMoreOfTheSame: cases depend on nothing but the seed, their kind, rung and number.
func TestMoreOfTheSame(t *testing.T) {
	few := generate(t, Options{Seed: 3, PerRung: 2, Lengths: []int{160}, Kinds: []Kind{Reverse, Needle}})
	many := map[string]Prompt{}
	for _, c := range generate(t, Options{Seed: 3, PerRung: 5, Lengths: []int{200, 160, 160}}) {
		if _, ok := many[c.ID]; ok {
			t.Errorf("%s comes twice", c.ID)
		}
		many[c.ID] = c.Prompt
	}
	for _, c := range few {
		if !reflect.DeepEqual(c.Prompt, many[c.ID]) {
			t.Errorf("%s is another case among more", c.ID)
		}
	}
	other := generate(t, Options{Seed: 4, PerRung: 2, Kinds: []Kind{Reverse}})
	if reflect.DeepEqual(other[0].Prompt, few[0].Prompt) {
		t.Error("another seed gives the same case")
	}
	digest := Digest(few)
	if Digest(other) == digest || Digest(few[1:]) == digest || len(digest) != 64 {
		t.Errorf("other cases have the digest %s too", digest)
	}
	few[0].Check = Exact("something else")
	if Digest(few) == digest {
		t.Error("another check gives the same digest")
	}
	if n := len(many); n != 6*rungs*5+2*2*5 {
		t.Errorf("%d cases", n)
	}
}

// TestNoQuestionTwice: a rung asks nothing twice, and nothing that its examples answer.
func TestNoQuestionTwice(t *testing.T) {
	asked := map[string]string{}
	for _, c := range generate(t, Options{Seed: 5, PerRung: 100}) {
		rung := fmt.Sprint(c.Kind, c.Rung)
		last := c.Prompt.Messages[len(c.Prompt.Messages)-1].Content
		if id := asked[rung+last]; id != "" {
			t.Errorf("%s asks what %s asks: %s", c.ID, id, last)
		}
		asked[rung+last] = c.ID
		for _, m := range c.Prompt.Messages[:len(c.Prompt.Messages)-1] {
			if m.Content == last {
				t.Errorf("%s has its question among the examples", c.ID)
			}
		}
	}
	if n := len(asked); n > 6*rungs*100-50 || n < 6*rungs*95 { // sums of one digit that carry are 45
		t.Errorf("%d questions", n)
	}
}

// TestLengths: a prompt has the length that was asked for, less than a sentence off, and its
// needles are spread over the whole text.
func TestLengths(t *testing.T) {
	for _, form := range []Form{Chat, Completion} {
		var depths []float64
		for _, c := range generate(t, Options{Seed: 2, Form: form, PerRung: 12, Lengths: []int{200, 3000}, Kinds: []Kind{Needle, MultiNeedle}}) {
			text := c.Prompt.text()
			if n, _ := count(text); n > c.Length || n < c.Length-15 {
				t.Errorf("%s has %d tokens", c.ID, n)
			}
			numbers := c.Check.words.Contains
			if len(numbers) != needlesOf[c.Kind] {
				t.Errorf("%s hides %v", c.ID, numbers)
			}
			for _, number := range numbers {
				if strings.Count(text, number) != 1 {
					t.Errorf("%s has the number %s %d times", c.ID, number, strings.Count(text, number))
				}
			}
			if c.Kind == Needle && c.Length == 3000 {
				depths = append(depths, float64(strings.Index(text, numbers[0]))/float64(len(text)))
			}
		}
		slices.Sort(depths)
		for i, d := range depths {
			if want := (float64(i) + 0.5) / float64(len(depths)); d < want-0.12 || d > want+0.12 {
				t.Errorf("needles at %.2f", depths)
				break
			}
		}
	}
	for context, want := range map[int][]int{100: nil, 512: {256, 352}, 2048: {256, 512, 1024, 1888}} {
		if got := Lengths(context); !slices.Equal(got, want) {
			t.Errorf("lengths of %d: %v", context, got)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	broken := errors.New("no tokenizer")
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Kinds: []Kind{"poem"}}, `no kind "poem"`},
		{Options{Kinds: []Kind{Needle}}, "need lengths"},
		{Options{PerRung: -1}, "choose 1 to"},
		{Options{Lengths: []int{256}}, "a function that counts"},
		{Options{Lengths: []int{20}, Count: count}, "not even one sentence"},
		{Options{Lengths: []int{1 << 30}, Count: count}, "at most"},
		{Options{Lengths: []int{256}, Count: func(string) (int, error) { return 0, broken }}, "no tokenizer"},
		{Options{Lengths: []int{256}, Count: func(string) (int, error) { return 0, nil }}, "cannot be right"},
	} {
		if _, err := Generate(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
}

// TestExampleObjects: the JSON that examples show is JSON.
func TestExampleObjects(t *testing.T) {
	for _, c := range generate(t, Options{Seed: 1, Kinds: []Kind{Extract}}) {
		for _, m := range c.Prompt.Messages {
			if m.Role == "assistant" && !json.Valid([]byte(m.Content)) {
				t.Errorf("%s: %s", c.ID, m.Content)
			}
		}
	}
}
