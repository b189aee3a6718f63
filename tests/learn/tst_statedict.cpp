// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/AtomicFile.h"
#include "base/Npy.h"
#include "base/Random.h"
#include "learn/Safetensors.h"
#include "learn/files/Pickle.h"
#include "learn/files/StateDict.h"

#include <QTest>
#include <filesystem>

using namespace foveate;
using namespace foveate::learn;

namespace {

std::string pth(const std::string& name)
{
    return *readFile(FOVEATE_SOURCE_DIR "/tests/learn/reference/weights-" + name + ".pth");
}

Result<Weights> converted(const std::string& bytes)
{
    std::string out;
    FOVEATE_CHECK(files::stateDictToSafetensors(bytes, "file", [&out](std::string_view part) {
        out += part;
        return true;
    }));
    return decodeSafetensors(out, "out");
}

at::Tensor reference(const char* name)
{
    const Array<float> array =
        *readNpy<float>(FOVEATE_SOURCE_DIR "/tests/learn/reference/weights-" + std::string(name) + ".npy");
    return at::tensor(array.data).reshape({std::int64_t(array.rows()), std::int64_t(array.columns())});
}

Error errorOfPickle(const std::string& pickle)
{
    const auto read = files::readPickledTensors(pickle, "file");
    return read ? Error{Code::usage, {"was read"}} : read.error();
}

/// A pickle of {"a": tensor} with the given tail of the tensor's arguments, offset shape and strides, as torch.save
/// writes it; 6 items lie in the storage.
std::string tensorPickle(const std::string& arguments)
{
    const auto text = [](const std::string& word) {
        return std::string("X") + char(word.size()) + std::string(3, '\0') + word;
    };
    return "\x80\x02}" + text("a") + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") +
           "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x06tQ" + arguments +
           "\x89"
           "ccollections\nOrderedDict\n)RtRs.";
}

} // namespace

class StateDictTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsStateDicts_data()
    {
        QTest::addColumn<QString>("file");
        for (const char* name : {"plain", "checkpoint", "protocol4"})
            QTest::newRow(name) << name;
    }

    void readsStateDicts()
    {
        QFETCH(QString, file);
        const Result<Weights> weights = converted(pth(file.toStdString()));
        QVERIFY2(weights.has_value(), weights ? "" : describe(weights.error()).c_str());
        QCOMPARE(weights->tensors.size(), std::size_t(10));
        const TensorMap& tensors = weights->tensors;
        QVERIFY(at::equal(tensors.at("layer.weight"), at::arange(24, at::kFloat).reshape({4, 6}) / 7));
        QVERIFY(at::equal(tensors.at("layer.transposed"), reference("transposed")));
        QVERIFY(at::equal(tensors.at("layer.window"), reference("window")));
        QVERIFY(at::equal(tensors.at("layer.parameter"), at::tensor({1.5F, -2.F})));
        QCOMPARE(tensors.at("layer.count").item<std::int64_t>(), std::int64_t(123456789012));
        QCOMPARE(tensors.at("layer.half").scalar_type(), at::kHalf);
        QCOMPARE(tensors.at("layer.brain").item<float>(), 3.F);
        QCOMPARE(tensors.at("layer.flag").sum().item<int>(), 1);
        QCOMPARE(tensors.at("layer.none").sizes(), at::IntArrayRef({0, 3}));
        QVERIFY(tensors.contains("features.denseblock1.denselayer2.norm1.weight")); // today's name
    }

    void refusesEverythingElse_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("why");
        QTest::newRow("older form") << "legacy"
                                    << "older form of .pth; save it again with PyTorch 1.6 or later";
        QTest::newRow("a call of os.system") << "evil"
                                             << "posix.system";
        QTest::newRow("a whole module") << "module"
                                        << "torch.nn.modules.linear.Linear";
        QTest::newRow("a list") << "list"
                                << "not a state_dict";
        QTest::newRow("TorchScript") << "script"
                                     << "TorchScript";
    }

    void refusesEverythingElse()
    {
        QFETCH(QString, file);
        QFETCH(QString, why);
        const Result<Weights> weights = converted(pth(file.toStdString()));
        QVERIFY(!weights.has_value());
        QCOMPARE(weights.error().code, Code::unsupported);
        QCOMPARE(weights.error().args, (std::vector<std::string>{"file", why.toStdString()}));
        QVERIFY(!std::filesystem::exists("/tmp/foveate-must-not-exist"));
    }

    void tensorsStayInsideTheirStorage()
    {
        const auto good = files::readPickledTensors(tensorPickle("K\x01K\x02K\x02\x86K\x02K\x01\x86"), "file");
        QVERIFY2(good.has_value(), good ? "" : describe(good.error()).c_str());
        QCOMPARE(good->front().shape, (std::vector<std::int64_t>{2, 2}));
        const auto refused = [](const std::string& arguments) { return errorOfPickle(tensorPickle(arguments)).arg(1); };
        const std::string outside = "tensor outside its storage";
        using namespace std::string_literals;
        QCOMPARE(refused("K\x03K\x02K\x02\x86K\x02K\x01\x86"s), outside); // reaches one too far
        QCOMPARE(refused("K\x00K\x07\x85K\x00\x85"s), outside);           // repeats one item
        QCOMPARE(refused("K\x00\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x04\x86K\x01K\x01\x86"s),
                 outside);                                                  // overflows
        QCOMPARE(refused("J\xff\xff\xff\xffK\x01\x85K\x01\x85"s), outside); // before the beginning
        QCOMPARE(refused("K\x00J\xff\xff\xff\xff\x85K\x01\x85"s), std::string("tensor shape"));
        QCOMPARE(refused("K\x00K\x02\x85K\x01K\x01\x86"s), outside); // one stride too many
    }

    void refusesBrokenPickles()
    {
        using namespace std::string_literals;
        for (const std::string& pickle : {""s, "\x80\x02"s, "\x80\x07}."s, "\x80\x02R."s, "\x80\x02t."s,
                                          "\x80\x02h\x05."s, "\x80\x02}X\xff\xff\xff\xff."s,
                                          "\x80\x02"
                                          "ctorch\n"s,
                                          "\x80\x02(u."s, "\x80\x02}(K\x01u."s, "\x80\x02)Q."s, "\x80\x02."s})
            QCOMPARE(errorOfPickle(pickle).code, Code::corrupt);
        QCOMPARE(errorOfPickle("\x80\x02"
                               "cbuiltins\neval\n(X\x01\x00\x00\x00"
                               "1tR."s)
                     .code,
                 Code::unsupported);
        QCOMPARE(errorOfPickle("\x80\x02ibuiltins\neval\n."s).code, Code::unsupported);
        QCOMPARE(errorOfPickle("\x80\x02}X\x01\x00\x00\x00"
                               "aK\x01s."s)
                     .code,
                 Code::unsupported); // no tensor
    }

    /// Damage anywhere: refused or read, never a crash (run under the sanitizers too).
    void survivesMutants()
    {
        const std::string good = pth("plain");
        Random random(7);
        int refused = 0;
        for (int i = 0; i < 3000; ++i) {
            std::string bytes = good;
            const std::uint64_t changes = 1 + random.below(4);
            for (std::uint64_t k = 0; k < changes; ++k)
                bytes[random.below(bytes.size())] = char(random.below(256));
            if (random.chance(.2))
                bytes.resize(random.below(bytes.size()));
            refused += converted(bytes) ? 0 : 1;
        }
        QVERIFY(refused > 1000);
    }

    void tellsWhenItCannotWrite()
    {
        const Status status =
            files::stateDictToSafetensors(pth("plain"), "file", [](std::string_view) { return false; });
        QCOMPARE(status.error().code, Code::io);
    }
};

QTEST_GUILESS_MAIN(StateDictTest)
#include "tst_statedict.moc"
