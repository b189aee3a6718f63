// SPDX-License-Identifier: GPL-3.0-or-later
// EngineProgram: foveate-engine as a child of a test, and its events.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QStringList>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace foveate {

struct EngineEnd {
    int exitCode = -1; ///< −1: by a signal
    std::vector<nlohmann::json> events;
    QByteArray errors; ///< standard error

    nlohmann::json last() const { return events.empty() ? nlohmann::json() : events.back(); }
    int count(const std::string& kind) const;
};

/// Runs `foveate-engine run folder` to its end. `onEvent` is called with each event as it comes and may signal the
/// process.
EngineEnd runEngineProgram(const std::string& folder,
                           const std::function<void(const nlohmann::json&, QProcess&)>& onEvent = {},
                           const QStringList& more = {});

QString engineProgram();

} // namespace foveate
