// SPDX-License-Identifier: GPL-3.0-or-later
// The pixel pack is a cache: what it lacks is read from the files again.
#pragma once

#include "imaging/client/DecoderPool.h"
#include "session/Project.h"

namespace foveate::session {

Fit fitOf(const store::ProjectFile& file);

/// Whether every sample's record is there.
Result<bool> packComplete(Project& project);

/// Run folders share the pack by hard links and must not see it grow: before the first record that is appended, a
/// shared pack becomes a copy of its own.
Status detachPack(const std::string& path);

/// Decodes again the samples whose record is gone (the cache was deleted), in the order of the samples. A file that
/// is gone makes its sample `missing`, one with other pixels `quarantined`; labels stay. REQUIRES: project.held(),
/// not read-only.
Status completePack(Project& project, imaging::DecoderPool& pool, int workers);

/// The same with a pool of its own, only when something lacks.
Status ensurePack(Project& project);

} // namespace foveate::session
