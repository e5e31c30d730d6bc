package testgguf

import "slices"

// Raw is a value as it stands in a file: its type, and the bytes behind that.
type Raw struct {
	Type  uint32
	Bytes []byte
}

// Clone is a copy that can be changed without the first.
func (f *File) Clone() *File {
	other := *f
	other.keys, other.tensors = slices.Clone(f.keys), slices.Clone(f.tensors)
	return &other
}

// Pack aligns tensors to so many bytes, whatever the key says.
func (f *File) Pack(bytes int) *File {
	f.packed = bytes
	return f
}

// Keys are the names of all keys, in order.
func (f *File) Keys() []string {
	names := make([]string, len(f.keys))
	for i, kv := range f.keys {
		names[i] = kv.key
	}
	return names
}

// Value of a key; nil where there is none.
func (f *File) Value(key string) any {
	for _, kv := range f.keys {
		if kv.key == key {
			return kv.value
		}
	}
	return nil
}

// Append adds a key also where there is one of the name.
func (f *File) Append(key string, value any) *File {
	f.keys = append(f.keys, keyValue{key, value})
	return f
}

// Remove takes a key away.
func (f *File) Remove(key string) *File {
	f.keys = slices.DeleteFunc(f.keys, func(kv keyValue) bool { return kv.key == key })
	return f
}

// Tensors are the names of all tensors, in order.
func (f *File) Tensors() []string {
	names := make([]string, len(f.tensors))
	for i, t := range f.tensors {
		names[i] = t.name
	}
	return names
}

// RemoveTensor takes a tensor away.
func (f *File) RemoveTensor(name string) *File {
	f.tensors = slices.DeleteFunc(f.tensors, func(t tensor) bool { return t.name == name })
	return f
}

// Retype makes a tensor one of another of GGML's types, with as many bytes of zeros.
func (f *File) Retype(name string, kind uint32, bytes int) *File {
	return f.change(name, func(t *tensor) { t.kind, t.data, t.size = kind, make([]byte, bytes), bytes })
}

// Reshape gives a tensor dimensions that its data need not fill.
func (f *File) Reshape(name string, shape ...int) *File {
	return f.change(name, func(t *tensor) { t.shape = shape })
}

// Rename gives a tensor another name.
func (f *File) Rename(name, to string) *File {
	return f.change(name, func(t *tensor) { t.name = to })
}

// Shift moves a tensor's offset, and not its data.
func (f *File) Shift(name string, bytes int) *File {
	return f.change(name, func(t *tensor) { t.shift = bytes })
}

// Shape of a tensor; nil where there is none.
func (f *File) Shape(name string) []int {
	for _, t := range f.tensors {
		if t.name == name {
			return t.shape
		}
	}
	return nil
}

func (f *File) change(name string, change func(*tensor)) *File {
	for i := range f.tensors {
		if f.tensors[i].name == name {
			change(&f.tensors[i])
		}
	}
	return f
}
