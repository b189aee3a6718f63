// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ssl/ViewsJob.h"

#include "base/Npy.h"
#include "learn/Exceptions.h"
#include "learn/TrainSet.h"
#include "learn/ssl/PretrainParts.h"
#include "learn/ssl/Views.h"

#include <algorithm>

namespace foveate::learn::ssl {
namespace {

constexpr std::size_t kImages = 8;
constexpr int kEpochs = 4;

using nlohmann::json;

class ViewsJob : public RunJob {
public:
    ViewsJob(RunContext context, ViewsParts parts) : m_context(std::move(context)), m_parts(std::move(parts))
    {
        const std::vector<std::size_t> order = epochOrder(m_parts.training.size(), m_context.snapshot.seed, 0);
        for (std::size_t i = 0; i < std::min(kImages, order.size()); ++i)
            m_rows.push_back(m_parts.training[order[i]]);
    }

    Result<Step> step() override
    {
        return guarded([this]() -> Result<Step> {
            FOVEATE_CHECK(write());
            m_done = true;
            return Step::done;
        });
    }

    Progress progress() const override
    {
        Progress progress;
        progress.job = "views";
        progress.stage = "views";
        progress.step = m_done ? 1 : 0;
        progress.of = 1;
        return progress;
    }
    Result<std::optional<Checkpoint>> checkpoint() const override { return std::nullopt; }
    Status restore(const Checkpoint&) override { return {}; }
    bool atBoundary() const override { return false; }
    bool keepsCheckpoints() const override { return false; }
    json resolvedOptions() const override
    {
        json options = toJson(m_parts.options);
        options["preset"] = augment::toJson(m_parts.preset);
        return options;
    }
    json result() const override
    {
        return {{"job", "views"},
                {"images", m_rows.size()},
                {"views", 2 * kEpochs},
                {"preset", augment::toJson(m_parts.preset)}};
    }

private:
    Status write() const
    {
        const auto n = std::int64_t(m_rows.size());
        std::vector<at::Tensor> columns{m_parts.batches.batch(m_rows)};
        for (int epoch = 0; epoch < kEpochs; ++epoch) {
            const at::Tensor pair = twoViews(m_parts.batches, m_rows, m_parts.preset, m_context.snapshot.seed, epoch);
            columns.push_back(pair.narrow(0, 0, n));
            columns.push_back(pair.narrow(0, n, n));
        }
        const at::Tensor sheet =
            at::stack(columns, 1).permute({0, 1, 3, 4, 2}).mul(255).round().clamp(0, 255).to(at::kByte).contiguous();
        std::vector<std::size_t> shape(sheet.sizes().begin(), sheet.sizes().end());
        const std::span<const std::uint8_t> pixels(sheet.const_data_ptr<std::uint8_t>(), std::size_t(sheet.numel()));
        return writeNpy<std::uint8_t>(m_context.folder + "/views.npy", shape, pixels);
    }

    RunContext m_context;
    ViewsParts m_parts;
    std::vector<std::int64_t> m_rows;
    bool m_done = false;
};

} // namespace

Result<std::unique_ptr<RunJob>> makeViewsJob(RunContext context)
{
    FOVEATE_TRY(ViewsParts parts, makeViewsParts(context, augment::Normalisation{{0, 0, 0}, {1, 1, 1}}));
    return std::unique_ptr<RunJob>(std::make_unique<ViewsJob>(std::move(context), std::move(parts)));
}

} // namespace foveate::learn::ssl
