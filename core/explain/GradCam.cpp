// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/GradCam.h"

#include "learn/Exceptions.h"

#include <ATen/ops/upsample_bilinear2d.h>
#include <torch/csrc/autograd/autograd.h>

namespace foveate::explain {
namespace {

/// Activations of the target layer, without a graph: nothing before it is differentiated.
at::Tensor targetMaps(learn::Network& network, const at::Tensor& images)
{
    const at::NoGradGuard guard;
    network.train(false);
    return network.backbone().maps(images).contiguous();
}

at::Tensor chosenClasses(const at::Tensor& logits, int classIndex)
{
    return classIndex < 0 ? logits.argmax(1) : at::full({logits.size(0)}, classIndex, at::kLong);
}

Result<GradCam> compute(learn::Network& network, const at::Tensor& images, int classIndex)
{
    const at::Tensor maps = targetMaps(network, images).requires_grad_(true);
    const at::Tensor logits = network.logitsOfFeatures(maps.mean({2, 3}));
    const at::Tensor classes = chosenClasses(logits.detach(), classIndex);
    const at::Tensor chosen = logits.gather(1, classes.unsqueeze(1)).sum();
    const at::Tensor gradient = torch::autograd::grad({chosen}, {maps})[0];

    const at::NoGradGuard guard;
    const at::Tensor weights = gradient.mean({2, 3}, true);
    const at::Tensor map = (weights * maps).sum(1, true).relu();
    GradCam result;
    result.map = at::upsample_bilinear2d(map, {images.size(2), images.size(3)}, false).squeeze(1).contiguous();
    result.probabilities = logits.detach().softmax(1);
    if (!at::isfinite(result.map).all().item<bool>() || !at::isfinite(result.probabilities).all().item<bool>())
        return fail(Code::nonFinite, {"gradcam"});
    for (std::int64_t i = 0; i < images.size(0); ++i) {
        result.classes.push_back(classes[i].item<int>());
        result.evidence.push_back(map[i].max().item<float>() > 0);
    }
    return result;
}

} // namespace

Result<GradCam> gradCam(learn::Network& network, const at::Tensor& images, int classIndex)
{
    if (network.classes() == 0 || classIndex >= network.classes())
        return fail(Code::wrongShape, {"class", std::to_string(classIndex), std::to_string(network.classes())});
    return learn::guarded([&] { return compute(network, images, classIndex); });
}

} // namespace foveate::explain
