package quant

import (
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// mixer chooses the types of a file type's mixture, tensor by tensor in the engine's order:
// llama_tensor_get_type_impl of src/llama-quant.cpp@v0.5.0.
type mixer struct {
	*Source
	fileType gguf.FileType
	imatrix  bool
	output   *gguf.TensorType
	embed    *gguf.TensorType
	grouped  bool // four heads or more share a key

	// How many tensors of these kinds came before.
	attention, down, gate, up int
}

// lowBits are file types that have rules of their own.
func lowBits(t gguf.FileType) bool {
	switch t {
	case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ2_M:
		return true
	}
	return false
}

// choose is the type of a tensor where most have type t.
func (m *mixer) choose(x *source, t gguf.TensorType) (gguf.TensorType, error) {
	c := x.category
	switch {
	case c == outputWeight || m.tied && c == tokenEmbedding:
		return m.outputType(x, t), nil
	case m.fileType == MXFP4_MOE:
		return m.floats(x), nil
	case c == tokenEmbedding:
		return m.embeddingType(t), nil
	case lowBits(m.fileType):
		return m.low(c, t), nil
	case c.likeValues():
		return m.valueType(t), nil
	case c == attentionK || c == attentionQ:
		return m.keyType(c, t), nil
	case c == attentionOutput:
		return m.attentionOutputType(t), nil
	}
	switch c {
	case feedForwardDown:
		i, err := m.layer(x.Name, m.down)
		m.down++
		return m.downType(i, t), err
	case feedForwardGate:
		i, err := m.layer(x.Name, m.gate)
		m.gate++
		return m.upType(i, t), err
	case feedForwardUp:
		i, err := m.layer(x.Name, m.up)
		m.up++
		return m.upType(i, t), err
	}
	return t, nil
}

// layer that a tensor of the feed-forward belongs to: the count of its kind, and with
// experts what its name says, because there are several in a layer.
func (m *mixer) layer(name string, count int) (int, error) {
	if m.Experts <= 1 {
		return count, nil
	}
	i, ok := scanLayer(name)
	if !ok || i < 0 || i >= m.Layers {
		return 0, fmt.Errorf("tensor %s: the quantizer of a model with experts wants the number of one of its %d layers in the name, as in blk.0.ffn_down.weight",
			gguf.Quote(name), m.Layers)
	}
	return i, nil
}

// moreBits are the layers that a mixture spends more on: the first and last eighths, and
// every third between.
func moreBits(i, layers int) bool {
	return i < layers/8 || i >= 7*layers/8 || (i-layers/8)%3 == 2
}

func (m *mixer) outputType(x *source, t gguf.TensorType) gguf.TensorType {
	if m.output != nil {
		return *m.output
	}
	block, _ := t.Block()
	switch {
	case m.fileType == MXFP4_MOE, m.Architecture == "falcon", dim(&x.Tensor, 0)%uint64(block) != 0:
		return gguf.Q8_0
	case lowBits(m.fileType), m.fileType == IQ3_XXS:
		return gguf.Q5_K
	case t != gguf.Q8_0:
		return gguf.Q6_K
	}
	return t
}

// floats is the rule of MXFP4_MOE: matrices of experts in 4-bit floats.
func (m *mixer) floats(x *source) gguf.TensorType {
	experts := dim(&x.Tensor, 2) > 1
	if m.Architecture == "bailingmoe3" { // whose latent attention has such matrices, too
		c := x.category
		experts = experts && (c == feedForwardUp || c == feedForwardGate || c == feedForwardDown)
	}
	if experts {
		return gguf.MXFP4
	}
	return gguf.Q8_0
}

func (m *mixer) embeddingType(t gguf.TensorType) gguf.TensorType {
	if m.embed != nil {
		return *m.embed
	}
	switch m.fileType {
	case IQ2_XXS, IQ2_XS, IQ1_S, IQ1_M:
		return gguf.Q2_K
	case IQ2_S, IQ2_M, IQ3_XXS:
		return gguf.IQ3_S
	case TQ1_0, TQ2_0, Q2_0:
		return gguf.Q4_K
	}
	return t
}

// low is the mixture of lowBits.
func (m *mixer) low(c category, t gguf.TensorType) gguf.TensorType {
	better := gguf.Q2_K
	if m.fileType == IQ2_S || m.fileType == IQ2_M {
		better = gguf.IQ3_S
	}
	switch {
	case c.likeValues():
		if m.grouped || m.Experts >= 4 {
			return gguf.Q4_K
		}
		return better
	case c == attentionK && m.Experts == 8:
		return gguf.Q4_K
	case c == feedForwardDown:
		m.down++
		if m.down-1 < m.Layers/8 {
			return better
		}
	case c == attentionOutput && m.Experts == 8:
		return gguf.Q5_K
	case c == attentionOutput && (m.fileType == IQ1_S || m.fileType == IQ1_M):
		return gguf.IQ2_XXS
	case c == attentionOutput && better == gguf.IQ3_S:
		return gguf.IQ3_S
	}
	return t
}

func (m *mixer) valueType(t gguf.TensorType) gguf.TensorType {
	i := m.attention
	m.attention++
	if m.Experts == 8 {
		return gguf.Q8_0
	}
	t = m.valueMix(i, t)
	if m.is70B() && (t == gguf.Q3_K || t == gguf.Q4_K) {
		return gguf.Q5_K
	}
	return t
}

func (m *mixer) valueMix(i int, t gguf.TensorType) gguf.TensorType {
	switch m.fileType {
	case Q2_K:
		if m.grouped {
			return gguf.Q4_K
		}
		return gguf.Q3_K
	case Q2_K_S, IQ3_XS, IQ3_S:
		if m.grouped {
			return gguf.Q4_K
		}
	case IQ3_XXS:
		switch {
		case m.grouped:
			return gguf.Q4_K
		case !m.imatrix:
			return gguf.IQ3_S
		}
		return gguf.IQ3_XXS
	case IQ3_M:
		return gguf.Q4_K
	case Q3_K_M:
		if i < 2 {
			return gguf.Q5_K
		}
		return gguf.Q4_K
	case Q3_K_L:
		return gguf.Q5_K
	case IQ4_NL, IQ4_XS:
		if m.grouped {
			return gguf.Q5_K
		}
	case Q4_K_M, Q5_K_M:
		if moreBits(i, m.values) {
			return gguf.Q6_K
		}
	case Q4_K_S:
		if i < 4 {
			return gguf.Q5_K
		}
	}
	return t
}

func (m *mixer) keyType(c category, t gguf.TensorType) gguf.TensorType {
	switch {
	case c == attentionK && m.Experts == 8:
		return gguf.Q8_0
	case m.fileType == IQ3_XS:
		return gguf.IQ3_XXS
	case m.fileType == IQ3_XXS:
		return gguf.IQ2_S
	}
	return t
}

func (m *mixer) attentionOutputType(t gguf.TensorType) gguf.TensorType {
	if m.Architecture == "falcon" {
		if m.fileType == Q3_K_L {
			return gguf.Q4_K
		}
		return t
	}
	if m.Experts == 8 {
		switch m.fileType {
		case Q2_K, IQ3_XS, IQ3_XXS, Q3_K_S, Q3_K_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ3_S, IQ3_M, IQ4_XS:
			return gguf.Q5_K
		}
		return t
	}
	switch m.fileType {
	case Q2_K:
		return gguf.Q3_K
	case IQ3_XXS:
		return gguf.IQ3_S
	case Q3_K_M, IQ3_M:
		return gguf.Q4_K
	case Q3_K_L:
		return gguf.Q5_K
	}
	return t
}

// upType is of the gate and of what goes up: the layers in the middle have less.
func (m *mixer) upType(i int, t gguf.TensorType) gguf.TensorType {
	if m.fileType == IQ3_XS && i >= m.Layers/8 && i < 7*m.Layers/8 {
		return gguf.IQ3_XXS
	}
	return t
}
