// Command notices writes cmd/llm/THIRD_PARTY_NOTICES: what the program, the engine's
// libraries and the release archive contain that others wrote, with the texts of the
// licences. `go run ./scripts/notices` in the root of the repository.
//
// It needs the engine's source and the module cache, and no network.
package main

import (
	"fmt"
	"os"
	"strings"
)

const file = "cmd/llm/THIRD_PARTY_NOTICES"

func main() {
	text, err := notices(".")
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "notices: write %s: %v\n", file, err)
		os.Exit(1)
	}
}

const introduction = `THIRD-PARTY NOTICES

llm is made of the parts below, besides its own code, whose licence is in the file LICENSE. Each part is followed by its
licence. Neither the program nor its release archive has a library of CUDA or a driver in it.
`

// notices is the whole text, made of the repository at root.
func notices(root string) (string, error) {
	s, err := sourcesOf(root)
	if err != nil {
		return "", err
	}
	all, err := sections(root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(introduction)
	for _, section := range all {
		if err := section.write(&b, s); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// section are the parts of one origin.
type section struct {
	title string
	parts []part
}

func sections(root string) ([]section, error) {
	modules, err := modules(root)
	return []section{
		{"The engine", engine(root)},
		{"Go", goParts},
		{"Go modules", modules},
		{"Libraries of the compiler, which only the release archive has", compiler},
	}, err
}

func (section section) write(b *strings.Builder, s *sources) error {
	fmt.Fprintf(b, "\n\n%s\n%s\n", section.title, strings.Repeat("#", len(section.title)))
	for _, p := range section.parts {
		if err := p.write(b, s); err != nil {
			return err
		}
	}
	return nil
}
