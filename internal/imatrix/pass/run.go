package pass

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/llama"
)

// saveTime bounds what a kill can cost.
const saveTime = time.Minute

// pass is one at work.
type pass struct {
	Options
	ctx    context.Context
	loaded *engine.Loaded
	origin origin
	tokens []llama.Token // whole chunks
	merged []string      // datasets of what the result adds to

	batchSize, sequences int // tokens and chunks of a batch
	addBOS               bool
	bos                  llama.Token

	context   *llama.Context
	collector *llama.Collector
	batch     *llama.Batch
	score     scores

	done, resumed int // chunks
	saved         time.Time
	savedAt       int // chunks
}

// Run collects the importance matrix of the model at path, which is loaded by load, and
// writes it. Cancelling ctx stops it; the error then says what can be resumed. Other errors:
// those of loading a model, [ErrText], [os.ErrExist], [imatrix.ErrMismatch] and
// [imatrix.ErrInvalid] of files that are merged, [ErrResume].
func Run(ctx context.Context, path string, load engine.Options, o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &pass{Options: o, ctx: ctx, batchSize: orDefault(load.Batch, 2048)}
	p.cutBatch()
	var err error
	load.Context = p.sequences * p.ChunkSize
	if p.loaded, err = engine.LoadFitted(ctx, path, load); err != nil {
		return nil, err
	}
	var result *Result
	if p.origin, err = originOf(path, &load, p); err == nil {
		result, err = p.run()
	}
	return result, errors.Join(err, p.loaded.Close())
}

// cutBatch makes a batch of whole chunks, or of a part of one, as upstream does.
func (p *pass) cutBatch() {
	p.sequences = max(1, p.batchSize/p.ChunkSize)
	p.batchSize = min(p.batchSize, p.sequences*p.ChunkSize)
}

func (p *pass) run() (*Result, error) {
	p.bos, p.addBOS = bosOf(p.loaded.Model)
	before, err := p.readPartial()
	if err != nil {
		return nil, err
	}
	if err := p.findTokens(before); err != nil {
		return nil, err
	}
	start, err := p.start(before)
	if err != nil {
		return nil, err
	}
	err = p.open(start)
	if err == nil && before == nil && p.Text == "" {
		err = p.save() // the text, which took longer to generate than it takes to read
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(p.ctx, func() {
		p.context.Cancel(true)
		close(stopped)
	})
	err = p.read()
	if !stop() {
		<-stopped // before the context is closed
	}
	var m *imatrix.Matrix
	if err == nil {
		m, err = p.finish()
	}
	if err := errors.Join(err, p.close()); err != nil {
		return nil, err
	}
	result := &Result{Matrix: m, Chunks: p.done, Resumed: p.resumed, Generated: p.Text == "", Perplexities: p.score.running}
	result.Perplexity, result.Uncertainty = p.score.perplexity()
	result.Notices = append(p.loaded.Notices, unseen(m)...)
	return result, nil
}

// start is what the collector begins with: what a pass before has collected, or the matrices
// that the result adds to.
func (p *pass) start(before *partial) (*imatrix.Matrix, error) {
	m := imatrix.New(p.ChunkSize)
	if before != nil {
		m = before.matrix
		p.done, p.resumed, p.savedAt = before.done, before.done, before.done
		p.score = before.score
	} else {
		for _, path := range p.Merge {
			other, err := imatrix.Read(path)
			if err != nil {
				return nil, err
			}
			if err := m.Merge(other); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		m.Datasets = append(m.Datasets, p.Dataset)
	}
	p.merged = m.Datasets
	return m, nil
}

// open makes the context, which collects on top of m.
func (p *pass) open(m *imatrix.Matrix) (err error) {
	p.context, err = p.loaded.NewContext(p.sequences*p.ChunkSize, func(c *llama.ContextParams) {
		c.Batch, c.Sequences = p.batchSize, p.sequences
		c.Ubatch = min(c.Ubatch, c.Batch)
		c.Outputs = 0 // all rows: the last layer computes nothing for others
		c.Collect = llama.CollectLayers
		if p.ProcessOutput {
			c.Collect = llama.CollectOutput
		}
	})
	if err != nil {
		return err
	}
	if p.batch, err = llama.NewBatch(p.batchSize, 1); err != nil {
		return err
	}
	p.collector = p.context.Collector()
	return p.collector.Restore(toCollected(m))
}

func (p *pass) close() (err error) {
	if p.batch != nil {
		err = p.batch.Close()
	}
	if p.context != nil {
		err = errors.Join(err, p.context.Close())
	}
	return err
}

// read decodes the chunks that are left, several at once.
func (p *pass) read() error {
	total := len(p.tokens) / p.ChunkSize
	p.saved = time.Now()
	p.tell(total)
	for p.done < total {
		n := min(p.sequences, total-p.done)
		if err := p.decode(n); err != nil {
			return p.stopped(err)
		}
		before := p.done
		p.done += n
		p.tell(total)
		if err := p.saveSome(before, total); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) tell(total int) {
	if p.Progress != nil {
		perplexity, _ := p.score.perplexity()
		p.Progress(Progress{Done: p.done, Total: total, Resumed: p.resumed, Perplexity: perplexity})
	}
}

// decode decodes the next n chunks in batches; each chunk is a sequence.
func (p *pass) decode(n int) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if err := p.context.Memory().Clear(); err != nil {
		return err
	}
	for from := 0; from < p.ChunkSize; from += p.batchSize {
		to := min(from+p.batchSize, p.ChunkSize)
		p.batch.Clear()
		for s := range n {
			chunk := p.chunk(p.done + s)
			for i := from; i < to; i++ {
				token := chunk[i]
				if i == 0 && p.addBOS {
					token = p.bos
				}
				if err := p.batch.Add(token, i, true, s); err != nil {
					return err
				}
			}
		}
		if err := p.context.Decode(p.batch); err != nil {
			return err
		}
		if !p.NoPerplexity {
			if err := p.score.add(p, n, from, to); err != nil {
				return err
			}
		}
	}
	p.score.close(n)
	return nil
}

func (p *pass) chunk(i int) []llama.Token { return p.tokens[i*p.ChunkSize : (i+1)*p.ChunkSize] }

// saveSome saves partial results and snapshots where it is time to.
func (p *pass) saveSome(before, total int) error {
	if p.Snapshots > 0 && p.done/p.Snapshots > before/p.Snapshots {
		if err := p.write(p.matrix(), fmt.Sprintf("%s.at_%d", p.Output, p.done)); err != nil {
			return err
		}
	}
	if p.done == total || p.done-p.savedAt < p.SaveEvery && time.Since(p.saved) < saveTime {
		return nil
	}
	return p.save()
}

// matrix is what was collected.
func (p *pass) matrix() *imatrix.Matrix {
	m := fromCollected(p.collector.Entries(), p.ChunkSize)
	m.Datasets = p.merged
	m.Count()
	return m
}

func (p *pass) write(m *imatrix.Matrix, path string) error {
	if p.Dat {
		return m.WriteDat(path)
	}
	return m.Write(context.WithoutCancel(p.ctx), path)
}

// finish writes the result.
func (p *pass) finish() (*imatrix.Matrix, error) {
	m := p.matrix()
	if len(m.Entries) == 0 {
		return nil, errors.New("importance matrix: the model multiplies nothing that is collected: there is nothing to write")
	}
	if err := p.write(m, p.Output); err != nil {
		return nil, err
	}
	if err := os.Remove(p.Output + PartialEnd); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return m, nil
}

// stopped explains a decode that failed or was cancelled.
func (p *pass) stopped(err error) error {
	if cause := context.Cause(p.ctx); cause != nil {
		err = cause
	}
	if p.savedAt > 0 || p.Text == "" {
		return fmt.Errorf("importance matrix: %w after %d chunks; %s has %d of them: --resume goes on from there", err, p.done, p.Output+PartialEnd, p.savedAt)
	}
	return fmt.Errorf("importance matrix: %w after %d chunks; nothing was saved yet", err, p.done)
}

// unseen says which experts saw no token.
func unseen(m *imatrix.Matrix) (notices []string) {
	missing := m.Unseen()
	for _, name := range m.Names() {
		if n := missing[name]; n > 0 {
			notices = append(notices, fmt.Sprintf("%d of the %d experts of %s saw no token; more text would help", n, len(m.Entries[name].Counts), name))
		}
	}
	return notices
}
