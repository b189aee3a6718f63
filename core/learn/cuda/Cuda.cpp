// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/cuda/Cuda.h"

#include "base/Log.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

namespace foveate::learn::cuda {
namespace {

namespace fs = std::filesystem;

void* opened(const std::string& path)
{
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr)
        log::debug("no GPU: " + std::string(dlerror()));
    return library;
}

/// Of a build or an installation: bin/ and lib/ lie side by side.
std::string modulePath()
{
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    return (program.parent_path().parent_path() / "lib" / "libfoveate-cuda.so").string();
}

const CudaModule* tryOpen()
{
    // A driver without GPUs is not worth loading two gigabytes of kernels for.
    if (!fs::exists("/dev/nvidiactl") && !fs::exists("/dev/dxg"))
        return nullptr;
    // Products of matrices are the same at every run only with a workspace of fixed size.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
    if (opened("libtorch_cuda.so") == nullptr || !at::hasCUDA() || at::detail::getCUDAHooks().getNumGPUs() < 1)
        return nullptr;
    void* module = opened(modulePath());
    auto* entry = module != nullptr ? reinterpret_cast<Entry*>(dlsym(module, kEntry)) : nullptr;
    return entry != nullptr ? entry() : nullptr;
}

} // namespace

const CudaModule* open()
{
    static const CudaModule* const module = tryOpen();
    return module;
}

int count()
{
    return open() != nullptr ? at::detail::getCUDAHooks().getNumGPUs() : 0;
}

} // namespace foveate::learn::cuda
