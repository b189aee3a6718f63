// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "learn/Device.h"
#include "learn/Exceptions.h"
#include "learn/cuda/Cuda.h"
#include "learn/ssl/Learner.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <array>

namespace foveate::engine::bench {
namespace {

using namespace learn;

/// What a training step of these networks moves through the GPU's memory for each image, by published rates of training
/// in half precision and channels-last layout: they are bound by it, not by arithmetic.
struct Model {
    const char* name;
    double megabytes;
};
constexpr std::array kModels{Model{"resnet18", 269}, Model{"resnet50", 768}};
constexpr std::int64_t kPairs = 128, kSize = 224;
constexpr int kWarmUps = 5, kSteps = 20;

/// MB/s read and written by copying a gigabyte.
double memoryRate(const at::Device& device)
{
    const at::Tensor from = at::ones({std::int64_t(1) << 28}, at::TensorOptions(at::kFloat).device(device));
    at::Tensor to = at::empty_like(from);
    constexpr int kCopies = 20;
    const auto copies = [&] {
        for (int i = 0; i < kCopies; ++i)
            to.copy_(from);
        static_cast<void>(to[0].item<float>()); // waits
    };
    copies();
    return 2e-6 * double(from.nbytes()) * kCopies / timed(1, copies)[0];
}

/// Images a second that a model learns by SimCLR from views that lie on the GPU.
Result<double> rateOf(const Model& model, const Capability& capability, std::uint64_t seed)
{
    ssl::PretrainOptions options;
    options.model = model.name;
    FOVEATE_TRY(const auto learner, ssl::Learner::create(options, capability, nullptr, seed));
    const at::Tensor views = at::randn({2 * kPairs, 3, kSize, kSize})
                                 .to(deviceOf(capability), at::kFloat, false, false, at::MemoryFormat::ChannelsLast);
    Status status;
    const auto steps = [&](int count) {
        for (int i = 0; i < count && status; ++i)
            status = learner
                         ->learn(
                             {std::size_t(kPairs)}, [&](std::size_t) { return views; }, 1e-3)
                         .map([](const ssl::Learnt&) {});
    };
    steps(kWarmUps);
    const double seconds = timed(1, [&] { steps(kSteps); })[0];
    FOVEATE_CHECK(status);
    return double(2 * kPairs * kSteps) / seconds;
}

Result<Outcome> gpuTraining(const Input& input)
{
    FOVEATE_TRY(const Capability capability, decideCapability({.device = "cuda", .threads = input.threads}));
    at::manual_seed(input.seed);
    Outcome outcome;
    outcome.items = std::size_t(2 * kPairs * kSteps);
    outcome.device = capability.device;
    outcome.dtype = capability.dtype;
    const double memory = memoryRate(deviceOf(capability));
    nlohmann::json models = nlohmann::json::array();
    for (const Model& model : kModels) {
        std::vector<double> rates;
        for (int i = 0; i < std::max(1, input.repeat); ++i) {
            FOVEATE_TRY(const double rate, rateOf(model, capability, input.seed));
            rates.push_back(rate);
            outcome.seconds.push_back(double(outcome.items) / rate);
        }
        const double best = *std::max_element(rates.begin(), rates.end());
        models.push_back({{"model", model.name},
                          {"images_per_second", best},
                          {"memory_bound", memory / model.megabytes},
                          {"share", best * model.megabytes / memory}});
    }
    outcome.quality = {{"gpu", cuda::open()->describe(deviceOf(capability).index()).name},
                       {"memory_megabytes_per_second", memory},
                       {"peak_bytes", cuda::open()->peakMemory()},
                       {"models", models}};
    return outcome;
}

Result<Outcome> guardedTraining(const Input& input)
{
    return guarded([&] { return gpuTraining(input); });
}

} // namespace

std::span<const Workload> gpuWorkloads()
{
    static const Workload list[] = {
        {"gpu_training", "SimCLR of two networks at 224 px on a GPU, and the share of what its memory allows",
         &guardedTraining}};
    return list;
}

} // namespace foveate::engine::bench
