package plan_test

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/plan"
)

// devicesRead are texts with what they mean, or a part of the error.
var devicesRead = []struct{ text, want string }{
	{"24GiB", "24 GiB cuda 24576/24576"},
	{" 24 gib ", "24 GiB cuda 24576/24576"},
	{"24GB", "22.4 GiB cuda 22888/22888"},
	{"1.5TiB", "1536 GiB cuda 1572864/1572864"},
	{"512MiB", "512 MiB cuda 512/512"},
	{"2x12GiB", "12 GiB cuda 12288/12288, 12 GiB cuda 12288/12288"},
	{"24GiB+12GiB + rtx4060", "24 GiB cuda 24576/24576, 12 GiB cuda 12288/12288, GeForce RTX 4060 cuda 8188/8188 8.9 272"},
	{"2xrtx4090", "GeForce RTX 4090 cuda 24564/24564 8.9 1008, GeForce RTX 4090 cuda 24564/24564 8.9 1008"},
	{"NVIDIA GeForce RTX 4090", "GeForce RTX 4090 cuda 24564/24564 8.9 1008"},
	{"4070 ti super", "GeForce RTX 4070 Ti SUPER cuda 16376/16376 8.9 672"},
	{"RTX 3060 Laptop GPU", "GeForce RTX 3060 Laptop cuda 6144/6144 8.6 336"},
	{"7900xtx", "RX 7900 XTX vulkan 24576/24576 960"},
	{"AMD Radeon RX 7900 XTX (RADV NAVI31)", "RX 7900 XTX vulkan 24576/24576 960"},
	{"vulkan:rtx3090", "GeForce RTX 3090 vulkan 24576/24576 8.6 936"},
	{"vulkan:16GiB", "16 GiB vulkan 16384/16384"},
	{"rtx4060ti:16GB", "GeForce RTX 4060 Ti 16 GiB cuda 16380/16380 8.9 288"},
	{"NVIDIA A100-SXM4-80GB", "A100 80GB cuda 81920/81920 8.0 2039"},
	{"Tesla V100-PCIE-32GB:32GiB", "Tesla V100 32 GiB cuda 32768/32768 7.0 900"},
	{"Intel(R) Arc(TM) A770 Graphics", "Arc A770 vulkan 16384/16384 560"},
	{"2x24GiB@936GB/s", "24 GiB cuda 24576/24576 936, 24 GiB cuda 24576/24576 936"},
	{"24GiB@936", "write something like 936GB/s"},
	{"24GiB@0GB/s", "is not a bandwidth"},
	{"metal:64GiB", "64 GiB metal 65536/49152"},
	{"m3max", "M3 Max 36 GiB metal 36864/27648 300"},
	{"m1pro:32GiB", "M1 Pro 32 GiB metal 32768/21845 200"},

	{"", "a card is missing"},
	{"24GiB+", "a card is missing"},
	{"0GiB", "must be more than 0"},
	{"-24GiB", "must be more than 0"},
	{"vulkan:0MiB", "must be more than 0"},
	{"1..5GiB", "is not a number"},
	{"0.0001GiB", "less than 1 MiB"},
	{"2000000GiB", "more than 1024 TiB"},
	{"24", "write 24GiB"},
	{"24G", "write 24GiB"},
	{"vulkan:", "write its memory instead"},
	{"metal:rtx4090", "has no metal"},
	{"cuda:rx7900xtx", "write vulkan:rx7900xtx"},
	{"rtx4060ti:24GiB", "GeForce RTX 4060 Ti has 8 GiB or 16 GiB, not 24 GiB"},
	{"rtx4060ti:x", "is not a size"},
	{"abacus:24GiB", "a backend (cuda, vulkan, metal) or a card"},
	{"rtx409", "did you mean rtx4090"},
	{"rtx4091", "did you mean rtx4090"},
	{"7900 xtz", "did you mean rx7900xt"},
	{"abacus", `the card "abacus" is not known; write its memory instead`},
	{"0x24GiB", "between 1 and 16, not 0"},
	{"-2x24GiB", "between 1 and 16, not -2"},
	{"17x24GiB", "between 1 and 16, not 17"},
	{"9x24GiB+8x8GiB", "more than 16"},
	{"99999999999999999999x8GiB", "between 1 and 16"},
}

func TestParseDevices(t *testing.T) {
	for _, c := range devicesRead {
		devices, err := plan.ParseDevices(c.text)
		if err != nil {
			if devices != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v; want %s", c.text, err, c.want)
			}
			continue
		}
		if got := describe(devices); got != c.want {
			t.Errorf("%q: %s; want %s", c.text, got, c.want)
		}
	}
}

func FuzzParseDevices(f *testing.F) {
	for _, c := range devicesRead {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		devices, err := plan.ParseDevices(text)
		if (err == nil) != (len(devices) > 0) {
			t.Fatalf("%d devices, %v", len(devices), err)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		for _, d := range devices {
			if d.Total == 0 || d.Free == 0 || d.Free > d.Total || d.Name == "" || d.Backend == "" {
				t.Fatalf("%+v", d)
			}
		}
	})
}
