package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/seed-f87006eb/llm"
)

func TestStyle(t *testing.T) {
	screen, file := style{terminal: true, color: true}, style{}
	for in, want := range map[string]string{
		"plain\n\ttext ü 日":  "plain\n\ttext ü 日",
		"\x1b]0;title\a\x7f": "␛]0;title␇␡",
		"one\r\ntwo\rthree":  "one\ntwothree",
		"c1 \u009b31m":       "c1 \ufffd31m",
	} {
		if got := screen.safe(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
		if got := file.safe(in); got != in {
			t.Errorf("%q is written as %q", in, got)
		}
	}
	if got := screen.dim("x") + file.dim("y") + screen.dim(""); got != "\x1b[2mx\x1b[0my" {
		t.Errorf("%q", got)
	}
}

func someTokens() []*llm.TokenLogprob {
	hi := llm.TokenLogprob{ID: 7, Text: []byte("Hi"), Logprob: math.Log(0.75)}
	half := llm.TokenLogprob{ID: 8, Text: []byte("\xe2\x82"), Logprob: math.Inf(-1)}
	first := hi
	first.Top = []llm.TokenLogprob{hi, half}
	return []*llm.TokenLogprob{&first, &half}
}

func TestLogprobs(t *testing.T) {
	var b bytes.Buffer
	if err := writeLogprobs(&b, someTokens()); err != nil {
		t.Fatal(err)
	}
	if want := " 75.00% \"Hi\"  of   75.00% \"Hi\"    0.00% \"\\xe2\\x82\"\n  0.00% \"\\xe2\\x82\"\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	p := &jsonPrinter{out: json.NewEncoder(&b)}
	for _, token := range someTokens() {
		if err := p.event(llm.Event{Kind: llm.KindToken, Token: token}); err != nil {
			t.Fatal(err)
		}
	}
	type row struct {
		Event, Text string
		ID          int
		Bytes       []int
		Logprob     *float64
		Top         []row
	}
	var one, two row
	d := json.NewDecoder(&b)
	if err := d.Decode(&one); err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(&two); err != nil {
		t.Fatal(err)
	}
	if one.Event != "token" || one.ID != 7 || one.Text != "Hi" || one.Bytes != nil || *one.Logprob != math.Log(0.75) || len(one.Top) != 2 || one.Top[1].ID != 8 {
		t.Errorf("%+v", one)
	}
	if two.Text != "\ufffd" || len(two.Bytes) != 2 || two.Bytes[0] != 0xe2 || two.Top != nil || *two.Logprob > -1e300 {
		t.Errorf("%+v", two)
	}
}

// TestThoughts: on streams that are no terminals.
func TestThoughts(t *testing.T) {
	for mode, want := range map[thinkMode]string{
		thinkShow: "hm, well\n\n",
		thinkHide: "",
	} {
		r, _, said := testChat(t, &fakeModel{})
		r.printer.begin(mode)
		for _, ev := range []llm.Event{{Kind: llm.KindReasoning, Text: "hm, "}, {Kind: llm.KindReasoning, Text: "well"}, {Kind: llm.KindText, Text: "Yes"}} {
			if err := r.printer.event(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.printer.end(); err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(r.out.Name())
		if err != nil || string(out) != "Yes\n" || said() != want {
			t.Errorf("%s: %q and %q, %v", mode, out, said(), err)
		}
	}
	var b bytes.Buffer
	p := &jsonPrinter{out: json.NewEncoder(&b)}
	p.begin(thinkHide)
	if err := p.event(llm.Event{Kind: llm.KindReasoning, Text: "hm"}); err != nil || b.Len() != 0 {
		t.Errorf("%q, %v", b.String(), err)
	}
}
