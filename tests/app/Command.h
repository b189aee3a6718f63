// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the built `foveate` as its user would, and makes small images for it.
#pragma once

#include "imaging/client/PngWriter.h"

#include <QDir>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>

namespace foveate::test {

struct Outcome {
    int code = -1;
    QString out;
    QString err;
    nlohmann::json json() const { return nlohmann::json::parse(out.toStdString(), nullptr, false); }
    /// One sentence, no stack of messages.
    bool saysOneThing() const { return err.trimmed().count(u'\n') == 0 && err.startsWith(QStringLiteral("foveate: ")); }
};

inline Outcome run(const QStringList& words, int seconds = 120)
{
    QProcess process;
    process.start(QStringLiteral(FOVEATE_BIN_DIR "/foveate"), words);
    if (!process.waitForFinished(seconds * 1000)) {
        process.kill();
        process.waitForFinished();
        return {-1, {}, QStringLiteral("did not end")};
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2,
            QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError())};
}

/// A 32×32 grey picture that differs with `seed`; class 1 has a bright square in the middle.
inline bool writePicture(const std::string& path, unsigned seed, int classIndex)
{
    std::vector<std::uint8_t> pixels(32 * 32);
    for (unsigned i = 0; i < pixels.size(); ++i) {
        const unsigned x = i % 32;
        const unsigned y = i / 32;
        const bool middle = x > 10 && x < 22 && y > 10 && y < 22;
        pixels[i] = std::uint8_t((i * 7919u + seed * 104729u) % 61 + (classIndex == 1 && middle ? 150 : 30));
    }
    pixels[0] = std::uint8_t(seed); // no two alike, or the import would take them for one
    pixels[1] = std::uint8_t(seed >> 8);
    return bool(imaging::writePng(path, {pixels.data(), 32, 32, 1, 8}));
}

/// `count` of them in `folder`/A and /B by class in turn; four neighbours are one person's: person7_28.png.
inline bool writePictures(const QString& folder, int count)
{
    bool written = true;
    for (int i = 0; written && i < count; ++i) {
        const QString side = folder + (i % 2 == 0 ? QStringLiteral("/A") : QStringLiteral("/B"));
        const QString file = side + QStringLiteral("/person%1_%2.png").arg(i / 4).arg(i);
        written = QDir().mkpath(side) && writePicture(file.toStdString(), unsigned(i), i % 2);
    }
    return written;
}

/// A new X-ray project with the classes A and B in `folder`, and pictures for it in images/; "" when it failed.
inline QString makeStudy(const QString& folder, int pictures)
{
    const QString project = folder + QStringLiteral("/study.foveate");
    const bool made = writePictures(folder + QStringLiteral("/images"), pictures) &&
                      run({"new", project, "--classes", "A,B", "--modality", "xray", "--pack-size", "32"}).code == 0;
    return made ? project : QString();
}

} // namespace foveate::test
