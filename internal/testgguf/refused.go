package testgguf

// NoTensors is a decoder's header without its weights.
func NoTensors() *File {
	f := Decoder(1)
	f.tensors = nil
	return f
}

// VocabularyOnly is what tokenizers are tested with: a vocabulary and no sizes.
func VocabularyOnly() *File {
	f := &File{}
	f.Set("general.architecture", "llama")
	sentencePiece(f)
	return f
}

// Projector is the part of a multimodal model that turns pictures into embeddings.
func Projector() *File {
	f := &File{}
	f.Set("general.architecture", "clip")
	f.Set("general.type", "mmproj")
	f.Set("clip.has_vision_encoder", true)
	f.Set("clip.projector_type", "mlp")
	f.Set("clip.vision.image_size", uint32(32))
	f.Set("clip.vision.patch_size", uint32(16))
	f.Set("clip.vision.embedding_length", uint32(Embedding))
	f.Set("clip.vision.block_count", uint32(Layers))
	w := newWeights(f, 1)
	w.matrix("mm.0.weight", Embedding, Embedding)
	w.fill("mm.0.bias", 0, Embedding)
	return f
}

// UnknownArchitecture is a decoder whose architecture no engine knows.
func UnknownArchitecture() *File {
	return Decoder(1).Set("general.architecture", "quillwright")
}
