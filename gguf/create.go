package gguf

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Output is a file to create.
type Output struct {
	Path    string
	Content *Writer
}

// Create writes new files, all of them or none: under other names, which do not end in
// .gguf, until they are whole and on the disk. What is there already is an error
// ([fs.ErrExist]), unless it is to be replaced. Other errors are those of
// [Writer.WriteTo], of the system, and the context's.
func Create(ctx context.Context, outputs []Output, replace bool, progress Progress) error {
	c := copier{ctx: ctx, progress: progress}
	for _, o := range outputs {
		if err := refuseExisting(o.Path); err != nil && !replace {
			return fmt.Errorf("write %s: %w", Quote(o.Path), fs.ErrExist)
		}
		size, err := o.Content.Size()
		if err != nil {
			return err
		}
		c.total += size
	}
	files := make([]*newFile, 0, len(outputs))
	defer func() {
		for _, f := range files {
			f.discard()
		}
	}()
	for _, o := range outputs {
		f, err := createNew(o.Path)
		if err == nil {
			files = append(files, f)
			c.begin(f.File)
			if err = o.Content.write(&c); err == nil {
				err = f.Sync()
			}
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", Quote(o.Path), explain(err, filepath.Dir(o.Path), c.total))
		}
	}
	for _, f := range files {
		if err := f.publish(replace); err != nil {
			return fmt.Errorf("write %s: %w", Quote(f.path), err)
		}
	}
	for _, o := range outputs {
		if err := syncFolder(filepath.Dir(o.Path)); err != nil {
			return fmt.Errorf("write %s: %w", Quote(o.Path), err)
		}
	}
	return nil
}
