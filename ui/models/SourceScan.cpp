// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/SourceScan.h"

#include "session/Patients.h"
#include "session/Source.h"
#include "session/Table.h"

#include <algorithm>
#include <map>
#include <set>

namespace foveate::ui {

namespace {

constexpr std::size_t kPathsKept = 2000;
constexpr std::size_t kClassesShown = 64;

std::string folderName(const std::string& path)
{
    const auto end = path.find_last_of('/');
    if (end == std::string::npos)
        return {};
    const auto begin = path.find_last_of('/', end - 1);
    return begin == std::string::npos || end == 0 ? path.substr(0, end) : path.substr(begin + 1, end - begin - 1);
}

Status countLabelColumn(const std::string& path, std::map<std::string, std::int64_t>& counts)
{
    FOVEATE_TRY(const session::Table table, session::readTable(path));
    if (const auto column = table.column({"label", "class"}))
        for (const auto& row : table.rows)
            if (!row[*column].empty())
                ++counts[row[*column]];
    return {};
}

} // namespace

Result<SourceScan> scanSource(const std::string& path)
{
    session::SourceRules rules;
    rules.labels = "none";
    FOVEATE_TRY(const session::Source source, session::readSource(path, rules));
    SourceScan scan;
    scan.path = path;
    scan.files = std::int64_t(source.files.size());
    scan.manifest = source.manifest;
    scan.patientColumn = source.hasPatients;
    std::map<std::string, std::int64_t> counts;
    if (source.manifest) {
        FOVEATE_CHECK(countLabelColumn(path, counts));
    } else {
        for (const session::SourceFile& file : source.files)
            if (std::string folder = folderName(file.path); !folder.empty())
                ++counts[folder];
    }
    for (const auto& [name, count] : counts)
        if (scan.classes.size() < kClassesShown)
            scan.classes.emplace_back(QString::fromStdString(name), count);
    for (std::size_t i = 0; i < std::min(kPathsKept, source.files.size()); ++i)
        scan.paths.push_back(source.files[i].path);
    return scan;
}

Result<int> countPatients(const SourceScan& scan, const std::string& pattern)
{
    FOVEATE_TRY(const session::PatientPattern rule, session::PatientPattern::compile(pattern));
    std::set<std::string> patients;
    for (const std::string& path : scan.paths)
        patients.insert(rule.find(path).value_or(path));
    return int(patients.size());
}

QStringList classesFromText(const QString& text)
{
    QStringList classes;
    for (const QString& part : text.split(u',')) {
        const QString name = part.trimmed();
        if (!name.isEmpty() && !classes.contains(name))
            classes << name;
    }
    return classes;
}

} // namespace foveate::ui
