// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Mixture.h"

#include "query/strategies/Strategies.h"

#include <string>
#include <unordered_map>

namespace foveate::query {
namespace {

class Mixer {
public:
    Mixer(std::span<const Part> parts, const std::vector<Ranking>& rankings)
        : m_parts(parts), m_rankings(rankings), m_next(parts.size(), 0), m_turns(parts.size(), 0)
    {}

    std::vector<Ranked> mix()
    {
        for (double turn = 1; m_order.size() < size(); ++turn) {
            const std::size_t part = mostBehind(turn);
            if (part == m_parts.size())
                break;
            ++m_turns[part];
            take(part);
        }
        for (const Ranked& item : m_rankings[0].items)
            if (!m_taken.contains(item.id))
                m_order.push_back({item.id, kNoEvidence, 0, {}});
        return inOrder(std::move(m_order));
    }

private:
    std::size_t size() const { return m_rankings[0].items.size(); }
    bool isAudit(std::size_t part) const { return m_parts[part].strategy == &kRandom; }

    /// Whether the part has a sample with evidence to give.
    bool hasMore(std::size_t part)
    {
        const std::vector<Ranked>& items = m_rankings[part].items;
        while (!isAudit(part) && m_next[part] < items.size() && m_taken.contains(items[m_next[part]].id))
            ++m_next[part];
        return m_next[part] < items.size() && items[m_next[part]].reason.code != ReasonCode::noEvidence;
    }

    /// The part farthest below its share; parts.size() when none has a sample left.
    std::size_t mostBehind(double turn)
    {
        std::size_t chosen = m_parts.size();
        double most = 0;
        for (std::size_t k = 0; k < m_parts.size(); ++k) {
            const double behind = m_parts[k].share * turn - m_turns[k];
            if (hasMore(k) && (chosen == m_parts.size() || behind > most + 1e-9)) {
                chosen = k;
                most = behind;
            }
        }
        return chosen;
    }

    void take(std::size_t part)
    {
        const Ranked& item = m_rankings[part].items[m_next[part]++];
        const auto [place, isNew] = m_taken.emplace(item.id, m_order.size());
        if (isNew)
            m_order.push_back(item);
        m_order[place->second].audit |= isAudit(part);
    }

    std::span<const Part> m_parts;
    const std::vector<Ranking>& m_rankings;
    std::vector<std::size_t> m_next; ///< place in each part's list
    std::vector<double> m_turns;
    std::unordered_map<std::string, std::size_t> m_taken; ///< id → place in m_order
    std::vector<Ranked> m_order;
};

} // namespace

std::vector<Ranked> mixed(std::span<const Part> parts, const std::vector<Ranking>& rankings)
{
    return Mixer(parts, rankings).mix();
}

} // namespace foveate::query
