package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/seed-f87006eb/llm"
)

// show is /show.
func (r *repl) show(string) error {
	info := r.model.Info()
	w := tabwriter.NewWriter(r.err, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "model\t%s (%s)\n", info.Model.Description, info.Path)
	fmt.Fprintf(w, "context\t%s\n", fullness(r.chat.used, info.Context.ContextSeq))
	for _, m := range info.Memory {
		fmt.Fprintf(w, "memory\t%s: weights %s, KV cache %s, compute %s\n", m.Buffer, mib(m.Model), mib(m.Context), mib(m.Compute))
	}
	fmt.Fprintf(w, "threads\t%d\n", info.Threads)
	if r.raw {
		fmt.Fprintf(w, "template\tnone: prompts are completed as they are\n")
	} else {
		fmt.Fprintf(w, "template\tyes\n")
		fmt.Fprintf(w, "messages\t%d\n", len(r.chat.messages))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return r.showSettings()
}

// fullness says how much of the context is taken.
func fullness(used, size int) string {
	if used == 0 {
		return fmt.Sprintf("%d tokens", size)
	}
	return fmt.Sprintf("%d of %d tokens (%d %%)", used, size, (100*used+size/2)/size)
}

var _ chatModel = (*llm.Model)(nil)
