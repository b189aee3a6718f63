// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Records.h"

#include <array>

namespace foveate::store {
namespace {

template <typename E> struct Named {
    E value;
    std::string_view text;
};

constexpr std::array<Named<SampleState>, 4> kStates{{{SampleState::ok, "ok"},
                                                     {SampleState::damaged, "damaged"},
                                                     {SampleState::missing, "missing"},
                                                     {SampleState::quarantined, "quarantined"}}};

constexpr std::array<Named<EventKind>, 14> kKinds{{{EventKind::label, "label"},
                                                   {EventKind::revise, "revise"},
                                                   {EventKind::skip, "skip"},
                                                   {EventKind::unsure, "unsure"},
                                                   {EventKind::ungradable, "ungradable"},
                                                   {EventKind::undo, "undo"},
                                                   {EventKind::redo, "redo"},
                                                   {EventKind::reveal, "reveal"},
                                                   {EventKind::comment, "comment"},
                                                   {EventKind::adjudicate, "adjudicate"},
                                                   {EventKind::repeat, "repeat"},
                                                   {EventKind::imported, "import"},
                                                   {EventKind::batchClosed, "batch-closed"},
                                                   {EventKind::splitFrozen, "split-frozen"}}};

template <typename Table, typename E> std::string_view textOf(const Table& table, E value)
{
    for (const auto& entry : table)
        if (entry.value == value)
            return entry.text;
    return {};
}

template <typename E, typename Table> Result<E> valueOf(const Table& table, std::string_view text, const char* what)
{
    for (const auto& entry : table)
        if (entry.text == text)
            return entry.value;
    return fail(Code::badInput, {what, std::string(text)});
}

} // namespace

std::string_view name(SampleState state)
{
    return textOf(kStates, state);
}

Result<SampleState> sampleStateFromName(std::string_view text)
{
    return valueOf<SampleState>(kStates, text, "state");
}

std::string_view name(EventKind kind)
{
    return textOf(kKinds, kind);
}

Result<EventKind> eventKindFromName(std::string_view text)
{
    return valueOf<EventKind>(kKinds, text, "event kind");
}

bool isDecision(EventKind kind)
{
    return kind == EventKind::label || kind == EventKind::revise || kind == EventKind::skip ||
           kind == EventKind::unsure || kind == EventKind::ungradable;
}

} // namespace foveate::store
