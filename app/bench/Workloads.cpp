// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench/Workloads.h"

#include "imaging/client/DecoderPool.h"
#include "imaging/client/PackImage.h"
#include "store/Study.h"

#include <QDir>
#include <QDirIterator>
#include <QTemporaryDir>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

namespace foveate::app {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    const auto at = std::size_t(std::ceil(share * double(values.size()))) - 1;
    return values.empty() ? 0 : values[std::min(at, values.size() - 1)];
}

nlohmann::json outcome(const char* name, const std::vector<double>& seconds, std::size_t items, nlohmann::json quality)
{
    const double best = *std::min_element(seconds.begin(), seconds.end());
    return {{"workload", name},   {"seconds", seconds},
            {"items", items},     {"per_second", best > 0 ? double(items) / best : 0.0},
            {"quality", quality}, {"device", "cpu"},
            {"threads", 1},       {"dtype", "uint8"}};
}

store::Sample madeSample(int i)
{
    store::Sample sample;
    sample.pixelSha = sha256("bench" + std::to_string(i));
    sample.fileSha = sample.pixelSha;
    sample.id = hex(sample.pixelSha).substr(0, 16);
    sample.relativePath = std::to_string(i) + ".png";
    sample.packRow = i;
    return sample;
}

/// Time from the key's event to the COMMIT that has returned, on the disk that holds `data` (default: the temporary folder).
Result<nlohmann::json> labelCommit(const WorkloadInput& input)
{
    constexpr int kLabels = 500;
    const QString place = input.data.empty() ? QDir::tempPath() : QString::fromStdString(input.data);
    const QTemporaryDir folder(place + QStringLiteral("/foveate-bench-XXXXXX"));
    store::ProjectFile project;
    project.name = "bench";
    project.classes = {"A", "B"};
    FOVEATE_TRY(store::Study study, store::Study::create(folder.filePath(QStringLiteral("b.foveate")).toStdString(), project));
    std::vector<store::Sample> samples;
    for (int i = 0; i < kLabels; ++i)
        samples.push_back(madeSample(i));
    FOVEATE_CHECK(study.insertSamples(samples));
    std::vector<double> each;
    const auto start = Clock::now();
    for (int i = 0; i < kLabels; ++i) {
        store::Event event;
        event.reader = "bench";
        event.sample = samples[std::size_t(i)].id;
        event.classIndex = i % 2;
        const auto key = Clock::now();
        FOVEATE_TRY([[maybe_unused]] const store::Event stored, study.append(event));
        each.push_back(since(key) * 1000);
    }
    return outcome("label-commit", {since(start)}, kLabels,
                   {{"p50_ms", percentile(each, .5)}, {"p99_ms", percentile(each, .99)}, {"max_ms", percentile(each, 1)}});
}

/// Decoding every file below `data` through the cage and making its pack record, with one worker per core.
Result<nlohmann::json> decode(const WorkloadInput& input)
{
    std::vector<std::string> files;
    QDirIterator found(QString::fromStdString(input.data), QDir::Files, QDirIterator::Subdirectories);
    while (found.hasNext())
        files.push_back(QFile::encodeName(found.next()).toStdString());
    if (files.empty())
        return fail(Code::badDirectory, {input.data});
    const int threads = int(std::max(1u, std::thread::hardware_concurrency()));
    imaging::PoolOptions options;
    options.workers = threads;
    FOVEATE_TRY(imaging::DecoderPool pool, imaging::DecoderPool::create(options));
    std::vector<double> seconds;
    std::atomic<std::size_t> read{0};
    for (int r = 0; r < input.repeat; ++r) {
        read = 0;
        std::atomic<std::size_t> next{0};
        const auto start = Clock::now();
        std::vector<std::thread> workers;
        for (int t = 0; t < threads; ++t)
            workers.emplace_back([&] {
                for (std::size_t i = next++; i < files.size(); i = next++)
                    if (const auto image = pool.decode(files[i]); image && !imaging::makePackRecord(*image, {256, 1}, Fit::squash).pixels.empty())
                        ++read;
            });
        for (std::thread& worker : workers)
            worker.join();
        seconds.push_back(since(start));
    }
    return outcome("decode", seconds, files.size(), {{"read", read.load()}, {"workers", threads}});
}

constexpr Workload kWorkloads[] = {
    {"label-commit", "500 labels, each durable before the next", &labelCommit},
    {"decode", "every file below --data through the cage into a pack record", &decode},
};

} // namespace

const Workload* workloadNamed(const std::string& name)
{
    for (const Workload& workload : kWorkloads)
        if (name == workload.name)
            return &workload;
    return nullptr;
}

std::span<const Workload> workloads()
{
    return kWorkloads;
}

} // namespace foveate::app
