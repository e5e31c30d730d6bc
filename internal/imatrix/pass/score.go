package pass

import (
	"math"
	"runtime"
	"sync"

	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// scores are the perplexity of the second half of each chunk (compute_imatrix,
// tools/imatrix/imatrix.cpp@v0.5.0).
type scores struct {
	n           int     // tokens
	sum, square float64 // of negative log-likelihoods, and of their squares
	running     []float64

	pending [][]float64 // of the chunks that are being read
}

// add scores the rows [from, to) of n chunks that were just decoded.
func (s *scores) add(p *pass, n, from, to int) error {
	if len(s.pending) != n {
		s.pending = make([][]float64, n)
	}
	first := max(p.ChunkSize/2, from)
	last := min(p.ChunkSize-1, to) // the next chunk's first token is no continuation
	if first >= last {
		return nil
	}
	for i := range n {
		values, err := likelihoods(p, i*(to-from)-from, first, last, p.chunk(p.done+i))
		if err != nil {
			return err
		}
		s.pending[i] = append(s.pending[i], values...)
	}
	return nil
}

// likelihoods are the negative log-likelihoods of the tokens behind positions [first, last)
// of a chunk; row is where its position 0 would be in the batch.
func likelihoods(p *pass, row, first, last int, chunk []llama.Token) ([]float64, error) {
	rows := make([][]float32, last-first)
	for i := range rows {
		var err error
		if rows[i], err = p.context.Logits(row + first + i); err != nil {
			return nil, err
		}
	}
	values, errs := make([]float64, len(rows)), make([]error, len(rows))
	workers := runtime.GOMAXPROCS(0)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			var d sampler.Divergence
			for i := w; i < len(rows); i += workers {
				softmax, err := d.Softmax(rows[i])
				values[i], errs[i] = softmax.Norm-float64(rows[i][chunk[first+i+1]]), err
			}
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// close adds what was scored of n chunks, always in the same order.
func (s *scores) close(n int) {
	for _, values := range s.pending {
		for _, v := range values {
			s.sum, s.square, s.n = s.sum+v, s.square+v*v, s.n+1
		}
		perplexity, _ := s.perplexity()
		s.running = append(s.running, perplexity)
	}
	s.pending = nil
}

// perplexity with its standard error; 0 before anything was scored.
func (s *scores) perplexity() (value, uncertainty float64) {
	if s.n == 0 {
		return 0, 0
	}
	mean := s.sum / float64(s.n)
	value = math.Exp(mean)
	if variance := s.square/float64(s.n) - mean*mean; variance > 0 && s.n > 1 {
		uncertainty = value * math.Sqrt(variance/float64(s.n-1))
	}
	return value, uncertainty
}
