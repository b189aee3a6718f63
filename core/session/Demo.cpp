// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Demo.h"

#include "base/AtomicFile.h"
#include "base/Parallel.h"
#include "imaging/client/PngWriter.h"
#include "phantom/Phantom.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

namespace foveate::session {
namespace {

constexpr int kFastPng = 1;
constexpr int kWorkingSize = 96;

std::string fileName(const phantom::Study& study, std::size_t index)
{
    char text[48];
    std::snprintf(text, sizeof text, "P%04d-%05zu.png", study.plan(index).patient + 1, index + 1);
    return text;
}

/// Without fsync: what a power cut takes away is made again, the same, in seconds.
Status writeFile(const std::string& path, const std::string& content)
{
    std::ofstream file(path, std::ios::binary);
    file.write(content.data(), std::streamsize(content.size()));
    file.close();
    return file ? Status() : tl::unexpected(errnoError(errno, path));
}

Status writePhantom(const std::string& folder, const phantom::Study& study, std::size_t index)
{
    const phantom::Phantom image = study.image(index);
    const auto side = std::uint32_t(image.size);
    const std::string name = fileName(study, index);
    const imaging::PixelView pixels{image.pixels.data(), side, side, std::uint8_t(image.channels), 8};
    FOVEATE_TRY(const std::string picture, imaging::encodePng(pixels, kFastPng));
    FOVEATE_TRY(const std::string mask, imaging::encodePng({image.mask.data(), side, side, 1, 8}, kFastPng));
    FOVEATE_CHECK(writeFile(folder + "/images/" + name, picture));
    return writeFile(folder + "/masks/" + name, mask);
}

Status writeImages(const std::string& folder, const phantom::Study& study)
{
    FOVEATE_CHECK(makeFolder(folder + "/images"));
    FOVEATE_CHECK(makeFolder(folder + "/masks"));
    std::mutex mutex;
    Status outcome; // guarded by mutex
    const int threads = std::max(1, int(std::thread::hardware_concurrency()));
    parallelBlocks(study.count(), threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Status written = writePhantom(folder, study, i);
            if (written)
                continue;
            const std::lock_guard guard(mutex);
            outcome = written;
            return;
        }
    });
    return outcome;
}

Status writeTable(const std::string& folder, const phantom::Study& study, phantom::Modality modality)
{
    std::string table = "path,label,patient\n";
    const auto classes = phantom::classNames(modality);
    for (std::size_t i = 0; i < study.count(); ++i) {
        const phantom::Case& plan = study.plan(i);
        table += fileName(study, i) + ',' + std::string(classes[std::size_t(plan.classIndex)]) + ",P" +
                 std::to_string(plan.patient + 1) + '\n';
    }
    return writeFileAtomically(folder + "/images/images.csv", table);
}

store::ProjectFile demoProject(const DemoOptions& options, phantom::Modality modality)
{
    store::ProjectFile file;
    file.name = "phantoms-" + options.modality;
    file.modality = options.modality;
    file.seed = options.seed;
    // Small enough for a first model within a minute of the tenth label on two cores.
    file.training.size = kWorkingSize;
    for (const std::string_view name : phantom::classNames(modality))
        file.classes.emplace_back(name);
    return file;
}

} // namespace

Result<Project> createDemo(const std::string& folder, const DemoOptions& options, const ImportControl& control)
{
    FOVEATE_TRY(const phantom::Modality modality, phantom::modalityFromName(options.modality));
    phantom::Options wish;
    wish.modality = modality;
    wish.images = options.images;
    wish.seed = options.seed;
    FOVEATE_TRY(const phantom::Study study, phantom::Study::create(wish));
    FOVEATE_TRY(Project project, Project::create(folder, demoProject(options, modality)));
    FOVEATE_CHECK(writeImages(folder, study));
    FOVEATE_CHECK(writeTable(folder, study, modality));
    ImportOptions source;
    source.source = folder + "/images/images.csv";
    source.split = "70/10/20";
    source.hideLabels = true;
    source.decoder = options.decoder;
    FOVEATE_CHECK(importImages(project, source, control));
    return project;
}

} // namespace foveate::session
