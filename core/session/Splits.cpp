// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Splits.h"

#include "base/Random.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace foveate::session {
namespace {

constexpr std::array<Split, 3> kSides{Split::train, Split::val, Split::test};

/// A patient: how many images of each stratum, and where they stand.
struct Group {
    std::string patient;
    std::vector<std::size_t> items;
    std::map<int, double> strata;
    std::optional<Split> side;
};

/// "70/10/20" → numbers; nothing when the text is something else.
std::optional<std::vector<double>> numbers(const std::string& text)
{
    std::vector<double> parts;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        double part = 0;
        const auto [next, error] = std::from_chars(at, end, part);
        if (error != std::errc() || (next < end && *next != '/'))
            return std::nullopt;
        parts.push_back(part);
        at = next < end ? next + 1 : next;
    }
    return text.empty() || text.back() == '/' ? std::nullopt : std::optional(parts);
}

Result<SplitRule> ratio(const std::string& text, const std::vector<double>& parts)
{
    std::array<double, 3> shares{};
    if (parts.size() == 3)
        shares = {parts[0], parts[1], parts[2]};
    else if (parts.size() == 2)
        shares = {parts[0], 0, parts[1]};
    const double sum = shares[0] + shares[1] + shares[2];
    const bool sound = std::all_of(shares.begin(), shares.end(), [](double part) { return part >= 0 && part < 1e9; });
    if (!sound || !(sum > 0))
        return fail(Code::usage, {"split " + text});
    for (double& share : shares)
        share /= sum;
    return SplitRule{SplitRule::Kind::ratio, shares, {}};
}

tl::unexpected<Error> onTwoSides(const std::string& patient, Split a, Split b)
{
    return fail(Code::patientSplit, {patient, std::string(name(a)), std::string(name(b))});
}

/// Patients ordered by name, so that the order of the files does not matter.
Result<std::vector<Group>> groupsOf(const std::vector<SplitItem>& items, Grouping grouping)
{
    std::map<std::string, Group> groups;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const SplitItem& item = items[i];
        const std::string key = grouping == Grouping::patient ? item.patient : item.patient + '\n' + std::to_string(i);
        Group& group = groups[key];
        group.patient = item.patient;
        group.items.push_back(i);
        group.strata[item.stratum] += 1;
        if (group.side && item.fixed && *group.side != *item.fixed)
            return onTwoSides(item.patient, *group.side, *item.fixed);
        if (item.fixed)
            group.side = item.fixed;
    }
    std::vector<Group> list;
    for (auto& [key, group] : groups)
        list.push_back(std::move(group));
    return list;
}

/// Fills the sides by chi-square against their targets.
class Filling {
public:
    Filling(const std::vector<Group>& groups, const std::array<double, 3>& shares) : m_shares(shares)
    {
        for (const Group& group : groups)
            for (const auto& [stratum, count] : group.strata)
                m_total[stratum] += count;
    }

    void put(const Group& group, std::size_t side)
    {
        for (const auto& [stratum, count] : group.strata)
            m_have[side][stratum] += count;
    }

    /// Growth of Σ (have − target)² / target when the group goes to this side, but for a constant.
    double cost(const Group& group, std::size_t side) const
    {
        double sum = 0;
        for (const auto& [stratum, count] : group.strata) {
            const auto found = m_have[side].find(stratum);
            const double have = found == m_have[side].end() ? 0 : found->second;
            sum += count * (2 * have + count) / (m_shares[side] * m_total.at(stratum));
        }
        return sum;
    }

    std::size_t best(const Group& group) const
    {
        std::size_t best = kSides.size();
        for (std::size_t side = 0; side < kSides.size(); ++side)
            if (m_shares[side] > 0 && (best == kSides.size() || cost(group, side) < cost(group, best)))
                best = side;
        return best;
    }

private:
    std::array<double, 3> m_shares;
    std::map<int, double> m_total;
    std::array<std::map<int, double>, 3> m_have;
};

void draw(std::vector<Group>& groups, const SplitRule& rule, std::uint64_t seed)
{
    Filling filling(groups, rule.shares);
    std::vector<Group*> open;
    for (Group& group : groups) {
        if (!group.side)
            open.push_back(&group);
        else if (const auto side = std::find(kSides.begin(), kSides.end(), *group.side); side != kSides.end())
            filling.put(group, std::size_t(side - kSides.begin()));
    }
    Random random = Random::derive(seed, "split");
    random.shuffle(open);
    std::stable_sort(open.begin(), open.end(),
                     [](const Group* a, const Group* b) { return a->items.size() > b->items.size(); });
    for (Group* group : open) {
        const std::size_t side = filling.best(*group);
        filling.put(*group, side);
        group->side = kSides[side];
    }
}

} // namespace

Result<SplitRule> splitRuleFromText(const std::string& text)
{
    if (text.empty() || text == "none")
        return SplitRule{};
    if (const auto parts = numbers(text))
        return ratio(text, *parts);
    if (text.find('/') != std::string::npos)
        return fail(Code::usage, {"split " + text});
    return SplitRule{SplitRule::Kind::column, {}, text};
}

Result<std::vector<Split>> assignSplits(const std::vector<SplitItem>& items, const SplitRule& rule, std::uint64_t seed,
                                        Grouping grouping)
{
    FOVEATE_TRY(std::vector<Group> groups, groupsOf(items, grouping));
    if (rule.kind == SplitRule::Kind::ratio)
        draw(groups, rule, seed);
    std::vector<Split> sides(items.size(), Split::none);
    for (const Group& group : groups)
        for (const std::size_t item : group.items)
            sides[item] = group.side.value_or(Split::none);
    return sides;
}

Status checkNobodyOnTwoSides(const std::vector<SplitItem>& items, const std::vector<Split>& sides)
{
    std::map<std::string, Split> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto [at, fresh] = seen.emplace(items[i].patient, sides[i]);
        if (!fresh && at->second != sides[i])
            return onTwoSides(items[i].patient, at->second, sides[i]);
    }
    return {};
}

} // namespace foveate::session
