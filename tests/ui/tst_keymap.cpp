// SPDX-License-Identifier: GPL-3.0-or-later
// The keymap: every action once, no key twice, digits by their place on the keyboard.
#include "ui/models/Keymap.h"

#include <QKeyEvent>
#include <QSet>
#include <QTest>

using namespace foveate::ui;

class TestKeymap : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyActionOnceAndNoKeyTwice()
    {
        QSet<int> acts;
        QSet<QString> names, keys;
        for (const ActionRow& row : actionRows()) {
            QVERIFY2(!acts.contains(int(row.act)), qPrintable(row.name));
            QVERIFY2(!names.contains(row.name), qPrintable(row.name));
            acts.insert(int(row.act));
            names.insert(row.name);
            for (const QKeySequence& key : row.keys) {
                const QString text = key.toString(QKeySequence::PortableText);
                QVERIFY2(!keys.contains(text), qPrintable(row.name + u' ' + text));
                keys.insert(text);
                QVERIFY2(text.size() != 1 || !text.at(0).isDigit(), "digits are the classes'");
            }
        }
        QCOMPARE(acts.size(), int(Act::about) + 1);
    }

    void digits_data()
    {
        QTest::addColumn<int>("key");
        QTest::addColumn<int>("modifiers");
        QTest::addColumn<int>("scan");
        QTest::addColumn<int>("expected");
        QTest::newRow("1") << int(Qt::Key_1) << 0 << 10 << 0;
        QTest::newRow("0") << int(Qt::Key_0) << 0 << 19 << 9;
        QTest::newRow("shift 1") << int(Qt::Key_Exclam) << int(Qt::ShiftModifier) << 10 << 10;
        QTest::newRow("shift 0, German") << int(Qt::Key_Equal) << int(Qt::ShiftModifier) << 19 << 19;
        QTest::newRow("French 1") << int(Qt::Key_Ampersand) << 0 << 10 << 0;
        QTest::newRow("French shift 1") << int(Qt::Key_1) << int(Qt::ShiftModifier) << 10 << 10;
        QTest::newRow("keypad 3") << int(Qt::Key_3) << int(Qt::KeypadModifier) << 89 << 2;
        QTest::newRow("keypad without Num Lock") << int(Qt::Key_PageDown) << int(Qt::KeypadModifier) << 89 << -1;
        QTest::newRow("Ctrl 1") << int(Qt::Key_1) << int(Qt::ControlModifier) << 10 << -1;
        QTest::newRow("Alt 1") << int(Qt::Key_1) << int(Qt::AltModifier) << 10 << -1;
        QTest::newRow("a letter") << int(Qt::Key_A) << 0 << 38 << -1;
        QTest::newRow("a digit on another key") << int(Qt::Key_2) << 0 << 38 << -1;
        QTest::newRow("no scan code") << int(Qt::Key_7) << 0 << 0 << 6;
    }

    void digits()
    {
        QFETCH(int, key);
        QFETCH(int, modifiers);
        QFETCH(int, scan);
        QFETCH(int, expected);
        const QKeyEvent event(QEvent::KeyPress, key, Qt::KeyboardModifiers(modifiers), quint32(scan), 0, 0);
        QCOMPARE(classOfKey(event).value_or(-1), expected);
    }
};

QTEST_GUILESS_MAIN(TestKeymap)
#include "tst_keymap.moc"
