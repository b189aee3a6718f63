// SPDX-License-Identifier: GPL-3.0-or-later
// The log played from the start in memory, by other code than Projection.cpp, so that verify compares two opinions.
#pragma once

#include "store/Database.h"
#include "store/Records.h"

#include <map>
#include <string>
#include <utility>

namespace foveate::store {

class Replay {
public:
    /// Events in the order of seq.
    void add(const Event& event);

    struct Current {
        std::string state;
        std::optional<int> classIndex;
        std::int64_t seq = 0;
        bool operator==(const Current&) const = default;
    };
    struct Agreed {
        std::optional<int> classIndex;
        int votes = 0;
        int readers = 0;
        bool adjudicated = false;
        bool operator==(const Agreed&) const = default;
    };
    /// (sample, reader) → what the reader says.
    std::map<std::pair<std::string, std::string>, Current> current() const;
    std::map<std::string, Agreed> consensus() const;
    const std::map<std::int64_t, std::string>& closedBatches() const { return m_closed; }

private:
    struct Decided {
        EventKind kind;
        std::optional<int> classIndex;
        std::string uuid;
        bool undone = false;
    };
    /// (sample, reader) → decisions in order, by seq.
    std::map<std::pair<std::string, std::string>, std::map<std::int64_t, Decided>> m_decisions;
    std::map<std::int64_t, std::string> m_closed;
};

} // namespace foveate::store
