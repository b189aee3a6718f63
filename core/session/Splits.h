// SPDX-License-Identifier: GPL-3.0-or-later
// Training, validation and test sides: whole patients, classes in proportion, by a seed; given once and never
// redrawn.
//
// Patients go, largest first (ties in seeded order), to the side whose share of the patient's classes is filled
// least, so that every side gets large and small patients alike. Deterministic by the seed, whatever the order of the
// files.
#pragma once

#include "base/Result.h"
#include "base/RunFolder.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace foveate::session {

struct SplitRule {
    enum class Kind { none, ratio, column };
    Kind kind = Kind::none;
    std::array<double, 3> shares{}; ///< train, val, test; sum 1
    std::string column;
};

/// "none", "70/10/20" (parts ≥ 0 with a sum > 0; "75/25" has no validation part), anything else is a column's name.
/// usage for a ratio that is none.
Result<SplitRule> splitRuleFromText(const std::string& text);

struct SplitItem {
    std::string patient;        ///< key; never empty
    int stratum = -1;           ///< class index, −1: not known
    std::optional<Split> fixed; ///< the side that the patient has already, or that the column says
};

/// `image` keeps nobody apart: for tables made as some papers made theirs, and to show that the guard sees it.
enum class Grouping { patient, image };

/// One side per item. Items whose patient has a fixed side follow it, all others are drawn. patientSplit (args:
/// patient, side, side) when fixed sides of one patient differ. With Kind::none and no fixed side: Split::none.
Result<std::vector<Split>> assignSplits(const std::vector<SplitItem>& items, const SplitRule& rule, std::uint64_t seed,
                                        Grouping grouping = Grouping::patient);

/// The guard: patientSplit when a patient has images on two sides. Every import passes it before anything is written.
Status checkNobodyOnTwoSides(const std::vector<SplitItem>& items, const std::vector<Split>& sides);

} // namespace foveate::session
