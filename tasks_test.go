package llm_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/eval/task"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

var (
	tasksRung  = flag.Int("tasks.rung", 0, "cases a rung that each model answers in TestTasks; 0: two of the lowest and highest, and SmolLM2 only")
	tasksModel = flag.String("tasks.model", "", "a model that answers in TestTasks instead")
	tasksShow  = flag.Bool("tasks.show", false, "also print the wrong answers")
)

// greedy answers tasks with a model.
type greedy struct{ model *llm.Model }

func (g greedy) Answer(ctx context.Context, p task.Prompt) (string, error) {
	options := []llm.RequestOption{llm.Temperature(0), llm.MaxTokens(p.MaxTokens), llm.StopAt(p.Stop...), llm.NoThinking()}
	if p.Schema != nil {
		options = append(options, llm.Schema(p.Schema))
	}
	events := g.model.Generate(ctx, p.Text, options...)
	if p.Messages != nil {
		messages := make([]llm.Message, len(p.Messages))
		for i, m := range p.Messages {
			switch m.Role {
			case "system":
				messages[i] = llm.System(m.Content)
			case "assistant":
				messages[i] = llm.Assistant(m.Content)
			default:
				messages[i] = llm.User(m.Content)
			}
		}
		events = g.model.Chat(ctx, messages, options...)
	}
	var b strings.Builder
	for e, err := range events {
		if err != nil {
			return "", err
		}
		if e.Kind == llm.KindText {
			b.WriteString(e.Text)
		}
	}
	return b.String(), nil
}

// TestTasks has real models answer the generated tasks: the ladders must have rungs that a
// small model climbs, and rungs that it does not.
func TestTasks(t *testing.T) {
	models := []string{testmodel.SmolLM2(t)}
	if *tasksModel != "" {
		models[0] = *tasksModel
	} else if *tasksRung > 0 {
		models = append(models, testmodel.Gemma3(t))
	}
	for _, path := range models {
		outcomes := answers(t, path, max(*tasksRung, 2))
		t.Log("\n" + table(outcomes))
		easy, hard, all := 0, 0, 0
		for _, o := range outcomes {
			switch {
			case o.Length > 0:
			case o.Rung == 1:
				all++
				if o.Right {
					easy++
				}
			case o.Rung == 6 && !o.Right:
				hard++
			}
		}
		if easy < all/2 || hard < all/2 {
			t.Errorf("of %d cases on the lowest rungs %d are right, and of as many on the highest %d are wrong", all, easy, hard)
		}
	}
}

func answers(t *testing.T, path string, rung int) []task.Outcome {
	t.Helper()
	model, err := llm.Open(path, llm.ContextSize(2048), llm.Threads(1, 1)) // two are slow where something else runs
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
	}()
	tokenizer, err := llm.OpenTokenizer(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tokenizer.Close(); err != nil {
			t.Error(err)
		}
	}()
	form := task.Completion
	if model.Info().ChatTemplate {
		form = task.Chat
	}
	o := task.Options{Seed: 1, Form: form, PerRung: rung, Lengths: []int{256}, Count: func(text string) (int, error) {
		tokens, err := tokenizer.Tokenize(text)
		return len(tokens), err
	}}
	if *tasksRung > 0 {
		o.Lengths = []int{256, 512, 1024, 1800}
	}
	cases, err := task.Generate(o)
	if err != nil {
		t.Fatal(err)
	}
	if *tasksRung == 0 {
		cases = slices.DeleteFunc(cases, func(c task.Case) bool { return c.Rung != 1 && (c.Rung != 6 || c.Kind == task.Extract) })
	}
	var outcomes []task.Outcome
	err = task.Run(t.Context(), greedy{model}, cases, func(o task.Outcome) error {
		if !o.Right && *tasksShow {
			t.Logf("%s: %q %s", o.ID, o.Answer, o.Why)
		}
		outcomes = append(outcomes, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// table is how many cases are right, by kind and rung, and the seconds of each kind.
func table(outcomes []task.Outcome) string {
	var b strings.Builder
	for _, k := range task.Kinds() {
		right, all, seconds := map[int]int{}, map[int]int{}, 0.0
		for _, o := range outcomes {
			if o.Kind != k {
				continue
			}
			all[o.Rung]++
			seconds += o.Seconds
			if o.Right {
				right[o.Rung]++
			}
		}
		fmt.Fprintf(&b, "%-13s", k)
		for _, rung := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "  %d: %d/%d", rung, right[rung], all[rung])
		}
		fmt.Fprintf(&b, "  %.0f s\n", seconds)
	}
	return b.String()
}
