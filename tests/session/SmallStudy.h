// SPDX-License-Identifier: GPL-3.0-or-later
// Small images that tests make themselves, and projects of them.
#pragma once

#include "base/Random.h"
#include "imaging/client/PngWriter.h"
#include "session/Importer.h"

#include <QTemporaryDir>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace foveate::session {

inline std::string decoderProgram()
{
    return FOVEATE_BIN_DIR "/foveate-decode";
}
inline QString engineProgram()
{
    return QStringLiteral(FOVEATE_BIN_DIR "/foveate-engine");
}

/// 24×24 grey: noise that the seed decides, with a bright square where the class says.
inline void drawImage(const std::string& path, std::uint64_t seed, int classIndex = 0)
{
    constexpr std::uint32_t kSide = 24;
    Random random = Random::derive(seed, "image");
    std::vector<std::uint8_t> pixels(kSide * kSide);
    for (std::uint32_t i = 0; i < pixels.size(); ++i) {
        const bool inSquare = i / kSide / 8 == 1 && i % kSide / 8 == (classIndex ? 2 : 0);
        pixels[i] = std::uint8_t((inSquare ? 180 : 40) + random.below(50));
    }
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    if (!imaging::writePng(path, {pixels.data(), kSide, kSide, 1, 8}))
        qFatal("cannot write a test image");
}

inline void writeText(const std::string& path, const std::string& content)
{
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

/// `patients` with two images each, in folders A and B: A/p3-1.png.
inline void drawStudy(const std::string& folder, int patients, std::uint64_t seed = 1)
{
    for (int patient = 0; patient < patients; ++patient)
        for (int n = 0; n < 2; ++n) {
            const int index = patient % 2;
            drawImage(folder + (index ? "/B/p" : "/A/p") + std::to_string(patient) + '-' + std::to_string(n) + ".png",
                      seed * 10'000 + std::uint64_t(patient * 2 + n), index);
        }
}

inline store::ProjectFile smallProject()
{
    store::ProjectFile file;
    file.name = "small";
    file.classes = {"A", "B"};
    file.modality = "xray";
    file.packSize = 24;
    file.training.model = "tiny";
    file.training.size = 24;
    file.training.epochs = 3;
    return file;
}

inline ImportOptions importOf(const std::string& source)
{
    ImportOptions options;
    options.source = source;
    options.patient = "(p\\d+)-";
    options.workers = 2;
    options.decoder = decoderProgram();
    return options;
}

/// 60 patients with two images each, drawn into `source`, imported with hidden truth.
inline Project hiddenStudy(const std::string& folder, const std::string& source, const std::string& split)
{
    drawStudy(source, 60);
    auto project = Project::create(folder, smallProject());
    if (!project)
        qFatal("%s", describe(project.error()).c_str());
    ImportOptions options = importOf(source);
    options.hideLabels = true;
    options.split = split;
    if (const auto report = importImages(*project, options); !report)
        qFatal("%s", describe(report.error()).c_str());
    return std::move(*project);
}

inline std::vector<store::Sample> samplesOf(Project& project)
{
    return project.study().samples().value_or(std::vector<store::Sample>());
}

inline QByteArray failure(const Error& error)
{
    return QByteArray::fromStdString(describe(error));
}

} // namespace foveate::session

/// Fails the test with the error's code unless the Result holds a value.
#define VERIFY_OK(result)                                                                                              \
    do {                                                                                                               \
        const auto& result_ = (result);                                                                                \
        QVERIFY2(result_.has_value(), result_ ? "" : foveate::session::failure(result_.error()).constData());          \
    } while (false)
