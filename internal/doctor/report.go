package doctor

// Report is what llm doctor says.
type Report struct {
	*Facts
	Findings []Finding `json:"findings"`
	Passed   bool      `json:"passed"` // no finding is an error
}

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Error   Level = "error"   // a check failed
	Warning Level = "warning" // it works, not as it should
	Note    Level = "note"    // worth knowing
)

// Finding is one thing to know, with what it is known from.
type Finding struct {
	Level      Level  `json:"level"`
	About      string `json:"about"` // a device's name, or what it concerns
	Expected   string `json:"expected"`
	Observed   string `json:"observed"`
	Evidence   string `json:"evidence"`
	Suggestion string `json:"suggestion"`
}

// NewReport judges facts. It depends on nothing else.
func NewReport(f *Facts) Report {
	r := Report{Facts: f, Findings: []Finding{}, Passed: true}
	r.Findings = append(r.Findings, missing(f)...)
	r.Findings = append(r.Findings, modules(f)...)
	r.Findings = append(r.Findings, threads(f)...)
	for i := range f.Devices {
		d := &f.Devices[i]
		r.Findings = append(r.Findings, failed(f, d)...)
		r.Findings = append(r.Findings, wrong(d)...)
		r.Findings = append(r.Findings, slow(f, d)...)
		r.Findings = append(r.Findings, memory(f, d)...)
	}
	for _, x := range r.Findings {
		r.Passed = r.Passed && x.Level != Error
	}
	return r
}
