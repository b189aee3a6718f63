// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Replay.h"

#include "store/Projection.h"

#include <algorithm>

namespace foveate::store {

void Replay::add(const Event& event)
{
    const std::pair key(event.sample, event.reader);
    if (isDecision(event.kind) || event.kind == EventKind::adjudicate)
        m_decisions[key][event.seq] = {event.kind, event.classIndex, event.uuid, false};
    if (event.kind == EventKind::undo || event.kind == EventKind::redo)
        for (auto& [seq, decided] : m_decisions[key])
            if (decided.uuid == event.target)
                decided.undone = event.kind == EventKind::undo;
    if (event.kind == EventKind::batchClosed)
        m_closed.try_emplace(event.batch, event.utc);
}

std::map<std::pair<std::string, std::string>, Replay::Current> Replay::current() const
{
    std::map<std::pair<std::string, std::string>, Current> result;
    for (const auto& [key, decisions] : m_decisions)
        for (const auto& [seq, decided] : decisions)
            if (!decided.undone && decided.kind != EventKind::adjudicate)
                result[key] = {std::string(name(decided.kind == EventKind::revise ? EventKind::label : decided.kind)),
                               decided.classIndex, seq};
    return result;
}

std::map<std::string, Replay::Agreed> Replay::consensus() const
{
    std::map<std::string, std::vector<int>> own, imported;
    std::map<std::string, bool> spoke;
    for (const auto& [key, now] : current()) {
        const bool fromImport = key.second == kImportReader;
        spoke[key.first] = spoke[key.first] || (!fromImport && now.state != name(EventKind::skip));
        if (now.state == name(EventKind::label) && now.classIndex)
            (fromImport ? imported : own)[key.first].push_back(*now.classIndex);
    }
    for (const auto& [sample, classes] : imported)
        if (!spoke[sample])
            own[sample] = classes;
    std::map<std::string, Agreed> result;
    for (const auto& [sample, classes] : own) {
        Agreed agreed{std::nullopt, 0, int(classes.size()), false};
        for (const int c : classes) {
            const int votes = int(std::count(classes.begin(), classes.end(), c));
            if (votes > agreed.votes)
                agreed = {c, votes, agreed.readers, false};
            else if (votes == agreed.votes && agreed.classIndex != c)
                agreed.classIndex.reset();
        }
        result[sample] = agreed;
    }
    std::map<std::string, std::int64_t> settledAt;
    for (const auto& [key, decisions] : m_decisions)
        for (const auto& [seq, decided] : decisions)
            if (!decided.undone && decided.kind == EventKind::adjudicate && seq > settledAt[key.first]) {
                settledAt[key.first] = seq;
                result[key.first].classIndex = decided.classIndex;
                result[key.first].adjudicated = true;
            }
    return result;
}

} // namespace foveate::store
