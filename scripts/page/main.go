// Command page looks at a page of llm bench levels in a real browser: at the widths of a telephone
// and of a screen, light and dark. It fails where something overflows, where text has a contrast
// below 4.5, where a chart's axis has no unit, or where the page asks for anything from elsewhere;
// and it saves what the browser shows, and what of it a screen shows first.
//
//	go run ./scripts/page report.html folder
//	go run ./scripts/page record.json folder     the page of a record
//
// It needs chromium (on Debian: apt-get install chromium), and nothing from the network.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
)

//go:embed look.js
var look string

// found is what look.js says.
type found struct {
	Width    int      `json:"width"`
	Height   int      `json:"height"`
	Overflow []string `json:"overflow"`
	Faint    []string `json:"faint"`
	Lowest   float64  `json:"lowest"`
	Texts    int      `json:"texts"`
	Axes     []string `json:"axes"`
	Fetched  []string `json:"fetched"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: page report.html|record.json folder")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(path, out string) error {
	text, err := page(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "page-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var wrong []error
	for _, dark := range []bool{false, true} {
		for _, width := range []int{390, 1280} {
			name := fmt.Sprintf("report-%d-%s.png", width, map[bool]string{false: "light", true: "dark"}[dark])
			f, err := visit(dir, text, width, dark, filepath.Join(out, name))
			if err != nil {
				return err
			}
			fmt.Printf("%-24s %d texts, lowest contrast %.2f, height %d\n", name, f.Texts, f.Lowest, f.Height)
			wrong = append(wrong, f.problems(name, width)...)
			if width == 1280 {
				name = filepath.Join(out, name)
				if err := crop(name, strings.TrimSuffix(name, ".png")+"-top.png", width, 1400); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(wrong...)
}

// page is one that is there, or that of a record.
func page(path string) (string, error) {
	if filepath.Ext(path) != ".json" {
		text, err := os.ReadFile(path)
		return string(text), err
	}
	r, err := record.Open(path)
	if err != nil {
		return "", err
	}
	return report.HTML(r)
}

func (f *found) problems(name string, width int) (list []error) {
	if f.Width != width {
		list = append(list, fmt.Errorf("%s: the browser is %d wide, not %d", name, f.Width, width))
	}
	if f.Texts == 0 || len(f.Axes) == 0 {
		list = append(list, fmt.Errorf("%s: the browser shows %d texts and %d axes", name, f.Texts, len(f.Axes)))
	}
	for _, x := range f.Overflow {
		list = append(list, fmt.Errorf("%s: overflows: %s", name, x))
	}
	for _, x := range f.Faint {
		list = append(list, fmt.Errorf("%s: contrast below 4.5: %s", name, x))
	}
	for _, x := range f.Fetched {
		list = append(list, fmt.Errorf("%s: fetched: %s", name, x))
	}
	unit := regexp.MustCompile(`, (GiB|nats|tokens|%|tokens a second)$`)
	for _, x := range f.Axes {
		if !unit.MatchString(x) {
			list = append(list, fmt.Errorf("%s: an axis without a unit: %q", name, x))
		}
	}
	return list
}

var policy = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)

// visit has the browser lay the page out and look.js look at it, and then takes a picture of the
// page as it is. The page is in a frame: a window has 500 pixels at least.
func visit(dir, text string, width int, dark bool, picture string) (*found, error) {
	page := strings.Replace(policy.ReplaceAllString(text, ""), "</body>", "<script>"+look+"</script></body>", 1)
	frame, err := framed(dir, page, width, 900)
	if err != nil {
		return nil, err
	}
	out, err := browser(dir, dark, width, 900, "--dump-dom", frame)
	if err != nil {
		return nil, err
	}
	m := regexp.MustCompile(`(?s)<pre id="looked">(.*?)</pre>`).FindStringSubmatch(out)
	if m == nil {
		return nil, errors.New("the browser did not run the script that looks at the page")
	}
	var f found
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &f); err != nil {
		return nil, err
	}
	if frame, err = framed(dir, text, width, f.Height); err != nil {
		return nil, err
	}
	if _, err = browser(dir, dark, width, f.Height, "--screenshot="+picture, frame); err != nil {
		return nil, err
	}
	return &f, crop(picture, picture, width, f.Height)
}

// framed writes a page with another in a frame, and returns its address.
func framed(dir, text string, width, height int) (string, error) {
	path := filepath.Join(dir, "frame.html")
	page := fmt.Sprintf(`<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><body style="margin:0;overflow:hidden"><iframe style="border:0;display:block;width:%dpx;height:%dpx" srcdoc="%s"></iframe>`,
		width, height, html.EscapeString(text))
	return "file://" + path, os.WriteFile(path, []byte(page), 0o644)
}

// crop writes what of a picture is within a width and a height, from its upper left corner.
func crop(path, to string, width, height int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return err
	}
	size := whole.Bounds()
	part := image.NewRGBA(image.Rect(0, 0, min(width, size.Dx()), min(height, size.Dy())))
	draw.Draw(part, part.Bounds(), whole, size.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, part); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

func browser(dir string, dark bool, width, height int, args ...string) (string, error) {
	all := []string{
		"--headless=old", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--proxy-server=127.0.0.1:9",
		"--user-data-dir=" + filepath.Join(dir, "profile"), fmt.Sprintf("--window-size=%d,%d", width, height),
	}
	if dark {
		all = append(all, "--blink-settings=preferredColorScheme=0")
	} else {
		all = append(all, "--blink-settings=preferredColorScheme=1")
	}
	c := exec.Command("chromium", append(all, args...)...)
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("chromium: %w: %s", err, errors.String())
	}
	return string(out), nil
}
