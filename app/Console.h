// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal: data on standard output, progress and sentences on standard error.
#pragma once

#include "app/ExitCode.h"
#include "base/Job.h"

#include <QCoreApplication>
#include <QString>
#include <nlohmann/json.hpp>

namespace foveate::app {

/// Gives the sentences of the verbs their context for translators: Console::tr("…").
struct Console {
    Q_DECLARE_TR_FUNCTIONS(Console)
};

/// What every verb understands.
struct CommonOptions {
    bool json = false;
    std::optional<std::uint64_t> seed;
    std::string device = "auto";
    bool requireGpu = false;
    int threads = 0;
    bool quiet = false;
    bool verbose = false;
    std::string logFile;
};

/// One line of text on standard output.
void say(const QString& line);

/// One JSON document on one line of standard output.
void printJson(const nlohmann::json& document);

/// A sentence on standard error.
void note(const QString& sentence);

/// The error's sentence on standard error; returns the exit code that belongs to it.
ExitCode report(const Error& error);

/// Draws progress on standard error: a bar with an estimate on a terminal, else a line each tenth.
class ProgressBar {
public:
    explicit ProgressBar(bool quiet) : m_quiet(quiet) {}
    ~ProgressBar() { finish(); }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    void show(const Progress& progress);
    /// Ends the line that the bar stands on.
    void finish();

private:
    bool m_quiet;
    bool m_open = false;
    std::string m_stage;
    int m_tenth = -1;
};

} // namespace foveate::app
