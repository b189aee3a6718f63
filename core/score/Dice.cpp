// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Dice.h"

namespace foveate::score {

Result<double> dice(std::span<const std::uint8_t> found, std::span<const std::uint8_t> truth)
{
    if (found.size() != truth.size())
        return fail(Code::wrongShape, {"mask", std::to_string(found.size()), std::to_string(truth.size())});
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        both += found[i] != 0 && truth[i] != 0 ? 2 : 0;
        either += (found[i] != 0 ? 1 : 0) + (truth[i] != 0 ? 1 : 0);
    }
    return either == 0 ? 1 : double(both) / double(either);
}

} // namespace foveate::score
