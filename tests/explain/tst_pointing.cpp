// SPDX-License-Identifier: GPL-3.0-or-later
// Do the maps point at the lesion? Measured on phantoms, whose lesions are known, after a short training.
#include "explain/Example.h"
#include "learn/FineTuner.h"
#include "learn/TrainSet.h"
#include "phantom/Phantom.h"

#include <QTest>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

namespace {

constexpr int kSize = 96;
constexpr std::size_t kTraining = 480, kTest = 120;

struct Set {
    at::Tensor images; ///< [N,C,S,S], normalised by .5
    at::Tensor masks;  ///< bool [N,S,S]
    std::vector<std::int64_t> labels;
};

Set phantoms(phantom::Modality modality)
{
    const phantom::Study study = *phantom::Study::create({modality, int(kTraining + kTest), kSize, 11, .2});
    Set set;
    std::vector<at::Tensor> images, masks;
    for (const phantom::Phantom& p : study.images(2)) {
        images.push_back(at::tensor(p.pixels, at::kFloat).view({kSize, kSize, p.channels}).permute({2, 0, 1}));
        masks.push_back(at::tensor(p.mask, at::kByte).view({kSize, kSize}).gt(0));
        set.labels.push_back(p.classIndex);
    }
    set.images = at::stack(images).div_(127.5).sub_(1).contiguous(at::MemoryFormat::ChannelsLast);
    set.masks = at::stack(masks);
    return set;
}

/// Plain training on the first images; flips alone as views.
Network trained(const Set& set, int classes, int epochs)
{
    FineTuner tuner(*Network::create("resnet18", classes, 1), optim::usualOptions(optim::Kind::adam), false,
                    Capability{});
    const std::vector<int> labels(set.labels.begin(), set.labels.begin() + kTraining);
    const std::vector<double> balance = balancedWeights(labels, classes);
    for (int epoch = 0; epoch < epochs; ++epoch) {
        const std::vector<std::size_t> order = epochOrder(kTraining, 1, epoch);
        for (std::size_t begin = 0; begin < kTraining; begin += 32) {
            std::vector<std::int64_t> rows(order.begin() + std::ptrdiff_t(begin),
                                           order.begin() + std::ptrdiff_t(std::min(begin + 32, kTraining)));
            std::vector<std::int64_t> targets;
            std::vector<float> weights;
            for (const std::int64_t row : rows) {
                targets.push_back(set.labels[std::size_t(row)]);
                weights.push_back(float(balance[std::size_t(targets.back())]));
            }
            at::Tensor images = set.images.index_select(0, at::tensor(rows));
            if ((begin / 32 + std::size_t(epoch)) % 2 == 1)
                images = images.flip({3});
            if (!tuner.learn(images, targets, weights, 1e-3 * (1 - double(epoch) / epochs)))
                qFatal("the training is not finite");
        }
    }
    tuner.network().train(false);
    return tuner.network();
}

struct Aim {
    int images = 0;
    double hits = 0;      ///< share of maps whose maximum lies in the lesion, or within 1/16 of the side of it
    double massRatio = 0; ///< mean of (map's mass in the lesion) / (lesion's share of the image)
};

/// Maps of the right class for the images with a lesion that the network classes rightly.
Aim aimOf(const Explainer& explainer, const Set& set, Method method)
{
    Aim aim;
    for (std::size_t i = kTraining; i < kTraining + kTest; ++i) {
        const at::Tensor mask = set.masks[std::int64_t(i)];
        if (!mask.any().item<bool>())
            continue;
        const Explanation made = *explainer.explain(set.images.narrow(0, std::int64_t(i), 1), {.method = method});
        if (made.classes[0] != set.labels[i] || !made.fitForRanking(0))
            continue;
        const at::Tensor map = made.map[0];
        const std::int64_t top = map.argmax().item<std::int64_t>();
        const std::int64_t reach = kSize / 16, y = top / kSize, x = top % kSize;
        const std::int64_t y0 = std::max<std::int64_t>(0, y - reach), x0 = std::max<std::int64_t>(0, x - reach);
        const at::Tensor near = mask.narrow(0, y0, std::min<std::int64_t>(kSize, y + reach + 1) - y0)
                                    .narrow(1, x0, std::min<std::int64_t>(kSize, x + reach + 1) - x0);
        aim.hits += near.any().item<bool>() ? 1 : 0;
        aim.massRatio += map.masked_select(mask).sum().item<double>() / map.sum().item<double>() /
                         mask.to(at::kDouble).mean().item<double>();
        ++aim.images;
    }
    aim.hits /= std::max(1, aim.images);
    aim.massRatio /= std::max(1, aim.images);
    return aim;
}

} // namespace

class PointingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void mapsPointAtTheLesion_data()
    {
        QTest::addColumn<int>("modality");
        QTest::newRow("oct") << int(phantom::Modality::oct);
        QTest::newRow("xray") << int(phantom::Modality::xray);
    }

    void mapsPointAtTheLesion()
    {
        QFETCH(int, modality);
        const Set set = phantoms(phantom::Modality(modality));
        const int classes = int(phantom::classNames(phantom::Modality(modality)).size());
        const Explainer explainer = *Explainer::create(trained(set, classes, 8), {});
        for (const Method method : {Method::gradcam, Method::deepTaylor}) {
            const Aim aim = aimOf(explainer, set, method);
            qInfo("%s: %d images, pointing game %.3f, mass in the lesion %.2f times chance", name(method).data(),
                  aim.images, aim.hits, aim.massRatio);
            QVERIFY(aim.images >= int(kTest) / 3);
            QVERIFY(aim.hits >= .8);
            QVERIFY(aim.massRatio >= 3);
        }
    }
};

QTEST_GUILESS_MAIN(PointingTest)
#include "tst_pointing.moc"
