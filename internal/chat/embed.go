package chat

import "fmt"

// EmbedRequest asks for the embeddings of texts.
type EmbedRequest struct {
	Texts []string
	// Raw leaves the vectors as the model makes them; otherwise each is scaled to
	// length 1, so that their dot product is their cosine similarity.
	Raw bool
}

// Validate checks a request before anything is spent on it. Its errors are
// ErrRequest.
func (r *EmbedRequest) Validate() error {
	if len(r.Texts) == 0 {
		return fmt.Errorf("%w: there is no text to embed", ErrRequest)
	}
	for i, text := range r.Texts {
		if err := checkText(fmt.Sprintf("text %d", i+1), text); err != nil {
			return err
		}
	}
	return nil
}

// Embeddings are the vectors of an EmbedRequest.
type Embeddings struct {
	// Vectors are in the order of the texts: one a text; with pooling "none" one a
	// token, text after text; with pooling "rank" the scores of a reranker.
	Vectors [][]float32
	Tokens  []int  // how many tokens each text has
	Pooling string // none, mean, cls, last or rank
}
