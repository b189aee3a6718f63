// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/Recent.h"

#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>

namespace foveate::ui {

namespace {

QList<RecentProject> read(QSettings& settings)
{
    QList<RecentProject> projects;
    const int count = settings.beginReadArray(QStringLiteral("recent"));
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        projects.append({settings.value(QStringLiteral("folder")).toString(),
                         settings.value(QStringLiteral("name")).toString(),
                         settings.value(QStringLiteral("progress")).toString(),
                         settings.value(QStringLiteral("opened")).toString()});
    }
    settings.endArray();
    return projects;
}

void write(QSettings& settings, const QList<RecentProject>& projects)
{
    settings.remove(QStringLiteral("recent"));
    settings.beginWriteArray(QStringLiteral("recent"), int(projects.size()));
    for (int i = 0; i < projects.size(); ++i) {
        settings.setArrayIndex(i);
        settings.setValue(QStringLiteral("folder"), projects[i].folder);
        settings.setValue(QStringLiteral("name"), projects[i].name);
        settings.setValue(QStringLiteral("progress"), projects[i].progress);
        settings.setValue(QStringLiteral("opened"), projects[i].opened);
    }
    settings.endArray();
}

} // namespace

Recent::Recent(const QString& file)
    : m_file(file.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                                  QStringLiteral("/foveate/window.ini")
                            : file)
{}

QList<RecentProject> Recent::list() const
{
    QSettings settings(m_file, QSettings::IniFormat);
    QList<RecentProject> projects = read(settings);
    projects.removeIf([](const RecentProject& project) { return !QFileInfo::exists(project.folder); });
    return projects;
}

void Recent::add(const RecentProject& project)
{
    QSettings settings(m_file, QSettings::IniFormat);
    QList<RecentProject> projects = read(settings);
    projects.removeIf([&](const RecentProject& one) { return one.folder == project.folder; });
    projects.prepend(project);
    if (projects.size() > kKept)
        projects.resize(kKept);
    write(settings, projects);
}

void Recent::forget(const QString& folder)
{
    QSettings settings(m_file, QSettings::IniFormat);
    QList<RecentProject> projects = read(settings);
    projects.removeIf([&](const RecentProject& one) { return one.folder == folder; });
    write(settings, projects);
}

QString Recent::value(const QString& key) const
{
    return QSettings(m_file, QSettings::IniFormat).value(key).toString();
}

void Recent::setValue(const QString& key, const QString& value)
{
    QSettings(m_file, QSettings::IniFormat).setValue(key, value);
}

} // namespace foveate::ui
