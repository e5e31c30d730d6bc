package llama

// #include "llm.h"
import "C"

// Memory is what a context remembers of its sequences: a KV cache, or the state of
// a recurrent model. It belongs to its context, and so does the rule of one
// goroutine at a time. Positions are ranges [from, to); a negative from means the
// start, a negative to the end.
type Memory struct{ c *Context }

// Memory is the context's memory.
func (c *Context) Memory() Memory { return Memory{c} }

// Clear forgets everything.
func (m Memory) Clear() error {
	var cerr *C.char
	return m.check("clear memory", C.llm_memory_clear(m.c.c, &cerr), cerr)
}

// Remove forgets part of a sequence. False: this memory cannot drop that part
// (recurrent state, a sliding window), and nothing was changed.
func (m Memory) Remove(sequence, from, to int) (bool, error) {
	var removed C.bool
	var cerr *C.char
	code := C.llm_memory_seq_rm(m.c.c, pos(sequence), pos(from), pos(to), &removed, &cerr)
	return bool(removed), m.check("remove from memory", code, cerr)
}

// Copy makes part of one sequence part of another as well.
func (m Memory) Copy(source, target, from, to int) error {
	var cerr *C.char
	return m.check("copy memory", C.llm_memory_seq_cp(m.c.c, pos(source), pos(target), pos(from), pos(to), &cerr), cerr)
}

// Keep forgets all other sequences.
func (m Memory) Keep(sequence int) error {
	var cerr *C.char
	return m.check("keep memory", C.llm_memory_seq_keep(m.c.c, pos(sequence), &cerr), cerr)
}

// Shift adds delta to the positions of part of a sequence.
func (m Memory) Shift(sequence, from, to, delta int) error {
	var cerr *C.char
	return m.check("shift memory", C.llm_memory_seq_add(m.c.c, pos(sequence), pos(from), pos(to), pos(delta), &cerr), cerr)
}

// Divide divides the positions of part of a sequence by d.
func (m Memory) Divide(sequence, from, to, d int) error {
	var cerr *C.char
	return m.check("divide memory", C.llm_memory_seq_div(m.c.c, pos(sequence), pos(from), pos(to), pos(d), &cerr), cerr)
}

// Range are the first and the last position that are present, -1 and -1 for an
// empty sequence. All positions between them are present.
func (m Memory) Range(sequence int) (first, last int, err error) {
	var lo, hi C.int32_t
	var cerr *C.char
	code := C.llm_memory_seq_range(m.c.c, pos(sequence), &lo, &hi, &cerr)
	return int(lo), int(hi), m.check("memory range", code, cerr)
}

// CanShift tells whether positions can be shifted.
func (m Memory) CanShift() bool { return bool(C.llm_memory_can_shift(m.c.c)) }

func (m Memory) check(op string, code C.int, message *C.char) error {
	if code == C.LLM_OK {
		return nil
	}
	return newError(op, code, message)
}

func pos(v int) C.int32_t { return C.int32_t(clampInt32(v)) }
