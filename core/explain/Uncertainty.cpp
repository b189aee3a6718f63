// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Uncertainty.h"

#include "base/Random.h"
#include "learn/Exceptions.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace foveate::explain {
namespace {

constexpr double kDropout = .5; ///< before the head (methods.md §1)

/// [T,D]: 0 or 1 / (1 − p).
at::Tensor masks(const DropoutPasses& passes, std::int64_t features)
{
    at::Tensor made = at::empty({passes.count, features}, at::kFloat);
    float* value = made.mutable_data_ptr<float>();
    for (int pass = 0; pass < passes.count; ++pass) {
        Random random = Random::derive(passes.seed, "dropout", std::uint64_t(pass));
        for (std::int64_t i = 0; i < features; ++i)
            *value++ = random.chance(kDropout) ? 0.0F : float(1 / (1 - kDropout));
    }
    return made;
}

/// What each pass's head hands to the features: z⁺ of the kept ones. [T,…] in the shape of `features` [1,…].
at::Tensor handedByHead(const Layer& head, const at::Tensor& features, std::int64_t classIndex, const at::Tensor& kept)
{
    const at::Tensor parts = features.flatten(1) * head.positive[classIndex] * kept;
    const at::Tensor total = parts.sum(1, true);
    std::vector<std::int64_t> shape = features.sizes().vec();
    shape[0] = kept.size(0);
    return parts.div(total.clamp_min(1e-30)).view(shape);
}

Result<DeepTaylor> compute(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images,
                           const DropoutPasses& passes, int classIndex)
{
    const c10::InferenceMode inference;
    const Layer& head = layers.head();
    DeepTaylor result;
    std::vector<at::Tensor> maps, logits;
    for (std::int64_t i = 0; i < images.size(0); ++i) {
        const RelevancePass pass(layers, normalisation, images.narrow(0, i, 1));
        const at::Tensor& features = pass.output(head.inputs[0]);
        const std::int64_t explained = chosenClasses(pass.logits(), classIndex).item<std::int64_t>();
        const at::Tensor kept = masks(passes, features.numel());
        const at::Tensor each = pass.toImage(head.inputs[0], handedByHead(head, features, explained, kept));
        maps.push_back(each.var(0, false));
        logits.push_back(pass.logits());
        result.classes.push_back(int(explained));
        result.lost.push_back(
            std::clamp(1 - each.flatten(1).sum(1, false, at::kDouble).mean().item<double>(), 0.0, 1.0));
    }
    result.map = at::stack(maps);
    result.logits = at::cat(logits);
    if (!at::isfinite(result.map).all().item<bool>() || !at::isfinite(result.logits).all().item<bool>())
        return fail(Code::nonFinite, {"uncertainty"});
    return result;
}

} // namespace

Result<DeepTaylor> uncertainty(const Layers& layers, const learn::Normalisation& normalisation,
                               const at::Tensor& images, const DropoutPasses& passes, int classIndex)
{
    FOVEATE_CHECK(checkClass(layers, classIndex));
    return learn::guarded([&] { return compute(layers, normalisation, images, passes, classIndex); });
}

} // namespace foveate::explain
