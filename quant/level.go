package quant

import "github.com/seed-f87006eb/llm/gguf"

// Level is a model at a level of quantization: one that could be made, or a file that is
// published.
type Level struct {
	FileType gguf.FileType
	Name     string  // of a file; empty: that of the file type
	Imatrix  bool    // made with an importance matrix
	Size     int64   // of the file, in bytes
	Bits     float64 // for each weight

	Quality *Quality // nil: it was not measured
	// Caveat says which models it is for, where it spoils others: such a level is not chosen.
	Caveat string
	// Unmade says why the quantizer does not make it of this model; empty: it does. The
	// numbers are 0 then.
	Unmade string
}

// String is the name of the level.
func (l *Level) String() string {
	switch row, ok := Lookup(l.FileType); {
	case l.Name != "":
		return l.Name
	case ok:
		return row.Name
	}
	return l.FileType.String()
}

// Levels are all levels that there could be of the model, from large to small by their type,
// each as it is usually made: with an importance matrix where the model's tensors need one in
// that type, else without. Their quality is the published one, unless too much falls back for
// that. Sizes are of the tensors alone where the keys are unknown.
func (s *Source) Levels() []Level {
	levels := make([]Level, 0, len(fileTypes))
	for _, row := range fileTypes {
		levels = append(levels, s.level(row))
	}
	return levels
}

func (s *Source) level(row FileType) Level {
	l := Level{FileType: row.Number, Caveat: row.Caveat}
	r, err := s.Recipe(Options{FileType: row.Number, Requantize: true})
	if err == nil && len(r.Imatrix) > 0 {
		l.Imatrix = true
		r, err = s.Recipe(Options{FileType: row.Number, Requantize: true, Imatrix: &Imatrix{}})
	}
	if err != nil {
		l.Unmade = err.Error()
		return l
	}
	if len(r.Problems) > 0 {
		l.Unmade = r.Problems[0]
	}
	if row.Number == F32 && !s.wide() {
		l.Caveat = "holds no more than 16 bits of this model do"
	}
	l.Size, l.Bits = max(r.Size, r.Data), r.Bits
	if q, ok := Published(row.Number, l.Imatrix); ok && r.asNamed() {
		l.Quality = &q
	}
	return l
}

// asNamed tells whether the weights have the types that the file type stands for: at most one
// in a hundred fell back. Otherwise what was measured of it does not carry over.
func (r *Recipe) asNamed() bool {
	var all, fell int64
	for i := range r.Tensors {
		n, _ := r.Tensors[i].Elements()
		all += n
		if r.Tensors[i].FellBack() {
			fell += n
		}
	}
	return fell <= all/100
}

// wide tells whether a tensor that would be quantized is in 32 bits.
func (s *Source) wide() bool {
	for i := range s.tensors {
		if s.tensors[i].kept == "" && s.tensors[i].Type == gguf.F32 {
			return true
		}
	}
	return false
}
