// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Source.h"

#include "base/Labels.h"
#include "base/Text.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <memory>
#include <set>
#include <sys/stat.h>

namespace foveate::session {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};

enum class Kind { folder, file, other };

Kind kindOf(const std::string& path)
{
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0)
        return Kind::other;
    return S_ISDIR(status.st_mode) ? Kind::folder : S_ISREG(status.st_mode) ? Kind::file : Kind::other;
}

Result<std::vector<std::string>> namesIn(const std::string& folder)
{
    const std::unique_ptr<DIR, CloseFolder> opened(opendir(folder.c_str()));
    if (!opened)
        return fail(Code::badDirectory, {folder, std::strerror(errno)});
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = readdir(opened.get()))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    if (errno != 0)
        return fail(Code::badDirectory, {folder, std::strerror(errno)});
    return names;
}

/// Walks without recursion: a folder tree may be deeper than the stack.
Status walk(Source& source)
{
    std::vector<std::string> open{""};
    while (!open.empty()) {
        const std::string folder = std::move(open.back());
        open.pop_back();
        const std::string prefix = folder.empty() ? "" : folder + '/';
        const auto names = namesIn(source.root + '/' + folder);
        if (!names && folder.empty())
            return tl::unexpected(names.error());
        if (!names) {
            source.failed.push_back({folder, names.error()});
            continue;
        }
        for (const std::string& name : *names) {
            const std::string path = prefix + name;
            const Kind kind = name[0] == '.' ? Kind::other : kindOf(source.root + '/' + path);
            if (kind == Kind::folder)
                open.push_back(path);
            else if (kind == Kind::file)
                source.files.push_back({path, {}, {}, {}, {}});
            else
                ++source.skipped;
        }
    }
    std::sort(source.files.begin(), source.files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    std::sort(source.failed.begin(), source.failed.end(),
              [](const SourceFailure& a, const SourceFailure& b) { return a.path < b.path; });
    return {};
}

/// Which classes have a folder named after them.
std::set<int> classFolders(const Source& source, const std::vector<std::string>& classes)
{
    std::set<int> found;
    for (const SourceFile& file : source.files)
        if (const auto index = folderClass(classes, file.path))
            found.insert(*index);
    return found;
}

Status labelByFolder(Source& source, const SourceRules& rules)
{
    if (rules.labels == "none")
        return {};
    if (rules.labels != "auto" && rules.labels != "folder")
        return fail(Code::usage, {"labels " + rules.labels});
    const std::set<int> found = classFolders(source, rules.classes);
    if (rules.labels == "folder" && found.empty())
        return fail(Code::usage, {"labels folder"});
    if (rules.labels == "auto" && found.size() < 2)
        return {};
    source.labelled = true;
    for (SourceFile& file : source.files)
        if (const auto index = folderClass(rules.classes, file.path))
            file.label = rules.classes[std::size_t(*index)];
    return {};
}

Result<Source> readFolder(const std::string& root, const SourceRules& rules)
{
    if (!rules.splitColumn.empty())
        return fail(Code::usage, {"split " + rules.splitColumn});
    Source source;
    source.root = root;
    FOVEATE_CHECK(walk(source));
    if (source.files.empty() && source.failed.empty())
        return fail(Code::badDirectory, {root, "no files"});
    FOVEATE_CHECK(labelByFolder(source, rules));
    return source;
}

/// The columns of a manifest that mean something here.
struct Columns {
    std::size_t path = 0;
    std::optional<std::size_t> label, patient, split;
    bool used(std::size_t i) const { return i == path || i == label || i == patient || i == split; }
};

Result<std::optional<std::size_t>> named(const Table& table, const std::string& name)
{
    if (const auto found = table.column({name}))
        return found;
    return fail(Code::notFound, {"column", name});
}

Result<Columns> columnsOf(const Table& table, const SourceRules& rules, const std::string& name)
{
    Columns columns;
    const auto path = table.column({"path", "file", "image", "filename"});
    if (!path)
        return fail(Code::badInput, {name, "no column path, file, image or filename"});
    columns.path = *path;
    if (rules.labels == "auto")
        columns.label = table.column({"label", "class"});
    else if (rules.labels != "none") {
        FOVEATE_TRY(columns.label, named(table, rules.labels));
    }
    columns.patient = rules.patient.empty() ? table.column({"patient"}) : table.column({rules.patient});
    if (!rules.splitColumn.empty()) {
        FOVEATE_TRY(columns.split, named(table, rules.splitColumn));
    }
    return columns;
}

SourceFile fileOf(const std::vector<std::string>& row, const Table& table, const Columns& columns)
{
    SourceFile file;
    file.path = row[columns.path];
    if (columns.label && !row[*columns.label].empty())
        file.label = row[*columns.label];
    if (columns.patient)
        file.patient = row[*columns.patient];
    if (columns.split)
        file.split = row[*columns.split];
    for (std::size_t i = 0; i < row.size(); ++i)
        if (!columns.used(i) && !row[i].empty())
            file.metadata.emplace_back(table.header[i], row[i]);
    return file;
}

Result<Source> readManifest(const std::string& path, const std::string& root, const SourceRules& rules)
{
    FOVEATE_TRY(const Table table, readTable(path));
    FOVEATE_TRY(const Columns columns, columnsOf(table, rules, path));
    Source source;
    source.root = root;
    source.manifest = true;
    source.hasPatients = columns.patient.has_value();
    source.labelled = columns.label.has_value();
    std::set<std::string> seen;
    for (const std::vector<std::string>& row : table.rows) {
        SourceFile file = fileOf(row, table, columns);
        if (file.path.empty())
            source.failed.push_back({"", Error{Code::badInput, {path, "row without a path"}}});
        else if (!seen.insert(file.path).second)
            return fail(Code::badInput, {path, "a path stands twice"});
        else
            source.files.push_back(std::move(file));
    }
    if (source.files.empty())
        return fail(Code::badInput, {path, "no rows"});
    return source;
}

bool looksLikeManifest(const std::string& path)
{
    const std::size_t dot = path.rfind('.');
    const std::string_view ending = dot == std::string::npos ? std::string_view() : std::string_view(path).substr(dot);
    return sameButForCase(ending, ".csv") || sameButForCase(ending, ".tsv") || sameButForCase(ending, ".txt");
}

Result<std::string> absolute(const std::string& path)
{
    const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
    if (!real)
        return fail(errno == ENOENT || errno == ENOTDIR ? Code::notFound : Code::badDirectory, {"file", path});
    return std::string(real.get());
}

} // namespace

std::optional<int> folderClass(const std::vector<std::string>& classes, const std::string& relativePath)
{
    std::size_t end = relativePath.rfind('/');
    while (end != std::string::npos && end > 0) {
        const std::size_t before = relativePath.rfind('/', end - 1);
        const std::size_t begin = before == std::string::npos ? 0 : before + 1;
        if (const auto index = classIndex(classes, relativePath.substr(begin, end - begin)))
            return index;
        end = before;
    }
    return std::nullopt;
}

Result<Source> readSource(const std::string& path, const SourceRules& rules)
{
    FOVEATE_TRY(const std::string real, absolute(path));
    const Kind kind = kindOf(real);
    if (kind == Kind::folder)
        return readFolder(real, rules);
    if (kind != Kind::file)
        return fail(Code::unsupported, {path, "neither a folder nor a file"});
    const std::string folder = real.substr(0, real.rfind('/'));
    if (looksLikeManifest(real))
        return readManifest(real, folder.empty() ? "/" : folder, rules);
    Source source;
    source.root = folder.empty() ? "/" : folder;
    source.files.push_back({real.substr(real.rfind('/') + 1), {}, {}, {}, {}});
    return source;
}

} // namespace foveate::session
