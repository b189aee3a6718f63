// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/cuda/CudaModule.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#ifdef FOVEATE_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#endif

namespace foveate::learn::cuda {
namespace {

Gpu describe(int index)
{
    cudaDeviceProp found{};
    C10_CUDA_CHECK(cudaGetDeviceProperties(&found, index));
    const auto [free, total] = c10::cuda::CUDACachingAllocator::get()->getMemoryInfo(c10::DeviceIndex(index));
    return {found.name, std::int64_t(total), std::int64_t(free), 10 * found.major + found.minor};
}

void use(int index)
{
    c10::cuda::set_device(c10::DeviceIndex(index));
}

std::int64_t peakMemory()
{
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(c10::cuda::current_device());
    return stats.allocated_bytes[std::size_t(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

#ifdef FOVEATE_NCCL
c10::intrusive_ptr<c10d::Backend> nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count)
{
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, count);
}
#endif

} // namespace
} // namespace foveate::learn::cuda

extern "C" __attribute__((visibility("default"))) const foveate::learn::cuda::CudaModule* foveateCudaModule()
{
    using namespace foveate::learn::cuda;
#ifdef FOVEATE_NCCL
    static constexpr CudaModule module{describe, use, peakMemory, nccl};
#else
    static constexpr CudaModule module{describe, use, peakMemory, nullptr};
#endif
    return &module;
}
