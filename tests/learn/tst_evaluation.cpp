// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"
#include "base/Random.h"
#include "embed/Neighbours.h"
#include "learn/ssl/Evaluation.h"

#include <QtTest>
#include <numeric>

using namespace foveate;
using namespace foveate::learn::ssl;

namespace {

constexpr std::int64_t kKnown = 120, kAsked = 40;

template <typename T> Array<T> reference(const std::string& name)
{
    return *readNpy<T>(std::string(FOVEATE_SOURCE_DIR) + "/tests/learn/reference/evaluation-" + name + ".npy");
}

at::Tensor tensorOf(const Array<float>& array)
{
    return at::tensor(array.data).view({std::int64_t(array.rows()), std::int64_t(array.columns())});
}

/// The first `known` samples are known, the others asked.
EvaluationSet setOf(const std::vector<int>& truth, std::size_t known, int classes)
{
    EvaluationSet set;
    set.classes = classes;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        (i < known ? set.known : set.asked).push_back(std::int64_t(i));
        (i < known ? set.knownTruth : set.askedTruth).push_back(truth[i]);
    }
    return set;
}

/// Two numbers whose signs decide: equal signs are class 1. No line parts them.
struct Crossed {
    at::Tensor features = at::empty({400, 2});
    std::vector<int> truth;
    Crossed()
    {
        Random random(4);
        auto values = features.accessor<float, 2>();
        for (int i = 0; i < 400; ++i) {
            for (int d = 0; d < 2; ++d)
                values[i][d] = float(random.uniform(.2, 1) * (random.chance(.5) ? 1 : -1));
            truth.push_back(values[i][0] * values[i][1] > 0 ? 1 : 0);
        }
    }
};

double probed(const EvaluationSet& set, const at::Tensor& features, ProbeKind kind)
{
    Probe probe(set, features, kind, 1);
    int epochs = 1;
    while (probe.step() == Step::more)
        ++epochs;
    return epochs == 100 ? probe.figures()->accuracy : -1;
}

} // namespace

class TstEvaluation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void neighboursVoteAsElsewhere()
    {
        const Array<float> features = reference<float>("features");
        const Array<std::int64_t> truth = reference<std::int64_t>("truth"), votes = reference<std::int64_t>("votes");
        const std::vector<int> known(truth.data.begin(), truth.data.begin() + kKnown);
        const std::size_t width = features.columns();
        const std::span<const float> all(features.data);
        const embed::Points base{all.subspan(0, kKnown * width), width}, queries{all.subspan(kKnown * width), width};
        const auto row = [&](std::size_t i) {
            return std::vector<int>(votes.data.begin() + std::ptrdiff_t(i) * kAsked,
                                    votes.data.begin() + std::ptrdiff_t(i + 1) * kAsked);
        };
        QCOMPARE(*embed::classify(base, known, 3, queries, 20), row(0));
        QCOMPARE(*embed::classify(base, known, 3, queries, 60), row(1));
        const at::Tensor tensor = tensorOf(features);
        const auto byAngle = cosineVote(tensor.narrow(0, 0, kKnown), known, 3, tensor.narrow(0, kKnown, kAsked), 60, 1);
        QCOMPARE(*byAngle, row(2));
        QVERIFY(row(1) != row(2)); // the two votes are not the same thing
    }

    void figuresCountTheVotes()
    {
        const Array<std::int64_t> truth = reference<std::int64_t>("truth"), votes = reference<std::int64_t>("votes");
        const EvaluationSet set = setOf({truth.data.begin(), truth.data.end()}, kKnown, 3);
        const auto figures = neighbourFigures(set, tensorOf(reference<float>("features")), 20, 1);
        double right = 0;
        for (std::size_t i = 0; i < std::size_t(kAsked); ++i)
            right += votes.data[i] == truth.data[std::size_t(kKnown) + i] ? 1 : 0;
        QCOMPARE(figures->accuracy, right / double(kAsked));
        QVERIFY(figures->f1Weighted > 0 && figures->balancedAccuracy > 0);
    }

    void usualNeighboursAreAtMostHalf()
    {
        QCOMPARE(usualNeighbours(1), std::size_t(1));
        QCOMPARE(usualNeighbours(101), std::size_t(50));
        QCOMPARE(usualNeighbours(5000), std::size_t(200));
    }

    void onlyTheDeepProbeSeesWhatNoLineParts()
    {
        const Crossed crossed;
        const EvaluationSet set = setOf(crossed.truth, 300, 2);
        const double line = probed(set, crossed.features, ProbeKind::linear);
        const double deep = probed(set, crossed.features, ProbeKind::mlp);
        QVERIFY2(deep > .97, qPrintable(QString::number(deep)));
        QVERIFY2(line >= 0 && line < .7, qPrintable(QString::number(line)));
    }

    void theLinearProbeFindsALine()
    {
        Crossed made;
        for (int i = 0; i < 400; ++i)
            made.truth[std::size_t(i)] = made.features[i][0].item<float>() > 0 ? 1 : 0;
        // As many features as a network gives: of two alone, the small steps of 100 epochs do not turn a line far.
        const at::Tensor many = made.features.narrow(1, 0, 1).repeat({1, 64});
        const double line = probed(setOf(made.truth, 300, 2), many, ProbeKind::linear);
        QVERIFY2(line > .97, qPrintable(QString::number(line)));
    }

    void featuresThatAreNotFiniteAreRefused()
    {
        const Crossed crossed;
        at::Tensor broken = crossed.features.clone();
        broken[7][1] = std::numeric_limits<float>::quiet_NaN();
        const EvaluationSet set = setOf(crossed.truth, 300, 2);
        QCOMPARE(neighbourFigures(set, broken, 20, 1).error().code, Code::nonFinite);
        QCOMPARE(cosineFigures(set, broken, 20, 1).error().code, Code::nonFinite);
    }

    void constantFeaturesTellNothingAndBreakNothing()
    {
        const Crossed crossed;
        const EvaluationSet set = setOf(crossed.truth, 300, 2);
        for (const at::Tensor& features : {at::ones({400, 2}), at::zeros({400, 2})}) {
            for (const ProbeKind kind : {ProbeKind::linear, ProbeKind::mlp})
                QVERIFY(probed(set, features, kind) < .7);
            QVERIFY(neighbourFigures(set, features, 20, 1)->accuracy < .7);
            QVERIFY(cosineFigures(set, features, 20, 1)->accuracy < .7);
        }
    }
};

QTEST_GUILESS_MAIN(TstEvaluation)
#include "tst_evaluation.moc"
