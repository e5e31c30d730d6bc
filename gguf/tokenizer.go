package gguf

const keyTokens = "tokenizer.ggml.tokens"
