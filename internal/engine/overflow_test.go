package engine

import (
	"errors"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
)

func TestFitPrompt(t *testing.T) {
	for _, c := range []struct {
		name                   string
		n, size, keep, reserve int
		policy                 chat.Overflow
		want                   span
		need                   int // of a ErrContextFull; 0: none
	}{
		{"fits", 99, 100, 0, 0, chat.OverflowError, span{}, 0},
		{"no room for one token", 100, 100, 0, 0, chat.OverflowError, span{}, 101},
		{"no policy is an error", 500, 100, 0, 0, "", span{}, 501},
		{"shift drops the oldest", 150, 100, 0, 10, chat.OverflowShift, span{0, 60}, 0},
		{"shift keeps the head", 150, 100, 20, 10, chat.OverflowShift, span{20, 80}, 0},
		{"shift leaves half for a long reply", 150, 100, 0, 1000, chat.OverflowShift, span{0, 100}, 0},
		{"keep larger than the room", 150, 100, 120, 10, chat.OverflowShift, span{45, 105}, 0},
		{"middle", 150, 100, 0, 10, chat.OverflowTruncateMiddle, span{45, 105}, 0},
		{"middle after a long head", 150, 100, 60, 10, chat.OverflowTruncateMiddle, span{45, 105}, 0},
		{"unbounded reply", 150, 100, 0, 0, chat.OverflowShift, span{0, 75}, 0},
		{"unbounded reply, middle", 150, 100, 0, -1, chat.OverflowTruncateMiddle, span{37, 112}, 0},
		{"smallest context", 9, 2, 1, 0, chat.OverflowShift, span{0, 8}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := fitPrompt(c.n, c.size, c.keep, c.reserve, c.policy)
			var ce *chat.ErrContextFull
			switch {
			case c.need > 0 && !errors.As(err, &ce):
				t.Fatalf("got %v, %v; want a ErrContextFull", got, err)
			case c.need > 0 && (ce.Need != c.need || ce.Size != c.size):
				t.Errorf("error says %d of %d, want %d of %d", ce.Need, ce.Size, c.need, c.size)
			case c.need == 0 && err != nil:
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("dropped %v, want %v", got, c.want)
			}
			if c.need == 0 && c.n-got.len()+1 > c.size {
				t.Errorf("%d tokens are left, %d fit", c.n-got.len(), c.size-1)
			}
		})
	}
}

func TestFitReply(t *testing.T) {
	for _, c := range []struct {
		name     string
		n, keep  int
		policy   chat.Overflow
		canShift bool
		want     span
	}{
		{"error ends the reply", 100, 0, chat.OverflowError, true, span{}},
		{"truncate-middle ends the reply", 100, 0, chat.OverflowTruncateMiddle, true, span{}},
		{"shift drops half", 100, 0, chat.OverflowShift, true, span{0, 50}},
		{"shift keeps the head", 100, 20, chat.OverflowShift, true, span{20, 60}},
		{"keep is bounded", 100, 99, chat.OverflowShift, true, span{50, 75}},
		{"memory that cannot shift", 100, 0, chat.OverflowShift, false, span{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fitReply(c.n, c.keep, c.policy, c.canShift); got != c.want {
				t.Errorf("dropped %v, want %v", got, c.want)
			}
		})
	}
}
