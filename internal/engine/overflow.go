package engine

import "github.com/seed-f87006eb/llm/internal/chat"

// span is a range [from, to) of tokens.
type span struct{ from, to int }

// fitPrompt decides what of a prompt of n tokens goes into a context of size
// tokens, where one more must find room: nothing is dropped when it fits; else
// the policy says which span. reserve is how much room the reply should have; 0:
// nobody said.
func fitPrompt(n, size, keep, reserve int, policy chat.Overflow) (span, error) {
	if n+1 <= size {
		return span{}, nil
	}
	if policy == chat.OverflowError || policy == "" {
		return span{}, &chat.ErrContextFull{Need: n + 1, Size: size}
	}
	if reserve <= 0 {
		reserve = size / 4
	}
	// A reply needs some room, but never more than half of the context; and what is
	// kept at the start must leave room for the end, where the question stands.
	room := size - max(min(reserve, size/2), 1)
	from := min(keep, room/2)
	if policy == chat.OverflowTruncateMiddle {
		from = room / 2
	}
	return span{from, from + n - room}, nil
}

// fitReply decides what to drop from a full context of n tokens while a reply is
// generated: nothing (the reply ends), or half of what is not kept.
func fitReply(n, keep int, policy chat.Overflow, canShift bool) span {
	if policy != chat.OverflowShift || !canShift {
		return span{}
	}
	keep = min(keep, n/2)
	drop := (n - keep) / 2
	return span{keep, keep + drop}
}

func (s span) len() int { return s.to - s.from }
