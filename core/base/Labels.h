// SPDX-License-Identifier: GPL-3.0-or-later
// LabelScheme: what a label says: one of a study's classes, or, in a multi-label study, the set of those that apply.
//
// A label is one number either way, so that events, votes, hidden truth and snapshots hold both alike: the class's
// index, or the set as bits (bit c: class c applies; 0: none of them does). As text a set is the classes' names joined
// by "|" in their order, and "none". Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foveate {

struct LabelScheme {
    static constexpr std::size_t kMostOfSeveral = 24; ///< classes of a multi-label study
    static constexpr char kSeparator = '|';
    static constexpr std::string_view kNone = "none";

    std::vector<std::string> classes;
    bool multi = false; ///< several classes, or none, may apply to one image

    /// Whether a number is a label here.
    bool holds(int label) const { return label >= 0 && std::size_t(label) < count(); }
    /// How many labels there are.
    std::size_t count() const { return multi ? std::size_t(1) << classes.size() : classes.size(); }
    bool applies(int label, std::size_t classIndex) const
    {
        return multi ? ((label >> classIndex) & 1) != 0 : std::size_t(label) == classIndex;
    }
    /// In rising order. REQUIRES: holds(label).
    std::vector<std::size_t> classesOf(int label) const;
    /// REQUIRES: holds(label).
    std::string text(int label) const;
    /// The label of a text: a class's name, or a set of them in any order ("none", "no finding" and what is empty
    /// between separators name no class). A name is found exactly, else as the only one that is the same but for ASCII
    /// case. Nothing for a name that is no class.
    std::optional<int> fromText(std::string_view text) const;
};

/// Whether classes can be told apart in a set's text: few enough, none with the separator in it or called as no class.
bool fitMultiLabel(const std::vector<std::string>& classes);

/// The class a name stands for: exact, else the only one that is the same but for ASCII case.
std::optional<int> classIndex(const std::vector<std::string>& classes, std::string_view name);

} // namespace foveate
