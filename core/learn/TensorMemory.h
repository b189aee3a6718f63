// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of LibTorch's tensors on the processor, kept when a tensor is freed and given to the next of about its size.
//
// Every operation makes and frees tensors of many megabytes. Handed back to the system each time, their pages would be
// cleared and mapped anew by every operation (an eighth of the time of training ResNet-18); kept by malloc, they
// splinter, and a run of many epochs grows. Blocks from 2 MiB on lie on huge pages where the system has them. No more
// is held than 1.25 times what was in use at once. Any thread.
#pragma once

namespace foveate::learn {

/// From now on, for this process. Tensors made before keep their memory's ways.
void keepTensorMemory();

} // namespace foveate::learn
