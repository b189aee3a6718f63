// SPDX-License-Identifier: GPL-3.0-or-later
// Fills the report's page from a project or a simulation.
#pragma once

#include "session/Project.h"
#include "session/Simulation.h"

#include <string>

namespace foveate::app {

/// The project's report: counts, readers, curve, confusion matrix, provenance. REQUIRES: project.held().
Status writeReport(const std::string& path, session::Project& project);

/// Strategies against each other: mean and spread over repeats.
Status writeSimulationPage(const std::string& path, const session::Simulation& simulation);

} // namespace foveate::app
