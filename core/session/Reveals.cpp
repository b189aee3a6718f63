// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Reveals.h"

#include "base/Npy.h"

#include <QFile>
#include <algorithm>

namespace foveate::session {
namespace {

constexpr std::size_t kMostKept = 24;

/// The map and its place in the square that the engine saw. An empty map where it cannot be read: the prediction stays.
Reveal revealFrom(const Answer& answer, const std::optional<Pack>& pack)
{
    Reveal reveal{answer.probabilities, {},         0, answer.low, answer.high, answer.classIndex,
                  answer.evidence,      answer.lost};
    if (auto map = readNpy<float>(QFile::encodeName(answer.map).toStdString());
        map && map->shape.size() == 2 && map->shape[0] == map->shape[1]) {
        reveal.side = int(map->shape[0]);
        reveal.map = std::move(map->data);
    }
    if (pack && answer.row >= 0 && std::size_t(answer.row) < pack->count()) {
        const PackRecord record = pack->record(std::size_t(answer.row));
        const double size = pack->shape().size;
        if (record.w > 0 && record.h > 0) {
            reveal.x = record.x / size;
            reveal.y = record.y / size;
            reveal.w = record.w / size;
            reveal.h = record.h / size;
        }
    }
    return reveal;
}

} // namespace

Reveals::Reveals(ServeProcess& serve, QObject* parent) : QObject(parent), m_serve(serve)
{
    connect(&serve, &ServeProcess::answered, this, &Reveals::take);
    connect(&serve, &ServeProcess::refused, this, [this](qint64 id, const Error&) { noAnswer(id); });
}

void Reveals::drop()
{
    m_serve.forget();
    m_asked.clear();
    m_kept.clear();
    m_order.clear();
}

void Reveals::setRun(const std::string& runFolder)
{
    if (runFolder == m_run)
        return;
    drop();
    m_run = runFolder;
    m_serve.setRun(runFolder);
}

void Reveals::setMethod(const std::string& method)
{
    if (method == m_method)
        return;
    drop();
    m_method = method;
}

void Reveals::want(std::span<const std::int64_t> rows)
{
    // The question at work is answered in any case; all that wait are put anew, in the new order.
    m_serve.forget();
    std::erase_if(m_asked, [this](const auto& question) { return question.first != m_serve.atWork(); });
    if (m_run.empty())
        return;
    for (const std::int64_t row : rows)
        if (row >= 0 && of(row) == nullptr && !pending(row))
            m_asked[m_serve.askMap(row, m_method)] = row;
}

const Reveal* Reveals::of(std::int64_t row) const
{
    const auto found = m_kept.find(row);
    return found == m_kept.end() ? nullptr : &found->second;
}

bool Reveals::pending(std::int64_t row) const
{
    return std::any_of(m_asked.begin(), m_asked.end(), [row](const auto& question) { return question.second == row; });
}

void Reveals::take(const Answer& answer)
{
    if (m_asked.erase(answer.id) == 0)
        return;
    if (m_kept.insert_or_assign(answer.row, revealFrom(answer, m_pack)).second)
        m_order.push_back(answer.row);
    if (m_order.size() > kMostKept) {
        m_kept.erase(m_order.front());
        m_order.pop_front();
    }
    Q_EMIT arrived(answer.row);
}

void Reveals::noAnswer(qint64 id)
{
    const auto found = m_asked.find(id);
    if (found == m_asked.end())
        return;
    const std::int64_t row = found->second;
    m_asked.erase(found);
    Q_EMIT refused(row);
}

} // namespace foveate::session
