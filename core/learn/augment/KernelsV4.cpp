// SPDX-License-Identifier: GPL-3.0-or-later
#define FOVEATE_KERNELS kernelsV4
#define FOVEATE_LEVEL "x86-64-v4"
#include "learn/augment/KernelLoops.inc"
