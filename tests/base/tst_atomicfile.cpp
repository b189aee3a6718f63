// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace foveate;
namespace fs = std::filesystem;

class AtomicFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = path("file");
    }

    void writesAndReplaces()
    {
        QVERIFY(writeFileAtomically(m_path, "one"));
        QVERIFY(writeFileAtomically(m_path, std::string("t\0wo", 4)));
        QCOMPARE(*readFile(m_path), std::string("t\0wo", 4));
        struct stat info {};
        QCOMPARE(::stat(m_path.c_str(), &info), 0);
        QCOMPARE(int(info.st_mode & 0777), 0600);
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
    }

    void aLinkIsNotReplaced()
    {
        QVERIFY(writeFileAtomically(m_path, "kept"));
        fs::create_symlink(m_path, path("link"));
        QCOMPARE(writeFileAtomically(path("link"), "x").error().code, Code::io);
        QVERIFY(!appendLine(path("link"), "x"));
        QCOMPARE(*readFile(m_path), std::string("kept"));
    }

    void aMissingFolderIsAnError() { QVERIFY(!writeFileAtomically(path("none/file"), "x")); }

    // A file-size limit stands for a full disk: the old content stays and nothing is left beside it.
    void aFailedWriteLeavesTheOldContent()
    {
        QVERIFY(writeFileAtomically(m_path, "old"));
        const pid_t child = ::fork();
        if (child == 0) {
            ::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{1000, 1000};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            ::_exit(writeFileAtomically(m_path, std::string(100'000, 'n')) ? 1 : 0);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        QVERIFY(WIFEXITED(status));
        QCOMPARE(WEXITSTATUS(status), 0);
        QCOMPARE(*readFile(m_path), std::string("old"));
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
    }

    void piecesStandOneAfterAnother()
    {
        std::string all(9'000'001, ' ');
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = char('a' + i % 23);
        const std::string_view whole(all);
        const std::vector<std::string_view> pieces{
            whole.substr(0, 7), {}, whole.substr(7, 4'194'300), whole.substr(4'194'307, 1), whole.substr(4'194'308)};
        QVERIFY(writeFileAtomically(m_path, pieces));
        QVERIFY(*readFile(m_path) == all);
    }

    // A reader that looks while another process replaces the file over and over never sees a part of one.
    void aReaderSeesTheOldOrTheNew()
    {
        const std::string a(50'000, 'a'), b(70'000, 'b');
        QVERIFY(writeFileAtomically(m_path, a));
        const pid_t child = ::fork();
        if (child == 0) {
            for (int i = 0; i < 40; ++i)
                if (!writeFileAtomically(m_path, i % 2 ? a : b))
                    ::_exit(1);
            ::_exit(0);
        }
        int status = -1;
        while (::waitpid(child, &status, WNOHANG) == 0) {
            const Result<std::string> seen = readFile(m_path);
            QVERIFY(seen && (*seen == a || *seen == b));
        }
        QCOMPARE(status, 0);
    }

    void readsSayWhatIsWrong()
    {
        QCOMPARE(readFile(m_path).error().code, Code::notFound);
        QCOMPARE(readFile(m_folder->path().toStdString()).error().code, Code::io);
        QVERIFY(writeFileAtomically(m_path, "12345"));
        QCOMPARE(readFile(m_path, 4).error().code, Code::tooLarge);
        QVERIFY(readFile(m_path, 5));
        QCOMPARE(::mkfifo(path("pipe").c_str(), 0600), 0);
        QCOMPARE(readFile(path("pipe")).error().code, Code::io); // and does not wait for a writer
    }

    void linesAreAppended()
    {
        QVERIFY(appendLine(m_path, "one"));
        QVERIFY(appendLine(m_path, "two"));
        QCOMPARE(*readFile(m_path), std::string("one\ntwo\n"));
    }

    void foldersAreMadeWithTheirParents()
    {
        QVERIFY(makeFolder(path("a/b/c")));
        QVERIFY(makeFolder(path("a/b/c")));
        QVERIFY(fs::is_directory(path("a/b/c")));
        QVERIFY(writeFileAtomically(m_path, "x"));
        QCOMPARE(makeFolder(m_path).error().code, Code::alreadyExists);
    }

    void publishingIsARename()
    {
        QVERIFY(makeFolder(path("new")));
        QVERIFY(writeFileAtomically(path("new/file"), "x"));
        QVERIFY(publishFolder(path("new"), path("final")));
        QVERIFY(!fs::exists(path("new")));
        QCOMPARE(*readFile(path("final/file")), std::string("x"));
        QVERIFY(!publishFolder(path("none"), path("other")));
        QVERIFY(!fs::exists(path("other")));
    }

private:
    std::string path(const char* name) const { return m_folder->filePath(QString::fromUtf8(name)).toStdString(); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_path;
};

QTEST_APPLESS_MAIN(AtomicFileTest)
#include "tst_atomicfile.moc"
