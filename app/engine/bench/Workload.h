// SPDX-License-Identifier: GPL-3.0-or-later
// Timed workloads of the engine, one list per layer; `foveate bench NAME` and `foveate-engine bench NAME` run them.
//
// Each reads its inputs as .npy or .safetensors from a folder, does the work once untimed on a small part to warm up,
// then `repeat` times in whole, and saves what it computed as NAME.npy, so that a stranger can check the numbers
// rather than believe them. The same inputs, seed and threads give the same array. To add one: a function and a row in
// its layer's file.
#pragma once

#include "base/Npy.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace foveate::engine::bench {

struct Input {
    std::string data; ///< folder of inputs
    std::string out;  ///< folder for NAME.npy; "" for none
    int repeat = 1;
    int threads = 0; ///< when a workload runs: at least 1
    std::uint64_t seed = 1;
};

struct Outcome {
    std::vector<double> seconds{}; ///< one a repeat
    std::size_t items = 0;         ///< done in each repeat
    nlohmann::json quality = nlohmann::json::object();
    std::string dtype = "float32";
    std::string device = "cpu";
};

struct Workload {
    const char* name;
    const char* summary;
    Result<Outcome> (*run)(const Input& input);
};

/// Wall-clock seconds of each of `repeat` calls.
std::vector<double> timed(int repeat, const std::function<void()>& work);

/// data/NAME.npy. Errors of readNpy.
template <typename T> Result<Array<T>> load(const Input& input, const std::string& name)
{
    return readNpy<T>(input.data + "/" + name + ".npy");
}

/// out/NAME.npy, when a folder for it was named.
template <typename T>
Status save(const Input& input, const std::string& name, const std::vector<std::size_t>& shape,
            std::span<const T> values)
{
    return input.out.empty() ? Status{} : writeNpy<T>(input.out + "/" + name + ".npy", shape, values);
}

std::span<const Workload> augmentWorkloads(); ///< training views
std::span<const Workload> embedWorkloads();   ///< PCA, k-means, neighbours, spreading, maps
std::span<const Workload> queryWorkloads();   ///< core-set, radiomics
std::span<const Workload> learnWorkloads();   ///< networks, training
std::span<const Workload> gpuWorkloads();     ///< training on a GPU
std::span<const Workload> explainWorkloads(); ///< saliency

} // namespace foveate::engine::bench
