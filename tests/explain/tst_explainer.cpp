// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/DeepTaylor.h"
#include "explain/Example.h"
#include "explain/Regions.h"
#include "explain/Uncertainty.h"

#include "base/Random.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

namespace {

Explainer explainerOf(const Network& network)
{
    return *Explainer::create(network, {});
}

constexpr std::array kMethods{Method::gradcam, Method::deepTaylor, Method::occlusion, Method::randomOcclusion,
                              Method::uncertainty};

/// A map of Gaussian hills: centre y, x, height.
at::Tensor hills(std::initializer_list<std::array<double, 3>> places)
{
    at::Tensor map = at::zeros({64, 64});
    for (const auto& [y, x, height] : places)
        for (int v = 0; v < 64; ++v)
            for (int u = 0; u < 64; ++u)
                map[v][u] += height * std::exp(-((v - y) * (v - y) + (u - x) * (u - x)) / 32);
    return map;
}

} // namespace

class ExplainerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void namesComeBack()
    {
        for (const Method method : kMethods)
            QVERIFY(*methodFromName(name(method)) == method);
        QCOMPARE(methodFromName("tea-leaves").error().code, Code::usage);
    }

    void everyMethodExplainsThePredictedClass()
    {
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        for (const Method method : kMethods) {
            const Explanation made = *explainer.explain(exampleImages(), {.method = method});
            QCOMPARE(made.map.sizes().vec(), (std::vector<std::int64_t>{2, 64, 64}));
            QVERIFY(at::isfinite(made.map).all().item<bool>());
            QCOMPARE(made.classes[1], made.probabilities[1].argmax().item<int>());
            QVERIFY(made.evidence[0] && made.fitForRanking(0));
            const Explanation named =
                *explainer.explain(exampleImages(), {.method = method, .classIndex = made.classes[0]});
            QVERIFY(at::equal(named.map[0], made.map[0]));
        }
    }

    void aClassWithoutEvidenceIsNotRanked()
    {
        Network network = exampleNetwork("tiny");
        network.state().at("fc.weight")[1].abs_().neg_();
        const Explainer explainer = explainerOf(network);
        for (const Method method : {Method::gradcam, Method::deepTaylor}) {
            const Explanation made = *explainer.explain(exampleImages(), {.method = method, .classIndex = 1});
            QVERIFY(!made.evidence[0] && !made.fitForRanking(0));
        }
    }

    void tooMuchLostIsNotRanked()
    {
        Explanation made;
        made.evidence = {true, true, false};
        made.lost = {.05, .051, 0};
        QVERIFY(made.fitForRanking(0) && !made.fitForRanking(1) && !made.fitForRanking(2));
    }

    void oneLogitIsALogisticProbability()
    {
        Network network = exampleNetwork("tiny", 1);
        const Explanation made = *explainerOf(network).explain(exampleImages(), {});
        const at::NoGradGuard guard;
        const at::Tensor expected = network.logits(exampleImages()).sigmoid();
        QVERIFY((made.probabilities.narrow(1, 1, 1) - expected).abs().max().item<double>() < 1e-5);
        QVERIFY((made.probabilities.sum(1) - 1).abs().max().item<double>() < 1e-6);
    }

    /// Each pass by hand: dropping a feature is dropping its weights.
    void uncertaintyIsTheVarianceOfTheDropoutPasses()
    {
        const std::uint64_t seed = 7;
        const Network network = exampleNetwork("tiny");
        const at::Tensor image = exampleImages(1);
        const DeepTaylor made = *uncertainty(*layersOf(network), {}, image, {3, seed}, 2);
        std::vector<at::Tensor> maps;
        for (std::uint64_t pass = 0; pass < 3; ++pass) {
            Network dropped = exampleNetwork("tiny");
            Random random = Random::derive(seed, "dropout", pass);
            const at::Tensor weight = dropped.state().at("fc.weight");
            for (std::int64_t i = 0; i < weight.size(1); ++i)
                weight.select(1, i).mul_(random.chance(.5) ? 0 : 2);
            maps.push_back(deepTaylor(*layersOf(dropped), {}, image, 2)->map[0]);
        }
        const at::Tensor expected = at::stack(maps).var(0, false);
        QVERIFY(expected.max().item<float>() > 0);
        QVERIFY((made.map[0] - expected).abs().max().item<double>() <= 1e-3 * expected.max().item<double>());
    }

    void mapsOfRowsAreThoseOfTheirImages()
    {
        const QTemporaryDir folder;
        const std::string path = folder.filePath("pack").toStdString();
        PackWriter writer = *PackWriter::open(path, {32, 1});
        for (std::uint64_t row = 0; row < 5; ++row) {
            Random random = Random::derive(3, "image", row);
            std::vector<std::uint8_t> pixels(32 * 32);
            std::generate(pixels.begin(), pixels.end(), [&] { return std::uint8_t(random.below(256)); });
            QVERIFY(writer.append({}, pixels).has_value());
        }
        QVERIFY(writer.commit().has_value());
        const std::vector<std::int64_t> rows{4, 1, 3};
        const PackBatches batches = *PackBatches::create(*Pack::open(path), rows, 32, {}, 1);
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        const Explanation all = *mapsOf(explainer, batches, rows, Method::deepTaylor);
        QCOMPARE(all.map.sizes().vec(), (std::vector<std::int64_t>{3, 32, 32}));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const Explanation one =
                *explainer.explain(batches.batch(std::span(&rows[i], 1)), {.method = Method::deepTaylor});
            QVERIFY((all.map[std::int64_t(i)] - one.map[0]).abs().max().item<double>() <=
                    1e-5 * one.map.max().item<double>());
            QVERIFY(all.classes[i] == one.classes[0] && all.fitForRanking(i));
        }
        QCOMPARE(mapsOf(explainer, batches, {}, Method::gradcam)->map.size(0), std::int64_t(0));
    }

    void refusesOptionsOutOfRange()
    {
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        QCOMPARE(explainer.explain(exampleImages(), {.passes = 1}).error().code, Code::usage);
        QCOMPARE(explainer.explain(exampleImages(), {.boxes = 0}).error().code, Code::usage);
        QCOMPARE(explainer.explain(exampleImages(), {.classIndex = 3}).error().code, Code::wrongShape);
    }

    void theRegionIsTheHillOfLargestMass()
    {
        // The single pixel is the highest value, but smoothing leaves little of it.
        at::Tensor map = hills({{16, 20, 1}, {44, 44, .8}});
        map[60][3] = 3;
        const Region region = regionOf(map);
        QVERIFY(region.mask[16][20].item<bool>());
        QVERIFY(!region.mask[44][44].item<bool>() && !region.mask[60][3].item<bool>());
        QVERIFY(region.box.y > 8 && region.box.y <= 16 && region.box.height < 16);
        QVERIFY(region.share > .15 && region.share < .6);
    }

    void anEmptyMapHasNoRegion()
    {
        QVERIFY(regionOf(at::zeros({32, 32})).empty());
        QVERIFY(regionOf(at::full({32, 32}, -1.0)).empty());
        QCOMPARE(overlap(regionOf(at::zeros({32, 32})).mask, regionOf(at::zeros({32, 32})).mask), 0.0);
    }

    void overlapIsIntersectionOverUnion()
    {
        at::Tensor one = at::zeros({8, 8}, at::kBool), other = at::zeros({8, 8}, at::kBool);
        one.narrow(0, 0, 4).fill_(true);
        other.narrow(0, 2, 4).fill_(true);
        QCOMPARE(overlap(one, other), 2. / 6);
    }

    /// It is the map of the image whose primary region shows the mean.
    void theSecondLookFallsElsewhere()
    {
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        const Question question{.method = Method::deepTaylor, .classIndex = 0};
        const at::Tensor image = exampleImages(1);
        const Region primary = regionOf(explainer.explain(image, question)->map[0]);
        QVERIFY(!primary.empty());
        const SecondLook second = *secondLook(explainer, image, question, primary);
        QVERIFY(second.map.max().item<float>() > 0);
        const at::Tensor covered = at::where(primary.mask, image.mean({2, 3}, true), image);
        QVERIFY(at::equal(second.map, explainer.explain(covered, question)->map[0]));
    }

    void boxesThatCoverNothingNewChangeNothing()
    {
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        const at::Tensor ramp =
            at::arange(64, at::kFloat).sub_(32).div_(32).view({1, 1, 1, 64}).expand({1, 3, 64, 64}).contiguous();
        const UnderBoxes changed = *underBoxes(explainer, ramp, {.classIndex = 0, .boxes = 8});
        QVERIFY(changed.overlap >= 0 && changed.overlap < 1 && changed.classKept <= 1);
        const UnderBoxes same = *underBoxes(explainer, at::zeros({1, 3, 64, 64}), {.classIndex = 2, .boxes = 3});
        const bool speaks = !regionOf(explainer.explain(at::zeros({1, 3, 64, 64}), {.classIndex = 2})->map[0]).empty();
        QCOMPARE(same.overlap, speaks ? 1.0 : 0.0);
        QCOMPARE(same.classKept, 1.0);
    }

    void robustnessIsSeededAndBounded()
    {
        const Explainer explainer = explainerOf(exampleNetwork("tiny"));
        const Question question{.method = Method::deepTaylor, .classIndex = 0, .seed = 5};
        const at::Tensor image = hills({{24, 40, 2}}).sub_(1).view({1, 1, 64, 64}).expand({1, 3, 64, 64});
        const Region primary = regionOf(explainer.explain(image, question)->map[0]);
        const Robustness one = *robustness(explainer, image, question, primary, 6);
        const Robustness again = *robustness(explainer, image, question, primary, 6);
        QCOMPARE(one.overlap, again.overlap);
        QVERIFY(one.trials > 0 && one.trials <= 6);
        QVERIFY(one.overlap > 0 && one.overlap <= 1);
        QVERIFY(one.classAgreement >= 0 && one.classAgreement <= 1);
        QCOMPARE(robustness(explainer, image, question, primary, 0)->trials, 0);
    }
};

QTEST_GUILESS_MAIN(ExplainerTest)
#include "tst_explainer.moc"
