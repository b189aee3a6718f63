// SPDX-License-Identifier: GPL-3.0-or-later
// From a folder to a project being read: the first look, the dialog's reasons, the import, a second window.
#include "Fixture.h"
#include "ui/models/SourceScan.h"
#include "ui/pages/NewProjectDialog.h"
#include "ui/pages/ReadPage.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/ImageCanvas.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QDialog>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>

using namespace foveate;

namespace {

/// Twenty pictures in two class folders, and one file that is none.
void makeFolder(const QDir& folder)
{
    for (int i = 0; i < 20; ++i) {
        const QString name = i % 2 ? QStringLiteral("Normal & <b>well") : QStringLiteral("Drusen");
        QVERIFY(folder.mkpath(name));
        QImage image(48, 48, QImage::Format_Grayscale8);
        image.fill(uint(10 * i));
        QVERIFY(image.save(folder.filePath(QStringLiteral("%1/P%2_%3.png").arg(name).arg(i / 4).arg(i))));
    }
    QFile broken(folder.filePath(QStringLiteral("Drusen/P9_99.png")));
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write("no picture");
}

} // namespace

class TestNewProject : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void looksWithoutOpening()
    {
        QTemporaryDir home;
        makeFolder(QDir(home.path()));
        const auto scan = ui::scanSource(home.path().toStdString());
        QVERIFY(scan);
        QCOMPARE(scan->files, std::int64_t(21));
        QCOMPARE(int(scan->classes.size()), 2);
        QCOMPARE(scan->classes[0].first, QStringLiteral("Drusen"));
        QCOMPARE(scan->classes[0].second, std::int64_t(11));
        QCOMPARE(ui::countPatients(*scan, "(P\\d+)_").value_or(-1), 6);
        QVERIFY(!ui::countPatients(*scan, "(P"));
        QVERIFY(!ui::scanSource(home.filePath(QStringLiteral("nowhere")).toStdString()));
    }

    void classesAsTyped()
    {
        QCOMPARE(ui::classesFromText(QStringLiteral(" A, B ,, A,C ")), (QStringList{"A", "B", "C"}));
    }

    void saysWhatIsMissing()
    {
        made::Fixture fixture;
        QTemporaryDir empty;
        ui::NewProjectDialog dialog({}, nullptr);
        QCOMPARE(dialog.missing(), QStringLiteral("Choose the images first."));
        QSignalSpy scanned(&dialog, &ui::NewProjectDialog::scanned);
        dialog.setSource(empty.path());
        QVERIFY(scanned.wait());
        QVERIFY(!dialog.missing().isEmpty());
        QVERIFY(!dialog.scan());
        QTemporaryDir home;
        makeFolder(QDir(home.path()));
        dialog.setSource(home.path());
        QVERIFY(scanned.wait());
        QCOMPARE(dialog.missing(), QString());
    }

    void importsAndReads()
    {
        made::Fixture fixture;
        QTemporaryDir home;
        makeFolder(QDir(home.path()));
        ui::MainWindow window(fixture.options());
        window.show();
        window.newProject(home.path());
        auto* dialog = window.findChild<ui::NewProjectDialog*>();
        QVERIFY(dialog);
        QSignalSpy scanned(dialog, &ui::NewProjectDialog::scanned);
        QVERIFY(scanned.wait());
        session::NewProject wish = dialog->wish();
        wish.folder = fixture.folder();
        wish.source.hideLabels = true;
        wish.source.labels = "auto";
        dialog->reject();
        QSignalSpy opened(&window.workspace(), &session::Workspace::opened);
        QSignalSpy imported(&window.workspace(), &session::Workspace::imported);
        window.workspace().create(wish);
        QCOMPARE(window.page(), ui::MainWindow::startPage);
        QVERIFY(opened.wait(20'000));
        QCOMPARE(imported.count(), 1);
        const auto report = imported.first().first().value<session::ImportReport>();
        QCOMPARE(report.imported, std::int64_t(20));
        QCOMPARE(int(report.failed.size()), 1);
        QVERIFY(made::waitArmed(window));
        // The name is shown as it is: no markup, no mnemonic.
        QCOMPARE(window.read()->classes()->button(1)->text(), QStringLiteral("Normal & <b>well"));
    }

    void aSecondWindowReadsOnly()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(40, "blind"));
        const auto first = fixture.open();
        QVERIFY(first && made::waitArmed(*first));
        ui::WindowOptions options = fixture.options();
        ui::MainWindow second(options);
        second.show();
        QSignalSpy opened(&second.workspace(), &session::Workspace::opened);
        QSignalSpy failed(&second.workspace(), &session::Workspace::failed);
        second.openProject(QString::fromStdString(fixture.folder()));
        QTRY_VERIFY(opened.count() + failed.count() > 0);
        if (failed.count() > 0) { // no backup yet: the reason names the owner
            QCOMPARE(failed.first().first().value<Error>().code, Code::locked);
            return;
        }
        QVERIFY(second.workspace().project().readOnly);
        QVERIFY(second.workspace().project().owner.has_value());
        made::waitArmed(second, 2000);
        made::pressDigit(second.read(), 1);
        QTest::qWait(100);
        QCOMPARE(second.workspace().reading().tally().session, std::int64_t(0));
    }

    void theDemoIsMadeOnceAndOpened()
    {
        made::Fixture fixture;
        for (int time = 0; time < 2; ++time) {
            ui::MainWindow window(fixture.options());
            window.show();
            QSignalSpy opened(&window.workspace(), &session::Workspace::opened);
            window.openDemo(QString::fromStdString(fixture.folder()), QStringLiteral("xray"), 60);
            QVERIFY(opened.wait(20'000));
            QVERIFY(made::waitArmed(window));
            QCOMPARE(window.workspace().reading().tally().samples, std::int64_t(60));
            QCOMPARE(window.workspace().reading().tally().labelled, std::int64_t(time));
            made::pressDigit(window.read()->canvas(), 1);
            QTRY_COMPARE(window.workspace().reading().tally().session, std::int64_t(1));
        }
    }

    void assistiveProgramsAreTold()
    {
        made::Fixture fixture;
        QVERIFY(fixture.makeStudy(40, "blind"));
        const auto window = fixture.open();
        QVERIFY(window && made::waitArmed(*window));
        QAccessibleInterface* canvas = QAccessible::queryAccessibleInterface(window->read()->canvas());
        QVERIFY(canvas);
        QCOMPARE(canvas->role(), QAccessible::Graphic);
        QCOMPARE(canvas->text(QAccessible::Name), QStringLiteral("Image 1 of 20, unlabelled"));
        // Everything that can be pressed has a name.
        for (const QAbstractButton* button : window->findChildren<QAbstractButton*>()) {
            if (!button->isVisible())
                continue;
            QAccessibleInterface* told = QAccessible::queryAccessibleInterface(const_cast<QAbstractButton*>(button));
            QVERIFY2(told && !told->text(QAccessible::Name).isEmpty(), qPrintable(button->objectName()));
        }
    }

    void aMissingProjectIsASentence()
    {
        made::Fixture fixture;
        ui::MainWindow window(fixture.options());
        window.show();
        QSignalSpy failed(&window.workspace(), &session::Workspace::failed);
        window.openProject(QStringLiteral("/nowhere/at/all"));
        QVERIFY(failed.wait());
        QVERIFY(window.findChild<QDialog*>());
        QVERIFY(!window.workspace().busy());
        QCOMPARE(window.page(), ui::MainWindow::startPage);
    }
};

QTEST_MAIN(TestNewProject)
#include "tst_new_project.moc"
