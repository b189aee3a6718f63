// SPDX-License-Identifier: GPL-3.0-or-later
// What assistive programs are told about widgets that Qt does not know: the canvas is a picture, a toast is an alert.
#pragma once

namespace foveate::ui {

/// Once in a program; later calls do nothing.
void installAccessibility();

} // namespace foveate::ui
