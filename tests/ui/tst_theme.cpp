// SPDX-License-Identifier: GPL-3.0-or-later
// Colours by role: complete, readable, and nowhere else in the program.
#include "ui/MainWindow.h"
#include "ui/models/ColourMap.h"
#include "ui/models/Theme.h"

#include <QCheckBox>
#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>
#include <QTest>

using namespace foveate::ui;

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void contrasts_data()
    {
        QTest::addColumn<int>("theme");
        QTest::newRow("reading room") << int(ThemeName::readingRoom);
        QTest::newRow("light") << int(ThemeName::light);
    }

    void contrasts()
    {
        QFETCH(int, theme);
        const Theme colours = Theme::load(ThemeName(theme));
        const auto atLeast = [&](Role front, Role back, double ratio) {
            const double found = contrast(colours.colour(front), colours.colour(back));
            QVERIFY2(found >= ratio,
                     qPrintable(QStringLiteral("%1 on %2: %3").arg(roleName(front), roleName(back)).arg(found)));
        };
        for (const Role back : {Role::window, Role::panel, Role::raised}) {
            atLeast(Role::text, back, 4.5);
            atLeast(Role::quiet, back, 4.5);
            for (const Role sign : {Role::accent, Role::good, Role::caution, Role::bad})
                atLeast(sign, back, 3);
        }
        atLeast(Role::onAccent, Role::accent, 4.5);
        atLeast(Role::canvasText, Role::canvas, 4.5);
        atLeast(Role::canvasQuiet, Role::canvas, 4.5);
    }

    void boxesToTickAreSeen_data() { contrasts_data(); }

    /// Ticked or not, the frame stands out from what is around it; Fusion's own does not in the dark.
    void boxesToTickAreSeen()
    {
        QFETCH(int, theme);
        applyTheme(*qApp, ThemeName(theme));
        for (const bool on : {false, true}) {
            QCheckBox box;
            box.setChecked(on);
            const QImage picture = box.grab().toImage();
            double most = 1;
            for (int x = 0; x < picture.width(); ++x)
                most = std::max(most, contrast(picture.pixelColor(x, picture.height() / 2), picture.pixelColor(0, 0)));
            QVERIFY2(most >= 3, qPrintable(QString::number(most)));
        }
    }

    void contrastIsWcag()
    {
        QCOMPARE(contrast(Qt::white, Qt::black), 21.0);
        QVERIFY(std::abs(contrast(QColor(0x77, 0x77, 0x77), Qt::white) - 4.478) < 0.001); // WebAIM's checker: 4.48
    }

    void styleSheetNamesOnlyRoles()
    {
        const QString sheet = Theme::load(ThemeName::light).styleSheet();
        QVERIFY(sheet.contains(QStringLiteral("#0b66c3")));
        QVERIFY2(!sheet.contains(QRegularExpression(QStringLiteral("@[A-Za-z]"))), "a placeholder without a role");
        QFile source(QStringLiteral(":/theme/style.qss"));
        QVERIFY(source.open(QIODevice::ReadOnly));
        QVERIFY(!QString::fromUtf8(source.readAll()).contains(QRegularExpression(QStringLiteral("#[0-9a-fA-F]{6}"))));
    }

    void noColourOutsideTheTheme()
    {
        const QRegularExpression colour(QStringLiteral(
            "\"#[0-9a-fA-F]{3,8}\"|QColor\\(\\d|Qt::(red|green|blue|yellow|cyan|magenta|white|gray)\\b"));
        for (QDirIterator it(QStringLiteral(FOVEATE_SOURCE_DIR "/ui"), {QStringLiteral("*.cpp"), QStringLiteral("*.h")},
                             QDir::Files, QDirIterator::Subdirectories);
             it.hasNext();) {
            QFile file(it.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QString text = QString::fromUtf8(file.readAll());
            QVERIFY2(!text.contains(colour), qPrintable(file.fileName()));
        }
    }

    void classesDiffer()
    {
        const Theme& theme = Theme::current();
        for (int a = 0; a < 20; ++a)
            for (int b = a + 1; b < 20; ++b)
                QVERIFY2(theme.classColour(a) != theme.classColour(b) ||
                             classShape(a, {0, 0, 16, 16}) != classShape(b, {0, 0, 16, 16}),
                         qPrintable(QStringLiteral("%1 and %2").arg(a).arg(b)));
    }

    void cividisRisesInLightness()
    {
        // Ends of the published table (Nuñez et al. 2018): #00224e and #fee838, here within 5/255.
        atMost(std::abs(qRed(cividis(1)) - 0xfe), 5);
        atMost(std::abs(qBlue(cividis(0)) - 0x4e), 5);
        double last = -1;
        for (int i = 0; i <= 100; ++i) {
            const QRgb c = cividis(i / 100.0);
            const double light = 0.2126 * qRed(c) + 0.7152 * qGreen(c) + 0.0722 * qBlue(c);
            QVERIFY(light > last);
            last = light;
        }
    }

    void overlayLeavesHolesTransparent()
    {
        const std::vector<float> map{0, 1, std::numeric_limits<float>::quiet_NaN(), 0.5F};
        const QImage picture = overlayPicture(map, 2, 2, 0, 1, 1);
        QCOMPARE(qAlpha(picture.pixel(1, 0)), 255);
        QCOMPARE(qAlpha(picture.pixel(0, 1)), 0);
        QVERIFY(qAlpha(picture.pixel(0, 0)) < 64);
        QVERIFY(overlayPicture(map, 3, 2, 0, 1, 1).isNull());
    }

private:
    static void atMost(int found, int most) { QVERIFY2(found <= most, qPrintable(QString::number(found))); }
};

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
