// SPDX-License-Identifier: GPL-3.0-or-later
// What a Study is made of; private to core/store.
#pragma once

#include "store/Anchors.h"
#include "store/Study.h"

#include <functional>

namespace foveate::store {

struct Study::Parts {
    std::string folder;
    Opening opening;
    std::optional<Lock> lock;
    std::optional<Connection> connection; ///< empty after a failed write, until connect()
    std::optional<IndexStore> index;
    ProjectFile project;
    std::vector<std::string> differences;
    std::string backupTime;
    std::string writer;
    Heads heads;
    bool readOnly = false;
    std::int64_t changesSinceBackup = 0;

    std::string file(const char* leaf) const { return folder + "/" + leaf; }
    Result<Connection*> connect();
    Status openDatabase();
    Status backup();

    /// One transaction. After a failure of the disk the file is opened again and `stored` asked whether the rows are
    /// there; with a full disk the ballast is given up and the body run once more.
    Status write(const std::function<Status(Connection&)>& body,
                 const std::function<Result<bool>(Connection&)>& stored);
    Status transact(const std::function<Status(Connection&)>& body);
    bool releaseBallast();
    void keepBallast();

    /// Checks, completes, chains, inserts and projects; inside write().
    Result<Event> store(Connection& connection, Event event);
    Status check(Connection& connection, Event& event);
    Result<bool> sampleExists(Connection& connection, const std::string& id);
    /// After COMMIT: heads file and the count towards the next backup.
    void noteStored(const std::vector<Event>& events);
};

/// The stored event with this uuid.
Result<std::optional<Event>> findEvent(Connection& connection, const std::string& uuid);

} // namespace foveate::store
