// SPDX-License-Identifier: GPL-3.0-or-later
// What both engine processes share: how the child is started, and how its lines are read. Internal to session/ and the
// verbs that ask the engine.
#pragma once

#include "base/Job.h"
#include "base/Result.h"

#include <QByteArray>
#include <QProcess>
#include <nlohmann/json.hpp>

namespace foveate::session {

/// A child that dies with this program, has its own process group (a Ctrl-C in the terminal reaches it through us
/// alone) and, in the background, only the processor time that nobody else wants.
void prepareChild(QProcess& process, bool background);

struct ProcessorUse {
    bool wanted = false; ///< a thread of it runs or waits for its turn
    double seconds = 0;  ///< so far
};
/// Nothing for a process that is gone.
ProcessorUse processorUse(qint64 process);

/// An object with a text "event", or null.
nlohmann::json engineEvent(const QByteArray& line);

/// "failed" and "error" events; an unknown code is internal.
Error errorFrom(const nlohmann::json& event);
Progress progressFrom(const nlohmann::json& event);

double numberAt(const nlohmann::json& json, const char* key, double otherwise = 0);
std::string textAt(const nlohmann::json& json, const char* key);

} // namespace foveate::session
