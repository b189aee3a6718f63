// SPDX-License-Identifier: GPL-3.0-or-later
// Cividis (Nuñez, Anderton, Renslow 2018): blue to yellow, even in lightness, the same to colour-blind eyes.
#pragma once

#include <QImage>

#include <span>

namespace foveate::ui {

/// t in [0,1] (clamped) → colour. Polynomial of degree 5 per channel, within 5/255 of the published table.
QRgb cividis(double t);

/// A map [height,width] as a premultiplied picture: low → nearly transparent blue, high → yellow at `opacity` (0 to 1).
/// Not finite values are transparent.
QImage overlayPicture(std::span<const float> map, int width, int height, float low, float high, double opacity);

} // namespace foveate::ui
