// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/radiomics/Shape2d.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace foveate::query::radiomics {
namespace {

struct Point { ///< in half pixels, so that the middles between two pixels are whole numbers
    std::int64_t x = 0, y = 0;
    auto operator<=>(const Point&) const = default;
};

/// The mask with zeros around it.
class Padded {
public:
    explicit Padded(const Mask& mask)
        : m_mask(mask), m_width(std::ptrdiff_t(mask.width)),
          m_height(std::ptrdiff_t(mask.on.size()) / std::max<std::ptrdiff_t>(1, m_width))
    {}
    std::ptrdiff_t width() const { return m_width; }
    std::ptrdiff_t height() const { return m_height; }
    bool at(std::ptrdiff_t x, std::ptrdiff_t y) const
    {
        return x >= 0 && y >= 0 && x < m_width && y < m_height && m_mask.on[std::size_t(y * m_width + x)] != 0;
    }

private:
    const Mask& m_mask;
    std::ptrdiff_t m_width;
    std::ptrdiff_t m_height;
};

struct Contour {
    double length = 0;
    double area = 0;
    std::vector<Point> points;
};

/// Squares of four pixels; two opposite corners are two corners cut off, as in pyradiomics' table.
Contour contourOf(const Padded& mask)
{
    constexpr double kCut = std::numbers::sqrt2 / 2;
    Contour contour;
    for (std::ptrdiff_t y = -1; y < mask.height(); ++y)
        for (std::ptrdiff_t x = -1; x < mask.width(); ++x) {
            const bool a = mask.at(x, y), b = mask.at(x + 1, y), c = mask.at(x + 1, y + 1), d = mask.at(x, y + 1);
            const int corners = int(a) + int(b) + int(c) + int(d);
            if (corners == 0)
                continue;
            const bool opposite = corners == 2 && a == c;
            constexpr double kArea[] = {0, .125, .5, .875, 1};
            constexpr double kLength[] = {0, kCut, 1, kCut, 0};
            contour.area += opposite ? .25 : kArea[corners];
            contour.length += opposite ? 2 * kCut : kLength[corners];
            if (a != d)
                contour.points.push_back({2 * x, 2 * y + 1});
            if (c != d)
                contour.points.push_back({2 * x + 1, 2 * y + 2});
        }
    return contour;
}

std::int64_t turn(const Point& a, const Point& b, const Point& c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/// Andrew's monotone chain.
std::vector<Point> hullOf(std::vector<Point> points)
{
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    std::vector<Point> hull;
    for (int side = 0; side < 2; ++side) {
        const std::size_t start = hull.size();
        for (const Point& point : points) {
            while (hull.size() >= start + 2 && turn(hull[hull.size() - 2], hull.back(), point) <= 0)
                hull.pop_back();
            hull.push_back(point);
        }
        hull.pop_back();
        std::reverse(points.begin(), points.end());
    }
    return hull;
}

double diameterOf(const std::vector<Point>& points)
{
    std::int64_t largest = 0;
    const std::vector<Point> hull = hullOf(points);
    for (std::size_t i = 0; i < hull.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const std::int64_t dx = hull[i].x - hull[j].x, dy = hull[i].y - hull[j].y;
            largest = std::max(largest, dx * dx + dy * dy);
        }
    return std::sqrt(double(largest)) / 2;
}

struct Axes { ///< variances of the pixels' centres along the two principal axes
    double pixels = 0, minor = 0, major = 0;
};

Axes axesOf(const Padded& mask)
{
    double n = 0, sx = 0, sy = 0;
    for (std::ptrdiff_t y = 0; y < mask.height(); ++y)
        for (std::ptrdiff_t x = 0; x < mask.width(); ++x)
            if (mask.at(x, y)) {
                ++n;
                sx += double(x);
                sy += double(y);
            }
    double xx = 0, xy = 0, yy = 0;
    for (std::ptrdiff_t y = 0; y < mask.height(); ++y)
        for (std::ptrdiff_t x = 0; x < mask.width(); ++x)
            if (mask.at(x, y)) {
                const double dx = double(x) - sx / n, dy = double(y) - sy / n;
                xx += dx * dx / n;
                xy += dx * dy / n;
                yy += dy * dy / n;
            }
    const double half = (xx + yy) / 2, root = std::hypot((xx - yy) / 2, xy);
    return {n, std::max(0.0, half - root), half + root};
}

} // namespace

std::array<double, shapeCount> shape2d(const Mask& mask)
{
    std::array<double, shapeCount> f;
    f.fill(std::numeric_limits<double>::quiet_NaN());
    const Padded padded(mask);
    const Axes axes = axesOf(padded);
    if (axes.pixels == 0)
        return f;
    const Contour contour = contourOf(padded);
    f[pixelSurface] = axes.pixels;
    f[meshSurface] = contour.area;
    f[perimeter] = contour.length;
    f[perimeterSurfaceRatio] = contour.length / contour.area;
    f[sphericity] = 2 * std::sqrt(std::numbers::pi * contour.area) / contour.length;
    f[sphericalDisproportion] = 1 / f[sphericity];
    f[maximumDiameter] = diameterOf(contour.points);
    f[majorAxisLength] = 4 * std::sqrt(axes.major);
    f[minorAxisLength] = 4 * std::sqrt(axes.minor);
    f[elongation] = axes.major > 0 ? std::sqrt(axes.minor / axes.major) : std::numeric_limits<double>::quiet_NaN();
    return f;
}

} // namespace foveate::query::radiomics
