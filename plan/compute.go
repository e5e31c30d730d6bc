package plan

import "github.com/seed-f87006eb/llm/gguf"

type parts struct{}

func partsOf(h *gguf.Hyper, w []weight) *parts { return nil }

func (e *Estimator) compute(p *placement, s *setting, home *homes, m *Memory) {}
