// SPDX-License-Identifier: GPL-3.0-or-later
#include "CappedMemory.h"
#include "learn/Exceptions.h"
#include "learn/FineTuner.h"
#include "learn/ssl/Learner.h"

#include <QtTest>
#include <limits>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::ssl;

namespace {

std::unique_ptr<Learner> learner(const std::string& method)
{
    PretrainOptions options;
    options.model = "tiny";
    options.objective.method = method;
    return *Learner::create(options, {}, nullptr, 3);
}

/// Two views of four images.
at::Tensor views(std::uint64_t seed = 1)
{
    at::manual_seed(seed);
    return at::randn({8, 1, 16, 16});
}

Result<Learnt> stepped(Learner& learner, const std::vector<at::Tensor>& batches)
{
    const std::vector<std::size_t> images(batches.size(), 4);
    return guarded([&] {
        return learner.learn(
            images, [&](std::size_t i) { return batches[i]; }, 1e-3);
    });
}

TensorMap copyOf(const TensorMap& tensors)
{
    TensorMap copy;
    for (const auto& [name, tensor] : tensors)
        copy[name] = tensor.clone();
    return copy;
}

bool same(const TensorMap& a, const TensorMap& b)
{
    return a.size() == b.size() &&
           std::all_of(a.begin(), a.end(), [&](const auto& item) { return at::equal(item.second, b.at(item.first)); });
}

} // namespace

class TstLearner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void gradientsOfBatchesAreAdded()
    {
        const auto whole = learner("simsiam"), halves = learner("simsiam");
        QVERIFY(stepped(*whole, {views()}));
        const auto learnt = stepped(*halves, {views(), views()});
        QVERIFY(learnt);
        // A half and a half of the same gradient are that gradient, to the last bit; only batch norm has seen it twice.
        for (const auto& [name, tensor] : whole->moments())
            QVERIFY2(at::equal(tensor, halves->moments().at(name)), name.c_str());
        const auto other = learner("simsiam");
        QVERIFY(stepped(*other, {views(), views(2)}));
        QVERIFY(!same(other->moments(), halves->moments()));
    }

    void oneNanPixelChangesNothing_data()
    {
        QTest::addColumn<QString>("method");
        for (const std::string& method : methods())
            QTest::newRow(method.c_str()) << QString::fromStdString(method);
    }

    void oneNanPixelChangesNothing()
    {
        QFETCH(QString, method);
        const auto taught = learner(method.toStdString());
        QVERIFY(stepped(*taught, {views()}));
        const TensorMap weights = copyOf(taught->weights()), moments = copyOf(taught->moments());
        at::Tensor broken = views(2);
        broken[3][0][5][7] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(stepped(*taught, {broken}).error().code, Code::nonFinite);
        QVERIFY(same(taught->weights(), weights) && same(taught->moments(), moments));
        QCOMPARE(stepped(*taught, {views(), broken}).error().code, Code::nonFinite);
        QVERIFY(same(taught->weights(), weights) && same(taught->moments(), moments));
        QVERIFY(stepped(*taught, {views(2)})); // the next good batch is learnt from
        QVERIFY(!same(taught->weights(), weights));
    }

    void oneNanPixelChangesNothingWithLabels()
    {
        FineTuner tuner(*Network::create("tiny", 2, 1), optim::usualOptions(optim::Kind::adam), false, Capability{});
        at::Tensor images = views();
        const std::vector<std::int64_t> labels{0, 1, 0, 1, 0, 1, 0, 1};
        const std::vector<float> weights(8, 1.F);
        QVERIFY(tuner.learn(images, labels, weights, 1e-3));
        const TensorMap before = copyOf(tuner.network().state());
        images[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(tuner.learn(images, labels, weights, 1e-3).error().code, Code::nonFinite);
        QVERIFY(same(tuner.network().state(), before));
    }

    /// Batch norm of the layer that learns keeps its own running statistics, while the frozen encoder's stay.
    void aFrozenEncoderStaysWhileTheProbeLearns()
    {
        FineTuner tuner(*Network::create("tiny", 2, 1, Dropout{}, 16), optim::usualOptions(optim::Kind::adam), true,
                        Capability{});
        const TensorMap before = copyOf(tuner.network().state());
        QVERIFY(tuner.learn(views(), {0, 1, 0, 1, 0, 1, 0, 1}, std::vector<float>(8, 1.F), 1e-3));
        for (const auto& [name, tensor] : tuner.network().state()) {
            const bool learns = name.starts_with("hidden") || name.starts_with("fc");
            if (name != "hidden.0.bias") // what batch norm takes away again has no gradient
                QVERIFY2(at::equal(tensor, before.at(name)) != learns, name.c_str());
        }
    }

    void noMemoryChangesNothing()
    {
        const auto taught = learner("simclr");
        QVERIFY(stepped(*taught, {views()}));
        const TensorMap weights = copyOf(taught->weights()), moments = copyOf(taught->moments());
        const at::Tensor batch = views(2);
        std::size_t needed = 0;
        const auto other = learner("simclr");
        {
            const CappedMemory all(std::size_t(1) << 40);
            QVERIFY(stepped(*other, {batch}));
            needed = all.peak();
        }
        for (const double share : {.2, .5, .8}) {
            const CappedMemory cap(std::size_t(share * double(needed)));
            QCOMPARE(stepped(*taught, {batch}).error().code, Code::outOfMemory);
        }
        QVERIFY(same(taught->weights(), weights) && same(taught->moments(), moments));
        QVERIFY(stepped(*taught, {batch}));
    }
};

QTEST_GUILESS_MAIN(TstLearner)
#include "tst_learner.moc"
