// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the command line and runs the verb it names.
#pragma once

namespace foveate::app {

/// Whether the words start with a verb or an option of the headless program (rather than a project to open in a
/// window).
bool isVerb(int argc, char** argv);

/// Runs one verb; returns the exit code. CLI11's own codes are mapped to kUsage.
int runVerb(int argc, char** argv);

} // namespace foveate::app
