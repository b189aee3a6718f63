// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/ColourMap.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace foveate::ui {

namespace {

int channel(double t, const std::array<double, 6>& k)
{
    const double value = k[0] + t * (k[1] + t * (k[2] + t * (k[3] + t * (k[4] + t * k[5]))));
    return std::clamp(int(std::lround(value)), 0, 255);
}

} // namespace

QRgb cividis(double t)
{
    t = std::clamp(t, 0.0, 1.0);
    return qRgb(channel(t, {-4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57}),
                channel(t, {32.49, 170.73, 52.82, -131.46, 176.58, -67.37}),
                channel(t, {81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67}));
}

QImage overlayPicture(std::span<const float> map, int width, int height, float low, float high, double opacity)
{
    if (width <= 0 || height <= 0 || map.size() != std::size_t(width) * height)
        return {};
    QImage image(width, height, QImage::Format_ARGB32_Premultiplied);
    const double range = std::max(double(high) - low, 1e-12);
    for (int y = 0; y < height; ++y) {
        auto* row = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < width; ++x) {
            const float value = map[std::size_t(y) * width + x];
            if (!std::isfinite(value)) {
                row[x] = 0;
                continue;
            }
            const double t = std::clamp((value - low) / range, 0.0, 1.0);
            const QRgb colour = cividis(t);
            // Where the model used little, the image itself must stay visible.
            const int alpha = int(std::lround(255 * opacity * (0.15 + 0.85 * t)));
            row[x] = qPremultiply(qRgba(qRed(colour), qGreen(colour), qBlue(colour), alpha));
        }
    }
    return image;
}

} // namespace foveate::ui
