// SPDX-License-Identifier: GPL-3.0-or-later
// Tables from outside: CSV (RFC 4180), also separated by `;` or tab, with or without a byte-order mark.
//
// Strict: a quote that does not close, text after a closing quote, a row longer or shorter than the header, a NUL
// byte, an empty or repeated column name and more than a million rows are badInput (args: file, "line N: what").
// Bytes are kept as they are (a path need not be UTF-8). The separator is the one of `,` `;` tab that splits the
// header into most columns. Deterministic, any thread.
#pragma once

#include "base/Result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::session {

struct Table {
    char separator = ',';
    std::vector<std::string> header;            ///< names as written, outer blanks removed
    std::vector<std::vector<std::string>> rows; ///< each as long as the header

    /// Index of the first of `names` that is a column: exact first, else whatever the case.
    std::optional<std::size_t> column(const std::vector<std::string>& names) const;
};

constexpr std::size_t kMostRows = 1'000'000;

/// `name` stands in the error for the file.
Result<Table> parseTable(std::string_view bytes, const std::string& name);
Result<Table> readTable(const std::string& path);

} // namespace foveate::session
