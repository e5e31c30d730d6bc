// Included before ggml-cpu/amx/mmq.cpp where GCC compiles it. GCC's own _tile_loadconfig
// (amxtileintrin.h, as of GCC 12) says that it reads 8 of the 64 bytes of the configuration: the optimizer
// drops what was stored in the others, and the first use of a tile is an illegal instruction.
#pragma once
#include <immintrin.h>
#undef _tile_loadconfig
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg\t%X0" ::"m"(*(const char(*)[64])(config)))
