package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/quantize"
	"github.com/seed-f87006eb/llm/quant"
)

// quantizeFlags are those of llm quantize, as they were typed.
type quantizeFlags struct {
	imatrix                 string
	include, exclude        []string
	pure, keepOutput, allow bool
	output, embedding       string
	types                   []string
	typeFile                string
	threads, buffer         int64
	dryRun, force, json     bool
}

func (a *app) quantizeCommand() *cobra.Command {
	var f quantizeFlags
	c := &cobra.Command{
		Use:   "quantize IN [OUT] TYPE [THREADS]",
		Short: "Make a smaller model file of another",
		Long: `Make a smaller model file of another, with the engine's quantizer.

IN is a GGUF file, best in F16 or BF16; of a split model any part. OUT is one file, by
default that of IN with the name of TYPE in it. Types, from large to small:

` + typeTable() + `
Those with a * need an importance matrix for most models: --imatrix gives one, else it is
made first, of text that the model writes itself (llm imatrix). --dry-run says to the byte what would be written, and what becomes of the tensors. Whatever stops the
command, OUT is whole or was not touched.`,
		Example: `  llm quantize model-F16.gguf Q4_K_M
  llm quantize model-F16.gguf model-small.gguf IQ3_XXS --imatrix model.imatrix.gguf
  llm quantize model-F16.gguf Q4_K_M --dry-run
  llm quantize model-F16.gguf Q4_K_M --tensor-type attn_v=q8_0 --tensor-type 'blk\.[0-3]\.ffn_down=q6_k'`,
		RunE: func(_ *cobra.Command, args []string) error {
			in, out, kind, err := f.arguments(args)
			if err != nil {
				return err
			}
			spec, err := f.spec(kind)
			if err != nil {
				return err
			}
			return a.quantize(in, out, spec, f)
		},
		ValidArgsFunction: completeQuantize,
	}
	f.register(c)
	return c
}

func (f *quantizeFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.StringVar(&f.imatrix, "imatrix", "", "importance matrix `FILE`, of this model")
	s.StringArrayVar(&f.include, "include-weights", nil, "use the matrix only for tensors with `NAME` in theirs (again for more)")
	s.StringArrayVar(&f.exclude, "exclude-weights", nil, "do not use the matrix for tensors with `NAME` in theirs (again for more)")
	s.BoolVar(&f.pure, "pure", false, "no mixture: the same type for all tensors that are quantized")
	s.BoolVar(&f.keepOutput, "leave-output-tensor", false, "leave output.weight as it is")
	s.BoolVar(&f.allow, "allow-requantize", false, "quantize what is quantized already, which costs quality")
	s.StringVar(&f.output, "output-tensor-type", "", "`TYPE` of output.weight")
	s.StringVar(&f.embedding, "token-embedding-type", "", "`TYPE` of the token embeddings")
	s.StringArrayVar(&f.types, "tensor-type", nil, "`PATTERN=TYPE` of the tensors in whose name the regular expression finds something (again for more; the first counts)")
	s.StringVar(&f.typeFile, "tensor-type-file", "", "`FILE` with such, between which there is space or a new line")
	s.Int64VarP(&f.threads, "threads", "t", 0, "`N` threads (default: one a processor)")
	s.Int64Var(&f.buffer, "max-buffer-size", 64, "`MIB` of a tensor's rows that are in memory at once; the file is the same")
	s.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be written, and write nothing")
	s.BoolVar(&f.force, "force", false, "replace OUT if it exists")
	s.BoolVar(&f.json, "json", false, "print JSON")
	completeFlags(c)
}

// typeTable are the file types in columns.
func typeTable() string {
	var b strings.Builder
	for i, kind := range quant.FileTypes() {
		name := kind.Name
		if quant.NeedsImatrix(kind.Number) {
			name += "*"
		}
		if i%6 == 5 {
			b.WriteString(name + "\n")
		} else {
			fmt.Fprintf(&b, "%-12s", name)
		}
	}
	return strings.TrimRight(b.String(), " \n") + "\n"
}

// arguments are IN [OUT] TYPE [THREADS].
func (f *quantizeFlags) arguments(args []string) (in, out string, kind gguf.FileType, err error) {
	rest := args
	if len(rest) > 0 {
		in, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		if _, err := quant.ParseFileType(rest[0]); err != nil && len(rest) > 1 {
			out, rest = rest[0], rest[1:]
		}
	}
	if len(rest) < 1 || len(rest) > 2 {
		return "", "", 0, usagef("llm quantize takes IN, OUT if you like, TYPE, and THREADS if you like; it got %q", args)
	}
	if kind, err = quant.ParseFileType(rest[0]); err != nil {
		if out == "" && len(args) == 2 && strings.HasSuffix(rest[0], ".gguf") {
			return "", "", 0, usagef("TYPE is missing behind %s: llm quantize IN OUT TYPE", rest[0])
		}
		return "", "", 0, usageError{fmt.Errorf("%w%s", err, nearest(strings.ToUpper(rest[0]), typeNames(), ""))}
	}
	if len(rest) == 2 {
		n, err := strconv.ParseInt(rest[1], 10, 32)
		if err != nil {
			return "", "", 0, usagef("%q behind the type is no number of threads; OUT goes before TYPE", rest[1])
		}
		if f.threads != 0 {
			return "", "", 0, usagef("threads are given twice: %d and --threads %d", n, f.threads)
		}
		f.threads = n
	}
	return in, out, kind, localFile(in)
}

func typeNames() (names []string) {
	for _, kind := range quant.FileTypes() {
		names = append(names, kind.Name)
	}
	return names
}

func typeName(number gguf.FileType) string {
	kind, _ := quant.Lookup(number)
	return kind.Name
}

// tensorTypeNames are the types that tensors can be quantized to.
func tensorTypeNames() (names []string) {
	for _, t := range quant.TensorTypes() {
		if t.Writable {
			names = append(names, strings.ToLower(t.String()))
		}
	}
	return names
}

// spec reads the flags.
func (f *quantizeFlags) spec(kind gguf.FileType) (s quantize.Spec, err error) {
	s = quantize.Spec{
		FileType: kind, Pure: f.pure, KeepOutput: f.keepOutput, Requantize: f.allow, Imatrix: f.imatrix, Include: f.include,
		Exclude: f.exclude, Threads: int(f.threads), Buffer: int(f.buffer) << 20, Replace: f.force, Isolated: true,
	}
	if err := inRange("max-buffer-size", f.buffer, 1, 1<<20); err != nil {
		return s, err
	}
	if err := inRange("threads", f.threads, 0, 512); err != nil {
		return s, err
	}
	switch {
	case len(f.include) > 0 && len(f.exclude) > 0:
		return s, usagef("--include-weights and --exclude-weights exclude each other; give one of them")
	case f.imatrix == "" && len(f.include)+len(f.exclude) > 0:
		return s, usagef("--include-weights and --exclude-weights are about the importance matrix, which is missing; give --imatrix")
	case f.keepOutput && f.output != "":
		return s, usagef("--leave-output-tensor and --output-tensor-type exclude each other; give one of them")
	}
	if s.Output, err = tensorType("output-tensor-type", f.output); err != nil {
		return s, err
	}
	if s.Embedding, err = tensorType("token-embedding-type", f.embedding); err != nil {
		return s, err
	}
	for _, text := range f.types {
		o, err := quant.ParseOverride(text)
		if err != nil {
			return s, usagef("--tensor-type: %w", err)
		}
		s.Overrides = append(s.Overrides, o)
	}
	if f.typeFile == "" {
		return s, nil
	}
	text, err := readFile(f.typeFile)
	if err != nil {
		return s, err
	}
	more, err := quant.ParseOverrides(text)
	if err != nil {
		return s, fmt.Errorf("--tensor-type-file %s: %w", f.typeFile, err)
	}
	s.Overrides = append(s.Overrides, more...)
	return s, nil
}

func tensorType(flag, name string) (*gguf.TensorType, error) {
	if name == "" {
		return nil, nil
	}
	t, err := quant.ParseTensorType(name)
	if err != nil {
		return nil, usagef("--%s: %w", flag, err)
	}
	return &t, nil
}

// quantize writes the file, or says what it would be.
func (a *app) quantize(in, out string, s quantize.Spec, f quantizeFlags) error {
	ctx, release := interruptible()
	defer release()
	j, err := a.describe(ctx, in, &s, f.dryRun)
	if err != nil {
		return err
	}
	if out == "" {
		out = madeName(j.Source, j.Kind.Name)
	}
	r := newQuantizeReport(j, out, s.Imatrix)
	if r.DryRun = f.dryRun; f.dryRun {
		if j.Refusal == nil {
			j.Refusal = forceHint(j.CheckGoal(out), os.ErrExist, "--force replaces it")
		}
		if j.Refusal != nil {
			r.Problem = j.Refusal.Error()
		}
		if err := a.report(r, f.json, r.screen, true); err != nil {
			return err
		}
		return j.Refusal
	}
	for _, note := range j.Notes {
		fmt.Fprintf(a.err, "llm: %s\n", oneLine(note))
	}
	p := a.newProgress("quantizing " + filepath.Base(j.Source) + " to " + j.Kind.Name)
	made, err := j.Write(ctx, out, p.remaining)
	p.done()
	if err != nil {
		return forceHint(err, os.ErrExist, "--force replaces it")
	}
	r.Seconds = made.Elapsed.Seconds()
	return a.report(r, f.json, func(style) string { return r.line() + "\n" }, true)
}

// describe is what the quantizer will do. Where it needs an importance matrix that is not given,
// it gets the model's own; a dry run makes none.
func (a *app) describe(ctx context.Context, in string, s *quantize.Spec, dry bool) (*quantize.Job, error) {
	describe := quantize.Prepare
	if dry {
		describe = quantize.Describe
	}
	j, err := describe(in, *s)
	needs := errors.Is(err, quantize.ErrNeedsImatrix) || err == nil && errors.Is(j.Refusal, quantize.ErrNeedsImatrix)
	if !needs || s.Imatrix != "" {
		return j, err
	}
	own := strings.TrimSuffix(in, ".gguf") + ".imatrix.gguf"
	if _, missing := os.Stat(own); missing == nil {
		fmt.Fprintf(a.err, "llm: the importance matrix is %s, which is there\n", own)
	} else if dry {
		return j, err
	} else if err := a.makeImatrix(ctx, in, own, typeName(s.FileType)); err != nil {
		return nil, fmt.Errorf("importance matrix: %w", err)
	}
	s.Imatrix = own
	return describe(in, *s)
}

// makeImatrix collects one of text that the model writes itself.
func (a *app) makeImatrix(ctx context.Context, model, path, kind string) error {
	if err := a.permit([]string{model}); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "llm: %s needs an importance matrix, which is made first, of text that the model writes, and kept as %s; --imatrix gives another\n", kind, path)
	p := &imatrixProgress{app: a}
	loading := a.newProgress("loading " + filepath.Base(model))
	p.loading = loading
	_, err := llm.CollectImatrix(ctx, model, llm.ImatrixOptions{Output: path, NoPerplexity: true, Progress: p.update}, llm.Fit(), llm.Progress(loading.update))
	p.done()
	if err != nil {
		os.Remove(path + llm.PartialImatrix)
	}
	return explainOpen(err)
}

// partNumber ends the name of a part of a split model.
var partNumber = regexp.MustCompile(`-\d{5}-of-\d{5}$`)

// madeName is the name of what is made of a file: with the type in the place of the one that
// is there, beside it.
func madeName(in, kind string) string {
	folder, base := filepath.Split(in)
	base = partNumber.ReplaceAllString(strings.TrimSuffix(base, ".gguf"), "")
	for _, name := range typeNames() {
		if at := len(base) - len(name); at > 1 && strings.EqualFold(base[at:], name) && strings.ContainsAny(base[at-1:at], "-._") {
			return folder + base[:at] + kind + ".gguf"
		}
	}
	return folder + base + "-" + kind + ".gguf"
}

// completeQuantize completes a model, then names of types.
func completeQuantize(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeModel(c, args, typed)
	}
	if len(args) > 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, name := range typeNames() {
		if strings.HasPrefix(name, strings.ToUpper(typed)) {
			names = append(names, name)
		}
	}
	if len(names) > 0 || len(args) == 2 {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"gguf"}, cobra.ShellCompDirectiveFilterFileExt
}
