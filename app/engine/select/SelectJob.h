// SPDX-License-Identifier: GPL-3.0-or-later
// SelectJob: the pool of a run ranked by any strategy: job "select" (contract.md §3).
//
// Computes what the strategy needs and no more: probabilities and features (from input/*.npy where the run that ranks
// had them already, else by its network), dropout passes on the features, maps batch by batch (of which only numbers
// are kept), and for deep-saliency the auto-encoder's latents and what the representatives' labels were worth. Above
// 20,000 images, or when asked, costly maps are made for the tenth that is most doubtful by entropy, never for
// -reversed. Checkpoints keep what was measured. Same seed and threads: same list.
//
// Options: strategy; prefilter true, false or null (by size); all of query/Options.h. Writes select.json:
// {"strategy","seed","items":[{"id","score","rank","reason":{"code","numbers"},"audit"}…],"notes":{…}}.
// needsTraining (args: "train" or "pretrain") without the parent that the strategy needs; notFound, usage, needsLabels
// as query::rank().
#pragma once

#include "learn/RunJob.h"

namespace foveate::engine {

Result<std::unique_ptr<learn::RunJob>> makeSelectJob(learn::RunContext context);

} // namespace foveate::engine
