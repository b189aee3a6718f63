// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/MainWindow.h"
#include "ui/views/Style.h"

#include <QApplication>
#include <QLocale>
#include <QStandardPaths>
#include <QTranslator>

namespace foveate::ui {

namespace {

constexpr int kBodyPixels = 13;

} // namespace

void applyTheme(QApplication& application, ThemeName name)
{
    const Theme& theme = Theme::use(name);
    application.setStyle(new Style);
    application.setPalette(theme.palette());
    QFont font = application.font();
    font.setPixelSize(kBodyPixels);
    application.setFont(font);
    application.setStyleSheet(theme.styleSheet());
}

void installWords(QCoreApplication& application)
{
    auto* words = new QTranslator(&application);
    // English too: without its file a count of one would read "1 image(s)".
    if (!words->load(QLocale(), QStringLiteral("foveate"), QStringLiteral("_"), QStringLiteral(":/i18n")) &&
        !words->load(QStringLiteral(":/i18n/foveate_en.qm")))
        return;
    QCoreApplication::installTranslator(words);
}

QString defaultDemoFolder(const QString& modality)
{
    return QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) +
           QStringLiteral("/foveate-demo-%1.foveate").arg(modality);
}

int runWindow(QApplication& application, const WindowOptions& options)
{
    QApplication::setApplicationName(QStringLiteral("Foveate"));
    installWords(application);
    ThemeName theme = options.theme;
    if (options.themeFromSettings &&
        Recent(options.settingsFile).value(QStringLiteral("theme")) == QStringLiteral("light"))
        theme = ThemeName::light;
    applyTheme(application, theme);
    MainWindow window(options);
    window.show();
    if (options.demo)
        window.openDemo(options.project.isEmpty() ? defaultDemoFolder(options.modality) : options.project,
                        options.modality, options.images);
    else if (!options.project.isEmpty())
        window.openProject(options.project);
    return QApplication::exec();
}

} // namespace foveate::ui
