package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/score"
)

// qualityLevels are those that are made of the model, which is the reference.
var qualityLevels = []string{"Q8_0", "Q6_K", "Q4_K_M", "Q2_K"}

// qualityRecord is what compareQuality writes.
type qualityRecord struct {
	Engine    string       `json:"engine"`
	System    string       `json:"system"`
	Threads   int          `json:"threads"`
	Reference string       `json:"reference"`
	Source    string       `json:"source"` // that levels were made of: already quantized
	Text      string       `json:"text"`
	TextHash  string       `json:"text_sha256"`
	Window    int          `json:"window"`
	Windows   int          `json:"windows"`
	Bytes     int64        `json:"bytes_per_position"`
	Resident  int64        `json:"resident_bytes"`
	Upstream  string       `json:"upstream"`
	Rows      []qualityRow `json:"levels"`
}

// qualityRow are a level's figures, ours and upstream's.
type qualityRow struct {
	Level    string          `json:"level"`
	Ours     eval.Quality    `json:"ours"`
	Upstream upstreamQuality `json:"upstream"`
	PPLOff   float64         `json:"ppl_off"` // ours by upstream's, less 1
	// KLDOff is absent where upstream's has too few digits: it prints six.
	KLDOff *float64 `json:"kld_off,omitempty"`
}

// upstreamQuality are figures that llama-perplexity prints; KLD and what follows are 0 for
// the reference.
type upstreamQuality struct {
	PPL      float64 `json:"ppl"`
	PPLError float64 `json:"ppl_error"`
	KLD      float64 `json:"kld"`
	KLDError float64 `json:"kld_error"`
	KLD99    float64 `json:"kld_99"`
	KLDMax   float64 `json:"kld_max"`
	SameTop  float64 `json:"same_top"`
	RMSDelta float64 `json:"delta_p_rms"`
}

// compareQuality measures some levels of the model with llama-perplexity, once without and
// once with its divergence from the model, and with ours, on the same text.
func (c *config) compareQuality() error {
	dir, err := os.MkdirTemp("", "bench-quality")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	text, name, err := c.qualityText(dir)
	if err != nil {
		return err
	}
	files, err := c.makeLevels(dir)
	if err != nil {
		return err
	}
	rec := qualityRecord{Threads: c.threads, Reference: filepath.Base(c.model), Source: filepath.Base(c.model), Text: name, Window: score.DefaultWindow, Windows: c.chunks}
	b := llm.BuildInfo()
	rec.Engine, rec.System, rec.Upstream = b.Version+" "+b.Tree[:12], strings.TrimSpace(b.System), "llama-perplexity of the same tree, -c 512 -b 512"
	sum := sha256.Sum256([]byte(text))
	rec.TextHash = hex.EncodeToString(sum[:])
	ours, err := c.oursQuality(text, files, &rec)
	if err != nil {
		return err
	}
	theirs, err := c.upstreamQuality(filepath.Join(dir, "text"), filepath.Join(dir, "logits"), files)
	if err != nil {
		return err
	}
	fmt.Printf("\nquality of levels, %d windows of 512 tokens of %s\n%-10s %12s %12s %10s %12s %12s %10s\n", c.chunks, name, "", "PPL ours", "upstream", "off", "KLD ours", "upstream", "off")
	for i := range ours {
		row := qualityRow{Level: "reference", Ours: ours[i], Upstream: theirs[i], PPLOff: ours[i].Perplexity.Value/theirs[i].PPL - 1}
		kld, off := 0.0, ""
		if i > 0 {
			row.Level, kld = qualityLevels[i-1], ours[i].Divergence.KLD.Value
		}
		if theirs[i].KLD > 1e-4 {
			x := kld/theirs[i].KLD - 1
			row.KLDOff, off = &x, fmt.Sprintf("%.3f%%", 100*x)
		}
		fmt.Printf("%-10s %12.4f %12.4f %9.4f%% %12.6f %12.6f %10s\n", row.Level, row.Ours.Perplexity.Value, row.Upstream.PPL, 100*row.PPLOff, kld, row.Upstream.KLD, off)
		rec.Rows = append(rec.Rows, row)
	}
	if c.record == "" {
		return nil
	}
	out, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.record, append(out, '\n'), 0o644)
}

// qualityText are the pages of docs, one after the other.
func (c *config) qualityText(dir string) (text, name string, err error) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		return "", "", fmt.Errorf("no docs/*.md to read: run it at the root (%v)", err)
	}
	var all bytes.Buffer
	for _, p := range pages {
		b, err := os.ReadFile(p)
		if err != nil {
			return "", "", err
		}
		all.Write(b)
	}
	if text, err = eval.PlainText(all.Bytes()); err != nil {
		return "", "", err
	}
	return text, "docs/*.md", os.WriteFile(filepath.Join(dir, "text"), all.Bytes(), 0o644)
}

// makeLevels quantizes the model with upstream's program.
func (c *config) makeLevels(dir string) (files []string, err error) {
	for _, level := range qualityLevels {
		file := filepath.Join(dir, level+".gguf")
		if out, err := exec.Command(filepath.Join(c.peers, "llama-quantize"), "--allow-requantize", c.model, file, level, strconv.Itoa(c.threads)).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("llama-quantize %s: %w: %s", level, err, lastLines(out))
		}
		files = append(files, file)
	}
	return files, nil
}

// oursQuality measures the model and all levels in one pass.
func (c *config) oursQuality(text string, files []string, rec *qualityRecord) ([]eval.Quality, error) {
	ctx := context.Background()
	o := score.Options{Engine: engine.Options{Threads: c.threads}}
	var models []*score.Model
	defer func() {
		for _, m := range models {
			m.Close()
		}
	}()
	for _, file := range append([]string{c.model}, files...) {
		m, err := score.Open(ctx, file, o)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	windows, err := models[0].Text(text)
	if err != nil {
		return nil, err
	}
	g, err := score.Compare(models[0], models[1:], c.threads)
	if err != nil {
		return nil, err
	}
	rec.Bytes, rec.Resident = g.BytesPerPosition(), g.Resident()
	c.chunks = min(c.chunks, windows.Windows())
	rec.Windows = c.chunks
	results := make([][]eval.ChunkResult, len(models))
	order := make([]int, c.chunks)
	for i := range order {
		order[i] = i
	}
	err = g.Measure(ctx, windows, order, func(reference *eval.ChunkResult, levels []eval.ChunkResult) (bool, error) {
		results[0] = append(results[0], *reference)
		for i := range levels {
			results[i+1] = append(results[i+1], levels[i])
		}
		return true, nil
	})
	qualities := make([]eval.Quality, len(models))
	for i := range results {
		if err == nil {
			qualities[i], err = eval.Summarize(results[i], 0.95)
		}
	}
	return qualities, err
}

// upstreamQuality has llama-perplexity write the model's logits, and compare each level
// with them.
func (c *config) upstreamQuality(text, logits string, files []string) ([]upstreamQuality, error) {
	run := func(model string, args ...string) ([]byte, error) {
		args = append([]string{"-m", model, "-f", text, "-c", "512", "-b", "512", "--chunks", strconv.Itoa(c.chunks), "-t", strconv.Itoa(c.threads)}, args...)
		out, err := exec.Command(filepath.Join(c.peers, "llama-perplexity"), args...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("llama-perplexity %s: %w: %s", filepath.Base(model), err, lastLines(out))
		}
		return out, nil
	}
	out, err := run(c.model, "--kl-divergence-base", logits)
	if err != nil {
		return nil, err
	}
	final, err := printed(out, `Final estimate: PPL =\s+(\S+) \+/- (\S+)`)
	if err != nil {
		return nil, err
	}
	all := []upstreamQuality{{PPL: final[0], PPLError: final[1]}}
	for _, file := range files {
		if out, err = run(file, "--kl-divergence", "--kl-divergence-base", logits); err != nil {
			return nil, err
		}
		q, err := readDivergence(out)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}

func readDivergence(out []byte) (q upstreamQuality, err error) {
	for _, line := range []struct {
		pattern string
		to      []*float64
		scale   float64
	}{
		{`Mean PPL\(Q\)\s+:\s+(\S+) ±\s+(\S+)`, []*float64{&q.PPL, &q.PPLError}, 1},
		{`Mean    KLD:\s+(\S+) ±\s+(\S+)`, []*float64{&q.KLD, &q.KLDError}, 1},
		{`Maximum KLD:\s+(\S+)`, []*float64{&q.KLDMax}, 1},
		{`99\.0%   KLD:\s+(\S+)`, []*float64{&q.KLD99}, 1},
		{`RMS Δp    :\s+(\S+)`, []*float64{&q.RMSDelta}, 0.01},
		{`Same top p:\s+(\S+)`, []*float64{&q.SameTop}, 0.01},
	} {
		numbers, err := printed(out, line.pattern)
		if err != nil {
			return q, err
		}
		for i, to := range line.to {
			*to = numbers[i] * line.scale
		}
	}
	return q, nil
}

// printed are the numbers in what a program printed.
func printed(out []byte, pattern string) (numbers []float64, err error) {
	m := regexp.MustCompile(pattern).FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("no %q in what was printed: %s", pattern, lastLines(out))
	}
	for _, text := range m[1:] {
		x, err := strconv.ParseFloat(string(text), 64)
		if err != nil || math.IsNaN(x) {
			return nil, fmt.Errorf("%q is no number (%v)", text, err)
		}
		numbers = append(numbers, x)
	}
	return numbers, nil
}

func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
