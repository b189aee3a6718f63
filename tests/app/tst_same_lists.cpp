// SPDX-License-Identifier: GPL-3.0-or-later
// The images that the window offers next are those that `select` names: for the same project, labels and seed.
#include "app/Command.h"
#include "session/TrainingJobs.h"

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using foveate::test::makeStudy;
using foveate::test::run;
namespace session = foveate::session;

namespace {

constexpr int kBatch = 20;

/// What the window's loop does at the end of a training, with the engine in between.
std::vector<std::string> offeredByTheWindow(const QString& folder)
{
    auto project = session::Project::open(folder.toStdString(), session::Purpose::write);
    if (!project)
        return {};
    const auto ranking = session::prepareRanking(*project);
    if (!ranking)
        return {};
    if (!ranking->empty() && QProcess::execute(QStringLiteral(FOVEATE_BIN_DIR "/foveate-engine"),
                                               {"run", QString::fromStdString(*ranking)}) != 0)
        return {};
    const auto batch = session::selectBatch(*project, true);
    const auto queue = project->study().queue(kBatch);
    std::vector<std::string> ids;
    for (const auto& item : queue.value())
        if (batch && item.batch == *batch)
            ids.push_back(item.sample);
    return ids;
}

bool choose(const QString& folder, const QString& strategy)
{
    QFile file(folder + QStringLiteral("/project.toml"));
    if (!file.open(QIODevice::ReadWrite))
        return false;
    static const QRegularExpression s_line(QStringLiteral("strategy = '[^']*'"));
    const QString text = QString::fromUtf8(file.readAll());
    if (!text.contains(s_line))
        return false;
    file.resize(0);
    file.seek(0);
    return file.write(QString(text).replace(s_line, QStringLiteral("strategy = '%1'").arg(strategy)).toUtf8()) > 0;
}

class SameListsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_project;

private Q_SLOTS:
    void initTestCase()
    {
        m_project = makeStudy(m_folder.path(), 90);
        QVERIFY(!m_project.isEmpty());
        QCOMPARE(run({"import", m_project, m_folder.filePath("images"), "--hide-labels"}).code, 0);
        QCOMPARE(run({"label", m_project, "--oracle", "--count", "20"}).code, 0);
        QCOMPARE(run({"train", m_project, "--run", "none", "--model", "tiny", "--size", "32", "--epochs", "10"}).code,
                 0);
    }

    void windowAndCommandAgree_data()
    {
        QTest::addColumn<QString>("strategy");
        for (const char* strategy :
             {"entropy", "margin", "random", "mc-dropout", "coreset", "periphery", "label-spread", "kurtosis",
              "radiomics-glcm", "deep-saliency", "proxy", "entropy:.5+coreset:.4+random:.1"})
            QTest::newRow(strategy) << QString::fromLatin1(strategy);
    }

    void windowAndCommandAgree()
    {
        QFETCH(QString, strategy);
        QVERIFY(choose(m_project, strategy));
        const auto named =
            run({"select", m_project, "--strategy", strategy, "--count", QString::number(kBatch), "--json"});
        QVERIFY2(named.code == 0, qPrintable(named.err));
        std::vector<std::string> ids;
        const auto document = named.json();
        for (const auto& item : document["items"])
            ids.push_back(item["id"].get<std::string>());
        QCOMPARE(ids.size(), std::size_t(kBatch));
        QCOMPARE(offeredByTheWindow(m_project), ids);
    }
};

} // namespace

QTEST_GUILESS_MAIN(SameListsTest)
#include "tst_same_lists.moc"
