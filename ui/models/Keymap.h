// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the window as one row: its name, menu, words and default keys. Menus, key sheet and tests read this.
#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>

#include <optional>

class QKeyEvent;

namespace foveate::ui {

enum class Act {
    newProject,
    openProject,
    demo,
    closeProject,
    quit,
    skip,
    unsure,
    ungradable,
    undo,
    redo,
    next,
    previous,
    fit,
    actualSize,
    zoomIn,
    zoomOut,
    invert,
    windowDefault,
    windowAuto,
    imageText,
    overlay,
    overlayLess,
    overlayMore,
    overlayPeek,
    earlierModel,
    laterModel,
    themeDark,
    themeLight,
    fullScreen,
    pageStart,
    pageRead,
    pageTrain,
    trainNow,
    pauseTraining,
    stopTraining,
    liveTraining,
    manual,
    keySheet,
    about
};

enum class MenuId { file, read, view, go, train, help };

struct ActionRow {
    Act act;
    MenuId menu;
    QString name;             ///< fixed, for tests and settings
    QString text;             ///< translated, with a mnemonic
    QList<QKeySequence> keys; ///< the first is shown in the menu
    bool checkable = false;
    bool onEvent = false; ///< its keys reach the page as events, after a focused slider or button had its chance
};

const QList<ActionRow>& actionRows();
QString menuTitle(MenuId menu);

/// The class that a key press stands for: the physical digit row by native scan code (X11 and Wayland: evdev code + 8),
/// whatever the layout prints on it, Shift for the 11th to 20th; or the keypad. Where the platform gives no scan code,
/// the key's own digit. Ctrl, Alt or Meta held: none.
std::optional<int> classOfKey(const QKeyEvent& event);

} // namespace foveate::ui
