// SPDX-License-Identifier: GPL-3.0-or-later
#define FOVEATE_KERNELS kernelsV3
#define FOVEATE_LEVEL "x86-64-v3"
#include "learn/augment/KernelLoops.inc"
