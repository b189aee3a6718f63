// SPDX-License-Identifier: GPL-3.0-or-later
#include "EngineProgram.h"
#include "base/Npy.h"
#include "support/ExampleRun.h"

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <numeric>

using namespace foveate;
using nlohmann::json;

/// `serve` in conversation: a line in, a line out.
class ServeTest : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    std::string m_run;
    QProcess m_serve;

    /// The next event that is no heartbeat.
    json next()
    {
        while (m_serve.canReadLine() || m_serve.waitForReadyRead(60000)) {
            while (m_serve.canReadLine()) {
                const json event = json::parse(m_serve.readLine().toStdString(), nullptr, false);
                if (event.value("event", "") != "heartbeat")
                    return event;
            }
        }
        return json::object();
    }

    json ask(const QByteArray& line)
    {
        m_serve.write(line + "\n");
        return next();
    }

    json ask(const json& command) { return ask(QByteArray::fromStdString(command.dump())); }

private Q_SLOTS:
    void initTestCase()
    {
        m_run = m_folder.filePath("run").toStdString();
        QVERIFY(ExampleRun().write(m_run).has_value());
        const EngineEnd end = runEngineProgram(m_run);
        QVERIFY2(end.exitCode == 0, end.errors.constData());
    }

    void init()
    {
        m_serve.start(engineProgram(), {QStringLiteral("serve")});
        QVERIFY(m_serve.waitForStarted());
        const json hello = next();
        QCOMPARE(hello.value("event", ""), std::string("hello"));
        QCOMPARE(hello.value("program", ""), std::string("foveate-engine"));
    }

    void cleanup()
    {
        if (m_serve.state() != QProcess::NotRunning) {
            m_serve.kill();
            m_serve.waitForFinished();
        }
    }

    /// The conversation of resources/manual/engine-protocol.md.
    void answersTheRecordedConversation()
    {
        const json loaded = ask({{"id", 1}, {"command", "load"}, {"run", m_run}});
        QCOMPARE(loaded.value("event", ""), std::string("answer"));
        QVERIFY(loaded.at("id") == json(1));
        QVERIFY(loaded.at("classes") == json({"above", "below"}));

        const json predicted = ask({{"id", 2}, {"command", "predict"}, {"row", 17}});
        const Array<float> stored = *readNpy<float>(m_run + "/probabilities.npy");
        QVERIFY(predicted.at("id") == json(2));
        QVERIFY(std::abs(predicted.at("probabilities")[1].get<double>() - double(stored.data[2 * 17 + 1])) < 1e-5);

        const json explained =
            ask({{"id", 3}, {"command", "explain"}, {"method", "gradcam"}, {"row", 17}, {"class", -1}});
        QVERIFY(explained.at("id") == json(3));
        const Array<float> map = *readNpy<float>(explained.at("map").get<std::string>());
        QCOMPARE(map.shape, (std::vector<std::size_t>{32, 32}));
        QCOMPARE(*std::max_element(map.data.begin(), map.data.end()), explained.at("high").get<float>());
        QVERIFY(explained.at("class") == 0 || explained.at("class") == 1);
        QVERIFY(explained.at("evidence").is_boolean());

        const json fine = ask({{"id", 4}, {"command", "explain"}, {"method", "deep-taylor"}, {"row", 17}});
        QVERIFY(fine.at("method") == json("deep-taylor"));
        const Array<float> relevance = *readNpy<float>(fine.at("map").get<std::string>());
        const double sum = std::accumulate(relevance.data.begin(), relevance.data.end(), 0.0);
        QVERIFY(std::abs(sum + fine.at("lost").get<double>() - 1) < 1e-4);

        m_serve.write("{\"command\":\"quit\"}\n");
        QVERIFY(m_serve.waitForFinished(60000));
        QCOMPARE(m_serve.exitCode(), 0);
        QVERIFY(!std::filesystem::exists(explained.at("map").get<std::string>()));
    }

    void garbageIsAnsweredAndForgotten()
    {
        for (const QByteArray& line :
             {QByteArray("hello?"), QByteArray("{"), QByteArray("[1,2]"), QByteArray("\xff\xfe\x01"),
              QByteArray("{\"command\":7}"), QByteArray("{\"command\":\"dance\"}"), QByteArray("null"),
              QByteArray("{\"command\":\"load\"}"), QByteArray(100000, '[')}) {
            const json event = ask(line);
            QCOMPARE(event.value("event", ""), std::string("error"));
            QCOMPARE(event.value("code", ""), std::string("bad-input"));
        }
        m_serve.write(QByteArray(3 << 20, 'x') + "\n"); // longer than a line may be
        QCOMPARE(next().value("code", ""), std::string("bad-input"));
        QCOMPARE(ask({{"id", 4}, {"command", "load"}, {"run", m_run}}).value("event", ""), std::string("answer"));
    }

    void failuresLeaveTheStateAsItWas()
    {
        QCOMPARE(ask({{"id", 1}, {"command", "predict"}, {"row", 1}}).value("code", ""), std::string("needs-training"));
        QVERIFY(ask({{"id", 2}, {"command", "load"}, {"run", m_run}}).contains("classes"));
        QCOMPARE(ask({{"id", 3}, {"command", "load"}, {"run", "/nowhere"}}).value("code", ""),
                 std::string("not-found"));
        QCOMPARE(ask({{"id", 4}, {"command", "predict"}, {"row", 100000}}).value("code", ""), std::string("not-found"));
        QCOMPARE(ask({{"id", 5}, {"command", "predict"}, {"row", -1}}).value("code", ""), std::string("not-found"));
        QCOMPARE(ask({{"id", 6}, {"command", "explain"}, {"row", 1}, {"class", 2}}).value("code", ""),
                 std::string("not-found"));
        const json refused = ask({{"id", 7}, {"command", "explain"}, {"row", 1}, {"method", "tea-leaves"}});
        QCOMPARE(refused.value("code", ""), std::string("usage"));
        QVERIFY(refused.at("id") == json(7));
        QVERIFY(ask({{"id", 8}, {"command", "predict"}, {"row", 1}}).contains("probabilities"));
    }

    void endsWithItsInputAndOnASignal()
    {
        m_serve.closeWriteChannel();
        QVERIFY(m_serve.waitForFinished(60000));
        QCOMPARE(m_serve.exitCode(), 0);
        m_serve.start(engineProgram(), {QStringLiteral("serve")});
        QVERIFY(m_serve.waitForStarted());
        next();
        m_serve.terminate();
        QVERIFY(m_serve.waitForFinished(60000));
        QCOMPARE(m_serve.exitCode(), 130);
    }
};

QTEST_GUILESS_MAIN(ServeTest)
#include "tst_serve.moc"
