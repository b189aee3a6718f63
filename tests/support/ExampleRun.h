// SPDX-License-Identifier: GPL-3.0-or-later
// ExampleRun: a run folder with made-up images that a small network learns in seconds: class 0 is bright above, class 1
// below (a training view may be mirrored left to right). 32×32 pixels, grey, two images a patient. Every fourth patient
// is in the test split.
#pragma once

#include "base/AtomicFile.h"
#include "base/Pack.h"
#include "base/Random.h"
#include "base/RunFolder.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace foveate {

struct ExampleRun {
    int images = 96;
    int labels = 40; ///< of the training split, the first ones
    std::uint64_t seed = 1;
    std::string job = "train";
    nlohmann::json options = {{"model", "tiny"}, {"epochs", 6}, {"batch", 8}, {"learning_rate", .01}};
    int threads = 1;
    int processes = 1;
    std::string dtype = "float32";

    static constexpr int kSize = 32;

    static int classOf(int row) { return row / 2 % 2; } // of a patient, so both images agree
    static std::int64_t patientOf(int row) { return row / 2; }

    Snapshot snapshot() const
    {
        Snapshot snapshot;
        snapshot.project = "00000000-0000-4000-8000-000000000000";
        snapshot.classes = {"above", "below"};
        snapshot.modality = "oct";
        snapshot.job = job;
        snapshot.options = options;
        snapshot.seed = seed;
        snapshot.threads = threads;
        snapshot.processes = processes;
        snapshot.dtype = dtype;
        snapshot.device = "cpu";
        int given = 0;
        for (int row = 0; row < images; ++row) {
            SnapshotSample sample;
            sample.row = row;
            char id[17];
            std::snprintf(id, sizeof id, "%016x", unsigned(row));
            sample.id = id;
            sample.patient = patientOf(row);
            sample.split = sample.patient / 2 % 4 == 3 ? Split::test : Split::train;
            if (sample.split == Split::train && given < labels) {
                sample.label = classOf(row);
                ++given;
            } else if (sample.split == Split::train) {
                snapshot.pool.push_back(row);
            }
            snapshot.samples.push_back(sample);
        }
        return snapshot;
    }

    std::vector<std::uint8_t> pixels(int row) const
    {
        Random random = Random::derive(7, "example", std::uint64_t(row));
        std::vector<std::uint8_t> image(kSize * kSize);
        const int centre = classOf(row) == 0 ? 8 : 24;
        for (int i = 0; i < kSize * kSize; ++i) {
            const int distance = std::abs(i / kSize - centre);
            const double value = 60 + 12 * std::max(0, 8 - distance) + 25 * random.normal();
            image[std::size_t(i)] = std::uint8_t(std::clamp(value, 0.0, 255.0));
        }
        return image;
    }

    /// Writes input/ below `folder`.
    Status write(const std::string& folder) const
    {
        FOVEATE_CHECK(makeFolder(folder + "/input"));
        FOVEATE_TRY(PackWriter pack, PackWriter::open(folder + "/input/pack", {kSize, 1}));
        for (int row = 0; row < images; ++row) {
            PackRecord record;
            record.width = record.height = record.w = record.h = kSize;
            FOVEATE_TRY([[maybe_unused]] const std::size_t place, pack.append(record, pixels(row)));
        }
        FOVEATE_CHECK(pack.commit());
        return writeSnapshot(folder, snapshot());
    }
};

} // namespace foveate
