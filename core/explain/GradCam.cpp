// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/GradCam.h"

#include "learn/Exceptions.h"
#include "learn/nets/Graph.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace foveate::explain {
namespace {

/// Activations of the target layer, without a graph: nothing before it is differentiated.
at::Tensor targetMaps(const Layers& layers, const at::Tensor& images)
{
    const at::NoGradGuard guard;
    const at::Tensor colour = learn::threeChannels(images).contiguous(at::MemoryFormat::ChannelsLast);
    return run(layers, kImage, colour, layers.target);
}

Result<GradCam> compute(const Layers& layers, const at::Tensor& images, int classIndex)
{
    const c10::InferenceMode normal(false); // whatever the caller's mode, here is a gradient to be made
    const at::AutoGradMode recording(true);
    const at::Tensor maps = targetMaps(layers, images).requires_grad_(true);
    const at::Tensor logits = run(layers, layers.target, maps, layers.last());
    const at::Tensor classes = chosenClasses(logits.detach(), classIndex);
    const at::Tensor chosen = logits.gather(1, classes.unsqueeze(1)).sum();
    const at::Tensor gradient = torch::autograd::grad({chosen}, {maps})[0];

    const at::NoGradGuard guard;
    const at::Tensor weights = gradient.mean({2, 3}, true);
    const at::Tensor map = (weights * maps).sum(1, true).relu();
    GradCam result;
    result.map = at::upsample_bilinear2d(map, {images.size(2), images.size(3)}, false).squeeze(1).contiguous();
    result.logits = logits.detach();
    if (!at::isfinite(result.map).all().item<bool>() || !at::isfinite(result.logits).all().item<bool>())
        return fail(Code::nonFinite, {"gradcam"});
    for (std::int64_t i = 0; i < images.size(0); ++i)
        result.classes.push_back(classes[i].item<int>());
    return result;
}

} // namespace

Result<GradCam> gradCam(const Layers& layers, const at::Tensor& images, int classIndex)
{
    FOVEATE_CHECK(checkClass(layers, classIndex));
    return learn::guarded([&] { return compute(layers, images, classIndex); });
}

} // namespace foveate::explain
