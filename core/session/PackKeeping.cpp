// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PackKeeping.h"

#include "base/AtomicFile.h"
#include "session/OrderedDecode.h"

#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace foveate::session {
namespace {

bool lost(const store::Sample& sample, const std::optional<Pack>& pack)
{
    if (sample.state == store::SampleState::missing || sample.state == store::SampleState::quarantined)
        return false;
    const bool there = pack && sample.packRow >= 0 && std::size_t(sample.packRow) < pack->count();
    return !there || pack->record(std::size_t(sample.packRow)).pixelSha != sample.pixelSha;
}

Result<std::vector<store::Sample>> lostSamples(Project& project)
{
    std::optional<Pack> pack;
    if (auto opened = project.pack())
        pack = std::move(*opened);
    else if (opened.error().code != Code::notFound)
        return tl::unexpected(opened.error());
    FOVEATE_TRY(std::vector<store::Sample> samples, project.study().samples());
    std::erase_if(samples, [&](const store::Sample& sample) { return !lost(sample, pack); });
    return samples;
}

Status restore(Project& project, PackWriter& writer, const store::Sample& sample, const DecodedFile& file)
{
    if (file.error)
        return project.study().setState(sample.id, store::SampleState::missing);
    const imaging::PackImage& image = file.frames.front();
    if (image.record.pixelSha != sample.pixelSha)
        return project.study().setState(sample.id, store::SampleState::quarantined);
    FOVEATE_TRY(const std::size_t row, writer.append(image.record, image.pixels));
    FOVEATE_CHECK(writer.commit());
    return project.study().setPackRow(sample.id, std::int64_t(row));
}

} // namespace

Fit fitOf(const store::ProjectFile& file)
{
    return file.fit == "pad" ? Fit::pad : Fit::squash;
}

Result<bool> packComplete(Project& project)
{
    FOVEATE_TRY(const auto samples, lostSamples(project));
    return samples.empty();
}

Status detachPack(const std::string& path)
{
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || status.st_nlink < 2)
        return {};
    const std::string copy = path + ".own";
    std::error_code error;
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing, error);
    if (!error)
        std::filesystem::rename(copy, path, error);
    return error ? tl::unexpected(errnoError(error.value(), path)) : Status();
}

Status completePack(Project& project, imaging::DecoderPool& pool, int workers)
{
    FOVEATE_CHECK(makeFolder(project.folder() + "/cache"));
    FOVEATE_TRY(const auto samples, lostSamples(project));
    if (samples.empty())
        return {};
    FOVEATE_CHECK(detachPack(project.packPath()));
    FOVEATE_TRY(PackWriter writer, PackWriter::open(project.packPath(), project.packShape()));
    std::vector<DecodeRequest> requests;
    for (const store::Sample& sample : samples)
        requests.push_back({sample.root + '/' + sample.relativePath, std::uint32_t(sample.frame)});
    return decodeInOrder(
        pool, workers, requests, project.packShape(), fitOf(project.file()),
        [&](std::size_t index, const DecodedFile& file) { return restore(project, writer, samples[index], file); });
}

Status ensurePack(Project& project)
{
    FOVEATE_TRY(const bool complete, packComplete(project));
    if (complete)
        return {};
    imaging::PoolOptions options;
    options.workers = std::max(1, int(std::thread::hardware_concurrency()));
    FOVEATE_TRY(imaging::DecoderPool pool, imaging::DecoderPool::create(options));
    return completePack(project, pool, options.workers);
}

} // namespace foveate::session
