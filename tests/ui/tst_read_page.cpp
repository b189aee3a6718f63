// SPDX-License-Identifier: GPL-3.0-or-later
// The Read page in a real window: keys, undo over restarts, held keys, text fields, blinding, a disk that fails.
//
// Compiled a second time with the guard of blinding switched off (FOVEATE_WITHOUT_BLINDING): then the traces of the
// model that `blind` looks for must be found.
#include "Fixture.h"
#include "ui/pages/ReadPage.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/FilmStrip.h"
#include "ui/views/ImageCanvas.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>

#include <csignal>
#include <sys/resource.h>

using namespace foveate;
using session::WorkspaceReading;

namespace {

WorkspaceReading& reading(ui::MainWindow& window)
{
    return window.workspace().reading();
}

/// Presses a digit and waits for the next image to take labels.
[[maybe_unused]] bool labelNext(ui::MainWindow& window, int digit)
{
    if (!made::waitArmed(window))
        return false;
    const quint64 serial = reading(window).item().serial;
    made::pressDigit(window.read()->canvas(), digit);
    return QTest::qWaitFor([&] { return reading(window).item().serial != serial; }, 5000) && made::waitArmed(window);
}

bool idle(ui::MainWindow& window)
{
    return made::waitArmed(window);
}

QStringList wordsOf(const QWidget& widget)
{
    QStringList words{widget.toolTip(),     widget.accessibleName(), widget.accessibleDescription(),
                      widget.windowTitle(), widget.statusTip(),      widget.whatsThis()};
    if (const auto* label = qobject_cast<const QLabel*>(&widget))
        words << label->text();
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget))
        words << button->text();
    return words;
}

/// Everything that the window says anywhere, shown or not, to eyes or to assistive programs.
QString allWords(const QWidget& window)
{
    QStringList words = wordsOf(window);
    for (const QWidget* widget : window.findChildren<QWidget*>())
        words << wordsOf(*widget);
    for (const QAction* action : window.findChildren<QAction*>())
        words << action->text() << action->toolTip() << action->statusTip();
    return words.join(u'\n');
}

/// Traces of the stand-in's opinion, with every way of asking for it tried.
QStringList tracesOfModel(ui::MainWindow& window)
{
    QStringList traces;
    ui::ImageCanvas* canvas = window.read()->canvas();
    canvas->repaint();
    const QImage before = canvas->grab().toImage();
    const bool overlayWasOn = canvas->hasOverlay();
    window.read()->toggleOverlay();
    window.read()->peek(true);
    QTest::qWait(250); // an answer of the model would be here
    const QImage after = canvas->grab().toImage();
    if (canvas->hasOverlay() || overlayWasOn || before != after)
        traces << QStringLiteral("pixels");
    if (allWords(window).contains(QStringLiteral("97 %")))
        traces << QStringLiteral("words");
    if (window.workspace().reveal())
        traces << QStringLiteral("presenter");
    window.read()->peek(false);
    window.read()->toggleOverlay();
    return traces;
}

ui::WindowOptions withModel(const made::Fixture& fixture)
{
    ui::WindowOptions options = fixture.options();
    options.workspace.engine.program = QStringLiteral(FOVEATE_STANDIN);
    return options;
}

} // namespace

class TestReadPage : public QObject {
    Q_OBJECT
private Q_SLOTS:
#ifndef FOVEATE_WITHOUT_BLINDING
    void keys()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(120, "blind"));
        const auto window = fixture.open();
        QVERIFY(window && idle(*window));
        QCOMPARE(window->read()->canvas()->accessibleName(), QStringLiteral("Image 1 of 20, unlabelled"));
        QCOMPARE(window->windowTitle(), QStringLiteral("Foveate: Retina study"));
        for (const int digit : {1, 2, 3})
            QVERIFY(labelNext(*window, digit));
        // The physical row on a French layout: the key of 4 prints an apostrophe.
        const quint64 serial = reading(*window).item().serial;
        made::pressDigit(window->read()->canvas(), 4, Qt::NoModifier, false, Qt::Key_Apostrophe);
        QTRY_VERIFY(reading(*window).item().serial != serial);
        QVERIFY(idle(*window));
        made::pressDigit(window->read()->canvas(), 2, Qt::KeypadModifier);
        QTRY_COMPARE(reading(*window).tally().session, 5);
        QVERIFY(idle(*window));
        // There is no class 11, no class 9, and Ctrl is no label.
        made::pressDigit(window->read()->canvas(), 1, Qt::ShiftModifier);
        made::pressDigit(window->read()->canvas(), 9);
        made::pressDigit(window->read()->canvas(), 1, Qt::ControlModifier);
        QTest::qWait(100);
        QCOMPARE(reading(*window).tally().session, 5);
        std::vector<int> classes;
        for (const auto& label : reading(*window).recent())
            classes.push_back(label.classIndex.value_or(-1));
        QCOMPARE(classes, (std::vector<int>{0, 1, 2, 3, 1}));
        QTest::keyClick(window->read()->canvas(), Qt::Key_S);
        QTRY_COMPARE(reading(*window).tally().session, 6);
        QVERIFY(idle(*window));
        QCOMPARE(int(reading(*window).recent().back().state), int(store::EventKind::skip));
    }

    void heldKeyLabelsOnce()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        const auto window = fixture.open();
        QVERIFY(window && idle(*window));
        const quint64 serial = reading(*window).item().serial;
        made::pressDigit(window->read()->canvas(), 1);
        QTRY_VERIFY(reading(*window).item().serial != serial);
        // The key is still down: repeats, and a bounce before 150 ms have passed since the first paint.
        for (int i = 0; i < 20; ++i) {
            made::pressDigit(window->read()->canvas(), 1, Qt::NoModifier, true);
            QTest::qWait(20);
        }
        QCOMPARE(reading(*window).tally().session, 1);
        const quint64 next = reading(*window).item().serial;
        QVERIFY(idle(*window));
        made::pressDigit(window->read()->canvas(), 2);
        QTRY_VERIFY(reading(*window).item().serial != next);
        made::pressDigit(window->read()->canvas(), 2);
        made::pressDigit(window->read()->canvas(), 2);
        QTest::qWait(400);
        QCOMPARE(reading(*window).tally().session, 2);
    }

    void undoOverImagesAndRestarts()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        std::vector<std::string> read;
        {
            const auto window = fixture.open();
            QVERIFY(window);
            for (const int digit : {1, 2, 3}) {
                QVERIFY(idle(*window));
                read.push_back(reading(*window).item().sample);
                QVERIFY(labelNext(*window, digit));
            }
        }
        const auto window = fixture.open();
        QVERIFY(window && idle(*window));
        QCOMPARE(int(reading(*window).recent().size()), 3);
        for (int back = 2; back >= 1; --back) {
            QTest::keyClick(window->read()->canvas(), Qt::Key_Backspace);
            QTRY_COMPARE(reading(*window).item().sample, read[std::size_t(back)]);
            QVERIFY(!reading(*window).item().said);
            QVERIFY(idle(*window));
        }
        QCOMPARE(int(reading(*window).recent().size()), 1);
        QTest::keyClick(window->read()->canvas(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_COMPARE(int(reading(*window).recent().size()), 2);
        QCOMPARE(reading(*window).recent().back().classIndex, std::optional(1));
    }

    void severalClassesAreMarkedAndKept()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        QVERIFY(fixture.makeMultiLabel());
        const auto window = fixture.open();
        QVERIFY(window && idle(*window));
        ui::ReadPage* page = window->read();
        const std::string first = reading(*window).item().sample;
        // Digits mark and take back; nothing is said before Enter.
        for (const int digit : {1, 2, 3, 2})
            made::pressDigit(page->canvas(), digit);
        QTest::qWait(100);
        QCOMPARE(reading(*window).item().sample, first);
        QCOMPARE(reading(*window).tally().session, 0);
        QVERIFY(page->classes()->button(0)->chosen() && !page->classes()->button(1)->chosen());
        QVERIFY(page->classes()->button(2)->chosen());
        QTest::keyClick(page->canvas(), Qt::Key_Return);
        QTRY_VERIFY(reading(*window).item().sample != first);
        QCOMPARE(reading(*window).recent().back().classIndex, std::optional(0b101));
        QCOMPARE(reading(*window).tally().perClass[0] + reading(*window).tally().perClass[2], 2);
        QVERIFY(idle(*window));
        QVERIFY(!page->classes()->button(0)->chosen());
        // None of them is a label too.
        const std::string second = reading(*window).item().sample;
        QTest::keyClick(page->canvas(), Qt::Key_Enter);
        QTRY_VERIFY(reading(*window).item().sample != second);
        QCOMPARE(reading(*window).recent().back().classIndex, std::optional(0));
        QTRY_VERIFY(page->strip()->frame(1)->item()->durable);
        QVERIFY(page->strip()->frame(1)->accessibleName().contains(QStringLiteral("none of them")));
        QVERIFY(idle(*window));
        // Going back shows the marks; a change of them is a change of mind, no change goes on.
        page->previous();
        QTRY_COMPARE(reading(*window).item().sample, second);
        QVERIFY(idle(*window));
        page->previous();
        QTRY_COMPARE(reading(*window).item().sample, first);
        QVERIFY(idle(*window));
        QVERIFY(page->classes()->button(0)->chosen() && page->classes()->button(2)->chosen());
        made::pressDigit(page->canvas(), 4);
        QTest::keyClick(page->canvas(), Qt::Key_Return);
        QTRY_VERIFY(reading(*window).item().sample != first);
        QCOMPARE(reading(*window).recent().back().classIndex, std::optional(0b1101));
        QCOMPARE(reading(*window).tally().labelled, 2);
    }

    void changeByTheStrip()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        const auto window = fixture.open();
        QVERIFY(window);
        for (const int digit : {1, 2})
            QVERIFY(labelNext(*window, digit));
        const std::string front = reading(*window).item().sample;
        ui::FilmFrame* frame = window->read()->strip()->frame(0);
        QVERIFY(frame->item() && frame->item()->durable);
        const std::string sample = frame->item()->sample.toStdString();
        QTest::mouseClick(frame, Qt::LeftButton);
        QTRY_COMPARE(reading(*window).item().sample, sample);
        QVERIFY(window->read()->classes()->button(0)->chosen());
        QVERIFY(idle(*window));
        made::pressDigit(window->read()->canvas(), 4);
        QTRY_COMPARE(reading(*window).item().sample, front);
        const auto& recent = reading(*window).recent();
        QCOMPARE(recent.back().sample, sample);
        QCOMPARE(recent.back().classIndex, std::optional(3));
    }

    void textFieldsKeepTheirKeys()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        const auto window = fixture.open();
        QVERIFY(window);
        QVERIFY(labelNext(*window, 1));
        auto* note = window->read()->findChild<QLineEdit*>();
        QVERIFY(note);
        note->setFocus();
        QTRY_VERIFY(note->hasFocus());
        const std::string sample = reading(*window).item().sample;
        QTest::keyClicks(note, QStringLiteral("12sxuvwt"));
        QTest::keyClick(note, Qt::Key_Left);
        QTest::keyClick(note, Qt::Key_Backspace);
        QCOMPARE(note->text(), QStringLiteral("12sxuvt"));
        QTest::qWait(100);
        QCOMPARE(reading(*window).tally().session, 1);
        QCOMPARE(reading(*window).item().sample, sample);
        QVERIFY(!window->read()->canvas()->inverted());
    }

    void everyImageRead()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(30, "blind"));
        const auto window = fixture.open();
        QVERIFY(window);
        for (int i = 0; i < 40 && reading(*window).state() != session::ReadingState::exhausted; ++i) {
            QVERIFY(QTest::qWaitFor([&] {
                return window->read()->armed() || reading(*window).state() == session::ReadingState::exhausted;
            }));
            made::pressDigit(window->read()->canvas(), 1);
            QTest::qWait(20);
        }
        QCOMPARE(window->read()->message(), QStringLiteral("Every image is read"));
        QVERIFY(!window->read()->armed());
        QTest::keyClick(window->read()->canvas(), Qt::Key_Backspace);
        QTRY_COMPARE(int(reading(*window).state()), int(session::ReadingState::reading));
    }

    void fullDiskKeepsTheLabel()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind"));
        const auto window = fixture.open();
        QVERIFY(window);
        QVERIFY(labelNext(*window, 1));
        const std::string sample = reading(*window).item().sample;
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        QCOMPARE(getrlimit(RLIMIT_FSIZE, &before), 0);
        rlimit none = before;
        none.rlim_cur = 1;
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &none), 0);
        made::pressDigit(window->read()->canvas(), 2);
        const bool troubled = QTest::qWaitFor([&] { return reading(*window).trouble().has_value(); }, 5000);
        const std::string shown = reading(*window).item().sample;
        QCOMPARE(setrlimit(RLIMIT_FSIZE, &before), 0);
        QVERIFY(troubled);
        QCOMPARE(shown, sample); // the next image has not come
        QCOMPARE(reading(*window).tally().session, 1);
        QTRY_VERIFY_WITH_TIMEOUT(!reading(*window).trouble().has_value(), 10'000);
        QTRY_COMPARE(reading(*window).tally().session, 2);
        QCOMPARE(reading(*window).recent().back().sample, sample);
        QCOMPARE(reading(*window).recent().back().classIndex, std::optional(1));
        QVERIFY(reading(*window).item().sample != sample);
    }

    void afterShowsAndWaits()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "after") && fixture.labelSome(12) && fixture.addRun());
        const auto window = fixture.open(withModel(fixture));
        QVERIFY(window && idle(*window));
        QCOMPARE(tracesOfModel(*window), QStringList());
        const quint64 serial = reading(*window).item().serial;
        made::pressDigit(window->read()->canvas(), 1);
        QTRY_VERIFY(window->workspace().reveal().has_value());
        QCOMPARE(reading(*window).item().serial, serial);
        QVERIFY(allWords(*window).contains(QStringLiteral("97 %")));
        QVERIFY(!window->read()->canvas()->hasOverlay()); // off until asked for
        QTest::keyClick(window->read()->canvas(), Qt::Key_E);
        QTRY_VERIFY(window->read()->canvas()->hasOverlay());
        QTest::keyClick(window->read()->canvas(), Qt::Key_Return);
        QTRY_VERIFY(reading(*window).item().serial != serial);
        QVERIFY(idle(*window));
        QCOMPARE(tracesOfModel(*window), QStringList());
    }

    /// Maps sharpen over rounds: every finished model can be asked, under the same policy as the newest.
    void anEarlierModelCanBeAsked()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "after") && fixture.labelSome(6) && fixture.addRun());
        QVERIFY(fixture.labelSome(6) && fixture.addRun());
        const auto window = fixture.open(withModel(fixture));
        QVERIFY(window && idle(*window));
        const session::Workspace& workspace = window->workspace();
        ui::ImageCanvas* canvas = window->read()->canvas();
        QCOMPARE(workspace.models().size(), std::size_t(2));
        QTest::keyClick(canvas, Qt::Key_Q, Qt::ShiftModifier); // nothing is shown, so there is nothing to choose
        QCOMPARE(workspace.askedModel()->labels, 12);
        made::pressDigit(canvas, 1);
        QTRY_VERIFY(workspace.reveal().has_value());
        QCOMPARE(workspace.reveal()->high, 4.);
        QTest::keyClick(canvas, Qt::Key_Q, Qt::ShiftModifier);
        QCOMPARE(workspace.askedModel()->labels, 6);
        QVERIFY(!workspace.reveal()); // not the newest one's answer under the earlier one's name
        QTRY_VERIFY(workspace.reveal().has_value());
        QCOMPARE(workspace.reveal()->high, 3.5);
        QVERIFY(allWords(*window).contains(QStringLiteral("What the model of 6 label")));
        // The choice stays, and so does the policy.
        const quint64 serial = reading(*window).item().serial;
        QTest::keyClick(canvas, Qt::Key_Return);
        QTRY_VERIFY(reading(*window).item().serial != serial);
        QVERIFY(idle(*window));
        QCOMPARE(tracesOfModel(*window), QStringList());
        made::pressDigit(canvas, 2);
        QTRY_VERIFY(workspace.reveal().has_value());
        QCOMPARE(workspace.reveal()->run, workspace.models().back().id);
        QTest::keyClick(canvas, Qt::Key_W, Qt::ShiftModifier);
        QTRY_VERIFY(workspace.reveal() && workspace.reveal()->high == 4.);
    }

    void blindUntilTheBatchIsRead()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(120, "blind") && fixture.labelSome(12) && fixture.addRun());
        const auto window = fixture.open(withModel(fixture));
        QVERIFY(window && idle(*window));
        const int batch = reading(*window).item().of;
        QVERIFY(batch > 1);
        QCOMPARE(tracesOfModel(*window), QStringList());
        QVERIFY(labelNext(*window, 1));
        window->read()->previous(); // a look back while the batch is open
        QVERIFY(idle(*window));
        QVERIFY(reading(*window).item().again);
        QCOMPARE(tracesOfModel(*window), QStringList());
        window->read()->next();
        for (int i = 1; i < batch; ++i)
            QVERIFY(labelNext(*window, 2));
        QCOMPARE(tracesOfModel(*window), QStringList()); // the first of the next batch
        window->read()->previous();
        QVERIFY(idle(*window));
        QTRY_VERIFY(window->workspace().reveal().has_value());
        QVERIFY(!tracesOfModel(*window).isEmpty());
    }
#else
    void tracesAreFoundWithoutTheGuard()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(60, "blind") && fixture.labelSome(12) && fixture.addRun());
        const auto window = fixture.open(withModel(fixture));
        QVERIFY(window && idle(*window));
        QTRY_VERIFY(window->workspace().reveal().has_value());
        QCOMPARE(tracesOfModel(*window),
                 (QStringList{QStringLiteral("pixels"), QStringLiteral("words"), QStringLiteral("presenter")}));
    }
#endif
};

QTEST_MAIN(TestReadPage)
#include "tst_read_page.moc"
