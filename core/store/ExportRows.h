// SPDX-License-Identifier: GPL-3.0-or-later
// The table behind every export; private to core/store.
#pragma once

#include "store/Export.h"

#include <array>

namespace foveate::store {

inline constexpr std::array<std::string_view, 18> kExportColumns{
    "id",      "path",   "sha256", "label", "soft_label", "confidence", "reader", "utc",         "active_ms",
    "ai_seen", "policy", "model",  "batch", "patient",    "split",      "state",  "image_state", "consensus"};

struct ExportRow {
    Sample sample;
    std::string path;
    std::optional<std::string> label, consensus;
    std::string softLabel; ///< JSON text: {"class": share of the readers}
    std::optional<double> confidence;
    std::string reader, utc, policy, model;
    std::int64_t activeMs = 0;
    std::int64_t batch = 0;
    bool aiSeen = false;
    std::string state = "unread";
};

/// Ordered by pack row, id and reader.
Result<std::vector<ExportRow>> exportRows(Study& study, const ExportOptions& options);

/// Rows of one image drawn together: its label is the consensus, readers are joined by ";".
std::vector<ExportRow> perImage(const std::vector<ExportRow>& rows);

/// Without the newline.
std::string csvLine(const ExportRow& row);
std::string jsonLine(const ExportRow& row);

} // namespace foveate::store
