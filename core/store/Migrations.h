// SPDX-License-Identifier: GPL-3.0-or-later
// Numbered schema files (resources/schema/*.sql) applied in order, all or nothing.
//
// `PRAGMA application_id` says whose file it is, `PRAGMA user_version` how many migrations it has. A file with more
// than we know is newerVersion (args: path, its version, ours) and stays untouched. All missing migrations run in one
// transaction; killed or failing anywhere, the file is the old one.
#pragma once

#include "store/Database.h"

#include <functional>
#include <span>
#include <string_view>

namespace foveate::store {

struct Migration {
    int version; ///< 1, 2, 3 … without gaps
    std::string_view sql;
};

struct Schema {
    std::int64_t applicationId;
    std::span<const Migration> migrations;
};

/// labels.sqlite and index.sqlite, embedded at build time.
const Schema& labelsSchema();
const Schema& indexSchema();

/// Brings the file up to date. `beforeChange` (a backup) is called before an existing, older file is touched; its
/// failure stops the migration. corrupt: the file belongs to another program.
Status migrate(Connection& connection, const Schema& schema, const std::function<Status()>& beforeChange = {});

/// SHA-256 (hex) over every table, index, view and trigger.
Result<std::string> schemaHash(Connection& connection);
/// What schemaHash() gives for a fresh database of this schema.
Result<std::string> expectedSchemaHash(const Schema& schema);

} // namespace foveate::store
