// SPDX-License-Identifier: GPL-3.0-or-later
// An open study: its database (store::Study), pixel pack and runs in one folder.
//
// Reading work beside an owner is done on the last backup and says so (readOnly()). Verbs let go of the database
// while the engine runs: release(), then reopen(). Opening as owner books runs that finished meanwhile. Thread: one
// at a time.
#pragma once

#include "base/Pack.h"
#include "base/Result.h"
#include "store/Study.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace foveate::session {

enum class Purpose {
    write, ///< as owner, else locked
    read   ///< as owner when nobody else has it, else from the last backup
};

class Project {
public:
    /// As store::Study::create.
    static Result<Project> create(const std::string& folder, const store::ProjectFile& file);
    /// As store::Study::openOwner; Purpose::read falls back to openFromBackup (locked when there is no backup).
    static Result<Project> open(const std::string& folder, Purpose purpose);

    /// REQUIRES: held().
    store::Study& study() { return *m_study; }
    bool held() const { return m_study.has_value(); }
    bool readOnly() const { return m_hindrance.has_value(); }
    /// Why it is read from its last backup: locked (who has it open), or readOnly (the disk).
    const std::optional<Error>& hindrance() const { return m_hindrance; }
    const std::string& folder() const { return m_folder; }
    const store::ProjectFile& file() const { return m_file; }
    PackShape packShape() const;
    std::string packPath() const { return m_folder + "/cache/pack"; }
    std::string runsFolder() const { return m_folder + "/runs"; }
    /// notFound before the first import.
    Result<Pack> pack() const;

    /// Closes the database and gives the lock back; file(), folder() and pack() go on working.
    Status release();
    /// Takes it again with the same purpose.
    Status reopen();

private:
    Project(std::string folder, Purpose purpose) : m_folder(std::move(folder)), m_purpose(purpose) {}
    Status take();
    std::string m_folder;
    Purpose m_purpose;
    std::optional<Error> m_hindrance;
    store::ProjectFile m_file;
    std::optional<store::Study> m_study;
};

/// `info` as contract.md §2 writes it; hidden truth is not in it.
Result<nlohmann::json> info(Project& project, bool withSamples);

} // namespace foveate::session
