// SPDX-License-Identifier: GPL-3.0-or-later
// A study of phantoms and a window over it, for the tests of the window.
#pragma once

#include "ui/MainWindow.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <string>
#include <vector>

namespace foveate::made {

/// A folder of its own with settings, rescue files and installation identity below it; removed at the end.
class Fixture {
public:
    Fixture();
    std::string folder() const { return m_study; }

    /// Phantoms, truth hidden, 70/10/20.
    Status makeStudy(int images, const std::string& policy, const std::string& modality = "oct");
    /// Makes the study one in which several classes may apply to an image. Before anything is labelled.
    Status makeMultiLabel();
    /// Labels the first `count` of the queue from hidden truth, as reader "tester".
    Status labelSome(int count);
    /// A finished training made by hand: probabilities from truth with noise, losses, no engine.
    Status addRun(int epochs = 12);
    /// Window with nothing but what the options say; waits until the project is open.
    std::unique_ptr<ui::MainWindow> open(ui::WindowOptions options = {});
    ui::WindowOptions options() const;

private:
    QTemporaryDir m_home;
    std::string m_study;
};

/// Waits until the image on the screen takes labels. False after `milliseconds`.
bool waitArmed(ui::MainWindow& window, int milliseconds = 5000);
/// A key press as X11 sends it: with the physical key's scan code.
void pressDigit(QWidget* target, int digit, Qt::KeyboardModifiers modifiers = Qt::NoModifier, bool repeat = false,
                int printed = 0);

} // namespace foveate::made
