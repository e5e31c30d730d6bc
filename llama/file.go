package llama

// #include "llm.h"
import "C"

// FileInfo is what a GGUF file says of itself; texts are empty where it does not say.
type FileInfo struct {
	Architecture string // general.architecture
	Type         string // general.type: "model", "adapter", "mmproj", …
	Tensors      int
}

// DescribeFile reads the header of a GGUF file. ErrEngine when it is none.
func DescribeFile(path string) (FileInfo, error) {
	start()
	op := "describe " + path
	cpath, free, err := cPath("describe", path)
	if err != nil {
		return FileInfo{}, err
	}
	defer free()
	var architecture, kind, cerr *C.char
	var tensors C.int64_t
	if code := C.llm_file_describe(cpath, &architecture, &kind, &tensors, &cerr); code != C.LLM_OK {
		return FileInfo{}, newError(op, code, cerr)
	}
	return FileInfo{Architecture: takeString(architecture), Type: takeString(kind), Tensors: int(tensors)}, nil
}
