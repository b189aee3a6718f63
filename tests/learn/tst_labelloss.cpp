// SPDX-License-Identifier: GPL-3.0-or-later
// Loss, hits and probabilities of heads with one class an image and of multi-label heads, from the formulas in double.
#include "learn/LabelLoss.h"

#include "learn/FineTuner.h"

#include <QTest>
#include <cmath>

using namespace foveate::learn;

namespace {

const std::vector<std::vector<double>> kLogits{{1.5, -.5, .25}, {-2, 3, .5}, {0, -1, -.75}};

at::Tensor logits()
{
    std::vector<float> values;
    for (const auto& row : kLogits)
        values.insert(values.end(), row.begin(), row.end());
    return at::tensor(values).view({3, 3});
}

double sigmoid(double x)
{
    return 1 / (1 + std::exp(-x));
}

bool near(double a, double b)
{
    return std::abs(a - b) <= 1e-6 * std::max(1., std::abs(b));
}

} // namespace

class LabelLossTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneClassIsCrossEntropy()
    {
        const std::vector<std::int64_t> labels{0, 1, 2};
        const at::Tensor losses = lossPerImage(logits(), labels, false);
        for (std::size_t i = 0; i < 3; ++i) {
            double sum = 0;
            for (const double x : kLogits[i])
                sum += std::exp(x);
            QVERIFY(near(losses[std::int64_t(i)].item<double>(), std::log(sum) - kLogits[i][std::size_t(labels[i])]));
        }
        QVERIFY(at::equal(rightImages(logits(), labels, false), at::tensor({1, 1, 0}).to(at::kBool)));
    }

    void eachClassIsAQuestion()
    {
        const std::vector<std::int64_t> labels{0b101, 0b010, 0b000};
        const ClassWeights weights{{2, .5, 1}, {1, 3, .25}};
        const at::Tensor plain = lossPerImage(logits(), labels, true);
        const at::Tensor weighted = lossPerImage(logits(), labels, true, weights);
        for (std::size_t i = 0; i < 3; ++i) {
            double sum = 0, weightedSum = 0;
            for (std::size_t c = 0; c < 3; ++c) {
                const bool is = ((labels[i] >> c) & 1) != 0;
                const double loss = -std::log(is ? sigmoid(kLogits[i][c]) : 1 - sigmoid(kLogits[i][c]));
                sum += loss;
                weightedSum += loss * (is ? weights.present[c] : weights.absent[c]);
            }
            QVERIFY(near(plain[std::int64_t(i)].item<double>(), sum / 3));
            QVERIFY(near(weighted[std::int64_t(i)].item<double>(), weightedSum / 3));
        }
        // The first is right in all three, the second says class 2 too, the third says class 0.
        QVERIFY(at::equal(rightImages(logits(), labels, true), at::tensor({1, 0, 0}).to(at::kBool)));
        QVERIFY(near(probabilitiesOf(logits(), true)[1][0].item<double>(), sigmoid(-2)));
        QVERIFY(near(probabilitiesOf(logits(), false).sum(1)[1].item<double>(), 1));
    }

    void bothSidesOfAClassWeighTheSame()
    {
        const ClassWeights weights = balancedSides({0b001, 0b011, 0b001, 0b000}, 3);
        QCOMPARE(weights.present, (std::vector<double>{4 / 6., 2, 1}));
        QCOMPARE(weights.absent, (std::vector<double>{2, 4 / 6., 1}));
    }

    void aMultiLabelHeadLearns()
    {
        Network network = *Network::create("tiny", 2, 1);
        network.setMultiLabel(true);
        FineTuner tuner(std::move(network), optim::usualOptions(optim::Kind::adam), false, Capability{});
        at::Tensor images = at::zeros({8, 1, 32, 32});
        std::vector<std::int64_t> labels;
        for (std::int64_t i = 0; i < 8; ++i) {
            labels.push_back(i % 4);
            if (i % 4 & 1)
                images[i].narrow(1, 0, 16).add_(1);
            if (i % 4 & 2)
                images[i].narrow(2, 0, 16).add_(1);
        }
        const std::vector<float> weights(8, 1.F);
        double first = 0, last = 0;
        std::int64_t right = 0;
        for (int step = 0; step < 60; ++step) {
            const auto learnt = tuner.learn(images, labels, weights, 1e-2);
            QVERIFY(learnt);
            (step == 0 ? first : last) = learnt->loss;
            right = learnt->correct;
        }
        QVERIFY2(last < .2 * first, std::to_string(last).c_str());
        QCOMPARE(right, 8);
    }
};

QTEST_APPLESS_MAIN(LabelLossTest)
#include "tst_labelloss.moc"
