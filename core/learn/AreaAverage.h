// SPDX-License-Identifier: GPL-3.0-or-later
// AreaAverage: square uint8 images shrunk by area averaging (each target pixel is the mean of the area it covers).
#pragma once

#include <cstdint>
#include <vector>

namespace foveate::learn {

class AreaAverage {
public:
    /// From [from,from,channels] to [to,to,channels], interleaved. REQUIRES: 1 ≤ to ≤ from.
    AreaAverage(int from, int to, int channels);
    /// Rounded to nearest. Thread safe.
    void apply(const std::uint8_t* source, std::uint8_t* target) const;

private:
    /// One target coordinate: weights of the source coordinates from `begin` on; they sum to 1.
    struct Window {
        int begin = 0;
        std::vector<float> weights;
    };
    void averageRows(const std::uint8_t* source, const Window& window, std::vector<float>& line) const;

    int m_from;
    int m_channels;
    std::vector<Window> m_windows;
};

} // namespace foveate::learn
