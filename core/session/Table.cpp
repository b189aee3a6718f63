// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Table.h"

#include "base/AtomicFile.h"
#include "base/Text.h"

#include <algorithm>
#include <set>

namespace foveate::session {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kLargestTable = std::size_t(512) << 20;

/// Reads one record after another; knows the line it stands on for errors.
class Reader {
public:
    Reader(std::string_view bytes, char separator) : m_bytes(bytes), m_separator(separator) {}

    bool atEnd() const { return m_at >= m_bytes.size(); }
    std::size_t line() const { return m_line; }
    /// What is wrong with the record, or "".
    std::string_view record(std::vector<std::string>& fields);

private:
    std::string_view field(std::string& text);
    std::string_view quoted(std::string& text);
    bool atBreak() const { return atEnd() || m_bytes[m_at] == '\n' || m_bytes[m_at] == '\r'; }
    void skipBreak();

    std::string_view m_bytes;
    char m_separator;
    std::size_t m_at = 0;
    std::size_t m_line = 1;
};

std::string_view Reader::record(std::vector<std::string>& fields)
{
    fields.clear();
    for (;;) {
        if (const std::string_view fault = field(fields.emplace_back()); !fault.empty())
            return fault;
        if (atBreak())
            break;
        ++m_at; // the separator
    }
    skipBreak();
    return {};
}

std::string_view Reader::field(std::string& text)
{
    if (!atEnd() && m_bytes[m_at] == '"')
        return quoted(text);
    const std::size_t start = m_at;
    while (!atBreak() && m_bytes[m_at] != m_separator) {
        if (m_bytes[m_at] == '"')
            return "quote inside a field";
        ++m_at;
    }
    text.assign(m_bytes.substr(start, m_at - start));
    return {};
}

std::string_view Reader::quoted(std::string& text)
{
    for (++m_at; !atEnd(); ++m_at) {
        const char c = m_bytes[m_at];
        if (c == '\n')
            ++m_line;
        if (c != '"') {
            text.push_back(c);
            continue;
        }
        if (m_at + 1 < m_bytes.size() && m_bytes[m_at + 1] == '"') {
            text.push_back(c);
            ++m_at;
            continue;
        }
        ++m_at;
        return atBreak() || m_bytes[m_at] == m_separator ? std::string_view() : "text after a closing quote";
    }
    return "quote that does not close";
}

void Reader::skipBreak()
{
    if (!atEnd() && m_bytes[m_at] == '\r')
        ++m_at;
    if (!atEnd() && m_bytes[m_at] == '\n')
        ++m_at;
    ++m_line;
}

std::string trimmed(const std::string& text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    const auto first = std::find_if_not(text.begin(), text.end(), blank);
    const auto last = std::find_if_not(text.rbegin(), text.rend(), blank).base();
    return first < last ? std::string(first, last) : std::string();
}

/// The separator that gives the header most columns; the comma when none does.
char separatorOf(std::string_view bytes)
{
    char best = ',';
    std::size_t most = 1;
    for (const char candidate : {',', ';', '\t'}) {
        std::vector<std::string> fields;
        Reader reader(bytes, candidate);
        if (reader.record(fields).empty() && fields.size() > most) {
            most = fields.size();
            best = candidate;
        }
    }
    return best;
}

tl::unexpected<Error> fault(const std::string& name, std::size_t line, std::string_view what)
{
    return fail(Code::badInput, {name, "line " + std::to_string(line) + ": " + std::string(what)});
}

Status checkHeader(std::vector<std::string>& header, const std::string& name)
{
    std::set<std::string> seen;
    for (std::string& column : header) {
        column = trimmed(column);
        if (column.empty())
            return fault(name, 1, "column without a name");
        if (!seen.insert(column).second)
            return fault(name, 1, "column named twice");
    }
    return {};
}

} // namespace

std::optional<std::size_t> Table::column(const std::vector<std::string>& names) const
{
    for (const bool exact : {true, false})
        for (const std::string& name : names)
            for (std::size_t i = 0; i < header.size(); ++i)
                if (exact ? header[i] == name : sameButForCase(header[i], name))
                    return i;
    return std::nullopt;
}

Result<Table> parseTable(std::string_view bytes, const std::string& name)
{
    if (bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark)
        bytes.remove_prefix(kByteOrderMark.size());
    if (bytes.find('\0') != std::string_view::npos)
        return fail(Code::badInput, {name, "NUL byte"});
    if (bytes.empty())
        return fail(Code::badInput, {name, "empty"});
    Table table;
    table.separator = separatorOf(bytes);
    Reader reader(bytes, table.separator);
    if (const std::string_view what = reader.record(table.header); !what.empty())
        return fault(name, reader.line(), what);
    FOVEATE_CHECK(checkHeader(table.header, name));
    std::vector<std::string> fields;
    while (!reader.atEnd()) {
        const std::size_t line = reader.line();
        if (const std::string_view what = reader.record(fields); !what.empty())
            return fault(name, line, what);
        if (fields.size() == 1 && fields[0].empty() && table.header.size() > 1)
            continue; // an empty line, as editors leave them
        if (fields.size() != table.header.size())
            return fault(name, line, "another number of fields than the header");
        if (table.rows.size() == kMostRows)
            return fault(name, line, "more than a million rows");
        table.rows.push_back(fields);
    }
    return table;
}

Result<Table> readTable(const std::string& path)
{
    FOVEATE_TRY(const std::string bytes, readFile(path, kLargestTable));
    return parseTable(bytes, path);
}

} // namespace foveate::session
