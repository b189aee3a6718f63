// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/NewProjectDialog.h"

#include "session/Patients.h"
#include "ui/models/ErrorText.h"
#include "ui/views/Controls.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPointer>
#include <QStandardPaths>
#include <QThreadPool>
#include <QVBoxLayout>

namespace foveate::ui {

namespace {

constexpr int kScanAfter = 300;

std::string bytes(const QString& path)
{
    return QFile::encodeName(path).toStdString();
}

QString guessModality(const SourceScan& scan)
{
    const QString hint = QString::fromStdString(scan.path + (scan.paths.empty() ? "" : scan.paths.front())).toLower();
    for (const char* word : {"xray", "x-ray", "cxr", "chest", "thorax"})
        if (hint.contains(QLatin1String(word)))
            return QStringLiteral("xray");
    for (const char* word : {"histo", "glas", "crc", "h&e", "gland"})
        if (hint.contains(QLatin1String(word)))
            return QStringLiteral("histology");
    return QStringLiteral("oct");
}

QComboBox* choices(QWidget* parent, const QString& name, const QList<std::pair<QString, QString>>& items)
{
    auto* box = new Choice(parent);
    box->setAccessibleName(name);
    for (const auto& [text, value] : items)
        box->addItem(text, value);
    return box;
}

} // namespace

NewProjectDialog::NewProjectDialog(const QString& source, QWidget* parent) : QDialog(parent)
{
    setWindowTitle(tr("New project"));
    setMinimumWidth(640);
    build();
    m_delay.setSingleShot(true);
    m_delay.setInterval(kScanAfter);
    connect(&m_delay, &QTimer::timeout, this, &NewProjectDialog::startScan);
    refresh();
    if (!source.isEmpty())
        setSource(source);
}

void NewProjectDialog::build()
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 24, 24, 24);
    column->setSpacing(16);
    column->addWidget(makeLabel(tr("New project"), TextType::page, this));
    m_source = new QLineEdit(this);
    m_name = new QLineEdit(this);
    m_folder = new QLineEdit(this);
    m_classes = new QLineEdit(this);
    m_patient = new QLineEdit(this);
    m_labels = choices(this, tr("Labels"),
                       {{tr("Use the labels found, where there are any"), QStringLiteral("auto")},
                        {tr("Keep them hidden, to measure readers and model"), QStringLiteral("hide")},
                        {tr("Ignore them"), QStringLiteral("none")}});
    m_modality = choices(this, tr("Modality"),
                         {{tr("OCT"), QStringLiteral("oct")},
                          {tr("X-ray"), QStringLiteral("xray")},
                          {tr("Histology"), QStringLiteral("histology")}});
    m_split = choices(this, tr("Held-out images"),
                      {{tr("70 % to label, 10 % validation, 20 % test, by patient"), QStringLiteral("70/10/20")},
                       {tr("None: every image is there to label"), QStringLiteral("none")}});
    m_policy = choices(this, tr("Reading"),
                       {{tr("Blind: the model is shown when the batch is read"), QStringLiteral("blind")},
                        {tr("After: each label shows what the model says"), QStringLiteral("after")}});
    m_classes->setPlaceholderText(tr("CNV, DME, Drusen, Normal"));
    m_patient->setPlaceholderText(tr("A pattern in the path, e.g. (P\\d+)_ ; empty: each image is its own patient"));
    m_found = makeLabel({}, TextType::caption, this);
    m_patients = makeLabel({}, TextType::caption, this);
    for (QLabel* label : {m_found, m_patients})
        label->setWordWrap(true);

    auto* form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->addRow(tr("&Images"), withButton(m_source, tr("Choose…"), &NewProjectDialog::chooseSource));
    form->addRow({}, m_found);
    form->addRow(tr("&Name"), m_name);
    form->addRow(tr("Project &folder"), withButton(m_folder, tr("Choose…"), &NewProjectDialog::chooseFolder));
    form->addRow(tr("&Classes"), m_classes);
    m_multiLabel = new QCheckBox(tr("Several may apply to one image"), this);
    form->addRow({}, m_multiLabel);
    form->addRow(tr("&Labels"), m_labels);
    form->addRow(tr("&Modality"), m_modality);
    form->addRow(tr("&Patient"), m_patient);
    form->addRow({}, m_patients);
    form->addRow(tr("&Held out"), m_split);
    form->addRow(tr("&Reading"), m_policy);
    column->addLayout(form);

    auto* row = new QHBoxLayout;
    m_reason = makeLabel({}, TextType::quiet, this);
    m_reason->setWordWrap(true);
    row->addWidget(m_reason, 1);
    auto* cancel = makeButton(tr("Cancel"), {}, this);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    row->addWidget(cancel);
    m_create = makeButton(tr("Create and import"), {}, this, true);
    m_create->setDefault(true);
    connect(m_create, &QPushButton::clicked, this, [this] {
        Q_EMIT wished(wish());
        accept();
    });
    row->addWidget(m_create);
    column->addLayout(row);

    connect(m_source, &QLineEdit::textChanged, this, [this] {
        m_scan.reset();
        m_scanError.clear();
        m_delay.start();
        refresh();
    });
    for (QLineEdit* edit : {m_name, m_folder, m_classes})
        connect(edit, &QLineEdit::textChanged, this, &NewProjectDialog::refresh);
    connect(m_multiLabel, &QCheckBox::toggled, this, &NewProjectDialog::refresh);
    connect(m_patient, &QLineEdit::textChanged, this, &NewProjectDialog::refreshPatients);
}

QWidget* NewProjectDialog::withButton(QLineEdit* edit, const QString& text, void (NewProjectDialog::*run)())
{
    auto* box = new QWidget(this);
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(edit, 1);
    auto* button = makeButton(text, {}, box);
    connect(button, &QPushButton::clicked, this, run);
    row->addWidget(button);
    box->setFocusProxy(edit);
    return box;
}

void NewProjectDialog::setSource(const QString& path)
{
    m_source->setText(path);
    m_delay.stop();
    startScan();
}

void NewProjectDialog::chooseSource()
{
    auto* dialog = new QFileDialog(this, tr("Images"), m_source->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, &NewProjectDialog::setSource);
    dialog->open();
}

void NewProjectDialog::chooseFolder()
{
    auto* dialog = new QFileDialog(this, tr("Project folder"), m_folder->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, m_folder, [this](const QString& path) {
        m_folder->setText(path + u'/' + m_name->text() + QStringLiteral(".foveate"));
    });
    dialog->open();
}

void NewProjectDialog::startScan()
{
    const QString source = m_source->text();
    if (source.isEmpty())
        return;
    const int number = ++m_scanNumber;
    m_found->setText(tr("Looking…"));
    QThreadPool::globalInstance()->start([self = QPointer<NewProjectDialog>(this), number, path = bytes(source)] {
        const Result<SourceScan> scan = scanSource(path);
        // Through the application, which outlives this thread's work; the dialog may be gone.
        QMetaObject::invokeMethod(
            qApp,
            [self, number, scan] {
                if (self && number == self->m_scanNumber)
                    self->takeScan(scan);
            },
            Qt::QueuedConnection);
    });
}

void NewProjectDialog::takeScan(const Result<SourceScan>& scan)
{
    if (!scan) {
        m_scan.reset();
        m_scanError = errorText(scan.error());
        refresh();
        Q_EMIT scanned();
        return;
    }
    m_scan = *scan;
    QStringList classes, counted;
    for (const auto& [name, count] : scan->classes) {
        classes << name;
        counted << tr("%1 (%2)").arg(visibleText(name)).arg(count);
    }
    m_found->setText(classes.isEmpty() ? tr("Files: %1. No folders or labels that could be classes.").arg(scan->files)
                                       : tr("Files: %1. %2").arg(scan->files).arg(counted.join(QStringLiteral(", "))));
    if (m_classes->text().isEmpty() && classes.size() >= 2 && classes.size() <= 20)
        m_classes->setText(classes.join(QStringLiteral(", ")));
    const QString name = QFileInfo(m_source->text()).completeBaseName();
    if (m_name->text().isEmpty())
        m_name->setText(name);
    if (m_folder->text().isEmpty())
        m_folder->setText(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) + u'/' + name +
                          QStringLiteral(".foveate"));
    m_modality->setCurrentIndex(std::max(0, m_modality->findData(guessModality(*scan))));
    refreshPatients();
    refresh();
    Q_EMIT scanned();
}

void NewProjectDialog::refreshPatients()
{
    m_patients->clear();
    if (m_scan && !m_patient->text().isEmpty()) {
        const auto count = countPatients(*m_scan, m_patient->text().toStdString());
        m_patients->setText(count ? tr("Patients among the first %1 files: %2").arg(m_scan->paths.size()).arg(*count)
                                  : errorText(count.error()));
    } else if (m_scan && m_scan->patientColumn) {
        m_patients->setText(tr("The table says whose images they are."));
    }
    m_patients->setVisible(!m_patients->text().isEmpty());
    refresh();
}

QString NewProjectDialog::missing() const
{
    if (m_source->text().isEmpty())
        return tr("Choose the images first.");
    if (!m_scanError.isEmpty())
        return m_scanError;
    if (!m_scan)
        return tr("Looking at the images…");
    if (m_name->text().trimmed().isEmpty())
        return tr("Give the project a name.");
    if (classesFromText(m_classes->text()).size() < 2)
        return tr("Name at least two classes, with commas between.");
    if (m_multiLabel->isChecked() && !fitMultiLabel(wish().file.classes))
        return tr("Where several may apply: at most 24 classes, none with “|” in its name or called “none”.");
    if (m_folder->text().isEmpty())
        return tr("Choose a folder for the project.");
    if (QFileInfo::exists(m_folder->text()) && !QDir(m_folder->text()).isEmpty())
        return tr("The project folder is not empty: choose another.");
    if (!m_patient->text().isEmpty() && !session::PatientPattern::compile(m_patient->text().toStdString()))
        return tr("The patient pattern cannot be read.");
    return {};
}

void NewProjectDialog::refresh()
{
    const QString reason = missing();
    if (!m_scanError.isEmpty() || m_source->text().isEmpty())
        m_found->clear();
    m_found->setVisible(!m_found->text().isEmpty());
    m_reason->setText(reason);
    m_create->setEnabled(reason.isEmpty());
    m_create->setAccessibleDescription(reason);
}

session::NewProject NewProjectDialog::wish() const
{
    session::NewProject wish;
    wish.folder = bytes(m_folder->text());
    wish.file.name = m_name->text().trimmed().toStdString();
    for (const QString& name : classesFromText(m_classes->text()))
        wish.file.classes.push_back(name.toStdString());
    wish.file.multiLabel = m_multiLabel->isChecked();
    wish.file.modality = m_modality->currentData().toString().toStdString();
    wish.file.policy = m_policy->currentData().toString().toStdString();
    wish.file.splitRule = m_split->currentData().toString().toStdString();
    wish.source.source = bytes(m_source->text());
    wish.source.labels = m_labels->currentData() == QStringLiteral("none") ? "none" : "auto";
    wish.source.hideLabels = m_labels->currentData() == QStringLiteral("hide");
    wish.source.patient = m_patient->text().toStdString();
    wish.source.split = wish.file.splitRule;
    return wish;
}

} // namespace foveate::ui
