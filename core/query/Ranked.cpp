// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Ranked.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace foveate::query {
namespace {

/// In the order of ReasonCode.
constexpr std::array kNames{"random",    "stratified",    "entropy",        "margin",     "least-confidence",
                            "question",  "dropout",       "bald",           "coreset",    "typical",
                            "periphery", "zscore",        "silhouette",     "spread",     "unreached",
                            "kurtosis",  "borda",         "representative", "awaiting",   "level",
                            "proxy",     "not-candidate", "not-mapped",     "no-evidence"};
static_assert(kNames.size() == std::size_t(ReasonCode::noEvidence) + 1);

bool isEvidence(const Ranked& item)
{
    return std::isfinite(item.score) && item.reason.code != ReasonCode::noEvidence;
}

void withdraw(Ranked& item)
{
    item.score = kNoEvidence;
    item.reason = {};
}

void number(std::vector<Ranked>& items)
{
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i].rank = int(i) + 1;
}

} // namespace

std::string_view name(ReasonCode code)
{
    return kNames[std::size_t(code)];
}

std::optional<ReasonCode> reasonFromName(std::string_view name)
{
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? std::nullopt : std::optional(ReasonCode(found - kNames.begin()));
}

std::string toText(const Reason& reason)
{
    std::string text(name(reason.code));
    for (const double value : reason.numbers) {
        std::array<char, 32> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), float(value)).ptr;
        text += ' ' + std::string(digits.data(), end);
    }
    return text;
}

std::optional<Reason> reasonFromText(std::string_view text)
{
    const std::size_t space = std::min(text.find(' '), text.size());
    const auto code = reasonFromName(text.substr(0, space));
    if (!code)
        return std::nullopt;
    Reason reason{*code, {}};
    for (std::string_view rest = text.substr(space); !rest.empty();) {
        double value = 0;
        const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), value);
        if (rest[0] != ' ' || error != std::errc() || !std::isfinite(value))
            return std::nullopt;
        reason.numbers.push_back(value);
        rest.remove_prefix(std::size_t(end - rest.data()));
    }
    return reason;
}

std::vector<Ranked> ranking(std::vector<Ranked> unordered)
{
    for (Ranked& item : unordered)
        if (!isEvidence(item))
            withdraw(item);
    std::sort(unordered.begin(), unordered.end(),
              [](const Ranked& a, const Ranked& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
    number(unordered);
    return unordered;
}

std::vector<Ranked> inOrder(std::vector<Ranked> ordered)
{
    for (std::size_t i = 0; i < ordered.size(); ++i)
        if (isEvidence(ordered[i]))
            ordered[i].score = 1 - double(i) / double(ordered.size());
        else
            withdraw(ordered[i]);
    number(ordered);
    return ordered;
}

std::vector<Ranked> best(std::span<const Ranked> ranked, std::size_t count)
{
    const std::span<const Ranked> first = ranked.first(std::min(count, ranked.size()));
    return {first.begin(), first.end()};
}

} // namespace foveate::query
