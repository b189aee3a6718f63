// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/optim/Schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace foveate::learn::optim {

double CosineSchedule::rate(double epoch) const
{
    if (epoch >= planned)
        return 0;
    if (epoch < warmUp)
        return base * epoch / warmUp;
    return base * .5 * (1 + std::cos(std::numbers::pi * (epoch - warmUp) / (planned - warmUp)));
}

double StepSchedule::rate(double epoch) const
{
    return epoch < warmUp ? base * epoch / warmUp : stepDecay(base, factor, every, int(epoch));
}

int usualWarmUp(int epochs)
{
    return std::min(10, (epochs + 9) / 10);
}

double stepDecay(double base, double factor, int every, int epoch)
{
    return base * std::pow(factor, epoch / every);
}

} // namespace foveate::learn::optim
