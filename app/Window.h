// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the window, with a project when one is named.
#pragma once

namespace foveate::app {

int openWindow(int argc, char** argv);

} // namespace foveate::app
