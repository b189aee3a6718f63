// SPDX-License-Identifier: GPL-3.0-or-later
// What blinding promises, over every state a reader can be in: the number of states that break it.
#pragma once

#include "session/Visibility.h"

namespace foveate::session {

inline bool breaks(const Viewing& viewing, const Visibility& shown)
{
    if (!shown.prediction && !shown.overlay)
        return false;
    if (viewing.studyClosed)
        return false;
    if (viewing.split == Split::val || viewing.split == Split::test)
        return true;
    return viewing.policy == Policy::blind ? !viewing.batchClosed : !viewing.decided;
}

inline int brokenStates()
{
    int broken = 0;
    for (const Policy policy : {Policy::blind, Policy::after})
        for (const Split split : {Split::none, Split::train, Split::val, Split::test})
            for (int bits = 0; bits < 8; ++bits) {
                const Viewing viewing{policy, split, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
                broken += breaks(viewing, mayShow(viewing)) ? 1 : 0;
            }
    return broken;
}

} // namespace foveate::session
