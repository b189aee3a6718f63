// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Backbone.h"

#include "base/Random.h"
#include "learn/nets/Architectures.h"

#include <ATen/core/grad_mode.h>
#include <cmath>
#include <functional>

namespace foveate::learn {
namespace {

struct Model {
    const char* name;
    std::function<std::shared_ptr<Backbone>(const Dropout&)> make;
};

const std::vector<Model>& models()
{
    static const std::vector<Model> list{
        {"resnet18",
         [](const Dropout&) {
             return makeResNet({2, 2, 2, 2});
         }},
        {"resnet34",
         [](const Dropout&) {
             return makeResNet({3, 4, 6, 3});
         }},
        {"resnet50",
         [](const Dropout&) {
             return makeBottleneckResNet({3, 4, 6, 3});
         }},
        {"vgg16", [](const Dropout& dropout) { return makeVgg16(false, dropout.layers); }},
        {"vgg16_bn", [](const Dropout& dropout) { return makeVgg16(true, dropout.layers); }},
        {"densenet121", [](const Dropout& dropout) { return makeDenseNet121(dropout.layers); }},
        {"tiny", [](const Dropout&) { return makeTinyNet(); }}};
    return list;
}

void fillNormal(const at::Tensor& tensor, double deviation, Random random)
{
    float* values = tensor.data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
        values[i] = float(deviation * random.normal());
}

} // namespace

void drawWeights(Graph& graph, Fan fan, std::uint64_t seed)
{
    const at::NoGradGuard guard;
    for (const Node& node : graph.nodes()) {
        const Random random = Random::derive(seed, "weights:" + node.name + ".weight");
        if (node.convolution) {
            const at::Tensor& weight = node.convolution->weight;
            const std::int64_t terms = weight.size(fan == Fan::outputs ? 0 : 1) * weight.size(2) * weight.size(3);
            fillNormal(weight, std::sqrt(2.0 / double(terms)), random);
            if (node.convolution->bias.defined())
                node.convolution->bias.zero_();
        }
        if (node.upConvolution) { // each output has one of the kernel's places for each stride
            fillNormal(node.upConvolution->weight, std::sqrt(2.0 / double(node.upConvolution->weight.size(0))), random);
            node.upConvolution->bias.zero_();
        }
        if (node.linear) {
            fillNormal(node.linear->weight, .01, random);
            node.linear->bias.zero_();
        }
    }
}

void Backbone::initialise(std::uint64_t seed)
{
    drawWeights(*this, m_fanOut ? Fan::outputs : Fan::inputs, seed);
}

void Backbone::fold(at::ScalarType dtype)
{
    m_folded.emplace(*this, dtype);
}

at::Tensor Backbone::foldedMaps(const at::Tensor& images) const
{
    return m_folded->run(threeChannels(images), 0, m_maps).to(at::kFloat);
}

at::Tensor Backbone::foldedFeatures(const at::Tensor& images) const
{
    return m_folded->run(threeChannels(images), 0, last()).to(at::kFloat);
}

std::vector<std::string> backboneModels()
{
    std::vector<std::string> names;
    for (const Model& model : models())
        names.emplace_back(model.name);
    return names;
}

Dropout usualDropout(const std::string& model)
{
    return model.starts_with("vgg") ? Dropout{.head = .5, .layers = .5} : Dropout{};
}

Result<std::shared_ptr<Backbone>> makeBackbone(const std::string& model, const Dropout& dropout, std::uint64_t seed)
{
    for (const Model& known : models()) {
        if (model != known.name)
            continue;
        std::shared_ptr<Backbone> backbone = known.make(dropout);
        backbone->initialise(seed);
        return backbone;
    }
    return fail(Code::notFound, {"model", model});
}

} // namespace foveate::learn
