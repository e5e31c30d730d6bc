package llm_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
)

// model is what scripts/fetch-model.sh fetches.
const model = "models/SmolLM2-135M-Instruct.Q4_1.gguf"

func Example() {
	m, err := llm.Open(model, llm.ContextSize(1024))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	var reply strings.Builder
	for ev, err := range m.Chat(context.Background(), []llm.Message{llm.User("Why is the sky blue?")}, llm.MaxTokens(16)) {
		if err != nil {
			log.Fatal(err)
		}
		switch ev.Kind {
		case llm.KindText:
			reply.WriteString(ev.Text)
		case llm.KindStop:
			fmt.Println("stop:", ev.Stop.Reason)
		}
	}
	fmt.Println("some text:", reply.Len() > 0)
	// Output:
	// stop: length
	// some text: true
}

// Errors that a program can act on are values.
func Example_errors() {
	remedy := func(err error) string {
		var full *llm.ErrContextFull
		var memory *llm.ErrOutOfMemory
		switch {
		case errors.As(err, &full):
			return fmt.Sprintf("open with a context of %d tokens, not %d", full.Need, full.Size)
		case errors.As(err, &memory):
			return fmt.Sprintf("free %d bytes, or ask for a smaller context", memory.Need-memory.Free)
		case errors.Is(err, llm.ErrNotModel):
			return "name a GGUF file"
		}
		return "report this"
	}

	_, err := llm.Open("README.md")
	fmt.Println(remedy(err))

	m, err := llm.Open(model, llm.ContextSize(256))
	if err != nil {
		log.Fatal(remedy(err))
	}
	defer m.Close()
	for _, err := range m.Generate(context.Background(), strings.Repeat("word ", 300)) {
		fmt.Println(remedy(err))
	}
	// Output:
	// name a GGUF file
	// open with a context of 302 tokens, not 256
}

// A request ends when its context does, also in the middle of a long prompt. What was
// evaluated until then is kept, so that another try goes on from there.
func ExampleModel_Chat_cancel() {
	m, err := llm.Open(model, llm.ContextSize(2048))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	for ev, err := range m.Chat(ctx, []llm.Message{llm.User("Tell me a very long story.")}, llm.IgnoreEOG()) {
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println("too late")
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if ev.Kind == llm.KindStop {
			fmt.Println("stop:", ev.Stop.Reason)
		}
	}
	// Output:
	// stop: canceled
	// too late
}

// Generate continues a text, without a chat template.
func ExampleModel_Generate() {
	m, err := llm.Open(model, llm.ContextSize(512))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Print("One, two, three, four,")
	for ev, err := range m.Generate(context.Background(), "One, two, three, four,", llm.Temperature(0), llm.MaxTokens(2)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(ev.Text)
	}
	// Output: One, two, three, four, five,
}

// A prompt that does not fit is an error, unless a policy says what to leave out; an
// event says what that was.
func ExampleOnOverflow() {
	m, err := llm.Open(model, llm.ContextSize(256))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for ev, err := range m.Generate(context.Background(), strings.Repeat("word ", 300), llm.MaxTokens(1), llm.OnOverflow(llm.OverflowTruncateMiddle, -1)) {
		if err != nil {
			log.Fatal(err)
		}
		if ev.Kind == llm.KindDropped {
			fmt.Printf("tokens %d to %d are left out\n", ev.Dropped.From, ev.Dropped.To)
		}
	}
	// Output: tokens 127 to 173 are left out
}

// A tokenizer needs the vocabulary of a model only, and opens fast.
func ExampleOpenTokenizer() {
	t, err := llm.OpenTokenizer(model)
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	tokens, err := t.Tokenize("Hello, world!")
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range tokens {
		piece, err := t.Piece(token)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %q\n", token, piece)
	}
	text, err := t.Detokenize(tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text)
	// Output:
	// 19556 "Hello"
	// 28 ","
	// 905 " world"
	// 17 "!"
	// Hello, world!
}

// Tools are described by a JSON schema. A model that wants one sends the fragments of a
// call; this small one answers by itself, and its own template has no place for tools.
func ExampleTools() {
	template, err := os.ReadFile("third_party/llama.cpp/models/templates/Qwen-Qwen2.5-7B-Instruct.jinja")
	if err != nil {
		log.Fatal(err)
	}
	m, err := llm.Open(model, llm.ContextSize(1024), llm.ChatTemplate(string(template)))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	weather := llm.Tool{
		Name: "weather", Description: "The weather of a city",
		Parameters: []byte(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`),
	}
	conversation := []llm.Message{llm.User("How is the weather in Paris?")}
	calls := map[int]llm.ToolCall{}
	answered := false
	for ev, err := range m.Chat(context.Background(), conversation, llm.Tools(weather), llm.Temperature(0), llm.MaxTokens(16)) {
		if err != nil {
			log.Fatal(err)
		}
		switch ev.Kind {
		case llm.KindText:
			answered = true
		case llm.KindToolCall:
			call := calls[ev.ToolCall.Index]
			call.ID += ev.ToolCall.ID
			call.Name += ev.ToolCall.Name
			call.Arguments += ev.ToolCall.Arguments
			calls[ev.ToolCall.Index] = call
		}
	}
	// After calls, the next request has the assistant's message with its ToolCalls, and a
	// message of role tool with the result of each.
	fmt.Println(answered || len(calls) > 0)
	// Output: true
}
