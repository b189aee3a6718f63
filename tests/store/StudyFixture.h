// SPDX-License-Identifier: GPL-3.0-or-later
// A small study in a temporary folder, and words to speak about it.
#pragma once

#include "store/Study.h"

#include <QTemporaryDir>
#include <QtTest>
#include <string>
#include <vector>

namespace foveate::store {

/// Fails the test with the error's code and arguments.
#define OK(expression)                                                                                                 \
    do {                                                                                                               \
        const auto& checkedResult = (expression);                                                                      \
        if (!checkedResult)                                                                                            \
            QFAIL(foveate::describe(checkedResult.error()).c_str());                                                   \
    } while (false)

/// The code of a failure; fails the test when it succeeded.
#define FAILS(expression, expected)                                                                                    \
    do {                                                                                                               \
        const auto& checkedResult = (expression);                                                                      \
        QVERIFY(!checkedResult);                                                                                       \
        QCOMPARE(foveate::describe(checkedResult.error()).substr(0, foveate::name(expected).size()),                   \
                 std::string(foveate::name(expected)));                                                                \
    } while (false)

inline std::string writerId(int number = 1)
{
    return "00000000-0000-7000-8000-00000000000" + std::to_string(number);
}

inline Opening opening(int writer = 1)
{
    Opening result;
    result.owner = {"reader", "host", ""};
    result.writer = writerId(writer);
    result.ballast = false;
    return result;
}

inline ProjectFile projectFile()
{
    ProjectFile project;
    project.name = "Study";
    project.classes = {"CNV", "DME", "Drusen"};
    return project;
}

/// Sample n of patient `patient` (empty: its own).
inline Sample makeSample(int n, const std::string& patient = {}, Split split = Split::none)
{
    Sample sample;
    sample.pixelSha = sha256("pixels " + std::to_string(n));
    sample.fileSha = sha256("file " + std::to_string(n));
    sample.id = hex(sample.pixelSha).substr(0, 16);
    sample.root = "/images";
    sample.relativePath = std::to_string(n) + ".png";
    sample.patientKey = patient;
    sample.split = split;
    sample.packRow = n;
    return sample;
}

inline std::vector<Sample> makeSamples(int count, Split split = Split::none)
{
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i)
        samples.push_back(makeSample(i, {}, split));
    return samples;
}

inline Event labelEvent(const std::string& sample, int classIndex, const std::string& reader = "ann")
{
    Event event;
    event.sample = sample;
    event.classIndex = classIndex;
    event.reader = reader;
    event.activeMs = 1200;
    event.visible = R"({"policy":"blind","overlay":false,"prediction":false})";
    return event;
}

inline Event eventOfKind(EventKind kind, const std::string& sample, const std::string& reader = "ann")
{
    Event event;
    event.kind = kind;
    event.sample = sample;
    event.reader = reader;
    return event;
}

} // namespace foveate::store
