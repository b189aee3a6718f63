// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Patients.h"
#include "session/Source.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace foveate;
using namespace foveate::session;

namespace {

void touch(const std::string& path, const std::string& content = "x")
{
    std::ofstream(path, std::ios::binary) << content;
}

QString shown(const Source& source)
{
    std::string text;
    for (const SourceFile& file : source.files)
        text += (text.empty() ? "" : " ") + file.path + (file.label ? "=" + *file.label : "");
    return QString::fromStdString(text);
}

SourceRules rulesFor(std::vector<std::string> classes, const std::string& labels = "auto")
{
    SourceRules rules;
    rules.labels = labels;
    rules.classes = std::move(classes);
    return rules;
}

} // namespace

class SourceTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    std::string path(const std::string& name) const { return m_folder.path().toStdString() + '/' + name; }
    std::string fresh(const std::string& name) const
    {
        const std::string folder = path(name);
        mkdir(folder.c_str(), 0700);
        return folder;
    }

private Q_SLOTS:
    void listsAllNamesInBytewiseOrder()
    {
        const std::string folder = fresh("names");
        mkdir((folder + "/b").c_str(), 0700);
        const std::vector<std::string> names{"B.png",  "a\nb.png",     "a\xff.png", "b/z.png",
                                             "-x.png", "\xd8\xae.png", "c.png"};
        for (const std::string& name : names)
            touch(folder + '/' + name);
        const auto source = readSource(folder, rulesFor({"X", "Y"}));
        QVERIFY(source);
        std::vector<std::string> found;
        for (const SourceFile& file : source->files)
            found.push_back(file.path);
        const std::vector<std::string> expected{"-x.png",  "B.png", "a\nb.png",    "a\xff.png",
                                                "b/z.png", "c.png", "\xd8\xae.png"};
        QCOMPARE(found, expected);
        QVERIFY(!source->labelled);
    }

    void followsNoLinkAndCountsWhatIsNoFile()
    {
        const std::string folder = fresh("links");
        touch(folder + "/a.png");
        touch(folder + "/.hidden");
        QCOMPARE(symlink("/etc/passwd", (folder + "/out").c_str()), 0);
        QCOMPARE(symlink(folder.c_str(), (folder + "/round").c_str()), 0);
        QCOMPARE(mkfifo((folder + "/pipe").c_str(), 0600), 0);
        const auto source = readSource(folder, rulesFor({"X", "Y"}));
        QVERIFY(source);
        QCOMPARE(shown(*source), "a.png");
        QCOMPARE(source->skipped, 4);
    }

    void findsClassFolders()
    {
        const std::string folder = fresh("classes");
        for (const char* name : {"train", "train/NORMAL", "train/pneumonia", "train/other"})
            mkdir((folder + '/' + name).c_str(), 0700);
        for (const char* name : {"train/NORMAL/a", "train/pneumonia/b", "train/other/c"})
            touch(folder + '/' + name);
        const std::vector<std::string> classes{"NORMAL", "PNEUMONIA"};
        const auto source = readSource(folder, rulesFor(classes));
        QVERIFY(source);
        QCOMPARE(shown(*source), "train/NORMAL/a=NORMAL train/other/c train/pneumonia/b=PNEUMONIA");
        QCOMPARE(shown(*readSource(folder, rulesFor(classes, "none"))),
                 "train/NORMAL/a train/other/c train/pneumonia/b");
        // One class alone is no set of folders by class, unless it is asked for.
        QVERIFY(!readSource(folder, rulesFor({"NORMAL", "Y"}))->labelled);
        QVERIFY(readSource(folder, rulesFor({"NORMAL", "Y"}, "folder"))->labelled);
        QCOMPARE(readSource(folder, rulesFor({"X", "Y"}, "folder")).error().code, Code::usage);
    }

    void theDeepestFolderNamesTheClass()
    {
        QCOMPARE(folderClass({"A", "B"}, "A/B/c.png"), std::optional<int>(1));
        QCOMPARE(folderClass({"A", "B"}, "A.png"), std::optional<int>());
    }

    void readsManifests()
    {
        const std::string folder = fresh("manifest");
        touch(folder + "/list.csv", "image,Class,patient,split,eye\nx/a.png,X,p1,train,left\nb.png,,p2,test,\n");
        SourceRules rules = rulesFor({"X", "Y"});
        rules.splitColumn = "split";
        const auto source = readSource(folder + "/list.csv", rules);
        QVERIFY(source);
        QCOMPARE(source->root, QFileInfo(QString::fromStdString(folder)).canonicalFilePath().toStdString());
        QCOMPARE(shown(*source), "x/a.png=X b.png");
        QCOMPARE(source->files[0].patient, std::string("p1"));
        QCOMPARE(source->files[1].split, std::string("test"));
        QVERIFY(source->hasPatients);
        QCOMPARE(source->files[0].metadata.size(), std::size_t(1));
        QCOMPARE(source->files[0].metadata[0].second, std::string("left"));
    }

    void saysWhatIsWrong()
    {
        const std::string folder = fresh("wrong");
        QCOMPARE(readSource(folder, rulesFor({"X", "Y"})).error().code, Code::badDirectory);
        QCOMPARE(readSource(folder + "/none", rulesFor({"X", "Y"})).error().code, Code::notFound);
        touch(folder + "/a.csv", "name\nx\n");
        QCOMPARE(readSource(folder + "/a.csv", rulesFor({"X", "Y"})).error().code, Code::badInput);
        touch(folder + "/b.csv", "path\nx\nx\n");
        QCOMPARE(readSource(folder + "/b.csv", rulesFor({"X", "Y"})).error().code, Code::badInput);
        touch(folder + "/c.csv", "path\nx\n");
        QCOMPARE(readSource(folder + "/c.csv", rulesFor({"X", "Y"}, "grade")).error().code, Code::notFound);
    }

    void findsPatients_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("patient");
        const QString cxr = "(person\\d+_(?:bacteria|virus)|NORMAL2-IM-\\d+|IM-\\d+)";
        QTest::newRow("person") << cxr << "PNEUMONIA/person12_virus_34.jpeg"
                                << "person12_virus";
        QTest::newRow("second kind") << cxr << "NORMAL/NORMAL2-IM-0123-0001.jpeg"
                                     << "NORMAL2-IM-0123";
        QTest::newRow("third kind") << cxr << "NORMAL/IM-0127-0001.jpeg"
                                    << "IM-0127";
        QTest::newRow("no match") << cxr << "NORMAL/x.jpeg"
                                  << "";
        QTest::newRow("whole match") << "P\\d"
                                     << "a/P1-3.png"
                                     << "P1";
        QTest::newRow("second group") << "(?:a(x)|b(y))"
                                      << "by"
                                      << "y";
        QTest::newRow("empty group") << "(x*)"
                                     << "abc"
                                     << "";
        QTest::newRow("endless") << "(a+)+$" << QString(60, u'a') + u'b' << "";
    }

    void findsPatients()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, path);
        QFETCH(QString, patient);
        const auto compiled = PatientPattern::compile(pattern.toStdString());
        QVERIFY(compiled);
        QCOMPARE(QString::fromStdString(compiled->find(path.toStdString()).value_or("")), patient);
    }

    void refusesBrokenPatterns() { QCOMPARE(PatientPattern::compile("(").error().code, Code::usage); }

    void patientKeysDifferBetweenProjects()
    {
        QVERIFY(patientKey("one", "p1") != patientKey("two", "p1"));
        QVERIFY(patientKey("one", "p1") != patientKey("one", "p2"));
        QCOMPARE(patientKey("one", "p1"), patientKey("one", "p1"));
    }
};

QTEST_APPLESS_MAIN(SourceTest)
#include "tst_source.moc"
