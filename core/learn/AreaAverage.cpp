// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/AreaAverage.h"

#include <algorithm>
#include <cmath>

namespace foveate::learn {

AreaAverage::AreaAverage(int from, int to, int channels)
    : m_from(from), m_channels(channels), m_windows(std::size_t(to))
{
    const double ratio = double(from) / to;
    for (int i = 0; i < to; ++i) {
        const double begin = i * ratio;
        const double end = std::min((i + 1) * ratio, double(from));
        Window& window = m_windows[std::size_t(i)];
        window.begin = int(begin);
        for (int j = window.begin; j < from && j < end; ++j)
            window.weights.push_back(float((std::min(end, j + 1.0) - std::max(begin, double(j))) / (end - begin)));
    }
}

void AreaAverage::averageRows(const std::uint8_t* source, const Window& window, std::vector<float>& line) const
{
    const std::size_t width = std::size_t(m_from) * std::size_t(m_channels);
    std::fill(line.begin(), line.end(), 0.0F);
    for (std::size_t k = 0; k < window.weights.size(); ++k) {
        const std::uint8_t* row = source + (std::size_t(window.begin) + k) * width;
        const float weight = window.weights[k];
        for (std::size_t x = 0; x < width; ++x)
            line[x] += weight * float(row[x]);
    }
}

void AreaAverage::apply(const std::uint8_t* source, std::uint8_t* target) const
{
    const std::size_t channels = std::size_t(m_channels);
    std::vector<float> line(std::size_t(m_from) * channels);
    for (const Window& vertical : m_windows) {
        averageRows(source, vertical, line);
        for (const Window& horizontal : m_windows) {
            for (std::size_t c = 0; c < channels; ++c) {
                float sum = 0;
                for (std::size_t k = 0; k < horizontal.weights.size(); ++k)
                    sum += horizontal.weights[k] * line[(std::size_t(horizontal.begin) + k) * channels + c];
                *target++ = std::uint8_t(std::clamp(std::lround(sum), 0L, 255L));
            }
        }
    }
}

} // namespace foveate::learn
