// SPDX-License-Identifier: GPL-3.0-or-later
// A first look at a folder or table that shall become a project: how many files, which classes, whose images.
//
// Opens no image. Any thread.
#pragma once

#include "base/Result.h"

#include <QString>
#include <QStringList>

#include <string>
#include <utility>
#include <vector>

namespace foveate::ui {

struct SourceScan {
    std::string path;
    std::int64_t files = 0;
    bool manifest = false;
    bool patientColumn = false;                            ///< the table says who is on an image
    std::vector<std::pair<QString, std::int64_t>> classes; ///< folder names or the label column's values, with counts
    std::vector<std::string> paths;                        ///< of at most 2,000 files, for trying a patient rule
};

/// As session::readSource fails.
Result<SourceScan> scanSource(const std::string& path);

/// Patients among the scanned paths by a pattern; usage for a pattern that does not compile.
Result<int> countPatients(const SourceScan& scan, const std::string& pattern);

/// The project's classes as typed: commas between, blanks trimmed, no twins.
QStringList classesFromText(const QString& text);

} // namespace foveate::ui
