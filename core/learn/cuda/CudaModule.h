// SPDX-License-Identifier: GPL-3.0-or-later
// CudaModule: what libfoveate-cuda.so gives to the rest; it alone names CUDA symbols, this header names none.
//
// The engine links libtorch_cpu and opens, at run time, libtorch_cuda and then the module. Everything else of a run on
// a GPU is LibTorch's dispatch by the device of a tensor. Made by the same build as the engine: the layout is no
// promise.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <cstdint>
#include <string>

namespace c10d {
class Backend;
class Store;
} // namespace c10d

namespace foveate::learn::cuda {

struct Gpu {
    std::string name;
    std::int64_t memory = 0;     ///< bytes
    std::int64_t freeMemory = 0; ///< bytes, now
    int computeCapability = 0;   ///< 90 for 9.0; from 80 on bfloat16 is fast
};

struct CudaModule {
    Gpu (*describe)(int index);
    /// The GPU of this thread, and of what it makes on "cuda" from now on.
    void (*use)(int index);
    /// Peak of what LibTorch's allocator held on the GPU in use, bytes.
    std::int64_t (*peakMemory)();
    /// Exchange between GPUs by NCCL; null in a build without NCCL's headers.
    c10::intrusive_ptr<c10d::Backend> (*nccl)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count);
};

/// The module's one symbol, and its type.
constexpr const char* kEntry = "foveateCudaModule";
using Entry = const CudaModule*();

} // namespace foveate::learn::cuda
