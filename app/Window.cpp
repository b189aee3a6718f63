// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/Window.h"

#include "base/Log.h"
#include "ui/MainWindow.h"

#include <QApplication>

namespace foveate::app {

int openWindow(int argc, char** argv)
{
    log::start(log::Level::warning);
    QApplication application(argc, argv);
    ui::WindowOptions options;
    if (argc > 1)
        options.project = QString::fromLocal8Bit(argv[1]);
    return ui::runWindow(application, options);
}

} // namespace foveate::app
