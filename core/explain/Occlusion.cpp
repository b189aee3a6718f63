// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Occlusion.h"

#include "base/Random.h"
#include "learn/Exceptions.h"
#include "learn/nets/Graph.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace foveate::explain {
namespace {

/// Where each window begins along one side.
std::vector<int> starts(int size, int window, int stride)
{
    std::vector<int> made{0};
    while (made.back() + window < size)
        made.push_back(made.back() + stride);
    return made;
}

at::Tensor meanFall(const std::vector<Rectangle>& rectangles, const at::Tensor& falls, int size)
{
    at::Tensor sum = at::zeros({size, size}, at::kDouble);
    at::Tensor covered = at::zeros({size, size}, at::kDouble);
    for (std::size_t k = 0; k < rectangles.size(); ++k) {
        const Rectangle& r = rectangles[k];
        sum.narrow(0, r.y, r.height).narrow(1, r.x, r.width).add_(falls[std::int64_t(k)]);
        covered.narrow(0, r.y, r.height).narrow(1, r.x, r.width).add_(1);
    }
    return sum.div_(covered.clamp_min_(1)).to(at::kFloat);
}

Result<Occlusion> compute(const Layers& layers, const at::Tensor& images, const std::vector<Rectangle>& rectangles,
                          int classIndex)
{
    const c10::InferenceMode inference;
    const at::Tensor colour = learn::threeChannels(images).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor fill = at::zeros({3}, at::kFloat); // the mean of a normalised image
    Occlusion result;
    std::vector<at::Tensor> maps, logits;
    for (std::int64_t i = 0; i < colour.size(0); ++i) {
        const Patches patches(layers, colour.narrow(0, i, 1));
        const at::Tensor with = patches.logitsWith(rectangles, fill);
        const std::int64_t explained = chosenClasses(patches.logits(), classIndex).item<std::int64_t>();
        const at::Tensor falls = patches.logits().select(1, explained) - with.select(1, explained);
        maps.push_back(meanFall(rectangles, falls.to(at::kDouble), int(images.size(2))));
        logits.push_back(patches.logits());
        result.classes.push_back(int(explained));
    }
    result.map = at::stack(maps);
    result.logits = at::cat(logits);
    if (!at::isfinite(result.map).all().item<bool>() || !at::isfinite(result.logits).all().item<bool>())
        return fail(Code::nonFinite, {"occlusion"});
    return result;
}

} // namespace

std::vector<Rectangle> occlusionGrid(int size, int window, int stride)
{
    std::vector<Rectangle> made;
    const std::vector<int> begins = starts(size, window, stride);
    for (const int y : begins)
        for (const int x : begins)
            if (y < size && x < size)
                made.push_back({y, x, std::min(window, size - y), std::min(window, size - x)});
    return made;
}

std::vector<Rectangle> randomBoxes(int size, int count, std::uint64_t seed)
{
    const int least = std::max(1, size / 16);
    const int most = std::max(least, size / 4);
    std::vector<Rectangle> made;
    for (int k = 0; k < count; ++k) {
        Random random = Random::derive(seed, "occlusion", std::uint64_t(k));
        const auto side = [&] { return least + int(random.below(std::uint64_t(most - least + 1))); };
        const int height = side();
        const int width = side();
        const auto corner = [&](int length) { return int(random.below(std::uint64_t(size - length + 1))); };
        const int y = corner(height);
        made.push_back({y, corner(width), height, width});
    }
    return made;
}

Result<Occlusion> occlusion(const Layers& layers, const at::Tensor& images, const OcclusionOptions& options,
                            int classIndex)
{
    FOVEATE_CHECK(checkClass(layers, classIndex));
    if (options.window < 1 || options.stride < 1)
        return fail(Code::usage, {options.window < 1 ? "window" : "stride"});
    const int size = int(images.size(2));
    const std::vector<Rectangle> rectangles = options.boxes > 0 ? randomBoxes(size, options.boxes, options.seed)
                                                                : occlusionGrid(size, options.window, options.stride);
    return learn::guarded([&] { return compute(layers, images, rectangles, classIndex); });
}

} // namespace foveate::explain
