// SPDX-License-Identifier: GPL-3.0-or-later
// One painter per modality: a case and two streams of random numbers in, pixels and mask out. Internal to phantom/.
#pragma once

#include "base/Random.h"
#include "phantom/Phantom.h"

namespace foveate::phantom {

struct Brushwork {
    int size = 256;
    const Case& plan;
    Random patient; ///< the same for all images of a patient: anatomy and the device's look
    Random image;
};

/// Fill pixels and mask; the rest of the phantom is set by the caller.
void paintOct(Brushwork work, Phantom& out);
void paintXray(Brushwork work, Phantom& out);
void paintHistology(Brushwork work, Phantom& out);

} // namespace foveate::phantom
