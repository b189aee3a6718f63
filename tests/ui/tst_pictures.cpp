// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the pages as they are, in both themes and two sizes, into screenshots/ of the build folder; with
// QT_SCALE_FACTOR=2 also at double density (…@2x.png).
//
// Checks what can be checked of a picture: the canvas has 60 % of the window while reading, no text is cut off, no
// widget lies outside its parent. `--manual FILE` also writes the Read page to FILE.
#include "Fixture.h"
#include "ui/pages/NewProjectDialog.h"
#include "ui/pages/ReadPage.h"
#include "ui/pages/TrainPage.h"
#include "ui/views/FilmStrip.h"
#include "ui/views/ImageCanvas.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QLabel>
#include <QSignalSpy>

#include <cmath>

using namespace foveate;

namespace {

QString g_manual;

QString themeName(ui::ThemeName theme)
{
    return theme == ui::ThemeName::light ? QStringLiteral("light") : QStringLiteral("dark");
}

/// Names of labels and buttons whose words do not fit into them.
QStringList cutTexts(const QWidget& window)
{
    QStringList cut;
    for (const QLabel* label : window.findChildren<QLabel*>())
        if (label->isVisible() && !label->wordWrap() && !label->text().isEmpty() &&
            label->sizeHint().width() > label->width() + 1)
            cut << label->text();
    for (const QAbstractButton* button : window.findChildren<QAbstractButton*>())
        if (button->isVisible() && !button->text().isEmpty() && button->sizeHint().width() > button->width() + 1)
            cut << button->text();
    return cut;
}

QStringList strayWidgets(const QWidget& window)
{
    QStringList stray;
    for (const QWidget* widget : window.findChildren<QWidget*>())
        if (widget->isVisible() && !widget->isWindow() && widget->parentWidget() && widget->width() > 0 &&
            !widget->parentWidget()->rect().contains(widget->geometry().center()))
            stray << QString::fromLatin1(widget->metaObject()->className());
    return stray;
}

/// Mean difference of two pictures seen from afar, 0…255: fonts and the pace of the day do not count.
double difference(const QImage& a, const QImage& b)
{
    const auto afar = [](const QImage& image) {
        return image.scaled(64, 40, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
            .convertToFormat(QImage::Format_Grayscale8);
    };
    const QImage one = afar(a), other = afar(b);
    double sum = 0;
    for (int y = 0; y < one.height(); ++y)
        for (int x = 0; x < one.width(); ++x)
            sum += std::abs(qGray(one.pixel(x, y)) - qGray(other.pixel(x, y)));
    return sum / (one.width() * one.height());
}

} // namespace

class TestPictures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_fixture.makeStudy(240, "blind"));
        QVERIFY(m_fixture.labelSome(30));
        QVERIFY(m_fixture.addRun());
        QVERIFY(m_fixture.labelSome(12));
        QVERIFY(m_fixture.addRun());
        QVERIFY(QDir().mkpath(folder()));
    }

    void pages_data()
    {
        QTest::addColumn<int>("theme");
        QTest::addColumn<QSize>("size");
        for (const auto theme : {ui::ThemeName::readingRoom, ui::ThemeName::light})
            for (const QSize size : {QSize(1280, 800), QSize(1920, 1080)})
                QTest::addRow("%s-%d", qPrintable(themeName(theme)), size.width()) << int(theme) << size;
    }

    void pages()
    {
        QFETCH(int, theme);
        QFETCH(QSize, size);
        ui::WindowOptions options = m_fixture.options();
        options.theme = ui::ThemeName(theme);
        options.themeFromSettings = false;
        const auto window = m_fixture.open(options);
        QVERIFY(window);
        window->resize(size);
        QVERIFY(made::waitArmed(*window));
        for (const int digit : {1, 2, 3, 1}) {
            made::pressDigit(window->read()->canvas(), digit);
            QVERIFY(made::waitArmed(*window));
        }
        save(*window, QStringLiteral("read"));
        const QSize canvas = window->read()->canvas()->size();
        const double share = double(canvas.width()) * canvas.height() / (double(size.width()) * size.height());
        QVERIFY2(share >= 0.6, qPrintable(QString::number(share)));

        window->go(ui::MainWindow::trainPage);
        QTest::qWait(300);
        save(*window, QStringLiteral("train"));
        window->workspace().close();
        QTest::qWait(50);
        save(*window, QStringLiteral("start"));
    }

    void revealed()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(120, "after") && fixture.labelSome(10) && fixture.addRun());
        QVERIFY(fixture.labelSome(10) && fixture.addRun());
        ui::WindowOptions options = fixture.options();
        options.workspace.engine.program = QStringLiteral(FOVEATE_STANDIN);
        options.themeFromSettings = false;
        const auto window = fixture.open(options);
        QVERIFY(window);
        window->resize(1280, 800);
        QVERIFY(made::waitArmed(*window));
        made::pressDigit(window->read()->canvas(), 3);
        QTRY_VERIFY(window->workspace().reveal().has_value());
        window->read()->toggleOverlay();
        QTRY_VERIFY(window->read()->canvas()->hasOverlay());
        save(*window, QStringLiteral("revealed"));
    }

    void severalClasses()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind") && fixture.makeMultiLabel());
        ui::WindowOptions options = fixture.options();
        options.themeFromSettings = false;
        const auto window = fixture.open(options);
        QVERIFY(window);
        window->resize(1280, 800);
        for (const std::initializer_list<int> marks : {std::initializer_list<int>{1, 3}, {}, {2}}) {
            QVERIFY(made::waitArmed(*window));
            for (const int digit : marks)
                made::pressDigit(window->read()->canvas(), digit);
            QTest::keyClick(window->read()->canvas(), Qt::Key_Return);
        }
        QVERIFY(made::waitArmed(*window));
        for (const int digit : {1, 4})
            made::pressDigit(window->read()->canvas(), digit);
        QTest::qWait(200);
        save(*window, QStringLiteral("several"));
    }

    void dialogs()
    {
        const auto window = m_fixture.open();
        QVERIFY(window);
        for (const ui::Act act : {ui::Act::manual, ui::Act::keySheet, ui::Act::about, ui::Act::newProject}) {
            const QString name = window->action(act)->objectName();
            window->action(act)->trigger();
            QDialog* dialog = nullptr;
            QTRY_VERIFY((dialog = window->findChild<QDialog*>()) && dialog->isVisible());
            if (auto* fresh = qobject_cast<ui::NewProjectDialog*>(dialog)) {
                QSignalSpy scanned(fresh, &ui::NewProjectDialog::scanned);
                fresh->setSource(QString::fromStdString(m_fixture.folder()) + QStringLiteral("/images"));
                QVERIFY(scanned.wait());
            }
            QTest::qWait(50);
            QVERIFY(dialog->grab().save(folder() + QStringLiteral("/dialog-%1.png").arg(name)));
            const QStringList cut = cutTexts(*dialog);
            QVERIFY2(cut.isEmpty(), qPrintable(name + ": " + cut.join(" | ")));
            dialog->reject();
            QTRY_VERIFY(!window->findChild<QDialog*>());
        }
    }

private:
    static QString folder() { return QStringLiteral(FOVEATE_BIN_DIR "/../screenshots"); }

    void save(ui::MainWindow& window, const QString& page)
    {
        QCoreApplication::processEvents();
        const QString name = QStringLiteral("%1-%2-%3%4.png")
                                 .arg(page, themeName(ui::Theme::current().name()))
                                 .arg(window.width())
                                 .arg(window.devicePixelRatio() > 1 ? QStringLiteral("@2x") : QString());
        QVERIFY(window.grab().save(folder() + u'/' + name));
        if (page == QStringLiteral("read") && !g_manual.isEmpty() && name == QStringLiteral("read-dark-1280.png"))
            QVERIFY(window.grab().save(g_manual));
        if (name == QStringLiteral("read-dark-1280.png")) {
            const QImage shown(QStringLiteral(FOVEATE_SOURCE_DIR "/resources/manual/read.png"));
            QVERIFY2(difference(window.grab().toImage(), shown) < 4,
                     "the manual's picture of the Read page is not what the page looks like: --manual makes it anew");
        }
        const QStringList cut = cutTexts(window), stray = strayWidgets(window);
        QVERIFY2(cut.isEmpty(), qPrintable(page + ": " + cut.join(" | ")));
        QVERIFY2(stray.isEmpty(), qPrintable(page + ": " + stray.join(" | ")));
    }

    made::Fixture m_fixture;
};

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QStringList arguments = QApplication::arguments();
    if (const auto at = arguments.indexOf(QStringLiteral("--manual")); at > 0 && at + 1 < arguments.size()) {
        g_manual = arguments.at(at + 1);
        arguments.remove(at, 2);
    }
    TestPictures test;
    return QTest::qExec(&test, arguments);
}

#include "tst_pictures.moc"
