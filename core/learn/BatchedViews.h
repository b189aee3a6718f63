// SPDX-License-Identifier: GPL-3.0-or-later
// BatchedViews: a batch of drawn views as tensor operations, for a device where a loop over images would be slow.
//
// The same operations in the same order as augment::render(), which is faster on a processor: crops, resizing and blur
// are products with small matrices made on the device, rotation is a gather, the rest acts on the images it was drawn
// for. The noise is the same. Numbers agree within rounding (tests: 2e-4 of [0, 1]).
#pragma once

#include "learn/augment/View.h"

#include <ATen/ATen.h>
#include <span>

namespace foveate::learn {

/// float32 [N,C,outSize,outSize] in channels-last layout, on the device of `images`, uint8 [N,S,S,C]. One view an
/// image. REQUIRES: as many views as images, C 1 or 3. Throws LibTorch's exceptions.
at::Tensor renderBatch(const at::Tensor& images, std::span<const augment::ViewParameters> views, int outSize,
                       const augment::Normalisation& normalisation);

} // namespace foveate::learn
