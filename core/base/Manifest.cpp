// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Manifest.h"

#include "base/AtomicFile.h"
#include "base/Sha256.h"
#include "base/Text.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace foveate {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr char kName[] = "MANIFEST.json";
constexpr int kFormat = 1;

std::string manifestPath(const std::string& folder)
{
    return (fs::path(folder) / kName).string();
}

/// Relative paths with '/', sorted by their bytes, of all regular files; links are not followed.
Result<std::vector<std::string>> filesBelow(const std::string& folder, const std::vector<std::string>& leaveOut)
{
    std::error_code error;
    std::vector<std::string> files;
    fs::recursive_directory_iterator entry(folder, error), end;
    for (; !error && entry != end; entry.increment(error)) {
        const std::string relative = entry->path().lexically_relative(folder).generic_string();
        const bool left = std::find(leaveOut.begin(), leaveOut.end(), relative) != leaveOut.end();
        if (left && entry->is_directory(error))
            entry.disable_recursion_pending();
        else if (entry->symlink_status(error).type() == fs::file_type::regular && relative != kName)
            files.push_back(relative);
    }
    if (error)
        return fail(Code::badDirectory, {folder, error.message()});
    std::sort(files.begin(), files.end());
    return files;
}

Result<json> describeFile(const std::string& folder, const std::string& relative)
{
    if (!isUtf8(relative))
        return fail(Code::badInput, {printable(relative), "a file name that is not UTF-8"});
    const std::string path = (fs::path(folder) / relative).string();
    FOVEATE_TRY(const Digest digest, sha256File(path));
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error)
        return fail(Code::io, {path, error.message()});
    return json{{"size", size}, {"sha256", hex(digest)}};
}

/// Inside the folder, whatever the manifest says: no absolute path, no way up.
bool staysInside(const std::string& relative)
{
    const fs::path path(relative);
    return !relative.empty() && path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end();
}

Status verifyFile(const std::string& folder, const std::string& relative, const json& entry)
{
    const auto size = entry.find("size");
    const auto sha = entry.find("sha256");
    if (!staysInside(relative) || size == entry.end() || !size->is_number_unsigned() || sha == entry.end() ||
        !sha->is_string())
        return fail(Code::corrupt, {kName, "the entry of " + printable(relative)});
    const fs::path path = fs::path(folder) / relative;
    std::error_code error;
    if (fs::symlink_status(path, error).type() != fs::file_type::regular)
        return fail(Code::corrupt, {relative, "missing"});
    if (fs::file_size(path, error) != size->get<std::uintmax_t>())
        return fail(Code::corrupt, {relative, "size"});
    FOVEATE_TRY(const Digest digest, sha256File(path.string()));
    if (hex(digest) != sha->get_ref<const std::string&>())
        return fail(Code::corrupt, {relative, "hash"});
    return {};
}

/// The manifest's entries by file.
Result<json> listedFiles(const std::string& folder)
{
    FOVEATE_TRY(const std::string text, readFile(manifestPath(folder)));
    const json manifest = json::parse(text, nullptr, false);
    const auto member = [&](const char* key) {
        return manifest.is_object() && manifest.contains(key) ? manifest[key] : json();
    };
    const json format = member("format");
    json files = member("files");
    if (!format.is_number_integer() || !files.is_object())
        return fail(Code::corrupt, {kName, "not a manifest"});
    if (format.get<std::int64_t>() > kFormat)
        return fail(Code::newerVersion,
                    {manifestPath(folder), std::to_string(format.get<std::int64_t>()), std::to_string(kFormat)});
    return files;
}

} // namespace

Status writeManifest(const std::string& folder, const std::vector<std::string>& leaveOut)
{
    FOVEATE_TRY(const std::vector<std::string> files, filesBelow(folder, leaveOut));
    json entries = json::object();
    for (const std::string& file : files) {
        FOVEATE_TRY(entries[file], describeFile(folder, file));
    }
    return writeFileAtomically(manifestPath(folder), json{{"format", kFormat}, {"files", entries}}.dump(1) + "\n");
}

Status verifyManifest(const std::string& folder)
{
    FOVEATE_TRY(const json files, listedFiles(folder));
    for (const auto& [file, entry] : files.items())
        FOVEATE_CHECK(verifyFile(folder, file, entry));
    return {};
}

Status verifyManifestFile(const std::string& folder, const std::string& file)
{
    FOVEATE_TRY(const json files, listedFiles(folder));
    return verifyFile(folder, file, files.value(file, json::object()));
}

bool hasManifest(const std::string& folder)
{
    std::error_code error;
    return fs::is_regular_file(manifestPath(folder), error);
}

} // namespace foveate
