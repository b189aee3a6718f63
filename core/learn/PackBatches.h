// SPDX-License-Identifier: GPL-3.0-or-later
// PackBatches: the pixel pack at a run's size, and batches of it as tensors on the run's device.
//
// When the run's size S is below the pack's, the wanted rows are area-averaged once, rounded to uint8 and kept in
// memory; otherwise the pack's own pixels are lent. Batches are float32 [N,C,S,S], (value/255 − mean)/deviation,
// channels-last when C = 3. Thread safe once made, but for what asks a GPU.
#pragma once

#include "base/Pack.h"
#include "base/Result.h"
#include "base/RunFolder.h"
#include "learn/DevicePool.h"
#include "learn/augment/Preset.h"
#include "learn/augment/View.h"

#include <ATen/ATen.h>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace foveate::learn {

using Normalisation = augment::Normalisation;

/// Of all samples, in the snapshot's order.
std::vector<std::int64_t> rowsOf(const Snapshot& snapshot);

class PackBatches {
public:
    /// The rows are those that will be asked for; others may not be. wrongShape when size exceeds the pack's, notFound
    /// (args: "row", number) for a row the pack has not. On a GPU the pixels are held there while they fit into half of
    /// its free memory; that may throw LibTorch's exceptions.
    static Result<PackBatches> create(const Pack& pack, std::span<const std::int64_t> rows, int size,
                                      const Normalisation& normalisation, int threads,
                                      const at::Device& device = at::kCPU);

    int size() const { return m_size; }
    at::Device device() const { return m_pool ? m_pool->device() : at::Device(at::kCPU); }
    int channels() const { return m_channels; }
    const Normalisation& normalisation() const { return m_normalisation; }
    /// uint8 [S,S,C] of a pack's row. REQUIRES: the row was named at create().
    std::span<const std::uint8_t> image(std::int64_t row) const;
    /// Plain (not augmented) images. Same bytes for any number of threads.
    at::Tensor batch(std::span<const std::int64_t> rows) const;
    /// One augmented view [N,C,S,S] of each row, channels-last: by the fused kernels on LibTorch's threads, on a GPU by
    /// renderBatch(). REQUIRES: as many views as rows.
    at::Tensor rendered(std::span<const std::int64_t> rows, std::span<const augment::ViewParameters> views) const;

private:
    PackBatches(const Pack& pack, int size, const Normalisation& normalisation);
    void shrink(std::span<const std::int64_t> rows, int threads);
    at::Tensor devicePixels(std::span<const std::int64_t> rows) const;

    Pack m_pack;
    int m_size;
    int m_channels;
    Normalisation m_normalisation;
    std::vector<std::int64_t> m_place; ///< row → place in m_pixels; −1: not kept; empty: lent from the pack
    std::vector<std::uint8_t> m_pixels;
    std::shared_ptr<const DevicePool> m_pool; ///< null: this processor's own memory
};

} // namespace foveate::learn
