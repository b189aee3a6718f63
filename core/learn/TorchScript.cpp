// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TorchScript.h"

#include <ATen/core/grad_mode.h>
#include <algorithm>
#include <filesystem>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

namespace foveate::learn {
namespace {

using torch::jit::Module;

/// Attributes have no dots in their names.
std::string attributeName(std::string name)
{
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

c10::List<double> channelsOf(const std::array<float, 3>& values, int channels)
{
    return c10::List<double>(std::vector<double>(values.begin(), values.begin() + channels));
}

void describe(Module& module, const ModelInfo& info)
{
    module.register_attribute("multi_label", c10::BoolType::get(), info.multiLabel);
    module.register_attribute("classes", c10::ListType::ofStrings(), c10::List<std::string>(info.classes));
    module.register_attribute("mean", c10::ListType::ofFloats(), channelsOf(info.normalisation.mean, info.channels));
    module.register_attribute("deviation", c10::ListType::ofFloats(),
                              channelsOf(info.normalisation.deviation, info.channels));
    module.register_attribute("size", c10::IntType::get(), std::int64_t(info.size));
    module.register_attribute("channels", c10::IntType::get(), std::int64_t(info.channels));
    module.register_attribute("model", c10::StringType::get(), info.model);
}

/// The network's own tensors, so that the trace finds them as the module's and not as constants.
void addWeights(Module& module, Network& network)
{
    const std::vector<at::Tensor> parameters = network.parameters();
    const std::vector<std::string> names = network.parameterNames();
    for (std::size_t i = 0; i < names.size(); ++i)
        module.register_parameter(attributeName(names[i]), parameters[i], false);
    const std::vector<at::Tensor> buffers = network.buffers();
    for (std::size_t i = 0; i < buffers.size(); ++i)
        module.register_buffer("statistics_" + std::to_string(i), buffers[i]);
}

at::Tensor asColumn(const std::array<float, 3>& values, int channels)
{
    return at::tensor(std::vector<float>(values.begin(), values.begin() + channels)).view({1, channels, 1, 1});
}

Module trace(Network& network, const ModelInfo& info)
{
    Module module("__torch__.foveate.Network", std::make_shared<torch::jit::CompilationUnit>());
    describe(module, info);
    addWeights(module, network);
    const at::Tensor mean = asColumn(info.normalisation.mean, info.channels);
    const at::Tensor deviation = asColumn(info.normalisation.deviation, info.channels);
    module.register_buffer("mean_column", mean);
    module.register_buffer("deviation_column", deviation);
    const auto forward = [&](torch::jit::Stack inputs) -> torch::jit::Stack {
        const at::Tensor images = (inputs[0].toTensor() - mean) / deviation;
        const at::Tensor features = network.features(images);
        return {network.classes() > 0 ? network.logitsOfFeatures(features) : features};
    };
    const at::Tensor example = at::full({2, info.channels, info.size, info.size}, .5F);
    const auto traced = torch::jit::tracer::trace({example}, forward, [](const at::Tensor&) { return std::string(); },
                                                  true, false, &module, {"images"});
    module.type()->addMethod(module._ivalue()->compilation_unit()->create_function("__torch__.foveate.Network.forward",
                                                                                   traced.first->graph));
    module.eval();
    return module;
}

} // namespace

Status writeTorchScript(const std::string& path, Network& network, const ModelInfo& info)
{
    const at::NoGradGuard guard;
    network.train(false);
    const std::string part = path + ".partial";
    const Module module = trace(network, info);
    try {
        module.save(part);
        std::filesystem::rename(part, path);
    } catch (const std::exception&) { // the archive's writer throws several kinds
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
        return fail(Code::io, {path, "write"});
    }
    return {};
}

} // namespace foveate::learn
