// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench/Workloads.h"

#include "base/Pack.h"
#include "base/Random.h"
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
#include <numeric>
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

/// Time from the key's event to the COMMIT that has returned, on the disk that holds `data` (default: the temporary
/// folder).
Result<nlohmann::json> labelCommit(const WorkloadInput& input)
{
    constexpr int kLabels = 500;
    const QString place = input.data.empty() ? QDir::tempPath() : QString::fromStdString(input.data);
    const QTemporaryDir folder(place + QStringLiteral("/foveate-bench-XXXXXX"));
    store::ProjectFile project;
    project.name = "bench";
    project.classes = {"A", "B"};
    FOVEATE_TRY(store::Study study,
                store::Study::create(folder.filePath(QStringLiteral("b.foveate")).toStdString(), project));
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
    return outcome(
        "label-commit", {since(start)}, kLabels,
        {{"p50_ms", percentile(each, .5)}, {"p99_ms", percentile(each, .99)}, {"max_ms", percentile(each, 1)}});
}

Result<std::vector<std::string>> filesBelow(const std::string& folder)
{
    std::vector<std::string> files;
    QDirIterator found(QString::fromStdString(folder), QDir::Files, QDirIterator::Subdirectories);
    while (found.hasNext())
        files.push_back(QFile::encodeName(found.next()).toStdString());
    if (files.empty())
        return fail(Code::badDirectory, {folder});
    std::sort(files.begin(), files.end());
    return files;
}

/// The pack records of `files` through the cage, one worker per core; empty where a file could not be read.
std::vector<imaging::PackImage> decodeAll(imaging::DecoderPool& pool, const std::vector<std::string>& files,
                                          int threads)
{
    std::vector<imaging::PackImage> images(files.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t)
        workers.emplace_back([&] {
            for (std::size_t i = next++; i < files.size(); i = next++)
                if (const auto image = pool.decode(files[i]))
                    images[i] = imaging::makePackRecord(*image, {256, 1}, Fit::squash);
        });
    for (std::thread& worker : workers)
        worker.join();
    return images;
}

int allThreads()
{
    return int(std::max(1u, std::thread::hardware_concurrency()));
}

Result<imaging::DecoderPool> poolOf(int workers)
{
    imaging::PoolOptions options;
    options.workers = workers;
    return imaging::DecoderPool::create(options);
}

/// Decoding every file below `data` and making its pack record.
Result<nlohmann::json> decode(const WorkloadInput& input)
{
    FOVEATE_TRY(const std::vector<std::string> files, filesBelow(input.data));
    FOVEATE_TRY(imaging::DecoderPool pool, poolOf(allThreads()));
    std::vector<double> seconds;
    std::ptrdiff_t read = 0;
    for (int r = 0; r < input.repeat; ++r) {
        const auto start = Clock::now();
        const auto images = decodeAll(pool, files, allThreads());
        seconds.push_back(since(start));
        read = std::count_if(images.begin(), images.end(), [](const auto& image) { return !image.pixels.empty(); });
    }
    return outcome("decode", seconds, files.size(), {{"read", read}, {"workers", allThreads()}});
}

/// The images of a pack in a shuffled order, each copied as a batch would: what an epoch reads.
double readPack(const Pack& pack, std::uint64_t seed)
{
    std::vector<std::size_t> order(pack.count());
    std::iota(order.begin(), order.end(), std::size_t(0));
    Random random(seed);
    random.shuffle(order);
    std::vector<std::uint8_t> image(pack.shape().pixels());
    const auto start = Clock::now();
    for (const std::size_t row : order) {
        const auto pixels = pack.pixels(row);
        std::copy(pixels.begin(), pixels.end(), image.begin());
    }
    return since(start);
}

/// A first epoch that decodes every file below `data`, on one core, against further ones from the pixel pack.
Result<nlohmann::json> secondEpoch(const WorkloadInput& input)
{
    FOVEATE_TRY(const std::vector<std::string> files, filesBelow(input.data));
    FOVEATE_TRY(imaging::DecoderPool pool, poolOf(1));
    const QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("pack")).toStdString();
    FOVEATE_TRY(PackWriter writer, PackWriter::open(path, {256, 1}));
    const auto start = Clock::now();
    const auto images = decodeAll(pool, files, 1);
    const double decoding = since(start);
    for (const imaging::PackImage& image : images) {
        if (image.pixels.empty())
            continue;
        FOVEATE_TRY([[maybe_unused]] const std::size_t row, writer.append(image.record, image.pixels));
    }
    FOVEATE_CHECK(writer.commit());
    FOVEATE_TRY(const Pack pack, Pack::open(path));
    std::vector<double> seconds;
    for (int r = 0; r < input.repeat; ++r)
        seconds.push_back(readPack(pack, std::uint64_t(r)));
    const double best = *std::min_element(seconds.begin(), seconds.end());
    return outcome("second-epoch", seconds, pack.count(),
                   {{"first_epoch_seconds", decoding}, {"times_faster", decoding / best}});
}

constexpr Workload kWorkloads[] = {
    {"label-commit", "500 labels, each durable before the next", &labelCommit},
    {"decode", "every file below --data through the cage into a pack record", &decode},
    {"second-epoch", "reading the files below --data again from the pixel pack, against decoding them", &secondEpoch},
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
