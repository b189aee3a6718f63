// SPDX-License-Identifier: GPL-3.0-or-later
// Learning rates over a run, as functions of the epochs done (a fraction inside an epoch), so that a batch that had to
// be halved does not change them.
#pragma once

namespace foveate::learn::optim {

/// Linear from 0 over `warmUp` epochs, then half a cosine from `base` down to 0 at `planned` epochs; 0 beyond.
struct CosineSchedule {
    double base = 1e-3;
    double warmUp = 0;
    double planned = 100;
    double rate(double epoch) const;
};

/// Linear from 0 over `warmUp` epochs, then `base` times `factor` for every `every` epochs done (StepLR).
struct StepSchedule {
    double base = 1e-3;
    double warmUp = 0;
    double factor = .5;
    int every = 25;
    double rate(double epoch) const;
};

/// min(10, ⌈epochs/10⌉) (methods.md §2).
int usualWarmUp(int epochs);

/// base·factor^⌊epoch/every⌋.
double stepDecay(double base, double factor, int every, int epoch);

} // namespace foveate::learn::optim
