package oracle

import (
	"errors"
	"os"
)

// sparseFile is a header with nothing behind it, as long as the model would be.
type sparseFile struct {
	path   string
	file   *os.File
	remove bool // the file has a name
}

func newSparseFile(h *Header) (*sparseFile, error) {
	s, err := createSparse()
	if err != nil {
		return nil, err
	}
	if _, err = s.file.Write(h.Bytes); err == nil {
		err = s.file.Truncate(h.Size)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func createNamed() (*sparseFile, error) {
	f, err := os.CreateTemp("", "llm-plan-*.gguf")
	if err != nil {
		return nil, err
	}
	return &sparseFile{f.Name(), f, true}, nil
}

func (s *sparseFile) close() error {
	err := s.file.Close()
	if s.remove {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}
