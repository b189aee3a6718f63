// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/ReadPage.h"

#include "base/Text.h"
#include "ui/models/ErrorText.h"
#include "ui/models/Keymap.h"
#include "ui/views/CanvasMessage.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/Controls.h"
#include "ui/views/FilmStrip.h"
#include "ui/views/Icons.h"
#include "ui/views/ImageCanvas.h"
#include "ui/views/OverlayBar.h"

#include <QEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QStackedLayout>
#include <QVBoxLayout>

namespace foveate::ui {

using session::ReadingState;
using store::EventKind;

namespace {

constexpr int kTap = 200;

Verdict verdictOf(EventKind kind)
{
    switch (kind) {
    case EventKind::skip: return Verdict::skip;
    case EventKind::unsure: return Verdict::unsure;
    case EventKind::ungradable: return Verdict::ungradable;
    default: return Verdict::label;
    }
}

QString fileOf(const store::Sample& sample)
{
    return QString::fromStdString(printable(sample.relativePath));
}

} // namespace

ReadPage::ReadPage(session::Workspace& workspace, QWidget* parent)
    : QWidget(parent), m_workspace(workspace), m_canvas(new ImageCanvas(this)), m_message(new CanvasMessage(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    auto* left = new QVBoxLayout;
    left->setSpacing(0);
    m_stack = new QStackedLayout;
    m_stack->addWidget(m_canvas);
    m_stack->addWidget(m_message);
    left->addWidget(buildBanner());
    left->addLayout(m_stack, 1);
    left->addWidget(buildStrip());
    row->addLayout(left, 1);
    row->addWidget(makeRule(this, Qt::Vertical));
    row->addWidget(buildPanel());

    m_arm.setSingleShot(true);
    m_arm.setInterval(kArmAfter);
    connect(&m_arm, &QTimer::timeout, this, [this] { m_armed = true; });
    connect(m_canvas, &ImageCanvas::painted, this, [this](quint64 serial) {
        if (serial != m_serial)
            return;
        m_workspace.reading().shown(serial);
        m_arm.start();
        Q_EMIT imagePainted();
    });
    connect(m_canvas, &ImageCanvas::readout, m_readout, &QLabel::setText);
    connect(m_canvas, &ImageCanvas::menuWanted, this, &ReadPage::menuWanted);
    connect(m_canvas, &ImageCanvas::windowTouched, this, [this] { ++m_workspace.reading().screen().windowings; });
    connect(m_canvas, &ImageCanvas::zoomTouched, this, [this] { ++m_workspace.reading().screen().zooms; });
    connectWorkspace();
    for (QObject* watched : {static_cast<QObject*>(m_canvas), static_cast<QObject*>(m_note)})
        watched->installEventFilter(this);
    refreshProject();
}

void ReadPage::connectWorkspace()
{
    session::WorkspaceReading& reading = m_workspace.reading();
    connect(&m_workspace, &session::Workspace::opened, this, &ReadPage::refreshProject);
    connect(&m_workspace, &session::Workspace::closed, this, &ReadPage::refreshProject);
    connect(&m_workspace, &session::Workspace::revealChanged, this, &ReadPage::refreshReveal);
    connect(&m_workspace, &session::Workspace::modelsChanged, this, &ReadPage::refreshModels);
    connect(&m_workspace.images(), &session::WorkspaceImages::loaded, this, [this](const QString& sample) {
        if (sample.toStdString() == m_workspace.reading().item().sample)
            showImage();
    });
    connect(&reading, &session::WorkspaceReading::changed, this, &ReadPage::refresh);
    connect(&reading, &session::WorkspaceReading::recentChanged, this, &ReadPage::refreshStrip);
    connect(&reading, &session::WorkspaceReading::troubleChanged, this, &ReadPage::refreshBanner);
}

void ReadPage::refreshProject()
{
    QStringList names;
    for (const std::string& name : m_workspace.project().file.classes)
        names << visibleText(QString::fromStdString(name));
    m_classes->setClasses(names);
    m_confirm->setVisible(m_workspace.project().file.multiLabel);
    m_thumbnails.clear();
    m_serial = 0;
    refresh();
    refreshStrip();
    refreshBanner();
    refreshReveal();
}

void ReadPage::refresh()
{
    const session::ReadingItem& item = m_workspace.reading().item();
    if (m_workspace.reading().state() != ReadingState::reading) {
        m_serial = 0;
        m_armed = false;
        m_arm.stop();
        showState();
        return;
    }
    m_stack->setCurrentWidget(m_canvas);
    if (item.serial != m_serial) {
        m_serial = item.serial;
        m_marks = item.said ? item.said->classIndex.value_or(0) : 0;
        m_armed = false;
        m_arm.stop();
        m_canvas->clear();
        m_note->clear();
        m_overlay->setOverlayOn(false);
        showImage();
    }
    describeItem();
    refreshReveal();
}

void ReadPage::showImage()
{
    if (m_drawn == m_serial)
        return;
    const session::LoadedImage* loaded = m_workspace.images().find(m_workspace.reading().item().sample);
    if (!loaded)
        return;
    m_drawn = m_serial;
    if (!loaded->image)
        return showBroken(loaded->error.value_or(Error{}));
    Pixels pixels = pixelsOf(*loaded->image);
    pixels.fromPack = loaded->fromPack;
    m_canvas->setPixels(m_serial, pixels);
    if (pixels.fromPack)
        m_readout->setText(tr("The file is gone: this is the project's small copy"));
    else if (pixels.damaged)
        m_readout->setText(tr("The file is damaged: part of the image is missing"));
}

void ReadPage::showBroken(const Error& error)
{
    const session::ReadingItem& item = m_workspace.reading().item();
    const store::Sample* sample = m_workspace.reading().sample(item.sample);
    const QString file = sample ? fileOf(*sample) : QString();
    const auto again = [this] {
        m_workspace.images().forget(m_workspace.reading().item().sample);
        m_drawn = 0;
        m_stack->setCurrentWidget(m_canvas);
        m_workspace.images().want(m_workspace.reading().around());
    };
    m_stack->setCurrentWidget(m_message);
    m_message->display(QStringLiteral("warning"), tr("This image cannot be shown"), errorText(error) + u'\n' + file,
                       {{tr("Mark ungradable"), [this] { ungradable(); }},
                        {tr("Skip for later"), [this] { skip(); }},
                        {tr("Try again"), again}});
    // There is nothing to wait for: both ways out may be taken at once.
    m_armed = true;
}

void ReadPage::showState()
{
    const session::Tally& tally = m_workspace.reading().tally();
    m_canvas->clear();
    describeItem();
    switch (m_workspace.reading().state()) {
    case ReadingState::empty:
        m_stack->setCurrentWidget(m_message);
        m_message->display(QStringLiteral("drop"), tr("No images yet"),
                           tr("Drop a folder, a table or an image here, or choose one."),
                           {{tr("Choose a folder…"), [this] { Q_EMIT importWanted(); }, true}});
        break;
    case ReadingState::exhausted:
        m_stack->setCurrentWidget(m_message);
        m_message->display(QStringLiteral("check"), tr("Every image is read"),
                           tr("Decided in this session: %1, median %2 s. The strip below leads back to the last ones.")
                               .arg(tally.session)
                               .arg(tally.medianSeconds, 0, 'f', 1),
                           {{tr("See what the model has learned"), [this] { Q_EMIT trainPageWanted(); }, true}});
        break;
    default: m_stack->setCurrentWidget(m_canvas);
    }
    refreshReveal();
}

/// As a person reads it: "Effusion, Nodule".
QString ReadPage::labelText(int label) const
{
    QStringList names;
    for (const std::size_t c : m_workspace.project().file.labels().classesOf(label))
        if (int(c) < m_classes->count())
            names << m_classes->button(int(c))->text();
    return names.isEmpty() ? tr("none of them") : names.join(tr(", "));
}

void ReadPage::describeItem()
{
    const session::ReadingItem& item = m_workspace.reading().item();
    const bool reading = m_workspace.reading().state() == ReadingState::reading;
    const bool can = reading && !m_workspace.project().readOnly;
    m_classes->setArmed(can);
    for (ClassButton* button : m_ways)
        button->setEnabled(can);
    m_confirm->setEnabled(can);
    m_note->setEnabled(can);
    const auto said = reading ? item.said : std::nullopt;
    const bool labelled = said && verdictOf(said->state) == Verdict::label && said->classIndex;
    const LabelScheme labels = m_workspace.project().file.labels();
    m_classes->setChosen(labels.multi ? labels.classesOf(m_marks)
                         : labelled   ? labels.classesOf(*said->classIndex)
                                      : std::vector<std::size_t>());
    m_question->setText(item.waits     ? tr("Enter for the next")
                        : item.again   ? tr("Change it?")
                        : labels.multi ? tr("Which apply?")
                                       : tr("Which is it?"));

    QString state = tr("unlabelled");
    if (labelled)
        state = tr("labelled %1").arg(labelText(*said->classIndex));
    else if (said)
        state = verdictText(verdictOf(said->state));
    const QString place = item.of > 0 ? tr("Image %1 of %2").arg(item.position).arg(item.of) : tr("Image");
    m_canvas->setAccessibleName(reading ? tr("%1, %2").arg(place, state) : tr("No image"));
}

void ReadPage::refreshBanner()
{
    const auto& trouble = m_workspace.reading().trouble();
    const session::ProjectView& project = m_workspace.project();
    if (trouble)
        m_bannerText->setText(tr("Your last label is kept but not saved yet. %1 It is tried again every two seconds.")
                                  .arg(errorText(trouble->error)));
    else if (project.readOnly)
        m_bannerText->setText(project.owner ? tr("Read only. %1").arg(errorText(*project.owner)) : tr("Read only."));
    m_bannerText->setAccessibleName(m_bannerText->text());
    m_bannerButton->setVisible(trouble.has_value());
    m_banner->setVisible(trouble || project.readOnly);
}

QImage ReadPage::thumbnail(const std::string& sample)
{
    const QString key = QString::fromStdString(sample);
    auto found = m_thumbnails.constFind(key);
    if (found != m_thumbnails.constEnd())
        return *found;
    QImage picture;
    if (const auto image = m_workspace.thumbnail(sample)) {
        const Pixels pixels = pixelsOf(*image);
        picture =
            toScreen(pixels, {0, 255}, false).scaled(QSize(112, 112), Qt::KeepAspectRatio, Qt::SmoothTransformation);
    }
    if (m_thumbnails.size() > 4 * FilmStrip::kLength)
        m_thumbnails.clear();
    m_thumbnails.insert(key, picture);
    return picture;
}

void ReadPage::refreshStrip()
{
    const LabelScheme labels = m_workspace.project().file.labels();
    QList<FilmItem> items;
    for (const store::CurrentLabel& label : m_workspace.reading().recent()) {
        FilmItem item;
        item.sample = QString::fromStdString(label.sample);
        item.picture = thumbnail(label.sample);
        item.verdict = verdictOf(label.state);
        if (label.classIndex) {
            const std::vector<std::size_t> said = labels.classesOf(*label.classIndex);
            item.classIndex = said.empty() ? std::nullopt : std::optional(int(said.front()));
            item.className = labelText(*label.classIndex);
        }
        item.durable = !label.event.empty();
        item.current = m_workspace.reading().state() == ReadingState::reading &&
                       label.sample == m_workspace.reading().item().sample;
        items.append(item);
    }
    m_strip->setItems(items);
}

bool ReadPage::decide(EventKind kind, std::optional<int> classIndex, const QString& what)
{
    if (!m_armed || !m_workspace.reading().decide(kind, classIndex))
        return false;
    m_armed = false;
    m_toast->say(tr("%1. Backspace to take back.").arg(what));
    return true;
}

void ReadPage::label(int classIndex)
{
    if (classIndex >= m_classes->count())
        return;
    if (m_workspace.project().file.multiLabel)
        return mark(classIndex);
    if (decide(EventKind::label, classIndex, m_classes->button(classIndex)->text()))
        m_classes->flash(classIndex);
}

void ReadPage::mark(int classIndex)
{
    if (!m_armed || m_workspace.reading().item().waits || m_workspace.project().readOnly)
        return;
    m_marks ^= 1 << classIndex;
    m_classes->flash(classIndex);
    describeItem();
}

/// Marks that are not the image's label yet; none at all is one too, until it is said.
bool ReadPage::hasNewMarks() const
{
    const session::ReadingItem& item = m_workspace.reading().item();
    const bool labelled = item.said && verdictOf(item.said->state) == Verdict::label;
    return m_workspace.project().file.multiLabel && m_workspace.reading().state() == ReadingState::reading &&
           !item.waits && (!labelled || item.said->classIndex != m_marks);
}

void ReadPage::confirm()
{
    if (hasNewMarks())
        decide(EventKind::label, m_marks, labelText(m_marks));
    else
        next();
}

void ReadPage::skip()
{
    decide(EventKind::skip, {}, tr("Skipped"));
}

void ReadPage::unsure()
{
    decide(EventKind::unsure, {}, tr("Unsure"));
}

void ReadPage::ungradable()
{
    decide(EventKind::ungradable, {}, tr("Ungradable"));
}

void ReadPage::takeBack()
{
    m_workspace.reading().undo();
}

void ReadPage::redo()
{
    m_workspace.reading().redo();
}

void ReadPage::next()
{
    m_workspace.reading().goOn();
}

void ReadPage::previous()
{
    m_workspace.reading().goBack();
}

bool ReadPage::keyPressed(const QKeyEvent& event)
{
    m_workspace.reading().attention().touch(m_workspace.reading().now());
    if (const auto index = classOfKey(event)) {
        // A key held down is one decision, not many.
        if (!event.isAutoRepeat())
            label(*index);
        return true;
    }
    if (event.modifiers() & ~Qt::KeypadModifier)
        return false;
    switch (event.key()) {
    case Qt::Key_Space:
        if (!event.isAutoRepeat()) {
            m_space.start();
            m_canvas->setPanHeld(true);
        }
        return true;
    case Qt::Key_O:
        if (!event.isAutoRepeat())
            peek(true);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (!event.isAutoRepeat())
            confirm();
        return true;
    case Qt::Key_Right:
        if (!event.isAutoRepeat())
            next();
        return true;
    case Qt::Key_Left: previous(); return true;
    default: return false;
    }
}

bool ReadPage::keyReleased(const QKeyEvent& event)
{
    if (event.isAutoRepeat())
        return false;
    if (event.key() == Qt::Key_O) {
        peek(false);
        return true;
    }
    if (event.key() != Qt::Key_Space)
        return false;
    m_canvas->setPanHeld(false);
    // Held it pans; a tap goes on.
    if (m_space.isValid() && m_space.elapsed() < kTap)
        next();
    m_space.invalidate();
    return true;
}

void ReadPage::saveNote()
{
    if (m_workspace.reading().comment(m_note->text().toStdString()))
        m_toast->say(tr("Note kept."));
    m_note->clear();
    m_canvas->setFocus();
}

QString ReadPage::message() const
{
    return m_stack->currentWidget() == m_message ? m_message->title() : QString();
}

bool ReadPage::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::MouseMove || event->type() == QEvent::Wheel ||
        event->type() == QEvent::MouseButtonPress)
        m_workspace.reading().attention().touch(m_workspace.reading().now());
    if (watched == m_note && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        m_canvas->setFocus();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void ReadPage::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::ActivationChange)
        m_workspace.reading().attention().setPresent(isActiveWindow(), m_workspace.reading().now());
    QWidget::changeEvent(event);
}

void ReadPage::restyle()
{
    if (m_workspace.reading().state() != ReadingState::reading)
        showState();
}

} // namespace foveate::ui
