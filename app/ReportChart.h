// SPDX-License-Identifier: GPL-3.0-or-later
// A label-efficiency curve as an SVG element that stands inside an HTML page and takes its colours from the page.
#pragma once

#include "app/Report.h"

#include <QString>

namespace foveate::app {

/// Lines with bands, one colour, dash and marker per series, a legend below. Empty when no series has a point.
QString chartSvg(const ReportCurve& curve);

/// "accuracy" → "Accuracy", as it stands on an axis and in a table.
QString metricName(const std::string& metric);

/// `text` with &, <, >, " and ' as entities; what cannot be shown as \xNN (base/Text.h).
QString escaped(const std::string& text);

} // namespace foveate::app
