// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Labels.h"

#include "base/Text.h"

#include <algorithm>
#include <array>

namespace foveate {
namespace {

/// As data sets write it where nothing was found.
constexpr std::array<std::string_view, 2> kNoClass{LabelScheme::kNone, "no finding"};

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

bool namesNoClass(std::string_view text)
{
    return std::any_of(kNoClass.begin(), kNoClass.end(),
                       [&](std::string_view name) { return sameButForCase(name, text); });
}

} // namespace

std::vector<std::size_t> LabelScheme::classesOf(int label) const
{
    std::vector<std::size_t> indices;
    for (std::size_t c = 0; c < classes.size(); ++c)
        if (applies(label, c))
            indices.push_back(c);
    return indices;
}

std::string LabelScheme::text(int label) const
{
    std::string names;
    for (const std::size_t c : classesOf(label))
        names += (names.empty() ? std::string() : std::string(1, kSeparator)) + classes[c];
    return names.empty() ? std::string(kNone) : names;
}

std::optional<int> LabelScheme::fromText(std::string_view text) const
{
    if (!multi)
        return classIndex(classes, text);
    int label = 0;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(kSeparator, begin), text.size());
        const std::string_view name = trimmed(text.substr(begin, end - begin));
        begin = end + 1;
        if (name.empty() || namesNoClass(name))
            continue;
        const auto index = classIndex(classes, name);
        if (!index)
            return std::nullopt;
        label |= 1 << *index;
    }
    return label;
}

bool fitMultiLabel(const std::vector<std::string>& classes)
{
    return classes.size() <= LabelScheme::kMostOfSeveral &&
           std::none_of(classes.begin(), classes.end(), [](const std::string& name) {
               return name.find(LabelScheme::kSeparator) != std::string::npos || trimmed(name) != name ||
                      namesNoClass(name);
           });
}

std::optional<int> classIndex(const std::vector<std::string>& classes, std::string_view name)
{
    const auto exact = std::find(classes.begin(), classes.end(), name);
    if (exact != classes.end())
        return int(exact - classes.begin());
    std::optional<int> found;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (!sameButForCase(classes[i], name))
            continue;
        if (found)
            return std::nullopt;
        found = int(i);
    }
    return found;
}

} // namespace foveate
