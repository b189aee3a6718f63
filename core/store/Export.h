// SPDX-License-Identifier: GPL-3.0-or-later
// A study's labels, and its images, for other programs: csv, jsonl, imagefolder.
//
// Everything is written under `<target>.partial-<UUID>`, checked, synced and renamed: half an export never looks whole.
// Text cells that a spreadsheet would run as a formula get a leading apostrophe; quoting is RFC 4180. Images are named
// by sample id, patients by their number: no name of a person, file or folder goes out unless `originalPaths` asks for
// it. Hidden truth is never exported. Columns: id, path, sha256 (of the file), label, soft_label, confidence, reader,
// utc, active_ms, ai_seen, policy, model, batch, patient, split, state (label, skip, unsure, ungradable, unread),
// image_state, consensus; one row per image and reader, and one for each image nobody has read. imagefolder holds the
// images with a consensus as split/class/<id>.<ext> (no side: "unsplit"), metadata.csv with file_name and one row per
// image, and MANIFEST.json.
#pragma once

#include "store/Study.h"

#include <functional>
#include <string>
#include <vector>

namespace foveate::store {

enum class ExportFormat { csv, jsonl, imagefolder };
Result<ExportFormat> exportFormatFromName(std::string_view text);

struct ExportOptions {
    ExportFormat format = ExportFormat::csv;
    std::string target;            ///< file (csv, jsonl) or folder (imagefolder); must not exist (alreadyExists)
    bool overwrite = false;        ///< replace an existing csv or jsonl file
    std::vector<std::string> only; ///< sample ids; empty: all
    bool labelledOnly = false;     ///< only images with a consensus
    bool originalPaths = true;     ///< column path: as imported (escaped), else empty. imagefolder: always the new name
    /// Writes the image of a sample, without metadata, as PNG at the path given. Store opens no image itself.
    std::function<Status(const Sample&, const std::string& target)> writeImage;
    /// Which images go through writeImage; empty: all, when writeImage is set. The rest are hard-linked or copied as
    /// they are: only for files that cannot carry a name.
    std::function<bool(const Sample&)> mayIdentify;
};

struct ExportReport {
    std::int64_t rows = 0;
    std::int64_t images = 0;
    std::vector<Error> failed; ///< images that could not be written (args begin with the id); not in metadata.csv
};

Result<ExportReport> exportStudy(Study& study, const ExportOptions& options);

/// One CSV cell: formula-safe and quoted where needed.
std::string csvCell(std::string_view text);

} // namespace foveate::store
