// SPDX-License-Identifier: GPL-3.0-or-later
// The projects opened last, newest first, as the user's settings keep them. Folders that are gone are not listed.
#pragma once

#include <QList>
#include <QString>

namespace foveate::ui {

struct RecentProject {
    QString folder;
    QString name;
    QString progress; ///< "142 of 600 labelled"
    QString opened;   ///< ISO 8601
};

class Recent {
public:
    static constexpr int kKept = 12;
    /// `file`: the settings file; empty: the user's own (XDG configuration folder, foveate/window.ini).
    explicit Recent(const QString& file = {});
    QList<RecentProject> list() const;
    void add(const RecentProject& project);
    void forget(const QString& folder);

    QString value(const QString& key) const;
    void setValue(const QString& key, const QString& value);

private:
    QString m_file;
};

} // namespace foveate::ui
