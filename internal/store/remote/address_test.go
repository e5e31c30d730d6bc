package remote

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, a := range []string{"", "model.gguf", "/model.gguf", "ftp://host/f", "file:///f", "http:f", "https://", "https://:80/f", "http://secret\x7f/", "https://h/%zzsecret"} {
		if f, err := Open(t.Context(), a, Options{}); err == nil || !strings.Contains(err.Error(), "the address") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, %v", a, f, err)
		}
	}
	u, err := parseAddress("https://me:pass@host:80/a%2Fb%20c?key=1#part")
	if err != nil || redact(u) != "https://host:80/a%2Fb%20c?…" {
		t.Errorf("%s, %v", redact(u), err)
	}
}

func TestDownloadAddress(t *testing.T) {
	const h = "https://huggingface.co"
	for page, want := range map[string]string{
		h + "/o/m/blob/main/f.gguf":                   h + "/o/m/resolve/main/f.gguf",
		h + "/o/m/blob/main/dir/f.gguf?x=1#L3":        h + "/o/m/resolve/main/dir/f.gguf?x=1",
		h + "/o/m/blob/refs%2Fpr%2F1/blob/f.gguf":     h + "/o/m/resolve/refs%2Fpr%2F1/blob/f.gguf",
		h + "/datasets/o/m/blob/main/f.gguf":          h + "/datasets/o/m/resolve/main/f.gguf",
		h + "/o/blob/blob/main/f.gguf":                h + "/o/blob/resolve/main/f.gguf",
		"https://hf.co/o/m/blob/main/f.gguf":          "https://hf.co/o/m/resolve/main/f.gguf",
		h + "/o/m/resolve/main/f.gguf":                "",
		h + "/o/m/blob/main":                          "",
		h + "/o/m/blob/main/":                         "",
		h + "/o/m":                                    "",
		h:                                             "",
		"https://github.com/o/m/blob/main/f.gguf":     "",
		"huggingface.co/o/m/blob/main/f.gguf":         "",
		"https://huggingface.co.x/o/m/blob/main/f.gg": "",
	} {
		if got, ok := DownloadAddress(page); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", page, got, ok)
		}
	}
	u, err := parseAddress(h + "/o/m/blob/main/f.gguf?token=secret")
	if err != nil {
		t.Fatal(err)
	}
	if got := (&File{original: u}).webPage().Error(); !strings.HasSuffix(got, "use the download address "+h+"/o/m/resolve/main/f.gguf?…") {
		t.Error(got)
	}
}
