// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/Export.h"

#include "base/AtomicFile.h"
#include "base/Manifest.h"
#include "store/ExportRows.h"
#include "store/Uuid.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <unistd.h>

namespace foveate::store {
namespace fs = std::filesystem;
namespace {

std::string header()
{
    std::string line;
    for (const std::string_view column : kExportColumns)
        line += (line.empty() ? "" : ",") + std::string(column);
    return line;
}

Result<ExportReport> writeTable(const std::vector<ExportRow>& rows, const ExportOptions& options)
{
    const bool csv = options.format == ExportFormat::csv;
    std::string text = csv ? header() + "\r\n" : std::string();
    for (const ExportRow& row : rows)
        text += csv ? csvLine(row) + "\r\n" : jsonLine(row) + "\n";
    FOVEATE_CHECK(writeFileAtomically(options.target, text));
    ExportReport report;
    report.rows = std::int64_t(rows.size());
    return report;
}

/// A class may be called anything; a folder may not. Of a set of classes: "A+B".
std::string folderName(const std::string& label)
{
    std::string folder;
    for (const char c : label)
        folder += c == LabelScheme::kSeparator                                                               ? '+'
                  : static_cast<unsigned char>(c) < 0x20 || c == '/' || c == '\\' || c == ':' || c == '\x7f' ? '_'
                                                                                                             : c;
    if (folder.front() == '.' || folder.front() == '-')
        folder.front() = '_';
    folder.resize(std::min<std::size_t>(folder.size(), 200));
    return folder;
}

/// What may stand in an export's column label: the classes, or the sets of them that occur.
std::vector<std::string> labelTexts(const LabelScheme& labels, const std::vector<ExportRow>& rows)
{
    if (!labels.multi)
        return labels.classes;
    std::set<std::string> texts;
    for (const ExportRow& row : rows)
        if (row.consensus)
            texts.insert(*row.consensus);
    return {texts.begin(), texts.end()};
}

/// One folder per label, twins told apart by its number.
std::map<std::string, std::string> labelFolders(const std::vector<std::string>& labels)
{
    std::map<std::string, std::string> folders;
    std::set<std::string> taken;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::string folder = folderName(labels[i]);
        if (!taken.insert(folder).second)
            folder += "-" + std::to_string(i);
        taken.insert(folder);
        folders[labels[i]] = folder;
    }
    return folders;
}

/// The original's extension when it is a plain one.
std::string extensionOf(const std::string& path)
{
    std::string extension = fs::path(path).extension().string();
    const bool plain =
        extension.size() > 1 && extension.size() <= 6 &&
        std::all_of(extension.begin() + 1, extension.end(), [](unsigned char c) { return std::isalnum(c); });
    return plain ? extension : std::string();
}

/// The very bytes that were imported, or nothing.
Status linkOrCopy(const Sample& sample, const std::string& target)
{
    const std::string source = sample.root + "/" + sample.relativePath;
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(fs::path(source), error)))
        return fail(Code::notFound, {"file", source});
    FOVEATE_TRY(const Digest now, sha256File(source));
    if (now != sample.fileSha)
        return fail(Code::corrupt, {source, "changed since the import"});
    if (::link(source.c_str(), target.c_str()) == 0)
        return {};
    fs::copy_file(fs::path(source), fs::path(target), error);
    if (error)
        return tl::unexpected(errnoError(error.value(), target));
    return {};
}

/// The new place of an image, relative to the export.
std::string placeOf(const ExportRow& row, const std::map<std::string, std::string>& folders, bool encoded)
{
    const Split split = row.sample.split;
    const std::string side(split == Split::none ? std::string_view("unsplit") : name(split));
    const std::string extension = encoded ? ".png" : extensionOf(row.sample.relativePath);
    return side + "/" + folders.at(*row.consensus) + "/" + row.sample.id + extension;
}

bool isEncoded(const ExportOptions& options, const Sample& sample)
{
    return options.writeImage && (!options.mayIdentify || options.mayIdentify(sample));
}

Status writeImage(const ExportOptions& options, const Sample& sample, const std::string& target)
{
    FOVEATE_CHECK(makeFolder(fs::path(target).parent_path().string()));
    return isEncoded(options, sample) ? options.writeImage(sample, target) : linkOrCopy(sample, target);
}

/// A full disk ends the export; one unreadable image does not.
bool endsExport(const Error& error)
{
    return error.code == Code::noSpace || error.code == Code::readOnly;
}

Result<ExportReport> fillFolder(const std::string& folder, const std::vector<ExportRow>& rows,
                                const ExportOptions& options, const std::map<std::string, std::string>& folders)
{
    ExportReport report;
    std::string metadata = "file_name," + header() + "\r\n";
    for (ExportRow row : perImage(rows)) {
        row.path = placeOf(row, folders, isEncoded(options, row.sample));
        const Status written = writeImage(options, row.sample, folder + "/" + row.path);
        if (!written && endsExport(written.error()))
            return tl::unexpected(written.error());
        if (!written) {
            report.failed.push_back(written.error());
            report.failed.back().args.insert(report.failed.back().args.begin(), row.sample.id);
            continue;
        }
        metadata += csvCell(row.path) + "," + csvLine(row) + "\r\n";
        ++report.images;
        ++report.rows;
    }
    FOVEATE_CHECK(writeFileAtomically(folder + "/metadata.csv", metadata));
    FOVEATE_CHECK(writeManifest(folder));
    return report;
}

Result<ExportReport> writeFolder(Study& study, const std::vector<ExportRow>& rows, const ExportOptions& options)
{
    const std::string partial = options.target + ".partial-" + newUuid();
    FOVEATE_CHECK(makeFolder(partial));
    auto report = fillFolder(partial, rows, options, labelFolders(labelTexts(study.project().labels(), rows)));
    if (report)
        if (const Status published = publishFolder(partial, options.target); !published)
            report = tl::unexpected(published.error());
    if (!report) {
        std::error_code ignored;
        fs::remove_all(fs::path(partial), ignored);
    }
    return report;
}

} // namespace

Result<ExportFormat> exportFormatFromName(std::string_view text)
{
    if (text == "csv")
        return ExportFormat::csv;
    if (text == "jsonl")
        return ExportFormat::jsonl;
    if (text == "imagefolder")
        return ExportFormat::imagefolder;
    return fail(Code::usage, {"format", std::string(text)});
}

std::string csvCell(std::string_view text)
{
    static constexpr std::string_view kFormula("=+-@\t\r\n\0", 8);
    std::string cell;
    if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos)
        cell += '\'';
    for (const char c : text)
        if (c != '\0') // ends the cell in most programs
            cell += c;
    if (cell.find_first_of(",;\"\r\n\t ") == std::string::npos)
        return cell;
    std::string quoted = "\"";
    for (const char c : cell)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

Result<ExportReport> exportStudy(Study& study, const ExportOptions& options)
{
    const bool isFolder = options.format == ExportFormat::imagefolder;
    std::error_code error;
    const bool there = fs::exists(fs::symlink_status(fs::path(options.target), error));
    if (there && (isFolder || !options.overwrite))
        return fail(Code::alreadyExists, {options.target});
    ExportOptions wanted = options;
    wanted.labelledOnly = options.labelledOnly || isFolder;
    FOVEATE_TRY(const std::vector<ExportRow> rows, exportRows(study, wanted));
    return isFolder ? writeFolder(study, rows, wanted) : writeTable(rows, wanted);
}

} // namespace foveate::store
