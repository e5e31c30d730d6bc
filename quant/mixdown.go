package quant

import "github.com/seed-f87006eb/llm/gguf"

// downType is of what goes down in the feed-forward of layer i, which suffers most after the
// values.
func (m *mixer) downType(i int, t gguf.TensorType) gguf.TensorType {
	first := i < m.Layers/8
	falcon := m.Architecture == "falcon"
	switch m.fileType {
	case Q2_K:
		return gguf.Q3_K
	case Q2_K_S:
		if first {
			return gguf.Q4_K
		}
	case IQ3_XXS:
		switch {
		case m.imatrix:
		case first:
			return gguf.Q4_K
		default:
			return gguf.Q3_K
		}
	case IQ3_M:
		if first || m.Experts == 8 && moreBits(i, m.Layers) {
			return gguf.Q4_K
		}
	case Q3_K_M:
		return m.down3(i, falcon)
	case Q3_K_L:
		if falcon {
			return gguf.Q4_K
		}
		return gguf.Q5_K
	case Q4_K_M:
		return m.down4(i, falcon, t)
	case IQ4_NL, IQ4_XS:
		if first && !m.imatrix {
			return gguf.Q5_K
		}
	case Q5_K_M:
		if moreBits(i, m.Layers) {
			return gguf.Q6_K
		}
	case Q4_K_S:
		if first && !falcon {
			return gguf.Q5_K
		}
	case Q4_0, Q5_0:
		// With a matrix the first layers can go wrong in these types.
		switch {
		case !first || !m.imatrix:
		case m.fileType == Q4_0:
			return gguf.Q4_1
		default:
			return gguf.Q5_1
		}
	}
	return t
}

func (m *mixer) down3(i int, falcon bool) gguf.TensorType {
	switch {
	case i < m.Layers/16:
		return gguf.Q5_K
	case !falcon || moreBits(i, m.Layers):
		return gguf.Q4_K
	}
	return gguf.Q3_K
}

func (m *mixer) down4(i int, falcon bool, t gguf.TensorType) gguf.TensorType {
	more := moreBits(i, m.Layers)
	switch {
	case falcon && i < m.Layers/16:
		return gguf.Q6_K
	case falcon && more:
		return gguf.Q5_K
	case falcon:
		return gguf.Q4_K
	case more:
		return gguf.Q6_K
	}
	return t
}
