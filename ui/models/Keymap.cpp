// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/Keymap.h"

#include <QCoreApplication>
#include <QKeyEvent>

namespace foveate::ui {

namespace {

constexpr quint32 kScanDigitOne = 10, kScanDigitZero = 19;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Keymap)
};

QKeySequence key(int code)
{
    return QKeySequence(code);
}

QList<ActionRow> fileRows()
{
    return {
        {Act::newProject, MenuId::file, "new", Words::tr("&New project…"), {QKeySequence(Qt::CTRL | Qt::Key_N)}},
        {Act::openProject, MenuId::file, "open", Words::tr("&Open project…"), {QKeySequence(Qt::CTRL | Qt::Key_O)}},
        {Act::demo, MenuId::file, "demo", Words::tr("Try the &demo"), {}},
        {Act::closeProject, MenuId::file, "close", Words::tr("&Close project"), {QKeySequence(Qt::CTRL | Qt::Key_W)}},
        {Act::quit, MenuId::file, "quit", Words::tr("&Quit"), {QKeySequence(Qt::CTRL | Qt::Key_Q)}},
    };
}

QList<ActionRow> readRows()
{
    return {
        {Act::next,
         MenuId::read,
         "next",
         Words::tr("&Next image"),
         {key(Qt::Key_Right), key(Qt::Key_Return), key(Qt::Key_Space)},
         false,
         true},
        {Act::previous, MenuId::read, "previous", Words::tr("&Previous image"), {key(Qt::Key_Left)}, false, true},
        {Act::skip, MenuId::read, "skip", Words::tr("&Skip for later"), {key(Qt::Key_S)}},
        {Act::unsure, MenuId::read, "unsure", Words::tr("&Unsure"), {key(Qt::Key_U)}},
        {Act::ungradable, MenuId::read, "ungradable", Words::tr("Un&gradable"), {key(Qt::Key_X)}},
        {Act::undo,
         MenuId::read,
         "undo",
         Words::tr("&Take back"),
         {key(Qt::Key_Backspace), QKeySequence(Qt::CTRL | Qt::Key_Z)}},
        {Act::redo, MenuId::read, "redo", Words::tr("&Redo"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z)}},
    };
}

QList<ActionRow> viewRows()
{
    return {
        {Act::fit, MenuId::view, "fit", Words::tr("&Fit"), {key(Qt::Key_Equal), key(Qt::Key_Escape)}},
        {Act::actualSize, MenuId::view, "actual-size", Words::tr("&100 %"), {key(Qt::Key_Z)}},
        {Act::zoomIn, MenuId::view, "zoom-in", Words::tr("Zoom &in"), {key(Qt::Key_Plus)}},
        {Act::zoomOut, MenuId::view, "zoom-out", Words::tr("Zoom &out"), {key(Qt::Key_Minus)}},
        {Act::invert, MenuId::view, "invert", Words::tr("In&vert"), {key(Qt::Key_V)}},
        {Act::windowDefault, MenuId::view, "window-default", Words::tr("&Window of the file"), {key(Qt::Key_F2)}},
        {Act::windowAuto, MenuId::view, "window-auto", Words::tr("Window by &percentiles"), {key(Qt::Key_F3)}},
        {Act::imageText, MenuId::view, "image-text", Words::tr("Image &text"), {key(Qt::Key_I)}},
        {Act::overlay, MenuId::view, "overlay", Words::tr("Ov&erlay"), {key(Qt::Key_E)}, true},
        {Act::overlayLess, MenuId::view, "overlay-less", Words::tr("Overlay &less"), {key(Qt::Key_Q)}},
        {Act::overlayMore, MenuId::view, "overlay-more", Words::tr("Overlay &more"), {key(Qt::Key_W)}},
        {Act::overlayPeek,
         MenuId::view,
         "overlay-peek",
         Words::tr("Pee&k at the overlay (hold)"),
         {key(Qt::Key_O)},
         false,
         true},
        {Act::earlierModel,
         MenuId::view,
         "earlier-model",
         Words::tr("Map of an e&arlier model"),
         {QKeySequence(Qt::SHIFT | Qt::Key_Q)}},
        {Act::laterModel,
         MenuId::view,
         "later-model",
         Words::tr("Map of a later mo&del"),
         {QKeySequence(Qt::SHIFT | Qt::Key_W)}},
        {Act::themeDark, MenuId::view, "theme-dark", Words::tr("&Reading room theme"), {}, true},
        {Act::themeLight, MenuId::view, "theme-light", Words::tr("Li&ght theme"), {}, true},
        {Act::fullScreen, MenuId::view, "full-screen", Words::tr("Full &screen"), {key(Qt::Key_F11)}, true},
    };
}

QList<ActionRow> otherRows()
{
    return {
        {Act::pageStart, MenuId::go, "start", Words::tr("&Start"), {QKeySequence(Qt::CTRL | Qt::Key_0)}},
        {Act::pageRead, MenuId::go, "read", Words::tr("&Read"), {QKeySequence(Qt::CTRL | Qt::Key_1)}},
        {Act::pageTrain, MenuId::go, "train", Words::tr("&Train"), {QKeySequence(Qt::CTRL | Qt::Key_4)}},
        {Act::trainNow, MenuId::train, "train-now", Words::tr("&Train now"), {key(Qt::Key_T)}},
        {Act::pauseTraining, MenuId::train, "pause", Words::tr("&Pause"), {QKeySequence(Qt::CTRL | Qt::Key_P)}, true},
        {Act::stopTraining, MenuId::train, "stop", Words::tr("&Stop, keep the checkpoint"), {}},
        {Act::liveTraining, MenuId::train, "live", Words::tr("Train while &reading"), {}, true},
        {Act::manual, MenuId::help, "manual", Words::tr("&Manual"), {key(Qt::Key_F1)}},
        {Act::keySheet, MenuId::help, "keys", Words::tr("&Keys"), {key(Qt::Key_Question)}},
        {Act::about, MenuId::help, "about", Words::tr("&About Foveate"), {}},
    };
}

} // namespace

const QList<ActionRow>& actionRows()
{
    static const QList<ActionRow> kRows = fileRows() + readRows() + viewRows() + otherRows();
    return kRows;
}

QString menuTitle(MenuId menu)
{
    switch (menu) {
    case MenuId::file: return Words::tr("&File");
    case MenuId::read: return Words::tr("&Read");
    case MenuId::view: return Words::tr("&View");
    case MenuId::go: return Words::tr("&Go");
    case MenuId::train: return Words::tr("&Train");
    case MenuId::help: return Words::tr("&Help");
    }
    return {};
}

std::optional<int> classOfKey(const QKeyEvent& event)
{
    const Qt::KeyboardModifiers modifiers = event.modifiers();
    if (modifiers & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier))
        return {};
    const int page = (modifiers & Qt::ShiftModifier) ? 10 : 0;
    const auto digit = [&](int value) { return page + (value + 9) % 10; };
    const bool isDigit = event.key() >= Qt::Key_0 && event.key() <= Qt::Key_9;
    if (modifiers & Qt::KeypadModifier)
        return isDigit ? std::optional(digit(event.key() - Qt::Key_0)) : std::nullopt;
    const quint32 scan = event.nativeScanCode();
    if (scan >= kScanDigitOne && scan <= kScanDigitZero)
        return page + int(scan - kScanDigitOne);
    return scan == 0 && isDigit ? std::optional(digit(event.key() - Qt::Key_0)) : std::nullopt;
}

} // namespace foveate::ui
