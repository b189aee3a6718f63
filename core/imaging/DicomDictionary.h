// SPDX-License-Identifier: GPL-3.0-or-later
// The data elements that pixels depend on, as the only dictionary DCMTK gets.
//
// A dictionary is needed for implicit VR alone. DCMTK's own (430 kB of text) takes 20 ms to parse, in every worker, and
// has to be found on the disk; what it would add are names and elements that nobody reads here.
#pragma once

namespace foveate::imaging {

/// Before the first dataset is read.
void loadDicomDictionary();

} // namespace foveate::imaging
