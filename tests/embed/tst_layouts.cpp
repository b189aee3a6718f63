// SPDX-License-Identifier: GPL-3.0-or-later
// UMAP and t-SNE: what they take from the libraries against umap-learn and openTSNE, and what a layout promises.
#include "embed/Layout.h"
#include "embed/Reference.h"
#include "embed/RepulsionTree.h"
#include "embed/Trustworthiness.h"
#include "embed/Tsne.h"
#include "embed/Umap.h"
#include "embed/layout/Qdtsne.h"
#include "embed/layout/Umappp.h"

#include <QTest>

using namespace foveate;
using namespace foveate::embed;
using namespace foveate::embed::test;

namespace {

std::vector<double> dense(const layout::Edges& edges)
{
    const std::size_t n = edges.points();
    std::vector<double> matrix(n * n, 0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t e = edges.starts[i]; e < edges.starts[i + 1]; ++e)
            matrix[i * n + std::size_t(edges.targets[e])] = double(edges.weights[e]);
    return matrix;
}

NeighbourGraph graphOf(Points points, std::size_t k)
{
    return *neighbourGraph(points, {.k = k});
}

std::vector<float> copied(std::span<const float> layout)
{
    return {layout.begin(), layout.end()};
}

Umap umapOf(Points points, UmapOptions options)
{
    return *Umap::create(graphOf(points, options.neighbours), *pcaStart(points, kUmapStart, 1), options);
}

Tsne tsneOf(Points points, TsneOptions options)
{
    return *Tsne::create(graphOf(points, Tsne::neighbours(options.perplexity)), *pcaStart(points, kTsneStart, 1),
                         options);
}

} // namespace

class LayoutsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void strengthsAgreeWithUmapLearn()
    {
        const ReferencePoints data;
        const NeighbourGraph graph = graphOf(data.points(), 15); // umap-learn counts the point itself: 16
        const auto edges = layout::umapEdges({graph.rows, graph.distances, graph.k, graph.k}, 1);
        QVERIFY(largestGap(dense(edges), reference<double>("umap-strengths")) < 2e-4);
        const layout::Curve curve = layout::umapCurve(1, .1);
        QVERIFY(std::abs(double(curve.a) - reference<double>("umap-curve").at(0)) < 1e-3);
        QVERIFY(std::abs(double(curve.b) - reference<double>("umap-curve").at(1)) < 1e-3);
    }

    void probabilitiesAgreeWithOpenTsne()
    {
        const ReferencePoints data;
        const NeighbourGraph graph = graphOf(data.points(), 30);
        const auto edges = layout::tsneEdges({graph.rows, graph.distances, graph.k, graph.k}, 10, 1);
        QVERIFY(largestGap(dense(edges), reference<double>("tsne-probabilities")) < 1e-7);
    }

    void trustworthinessAgreesWithScikitLearn()
    {
        const ReferencePoints data;
        const auto layout = reference<float>("layout");
        const auto expected = reference<double>("trustworthiness");
        QVERIFY(std::abs(*trustworthiness(data.points(), {layout, 2}, 15) - expected.at(0)) < 1e-9);
        QVERIFY(std::abs(*trustworthiness(data.points(), {layout, 2}, 4) - expected.at(1)) < 1e-9);
        QCOMPARE(*trustworthiness(data.points(), data.points(), 15, 200, 3, 2), 1.0);
        QCOMPARE(*trustworthiness({std::span(data.values).first(12), 6}, {std::span(layout).first(4), 2}), 1.0);
    }

    void theTreeRepelsAsAllPairsDo()
    {
        auto places = clustered(700, 2, 3, 5);
        std::copy_n(places.begin(), 40, places.begin() + 40); // equal places
        RepulsionTree tree;
        tree.set(places);
        std::vector<float> forces(1400), masses(700), fine(1400), fineMasses(700);
        tree.repel(1, 1, forces, masses);
        tree.repel(0, 3, fine, fineMasses);
        double error = 0, size = 0;
        for (std::size_t i = 0; i < 700; ++i) {
            double x = 0, y = 0, mass = 0;
            for (std::size_t j = 0; j < 700; ++j) {
                const double dx = double(places[2 * i]) - double(places[2 * j]),
                             dy = double(places[2 * i + 1]) - double(places[2 * j + 1]);
                const double q = 1 / (1 + dx * dx + dy * dy);
                mass += i == j ? 0 : q;
                x += q * q * dx;
                y += q * q * dy;
            }
            QVERIFY(std::abs(double(fineMasses[i]) - mass) < 1e-4 * mass);
            QVERIFY(std::abs(double(fine[2 * i]) - x) < 1e-4 * mass);
            QVERIFY(std::abs(double(masses[i]) - mass) < .04 * mass);
            error += std::pow(double(forces[2 * i]) - x, 2) + std::pow(double(forces[2 * i + 1]) - y, 2);
            size += x * x + y * y;
        }
        QVERIFY(std::sqrt(error / size) < .04);
    }

    void neighboursStayTogether()
    {
        const auto values = clustered(400, 20, 4, 6);
        const Points points{values, 20};
        Umap umap = umapOf(points, {});
        umap.run(umap.epochs());
        Tsne tsne = tsneOf(points, {});
        tsne.run(tsne.iterations());
        QVERIFY(*trustworthiness(points, {umap.layout(), 2}) > .93);
        QVERIFY(*trustworthiness(points, {tsne.layout(), 2}) > .94);
    }

    void stoppedAndResumedIsOneRun()
    {
        const auto values = clustered(300, 8, 3, 7);
        const Points points{values, 8};
        Umap whole = umapOf(points, {.epochs = 60}), parts = umapOf(points, {.epochs = 60}),
             other = umapOf(points, {.epochs = 60, .threads = 3});
        whole.run(60);
        parts.run(13);
        QCOMPARE(parts.epoch(), 13);
        const auto kept = copied(parts.layout());
        parts.run(40);
        QVERIFY(other.resume(kept, 13));
        other.run(60);
        parts.run(1000);
        QCOMPARE(copied(parts.layout()), copied(whole.layout()));
        QCOMPARE(copied(other.layout()), copied(whole.layout()));

        const TsneOptions options{.perplexity = 10, .exaggerated = 20, .iterations = 50};
        Tsne once = tsneOf(points, options), first = tsneOf(points, options),
             second = tsneOf(points, {.perplexity = 10, .exaggerated = 20, .iterations = 50, .threads = 3});
        once.run(50);
        first.run(15);
        QVERIFY(second.resume(first.state()));
        second.run(50);
        QCOMPARE(second.iteration(), 50);
        QCOMPARE(copied(second.layout()), copied(once.layout()));
    }

    void seedsDiffer()
    {
        const auto values = clustered(200, 5, 3, 8);
        Umap a = umapOf({values, 5}, {.epochs = 20, .seed = 1}), b = umapOf({values, 5}, {.epochs = 20, .seed = 2});
        a.run(20);
        b.run(20);
        QVERIFY(copied(a.layout()) != copied(b.layout()));
    }

    void degenerateInputsHaveALayout_data()
    {
        QTest::addColumn<std::vector<float>>("values");
        QTest::newRow("one point") << clustered(1, 3, 1, 1);
        QTest::newRow("two points") << clustered(2, 3, 1, 1);
        QTest::newRow("six points") << clustered(6, 3, 1, 1);
        QTest::newRow("equal points") << equalPoints(50, 3);
        std::vector<float> pairs;
        for (int i = 0; i < 60; ++i)
            pairs.insert(pairs.end(), {float(i / 2), 1, 1});
        QTest::newRow("every point twice, constant columns") << pairs;
    }

    void degenerateInputsHaveALayout()
    {
        QFETCH(std::vector<float>, values);
        const Points points{values, 3};
        Umap umap = umapOf(points, {});
        umap.run(umap.epochs());
        Tsne tsne = tsneOf(points, {});
        tsne.run(tsne.iterations());
        QCOMPARE(tsne.iteration(), tsne.iterations());
        for (const auto layout : {umap.layout(), tsne.layout()}) {
            QCOMPARE(layout.size(), 2 * points.rows());
            for (const float v : layout)
                QVERIFY(std::isfinite(v) && std::abs(v) < 1e4F);
        }
    }

    void aligningUndoesTurnMirrorScaleAndShift()
    {
        const auto target = clustered(50, 2, 3, 9);
        std::vector<float> layout;
        for (std::size_t i = 0; i < 50; ++i) {
            const float x = target[2 * i], y = target[2 * i + 1];
            layout.insert(layout.end(), {3 * y + 7, 3 * x - 2}); // mirrored on the diagonal
        }
        const auto back = aligned(layout, target);
        for (std::size_t i = 0; i < target.size(); ++i)
            QVERIFY(std::abs((*back)[i] - target[i]) < 1e-4F);
        QCOMPARE(*aligned(equalPoints(50, 2), target), equalPoints(50, 2));
        QCOMPARE(aligned(layout, std::span(target).first(4)).error().code, Code::wrongShape);
    }

    void newPointsGoToTheirNeighbours()
    {
        const auto values = clustered(300, 10, 3, 10, 20);
        const Points points{values, 10};
        Umap umap = umapOf(points, {});
        umap.run(umap.epochs());
        const Points fresh{std::span(values).first(30), 10};
        const auto table = nearest(points, fresh, 15);
        const auto places = place(*table, umap.layout());
        for (std::size_t i = 0; i < 3; ++i) // nearer to their own cluster's first point than to the others'
            for (std::size_t c = 0; c < 3; ++c) {
                const auto gap = [&](std::size_t j) {
                    return std::hypot(places[2 * i] - umap.layout()[2 * j],
                                      places[2 * i + 1] - umap.layout()[2 * j + 1]);
                };
                QVERIFY(c == i || gap(30 + i) < gap(30 + c));
            }
    }

    void badOptionsAreRefused()
    {
        const auto values = clustered(20, 3, 1, 1);
        const Points points{values, 3};
        const NeighbourGraph graph = graphOf(points, 5);
        const auto start = *pcaStart(points, 1, 1);
        QCOMPARE(Umap::create(graph, start, {.neighbours = 15}).error().code, Code::wrongShape);
        QCOMPARE(Umap::create(graph, start, {.neighbours = 1}).error().code, Code::usage);
        QCOMPARE(Umap::create(graph, start, {.neighbours = 5, .minimumDistance = 2}).error().code, Code::usage);
        QCOMPARE(Umap::create(graph, {start.begin(), start.begin() + 10}, {.neighbours = 5}).error().code,
                 Code::wrongShape);
        QCOMPARE(Tsne::create(graph, start, {.perplexity = 5}).error().code, Code::wrongShape);
        QCOMPARE(Tsne::create(graph, start, {.perplexity = 1}).error().code, Code::usage);
        Umap umap = *Umap::create(graph, start, {.neighbours = 5});
        QCOMPARE(umap.resume(std::span(start).first(6), 3).error().code, Code::wrongShape);
    }
};

QTEST_APPLESS_MAIN(LayoutsTest)
#include "tst_layouts.moc"
