// SPDX-License-Identifier: GPL-3.0-or-later
#include "embed/Layout.h"
#include "embed/Mapping.h"
#include "embed/Reference.h"

#include <QTest>
#include <limits>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

namespace {

constexpr std::size_t kDimensions = 12;

MapOptions optionsFor(MapMethod method)
{
    MapOptions options;
    options.method = method;
    options.perplexity = 8;
    options.rounds = 60;
    return options;
}

std::vector<float> finished(Mapping& mapping)
{
    while (mapping.stage() != Mapping::Stage::done)
        if (!mapping.step())
            return {};
    return {mapping.layout().begin(), mapping.layout().end()};
}

std::vector<float> mapOf(const std::vector<float>& features, const MapOptions& options,
                         std::vector<float> previous = {})
{
    Mapping mapping = *Mapping::create(features, kDimensions, options, std::move(previous));
    return finished(mapping);
}

double rootMeanSquare(const std::vector<float>& a, const std::vector<float>& b)
{
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += std::pow(double(a[i]) - double(b[i]), 2) / double(a.size());
    return std::sqrt(sum);
}

} // namespace

Q_DECLARE_METATYPE(foveate::embed::MapMethod)

class MappingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyMethodMaps_data()
    {
        QTest::addColumn<MapMethod>("method");
        QTest::newRow("pca") << MapMethod::pca;
        QTest::newRow("umap") << MapMethod::umap;
        QTest::newRow("tsne") << MapMethod::tsne;
    }

    void everyMethodMaps()
    {
        QFETCH(MapMethod, method);
        const auto features = clustered(240, kDimensions, 4, 1);
        Mapping mapping = *Mapping::create(features, kDimensions, optionsFor(method));
        QCOMPARE(mapping.stage(), Mapping::Stage::neighbours);
        const auto map = finished(mapping);
        QCOMPARE(map.size(), std::size_t(480));
        QVERIFY(mapping.figures().trustworthiness > .8);
        QCOMPARE(mapping.figures().recall, 1.0);
        MapOptions threads = optionsFor(method);
        threads.threads = 3;
        QCOMPARE(mapOf(features, threads), map);
    }

    void aStoppedMapGoesOn_data()
    {
        QTest::addColumn<MapMethod>("method");
        QTest::newRow("umap") << MapMethod::umap;
        QTest::newRow("tsne") << MapMethod::tsne;
    }

    void aStoppedMapGoesOn()
    {
        QFETCH(MapMethod, method);
        const auto features = clustered(1500, kDimensions, 4, 2);
        const MapOptions options = optionsFor(method);
        const auto whole = mapOf(features, options);
        Mapping first = *Mapping::create(features, kDimensions, options);
        while (first.stage() != Mapping::Stage::layout)
            QVERIFY(first.step());
        QVERIFY(first.step());
        const MapState state = first.state();
        QVERIFY(state.round > 0);
        Mapping second = *Mapping::create(features, kDimensions, options);
        QVERIFY(second.resume(state));
        QCOMPARE(finished(second), whole);
    }

    /// The features of a later round: the same images, a little moved and turned about; a third is new.
    void roundsAreAligned_data() { aStoppedMapGoesOn_data(); }

    void roundsAreAligned()
    {
        QFETCH(MapMethod, method);
        const auto features = clustered(300, kDimensions, 4, 3);
        const auto before = mapOf(features, optionsFor(method));
        std::vector<float> later = features;
        Random random(4);
        for (std::size_t i = 0; i < later.size(); i += kDimensions)
            for (std::size_t d = 0; d < kDimensions; ++d)
                later[i + d] = -features[i + (d + 5) % kDimensions] + float(.1 * random.normal());
        std::vector<float> previous = before;
        for (std::size_t i = 200; i < 300; ++i)
            previous[2 * i] = previous[2 * i + 1] = std::numeric_limits<float>::quiet_NaN();
        const auto alone = mapOf(later, optionsFor(method)), after = mapOf(later, optionsFor(method), previous);
        const std::vector<float> known(before.begin(), before.begin() + 400);
        const auto gap = [&](const std::vector<float>& map) {
            return rootMeanSquare({map.begin(), map.begin() + 400}, known);
        };
        const double extent = rootMeanSquare(known, equalPoints(400, 1, 0));
        QVERIFY2(gap(after) < .5 * extent, qPrintable(QString::number(gap(after) / extent)));
        QVERIFY(gap(after) < gap(alone));
    }

    void heldImagesStayWhereTheyAre()
    {
        const auto features = clustered(300, kDimensions, 3, 7, 20);
        const auto before = mapOf(features, optionsFor(MapMethod::umap));
        std::vector<float> previous = before;
        for (std::size_t i = 290; i < 300; ++i)
            previous[2 * i] = previous[2 * i + 1] = std::numeric_limits<float>::quiet_NaN();
        MapOptions options = optionsFor(MapMethod::umap);
        options.hold = true;
        const auto after = mapOf(features, options, previous);
        QVERIFY(std::equal(after.begin(), after.begin() + 580, before.begin()));
        for (std::size_t i = 290; i < 300; ++i) { // among their own cluster, not another
            const auto gap = [&](std::size_t j) {
                return std::hypot(after[2 * i] - before[2 * j], after[2 * i + 1] - before[2 * j + 1]);
            };
            QVERIFY(gap(i % 3) < gap((i + 1) % 3) && gap(i % 3) < gap((i + 2) % 3));
        }
    }

    void onePointIsAMap()
    {
        for (const MapMethod method : {MapMethod::pca, MapMethod::umap, MapMethod::tsne})
            QCOMPARE(mapOf(clustered(1, kDimensions, 1, 5), optionsFor(method)).size(), std::size_t(2));
    }

    void badInputIsRefused()
    {
        auto features = clustered(20, kDimensions, 2, 6);
        QCOMPARE(Mapping::create(features, kDimensions, {.neighbours = 1}).error().code, Code::usage);
        QCOMPARE(Mapping::create(features, kDimensions, {}, {1, 2}).error().code, Code::wrongShape);
        Mapping mapping = *Mapping::create(features, kDimensions, {});
        QCOMPARE(mapping.resume({3, {1, 2}, {}, {}}).error().code, Code::wrongShape);
        features[7] = std::numeric_limits<float>::quiet_NaN();
        QCOMPARE(Mapping::create(features, kDimensions, {}).error().code, Code::nonFinite);
    }
};

QTEST_APPLESS_MAIN(MappingTest)
#include "tst_mapping.moc"
