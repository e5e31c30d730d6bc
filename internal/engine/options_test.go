package engine

import (
	"runtime"
	"strings"
	"testing"
)

func TestChooseContext(t *testing.T) {
	for _, c := range []struct {
		asked, trained, want int
		reason               string
	}{
		{0, 2048, 2048, "as trained"},
		{0, 4096, 4096, "as trained"},
		{0, 131072, 4096, "trained on 131072"},
		{0, 0, 4096, "does not say"},
		{-1, 131072, 131072, "as trained"},
		{-1, 0, 4096, "does not say"},
		{512, 8192, 512, "as asked"},
		{16384, 8192, 16384, "beyond the 8192"},
		{512, 0, 512, "as asked"},
	} {
		got, reason := chooseContext(c.asked, c.trained)
		if got != c.want || !strings.Contains(reason, c.reason) {
			t.Errorf("chooseContext(%d, %d) = %d, %q; want %d, %q", c.asked, c.trained, got, reason, c.want, c.reason)
		}
	}
}

func TestDefaultThreads(t *testing.T) {
	if got := DefaultThreads(); got < 1 || got > runtime.NumCPU() {
		t.Errorf("%d threads on %d processors", got, runtime.NumCPU())
	}
}
