package plan

import "slices"

// Card is a kind of device that can be bought.
type Card struct {
	Name      string // as its driver calls it, without the maker
	Short     string // as people type it
	Backend   string // that this engine has for it
	Memory    []uint64
	Bandwidth uint64 // that its maker publishes, bytes a second
	// ComputeCapability of CUDA, 89 for 8.9; 0: not a card of NVIDIA's.
	ComputeCapability int
}

// Cards are all that are known, in the order of their makers.
func Cards() []Card {
	all := make([]Card, 0, len(nvidia)+len(others)+len(apple))
	for _, c := range nvidia {
		all = append(all, Card{c.name, c.short, "cuda", bytesOf(1<<20, c.memory), c.bandwidth * 1e9, c.capability})
	}
	for _, c := range others {
		all = append(all, Card{c.name, c.short, "vulkan", bytesOf(1<<30, c.memory), c.bandwidth * 1e9, 0})
	}
	for _, c := range apple {
		all = append(all, Card{c.name, c.short, "metal", bytesOf(1<<30, c.memory), c.bandwidth * 1e9, 0})
	}
	return all
}

func bytesOf(unit uint64, counts []uint64) []uint64 {
	sizes := slices.Clone(counts)
	for i := range sizes {
		sizes[i] *= unit
	}
	return sizes
}

// metalPart is what of a machine's memory Metal recommends to use at most
// (recommendedMaxWorkingSetSize, which the engine takes for the device's memory): two thirds
// up to 32 GiB, three quarters above, as the engine's log shows it on such machines (21845 of
// 32768 MiB, 49152 of 65536 MiB). Newer systems give some more.
func metalPart(machine uint64) uint64 {
	if machine <= 32<<30 {
		return machine / 3 * 2
	}
	return machine / 4 * 3
}

// nvidia are cards of NVIDIA's. Memory is what their driver reports in all (nvidia-smi, MiB):
// less than is printed on the card where error correction takes a part; where a card is
// sold with several sizes, the usual one is the first. Bandwidth is of the data sheets, GB/s.
// Compute capabilities are of NVIDIA's table, developer.nvidia.com/cuda-gpus and
// cuda-legacy-gpus.
var nvidia = []struct {
	name, short string
	memory      []uint64
	bandwidth   uint64
	capability  int
}{
	{"GeForce GTX 1060", "gtx1060", []uint64{6144, 3072}, 192, 61},
	{"GeForce GTX 1070", "gtx1070", []uint64{8192}, 256, 61},
	{"GeForce GTX 1070 Ti", "gtx1070ti", []uint64{8192}, 256, 61},
	{"GeForce GTX 1080", "gtx1080", []uint64{8192}, 320, 61},
	{"GeForce GTX 1080 Ti", "gtx1080ti", []uint64{11264}, 484, 61},
	{"GeForce GTX 1660 Ti", "gtx1660ti", []uint64{6144}, 288, 75},
	{"GeForce RTX 2060", "rtx2060", []uint64{6144, 12288}, 336, 75},
	{"GeForce RTX 2070", "rtx2070", []uint64{8192}, 448, 75},
	{"GeForce RTX 2080", "rtx2080", []uint64{8192}, 448, 75},
	{"GeForce RTX 2080 Ti", "rtx2080ti", []uint64{11264}, 616, 75},
	{"GeForce RTX 3050", "rtx3050", []uint64{8192}, 224, 86},
	{"GeForce RTX 3060", "rtx3060", []uint64{12288}, 360, 86},
	{"GeForce RTX 3060 Laptop", "rtx3060laptop", []uint64{6144}, 336, 86},
	{"GeForce RTX 3060 Ti", "rtx3060ti", []uint64{8192}, 448, 86},
	{"GeForce RTX 3070", "rtx3070", []uint64{8192}, 448, 86},
	{"GeForce RTX 3070 Ti", "rtx3070ti", []uint64{8192}, 608, 86},
	{"GeForce RTX 3080", "rtx3080", []uint64{10240}, 760, 86},
	{"GeForce RTX 3080 Ti", "rtx3080ti", []uint64{12288}, 912, 86},
	{"GeForce RTX 3090", "rtx3090", []uint64{24576}, 936, 86},
	{"GeForce RTX 3090 Ti", "rtx3090ti", []uint64{24564}, 1008, 86},
	{"GeForce RTX 4060", "rtx4060", []uint64{8188}, 272, 89},
	{"GeForce RTX 4060 Laptop", "rtx4060laptop", []uint64{8188}, 256, 89},
	{"GeForce RTX 4060 Ti", "rtx4060ti", []uint64{8188, 16380}, 288, 89},
	{"GeForce RTX 4070", "rtx4070", []uint64{12282}, 504, 89},
	{"GeForce RTX 4070 Laptop", "rtx4070laptop", []uint64{8188}, 256, 89},
	{"GeForce RTX 4070 SUPER", "rtx4070super", []uint64{12282}, 504, 89},
	{"GeForce RTX 4070 Ti", "rtx4070ti", []uint64{12282}, 504, 89},
	{"GeForce RTX 4070 Ti SUPER", "rtx4070tisuper", []uint64{16376}, 672, 89},
	{"GeForce RTX 4080", "rtx4080", []uint64{16376}, 717, 89},
	{"GeForce RTX 4080 SUPER", "rtx4080super", []uint64{16376}, 736, 89},
	{"GeForce RTX 4090", "rtx4090", []uint64{24564}, 1008, 89},
	{"GeForce RTX 4090 Laptop", "rtx4090laptop", []uint64{16376}, 576, 89},
	{"GeForce RTX 5060", "rtx5060", []uint64{8151}, 448, 120},
	{"GeForce RTX 5060 Ti", "rtx5060ti", []uint64{16311, 8151}, 448, 120},
	{"GeForce RTX 5070", "rtx5070", []uint64{12227}, 672, 120},
	{"GeForce RTX 5070 Ti", "rtx5070ti", []uint64{16303}, 896, 120},
	{"GeForce RTX 5080", "rtx5080", []uint64{16303}, 960, 120},
	{"GeForce RTX 5090", "rtx5090", []uint64{32607}, 1792, 120},
	{"GeForce RTX 5090 Laptop", "rtx5090laptop", []uint64{24463}, 896, 120},
	{"RTX A4000", "a4000", []uint64{16376}, 448, 86},
	{"RTX A5000", "a5000", []uint64{24564}, 768, 86},
	{"RTX A6000", "a6000", []uint64{49140}, 768, 86},
	{"RTX 4000 Ada Generation", "rtx4000ada", []uint64{20475}, 360, 89},
	{"RTX 5000 Ada Generation", "rtx5000ada", []uint64{32760}, 576, 89},
	{"RTX 6000 Ada Generation", "rtx6000ada", []uint64{49140}, 960, 89},
	{"RTX PRO 4000 Blackwell", "rtxpro4000", []uint64{24467}, 672, 120},
	{"RTX PRO 5000 Blackwell", "rtxpro5000", []uint64{48935}, 1344, 120},
	{"RTX PRO 6000 Blackwell Workstation Edition", "rtxpro6000", []uint64{97887}, 1792, 120},
	{"Tesla P40", "p40", []uint64{24576}, 346, 61},
	{"Tesla V100", "v100", []uint64{16384, 32768}, 900, 70},
	{"Tesla T4", "t4", []uint64{15360}, 320, 75},
	{"L4", "l4", []uint64{23034}, 300, 89},
	{"L40S", "l40s", []uint64{46068}, 864, 89},
	{"A10", "a10", []uint64{23028}, 600, 86},
	{"A10G", "a10g", []uint64{23028}, 600, 86},
	{"A40", "a40", []uint64{46068}, 696, 86},
	{"A100 40GB", "a100-40gb", []uint64{40960}, 1555, 80},
	{"A100 80GB", "a100-80gb", []uint64{81920}, 2039, 80},
	{"H100 80GB HBM3", "h100", []uint64{81559}, 3350, 90},
	{"H100 PCIe", "h100pcie", []uint64{81559}, 2000, 90},
	{"H100 NVL", "h100nvl", []uint64{95830}, 3900, 90},
	{"H200", "h200", []uint64{143771}, 4800, 90},
	{"B200", "b200", []uint64{183359}, 8000, 100},
}

// others are cards of AMD's and Intel's, which this engine uses through Vulkan. Memory in GiB
// and bandwidth in GB/s are of their makers' product pages.
var others = []struct {
	name, short string
	memory      []uint64
	bandwidth   uint64
}{
	{"RX 6600", "rx6600", []uint64{8}, 224},
	{"RX 6600 XT", "rx6600xt", []uint64{8}, 256},
	{"RX 6700 XT", "rx6700xt", []uint64{12}, 384},
	{"RX 6800", "rx6800", []uint64{16}, 512},
	{"RX 6800 XT", "rx6800xt", []uint64{16}, 512},
	{"RX 6900 XT", "rx6900xt", []uint64{16}, 512},
	{"RX 6950 XT", "rx6950xt", []uint64{16}, 576},
	{"RX 7600", "rx7600", []uint64{8}, 288},
	{"RX 7600 XT", "rx7600xt", []uint64{16}, 288},
	{"RX 7700 XT", "rx7700xt", []uint64{12}, 432},
	{"RX 7800 XT", "rx7800xt", []uint64{16}, 624},
	{"RX 7900 GRE", "rx7900gre", []uint64{16}, 576},
	{"RX 7900 XT", "rx7900xt", []uint64{20}, 800},
	{"RX 7900 XTX", "rx7900xtx", []uint64{24}, 960},
	{"RX 9060 XT", "rx9060xt", []uint64{16, 8}, 320},
	{"RX 9070", "rx9070", []uint64{16}, 640},
	{"RX 9070 XT", "rx9070xt", []uint64{16}, 640},
	{"Pro W7900", "w7900", []uint64{48}, 864},
	{"Instinct MI100", "mi100", []uint64{32}, 1228},
	{"Instinct MI210", "mi210", []uint64{64}, 1638},
	{"Instinct MI300X", "mi300x", []uint64{192}, 5300},
	{"Instinct MI325X", "mi325x", []uint64{256}, 6000},
	{"Arc A750", "a750", []uint64{8}, 512},
	{"Arc A770", "a770", []uint64{16}, 560},
	{"Arc B570", "b570", []uint64{10}, 380},
	{"Arc B580", "b580", []uint64{12}, 456},
}

// apple are the chips of Apple's; memory is what machines with them are sold with, GiB,
// and bandwidth what Apple publishes, GB/s: of the smaller one where a name stands for two.
var apple = []struct {
	name, short string
	memory      []uint64
	bandwidth   uint64
}{
	{"M1", "m1", []uint64{8, 16}, 68},
	{"M1 Pro", "m1pro", []uint64{16, 32}, 200},
	{"M1 Max", "m1max", []uint64{32, 64}, 400},
	{"M1 Ultra", "m1ultra", []uint64{64, 128}, 800},
	{"M2", "m2", []uint64{8, 16, 24}, 100},
	{"M2 Pro", "m2pro", []uint64{16, 32}, 200},
	{"M2 Max", "m2max", []uint64{32, 64, 96}, 400},
	{"M2 Ultra", "m2ultra", []uint64{64, 128, 192}, 800},
	{"M3", "m3", []uint64{8, 16, 24}, 100},
	{"M3 Pro", "m3pro", []uint64{18, 36}, 150},
	{"M3 Max", "m3max", []uint64{36, 48, 64, 96, 128}, 300},
	{"M3 Ultra", "m3ultra", []uint64{96, 256, 512}, 819},
	{"M4", "m4", []uint64{16, 24, 32}, 120},
	{"M4 Pro", "m4pro", []uint64{24, 48, 64}, 273},
	{"M4 Max", "m4max", []uint64{36, 48, 64, 128}, 410},
}
