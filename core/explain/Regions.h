// SPDX-License-Identifier: GPL-3.0-or-later
// Regions of interest of a map: where most of it lies, where the model looks once that is covered (P1 Fig. 3), and
// whether it looks at the same place when the image is turned, shifted or brightened (P1 Fig. 6b).
//
// A region is the component (8 neighbours) of largest mass of the map above half of its maximum, after Gaussian
// smoothing with σ = 1 % of the side. A map without a positive value has none.
#pragma once

#include "explain/Explainer.h"

namespace foveate::explain {

struct Region {
    at::Tensor mask;  ///< bool [S,S]
    Rectangle box;    ///< around it; height 0: empty
    double share = 0; ///< of the map's positive mass that lies in it
    bool empty() const { return box.height == 0; }
};

/// map [S,S].
Region regionOf(const at::Tensor& map);
/// Intersection over union of two masks; 0 when both are empty.
double overlap(const at::Tensor& one, const at::Tensor& other);

struct SecondLook {
    at::Tensor map; ///< [S,S] of the image with the primary region filled with the image's mean
    Region region;  ///< the secondary region
};

/// image [1,C,S,S]; `question` with the class that the first map explains. The errors of Explainer::explain.
Result<SecondLook> secondLook(const Explainer& explainer, const at::Tensor& image, const Question& question,
                              const Region& primary);

struct Robustness {
    int trials = 0;            ///< in which some of the region stayed visible
    double overlap = 0;        ///< mean over the trials, of what stayed visible
    double classAgreement = 0; ///< share of all views with the same predicted class
};

/// `views` views of the image: flip, ± 15°, zoom 1–1.25, shift ± 10 %, contrast .8–1.2, brightness ± .1; each by the
/// question's seed and its number. The region of each view's map is mapped back and compared with `primary`.
Result<Robustness> robustness(const Explainer& explainer, const at::Tensor& image, const Question& question,
                              const Region& primary, int views);

struct UnderBoxes {
    double overlap = 0;   ///< mean of the primary region's with that of the image under each box, both by Grad-CAM
    double classKept = 0; ///< share of the boxes under which the predicted class stays the same
};

/// What covering parts of the image changes (P1): `boxes` random boxes by the question's seed, those of
/// random-occlusion, each filled with the mean colour.
Result<UnderBoxes> underBoxes(const Explainer& explainer, const at::Tensor& image, const Question& question);

} // namespace foveate::explain
