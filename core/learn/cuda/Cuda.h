// SPDX-License-Identifier: GPL-3.0-or-later
// Cuda: opens the GPU's part of LibTorch and our own, where there are GPUs. Any thread.
#pragma once

#include "learn/cuda/CudaModule.h"

namespace foveate::learn::cuda {

/// Null when libtorch_cuda or what it needs is not installed, libfoveate-cuda.so is not there (`lib/` beside the
/// program's folder), or no GPU answers. Tried once; takes seconds where there is one.
const CudaModule* open();
/// GPUs of this machine that may be used; 0 when open() is null.
int count();

} // namespace foveate::learn::cuda
