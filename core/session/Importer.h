// SPDX-License-Identifier: GPL-3.0-or-later
// Images into a project: list, decode in cages, pack, split by patient, and store everything in one transaction.
//
// files = imported + duplicates + skipped + failed. Same pixels as an image that is there: a duplicate, not imported.
// A damaged but readable file is imported with state damaged. Every frame of a file is a sample of one patient.
// Patient: the manifest's column; else the pattern; else the DICOM patient; else each image is its own (counted).
// Order, pack rows and sides depend only on the files, the rules and the seed, not on threads. Nothing is written to
// the database before all is decoded; a patient on two sides, a cancel or a full disk leave the project as it was.
// Failure codes: readSource's, assignSplits's, Pack's and Study's; cancelled. Thread: one at a time (starts its own).
#pragma once

#include "base/Job.h"
#include "base/Result.h"
#include "session/Project.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace foveate::session {

struct ImportOptions {
    std::string source;          ///< folder, manifest (.csv, .tsv, .txt) or one image
    std::string labels = "auto"; ///< auto, folder, none or a column
    std::string patient;         ///< "", a column or a PCRE2 pattern
    std::string split = "none";  ///< none, a ratio or a column
    bool hideLabels = false;     ///< labels become hidden truth
    bool dryRun = false;         ///< everything but the writing
    int workers = 0;             ///< decoding processes; 0: one per processor
    std::string decoder;         ///< path of foveate-decode; "": beside the program
};

struct ImportFailure {
    std::string file; ///< bytes, relative to the source; printable() before it is shown
    Error error;
};

struct ImportReport {
    std::int64_t files = 0, imported = 0, samples = 0, duplicates = 0, damaged = 0, skipped = 0;
    std::vector<ImportFailure> failed; ///< in the order of the files
    std::int64_t patients = 0;         ///< among the imported samples
    std::int64_t ownPatients = 0;      ///< images that are their own patient because
                                       ///< nothing said whose they are
    std::int64_t labelled = 0;         ///< samples that came with a label or a hidden truth
    std::int64_t train = 0, val = 0, test = 0;
};

struct ImportControl {
    std::function<void(const Progress&)> progress; ///< on the calling thread, at most ten times a second
    const std::atomic<bool>* cancel = nullptr;
};

Result<ImportReport> importImages(Project& project, const ImportOptions& options, const ImportControl& control = {});

} // namespace foveate::session
