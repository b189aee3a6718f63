// SPDX-License-Identifier: GPL-3.0-or-later
// A new project from a folder, a table or an image: where, which classes, whose images, how it is read.
//
// The look at the source runs on a worker thread; Create stays off, with the reason beside it, until everything is
// there.
#pragma once

#include "session/Workspace.h"
#include "ui/models/SourceScan.h"

#include <QDialog>
#include <QTimer>

#include <optional>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace foveate::ui {

class NewProjectDialog : public QDialog {
    Q_OBJECT
public:
    /// `source` may be empty; then it is asked for.
    NewProjectDialog(const QString& source, QWidget* parent);

    void setSource(const QString& path);
    const std::optional<SourceScan>& scan() const { return m_scan; }
    session::NewProject wish() const;
    /// Why Create is off; empty when it is on.
    QString missing() const;

Q_SIGNALS:
    void wished(const foveate::session::NewProject& wish);
    void scanned();

private:
    void build();
    QWidget* withButton(QLineEdit* edit, const QString& text, void (NewProjectDialog::*run)());
    void chooseSource();
    void chooseFolder();
    void startScan();
    void takeScan(const Result<SourceScan>& scan);
    void refresh();
    void refreshPatients();

    QLineEdit* m_source;
    QLineEdit* m_name;
    QLineEdit* m_folder;
    QLineEdit* m_classes;
    QCheckBox* m_multiLabel;
    QComboBox* m_labels;
    QComboBox* m_modality;
    QLineEdit* m_patient;
    QComboBox* m_split;
    QComboBox* m_policy;
    QLabel* m_found;
    QLabel* m_patients;
    QLabel* m_reason;
    QPushButton* m_create;
    std::optional<SourceScan> m_scan;
    QString m_scanError;
    QTimer m_delay;
    int m_scanNumber = 0;
};

} // namespace foveate::ui
