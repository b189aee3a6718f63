// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"
#include "base/Random.h"
#include "learn/Safetensors.h"
#include "learn/files/SafetensorsHeader.h"

#include <QTemporaryDir>
#include <QTest>

using namespace foveate;
using namespace foveate::learn;

namespace {

std::string pythonFile()
{
    return *readFile(FOVEATE_SOURCE_DIR "/tests/learn/reference/python.safetensors");
}

std::string file(const std::string& header, std::size_t dataBytes)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes.push_back(char(header.size() >> (8 * i) & 0xff));
    return bytes + header + std::string(dataBytes, '\0');
}

} // namespace

class SafetensorsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsPythons()
    {
        const Result<Weights> weights = decodeSafetensors(pythonFile(), "python");
        QVERIFY(weights.has_value());
        QCOMPARE(weights->tensors.size(), std::size_t(7));
        QCOMPARE(weights->metadata.at("model"), std::string("resnet18"));
        QVERIFY(at::equal(weights->tensors.at("b.weight"), at::arange(6, at::kFloat).reshape({2, 3}) / 7));
        QCOMPARE(weights->tensors.at("a.count").item<std::int64_t>(), std::int64_t(123456789012));
        QCOMPARE(weights->tensors.at("half")[1].item<float>(), -2.25F);
        QCOMPARE(weights->tensors.at("brain").item<float>(), 3.0F);
        QCOMPARE(weights->tensors.at("empty").sizes(), at::IntArrayRef({0, 4}));
        QCOMPARE(weights->tensors.at("flag").sum().item<int>(), 2);
    }

    void writesPythonsBytes()
    {
        const Weights weights = *decodeSafetensors(pythonFile(), "python");
        QTemporaryDir folder;
        const std::string path = folder.filePath("w.safetensors").toStdString();
        QVERIFY(writeSafetensors(path, weights).has_value());
        QCOMPARE(QByteArray::fromStdString(*readFile(path)), QByteArray::fromStdString(pythonFile()));
    }

    void anyLayoutSurvivesAFile()
    {
        QTemporaryDir folder;
        const at::Tensor image = at::arange(120, at::kFloat).reshape({2, 3, 4, 5});
        const Weights weights{
            {{"x", image.contiguous(at::MemoryFormat::ChannelsLast)}, {"y", image.permute({3, 1, 0, 2})}}, {}};
        const std::string path = folder.filePath("w.safetensors").toStdString();
        QVERIFY(writeSafetensors(path, weights).has_value());
        const Result<Weights> read = readSafetensors(path);
        QVERIFY(at::equal(read->tensors.at("x"), image));
        QVERIFY(at::equal(read->tensors.at("y"), weights.tensors.at("y")));
        QCOMPARE(readSafetensors(path + "-none").error().code, Code::notFound);
        const Weights complex{{{"c", at::zeros({1}, at::kComplexFloat)}}, {}};
        QCOMPARE(writeSafetensors(path, complex).error().code, Code::unsupported);
    }

    void refusesBadFiles_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        const auto row = [](const char* name, const std::string& bytes) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes);
        };
        const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
        const auto with = [](const std::string& entry) { return "{\"a\":" + entry + "}"; };
        row("empty", "");
        row("header length 0", file("", 8));
        row("header length 2^63", std::string(7, '\0') + "\x80" + good);
        row("header longer than the file", file(good, 8).substr(0, 20));
        row("not a brace", file(" " + good, 8));
        row("no JSON", file("{\"a\":", 8));
        row("a list", file("[]", 0));
        row("tail", file(good, 9));
        row("cut data", file(good, 7));
        row("hole", file(with(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})"), 12));
        row("overlap",
            file(
                R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                12));
        row("key twice",
            file(
                R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                8));
        row("inner key twice", file(with(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"), 8));
        row("unknown dtype", file(with(R"({"dtype":"F8","shape":[8],"data_offsets":[0,8]})"), 8));
        row("negative extent", file(with(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), 8));
        row("fraction", file(with(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"), 8));
        row("shape overflows",
            file(with(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})"), 0));
        row("rank 9", file(with(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"), 8));
        row("offsets backwards", file(with(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), 8));
        row("another size", file(with(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), 8));
        row("extra key", file(with(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})"), 8));
        std::string deep = "{\"a\":";
        deep.append(1000, '[').append(1000, ']').append("}");
        row("deep", file(deep, 0));
        row("metadata with a number", file(R"({"__metadata__":{"a":1}})", 0));
    }

    void refusesBadFiles()
    {
        QFETCH(QByteArray, bytes);
        const Result<Weights> weights = decodeSafetensors(bytes.toStdString(), "bad");
        QVERIFY(!weights.has_value());
        QCOMPARE(weights.error().code, Code::corrupt);
        QCOMPARE(weights.error().arg(0), std::string("bad"));
    }

    /// Random damage to a good file: refused, or what it says holds; never a crash (run under the sanitizers too).
    void survivesMutants()
    {
        const std::string good = pythonFile();
        Random random(11);
        int refused = 0;
        for (int i = 0; i < 4000; ++i) {
            std::string bytes = good;
            const std::uint64_t changes = 1 + random.below(4);
            for (std::uint64_t k = 0; k < changes; ++k)
                bytes[random.below(std::min<std::size_t>(bytes.size(), 600))] = char(random.below(256));
            if (random.chance(.2))
                bytes.resize(random.below(bytes.size()));
            const Result<SafetensorsHeader> header = parseSafetensorsHeader(bytes, "mutant");
            refused += header ? 0 : 1;
            for (const TensorEntry& entry : header ? header->tensors : std::vector<TensorEntry>())
                QVERIFY(entry.begin + entry.bytes <= bytes.size());
        }
        QVERIFY(refused > 1000);
    }
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "tst_safetensors.moc"
