// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "base/Parallel.h"
#include "learn/augment/View.h"

#include <array>

namespace foveate::engine::bench {
namespace {

using namespace learn::augment;

/// Two views of every image of images_u8.npy [N,S,S,C] at its own size, by SimCLR's preset, float32 and normalised.
Result<Outcome> augment(const Input& input)
{
    FOVEATE_TRY(const auto images, load<std::uint8_t>(input, "images_u8"));
    if (images.shape.size() != 4 || images.shape[1] != images.shape[2] ||
        (images.shape[3] != 1 && images.shape[3] != 3))
        return fail(Code::wrongShape, {"images_u8.npy", std::to_string(images.shape.size()), "N,S,S,C"});
    const std::size_t n = images.shape[0], pixels = images.data.size() / n;
    const int size = int(images.shape[1]), channels = int(images.shape[3]);
    FOVEATE_TRY(const Preset preset, learn::augment::preset("simclr"));
    std::vector<float> views(2 * n * pixels);
    const auto pair = [&](std::size_t i) {
        for (std::size_t view = 0; view < 2; ++view) {
            Random random = Random::derive(input.seed, "bench", 2 * i + view);
            render({images.data.data() + i * pixels, pixels}, size, channels, draw(preset, size, size, random), size,
                   usualNormalisation(channels), Layout::interleaved, views.data() + (2 * i + view) * pixels);
        }
    };
    const auto all = [&](std::size_t count) {
        parallelBlocks(count, input.threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                pair(i);
        });
    };
    all(std::min<std::size_t>(n, 16));
    Outcome outcome;
    outcome.items = n;
    outcome.seconds = timed(input.repeat, [&] { all(n); });
    FOVEATE_CHECK(save<float>(input, "augment", {n, 2, images.shape[1], images.shape[2], images.shape[3]}, views));
    return outcome;
}

constexpr std::array kWorkloads{Workload{"augment", "two SimCLR views of every image of images_u8.npy", &augment}};

} // namespace

std::span<const Workload> augmentWorkloads()
{
    return kWorkloads;
}

} // namespace foveate::engine::bench
