// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Labels.h"

#include <QTest>

using namespace foveate;

class LabelsTest : public QObject {
    Q_OBJECT

    const LabelScheme m_one{{"Normal", "normal tissue", "Effusion"}, false};
    const LabelScheme m_several{{"Effusion", "Nodule", "Mass"}, true};

private Q_SLOTS:
    void oneClassIsItsIndex()
    {
        QCOMPARE(m_one.count(), std::size_t(3));
        QVERIFY(m_one.holds(2) && !m_one.holds(3) && !m_one.holds(-1));
        QCOMPARE(m_one.text(2), std::string("Effusion"));
        QCOMPARE(m_one.fromText("EFFUSION"), std::optional(2));
        QVERIFY(!m_one.fromText("Effusion|Normal") && !m_one.fromText(""));
        QCOMPARE(m_one.classesOf(1), std::vector<std::size_t>{1});
    }

    void prefersTheExactName()
    {
        QCOMPARE(classIndex({"a", "A"}, "A"), std::optional<int>(1));
        QCOMPARE(classIndex({"x", "Ab"}, "aB"), std::optional<int>(1));
        QCOMPARE(classIndex({"ab", "aB"}, "AB"), std::optional<int>());
    }

    void aSetIsBits()
    {
        QCOMPARE(m_several.count(), std::size_t(8));
        QVERIFY(m_several.holds(7) && !m_several.holds(8));
        QCOMPARE(m_several.classesOf(5), (std::vector<std::size_t>{0, 2}));
        QVERIFY(m_several.classesOf(0).empty());
        for (int label = 0; label < 8; ++label)
            QCOMPARE(m_several.fromText(m_several.text(label)), std::optional(label));
    }

    void setsAreReadAsDataSetsWriteThem()
    {
        QCOMPARE(m_several.text(5), std::string("Effusion|Mass"));
        QCOMPARE(m_several.fromText("mass | effusion"), std::optional(5));
        QCOMPARE(m_several.fromText("Mass|Mass"), std::optional(4));
        for (const char* none : {"none", "No Finding", "", " | "})
            QCOMPARE(m_several.fromText(none), std::optional(0));
        QVERIFY(!m_several.fromText("Mass|Hernia"));
    }

    void namesThatSetsCannotHold()
    {
        QVERIFY(fitMultiLabel({"Effusion", "Mass"}));
        for (const char* name : {"a|b", "None", "no finding", " Mass"})
            QVERIFY(!fitMultiLabel({"Effusion", name}));
        QVERIFY(fitMultiLabel(std::vector<std::string>(LabelScheme::kMostOfSeveral, "x")));
        QVERIFY(!fitMultiLabel(std::vector<std::string>(LabelScheme::kMostOfSeveral + 1, "x")));
    }
};

QTEST_APPLESS_MAIN(LabelsTest)
#include "tst_labels.moc"
