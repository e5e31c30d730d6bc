package levels

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Journal is what a run has finished, on disk: a line of JSON for each step. A run that was
// killed goes on with it; one with other conditions begins anew. It is used by one goroutine.
type Journal struct {
	file  *os.File
	steps map[string]json.RawMessage
	// Resumed tells whether something was there.
	Resumed bool
}

type journalLine struct {
	Key   string          `json:"key,omitempty"` // of the first line: the conditions
	Step  string          `json:"step,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// ErrRunning is for a run that another process is at.
var ErrRunning = errors.New("the same run is at work in another process; wait for it, or end it")

// OpenJournal opens the journal at path, or makes one, for a run under the conditions that key
// stands for. A last line that was cut off is as if it were not there.
// Errors: ErrRunning, and those of the file.
func OpenJournal(path, key string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if !lock(f) {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", path, ErrRunning), f.Close())
	}
	j := &Journal{file: f, steps: map[string]json.RawMessage{}}
	end, err := j.read(key)
	if err == nil && end == 0 {
		err = f.Truncate(0)
		if err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err == nil {
			err = j.write(journalLine{Key: key})
		}
	} else if err == nil {
		err = f.Truncate(end)
		if err == nil {
			_, err = f.Seek(end, io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", path, err), f.Close())
	}
	j.Resumed = len(j.steps) > 0
	return j, nil
}

// read fills the steps and returns where the last whole line ends; 0: the journal is of another
// run, or none.
func (j *Journal) read(key string) (end int64, err error) {
	for r := bufio.NewReader(j.file); ; {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var line journalLine
		if json.Unmarshal(bytes.TrimSpace(text), &line) != nil || end == 0 && line.Key != key {
			return end, nil
		}
		if line.Step != "" {
			j.steps[line.Step] = line.Value
		}
		end += int64(len(text))
	}
}

func (j *Journal) write(line journalLine) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write journal %s: %w", j.file.Name(), err)
	}
	return nil
}

// Get reads what was put at a step. False: nothing that can be read.
func (j *Journal) Get(step string, value any) bool {
	text, ok := j.steps[step]
	return ok && json.Unmarshal(text, value) == nil
}

// Put writes a step that is finished.
func (j *Journal) Put(step string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("journal, %s: %w", step, err)
	}
	j.steps[step] = text
	return j.write(journalLine{Step: step, Value: text})
}

// Close leaves the journal for the next run.
func (j *Journal) Close() error { return j.file.Close() }

// Remove ends it: the run is complete.
func (j *Journal) Remove() error {
	return errors.Join(j.file.Close(), os.Remove(j.file.Name()))
}
