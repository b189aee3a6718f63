// SPDX-License-Identifier: GPL-3.0-or-later
// Who has the project open: an operating-system lock on the file `lock`, with user, host and time inside.
//
// The lock belongs to the open file (fcntl OFD), not to a process number: it is gone the moment its owner dies, however
// it dies, and a project closed by kill -9 opens again at once. Children do not inherit it (close-on-exec).
#pragma once

#include "base/Result.h"

#include <string>

namespace foveate::store {

struct Owner {
    std::string user;
    std::string host;
    std::string since; ///< ISO 8601, UTC
    bool operator==(const Owner&) const = default;
};

/// User and host of this process; since = now.
Owner thisOwner();

/// Who wrote `path` last; empty texts when nobody did.
Owner readOwner(const std::string& path);

class Lock {
public:
    /// locked (args: user, host, since), readOnly, noSpace, io. A symbolic link is refused (io).
    static Result<Lock> acquire(const std::string& path, const Owner& owner);
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&& other) noexcept;
    ~Lock();

private:
    explicit Lock(int fd) : m_fd(fd) {}
    int m_fd = -1;
};

} // namespace foveate::store
