package quantize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/seed-f87006eb/llm/internal/worker"
	"github.com/seed-f87006eb/llm/llama"
)

// childArgument is the only argument of a child.
const childArgument = "llm-quantizer"

// order is what a child is told.
type order struct {
	In, Out          []byte // paths, which need not be UTF-8
	Params           llama.QuantizeParams
	Imatrix          []byte
	Include, Exclude []string
}

// answer is what it says at the end.
type answer struct {
	Done    bool
	Message string `json:",omitempty"`
}

// ChildMain does the work of a child, where this process was started as one: then it is true,
// and main should return.
func ChildMain() bool {
	if !worker.IsOnce(os.Args, childArgument) {
		return false
	}
	err := worker.ServeOnce(func(input []byte) []byte {
		a := answer{Done: true}
		if err := obey(input); err != nil {
			a = answer{Message: plain(err).Error()}
		}
		output, _ := json.Marshal(a) // a text and a bool: no error
		return output
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the parent's message of what went wrong
	}
	return true
}

func obey(input []byte) error {
	var o order
	if err := json.Unmarshal(input, &o); err != nil {
		return err
	}
	s := Spec{Imatrix: string(o.Imatrix), Include: o.Include, Exclude: o.Exclude}
	var err error
	if o.Params.Matrix, err = s.readMatrix(); err != nil {
		return err
	}
	return llama.Quantize(context.Background(), string(o.In), string(o.Out), o.Params)
}

// inChild has a child write the file at path. A cancelled context ends it at once.
func (j *Job) inChild(ctx context.Context, path string) error {
	p := j.params()
	p.Matrix = nil // it reads the file: numbers by the million are no JSON
	input, err := json.Marshal(order{
		In: []byte(j.Source), Out: []byte(path), Params: p,
		Imatrix: []byte(j.spec.Imatrix), Include: j.spec.Include, Exclude: j.spec.Exclude,
	})
	if err != nil {
		return err
	}
	output, err := worker.Once(ctx, childArgument, input)
	if err != nil {
		return err
	}
	var a answer
	switch err := json.Unmarshal(output, &a); {
	case err != nil:
		return fmt.Errorf("the child said %.200q (%w); main must call quantize.ChildMain first", output, err)
	case a.Done:
		return nil
	}
	return errors.New(a.Message)
}
