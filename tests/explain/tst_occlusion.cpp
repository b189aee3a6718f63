// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Example.h"
#include "explain/Occlusion.h"

#include <ATen/Parallel.h>
#include <QTest>
#include <c10/core/InferenceMode.h>

using namespace foveate;
using namespace foveate::explain;
using namespace foveate::learn;

class OcclusionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void agreesWithCaptum()
    {
        const at::Tensor expected = referenceMaps("explain/reference/occlusion_resnet18.npy");
        QVERIFY(expected.defined());
        const Layers layers = *layersOf(exampleNetwork("resnet18"));
        const Result<Occlusion> made = occlusion(layers, exampleImages(), {.window = 20, .stride = 12}, 1);
        QVERIFY(made.has_value());
        const double apart = (made->map - expected).abs().max().item<double>() / expected.abs().max().item<double>();
        QVERIFY2(apart <= 1e-3, qPrintable(QString::number(apart)));
    }

    /// Computing only what can have changed gives what computing everything gives.
    void partsGiveTheWholesLogits_data()
    {
        QTest::addColumn<QString>("model");
        for (const std::string& model : backboneModels())
            QTest::newRow(model.c_str()) << QString::fromStdString(model);
    }
    void partsGiveTheWholesLogits()
    {
        QFETCH(QString, model);
        const c10::InferenceMode inference;
        const Layers layers = *layersOf(exampleNetwork(model.toStdString()));
        const int size = 72;
        const at::Tensor image = exampleImages(1, size).contiguous(at::MemoryFormat::ChannelsLast);
        std::vector<Rectangle> boxes = randomBoxes(size, 9, 5);
        boxes.push_back({0, 0, size, size});
        boxes.push_back({71, 71, 1, 1});
        boxes.push_back({3, 0, 1, size});
        const at::Tensor fill = at::tensor({.1F, -.2F, .3F});
        for (const std::size_t count : {boxes.size(), std::size_t(9)}) { // with and without one that changes all
            const at::Tensor made = Patches(layers, image).logitsWith({boxes.data(), count}, fill);
            for (std::size_t k = 0; k < count; ++k) {
                at::Tensor changed = image.clone();
                changed.narrow(2, boxes[k].y, boxes[k].height)
                    .narrow(3, boxes[k].x, boxes[k].width)
                    .copy_(fill.view({1, 3, 1, 1}));
                const at::Tensor expected = run(layers, kImage, changed, layers.last())[0];
                const double apart = (made[std::int64_t(k)] - expected).abs().max().item<double>();
                QVERIFY2(apart <= 1e-4 * std::max(1.0, expected.abs().max().item<double>()),
                         qPrintable(QString("box %1: %2").arg(k).arg(apart)));
            }
        }
    }

    void gridCoversEveryPixel_data()
    {
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("window");
        QTest::addColumn<int>("stride");
        QTest::addColumn<int>("windows");
        QTest::newRow("fits") << 224 << 32 << 16 << 169;
        QTest::newRow("cut at the border") << 70 << 32 << 16 << 16;
        QTest::newRow("larger than the image") << 20 << 32 << 16 << 1;
        QTest::newRow("single pixels") << 5 << 1 << 1 << 25;
    }
    void gridCoversEveryPixel()
    {
        QFETCH(int, size);
        QFETCH(int, window);
        QFETCH(int, stride);
        QFETCH(int, windows);
        const std::vector<Rectangle> grid = occlusionGrid(size, window, stride);
        QCOMPARE(int(grid.size()), windows);
        at::Tensor covered = at::zeros({size, size});
        for (const Rectangle& r : grid)
            covered.narrow(0, r.y, r.height).narrow(1, r.x, r.width).add_(1);
        QVERIFY(covered.min().item<float>() >= 1);
    }

    void randomBoxesFollowTheSeedAlone()
    {
        const std::vector<Rectangle> boxes = randomBoxes(64, 200, 3);
        QVERIFY(boxes == randomBoxes(64, 200, 3));
        QVERIFY(boxes != randomBoxes(64, 200, 4));
        for (const Rectangle& r : boxes) {
            QVERIFY(r.height >= 4 && r.height <= 16 && r.width >= 4 && r.width <= 16);
            QVERIFY(r.y >= 0 && r.x >= 0 && r.y + r.height <= 64 && r.x + r.width <= 64);
        }
    }

    void aMeanGreyImageHasAnEmptyMap()
    {
        const Layers layers = *layersOf(exampleNetwork("tiny"));
        const Occlusion made = *occlusion(layers, at::zeros({1, 1, 48, 48}), {.window = 16, .stride = 8});
        QCOMPARE(made.map.abs().max().item<float>(), 0.0F);
    }

    void refusesWhatItCannotExplain()
    {
        const Layers layers = *layersOf(exampleNetwork("tiny"));
        QCOMPARE(occlusion(layers, exampleImages(), {}, 3).error().code, Code::wrongShape);
        QCOMPARE(occlusion(layers, exampleImages(), {.window = 0}).error().code, Code::usage);
        QCOMPARE(occlusion(layers, exampleImages(), {.stride = 0}).error().code, Code::usage);
        QCOMPARE(occlusion(layers, at::full({1, 3, 40, 40}, std::nan("")), {}).error().code, Code::nonFinite);
    }
};

QTEST_GUILESS_MAIN(OcclusionTest)
#include "tst_occlusion.moc"
