package sampler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/sampler"
)

var orders = []struct {
	text string
	want []sampler.Step // nil: refused
}{
	{"penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature", sampler.DefaultOrder()},
	{"", []sampler.Step{}},
	{";; top-k ; TOPK;", []sampler.Step{sampler.TopK, sampler.TopK}},
	{"nucleus;temp;typ;infill;adaptive-p;topnsigma", []sampler.Step{sampler.TopP, sampler.Temperature, sampler.Typical, sampler.Infill, sampler.AdaptiveP, sampler.TopNSigma}},
	{"top_k;best_of", nil},
	{"top k", nil},
	{strings.Repeat("top_k;", 100), nil},
}

func TestParseOrder(t *testing.T) {
	for _, o := range orders {
		got, err := sampler.ParseOrder(o.text)
		if (err != nil) != (o.want == nil) || err == nil && !slices.Equal(got, o.want) {
			t.Errorf("%.60q: %v, %v; want %v", o.text, got, err, o.want)
		}
	}
	if got, err := sampler.ParseLetters("edskypmxt"); err != nil || !slices.Equal(got, sampler.DefaultOrder()) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := sampler.ParseLetters("kz"); err == nil || !strings.Contains(err.Error(), `'z'`) {
		t.Error(err)
	}
}

// FuzzParseOrder: what is read is read again from what it is written as.
func FuzzParseOrder(f *testing.F) {
	for _, o := range orders {
		f.Add(o.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) ([]sampler.Step, error){sampler.ParseOrder, sampler.ParseLetters} {
			order, err := parse(text)
			if err != nil {
				continue
			}
			again, err := sampler.ParseOrder(sampler.FormatOrder(order))
			if err != nil || !slices.Equal(order, again) {
				t.Fatalf("%q: %v, then %v, %v", text, order, again, err)
			}
			p := sampler.Defaults()
			p.Order = order
			if _, err := sampler.New(10, p); err != nil && !slices.Contains(order, sampler.Infill) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}
