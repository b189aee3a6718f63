// SPDX-License-Identifier: GPL-3.0-or-later
// Every network against torchvision: names, shapes and logits on the formula's weights. Slow for VGG's 138 million.
#include "FormulaWeights.h"
#include "base/AtomicFile.h"
#include "base/Npy.h"

#include <ATen/Parallel.h>
#include <QTest>
#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>

using namespace foveate;
using namespace foveate::learn;

namespace {

at::Tensor reference(const char* file)
{
    const Result<Array<float>> array = readNpy<float>(std::string(FOVEATE_SOURCE_DIR "/tests/learn/reference/") + file);
    if (!array)
        return {};
    const std::vector<std::int64_t> shape(array->shape.begin(), array->shape.end());
    return at::tensor(array->data, at::kFloat).reshape(shape);
}

double relativeDifference(const at::Tensor& ours, const at::Tensor& theirs)
{
    return (ours - theirs).abs().max().item<double>() / theirs.abs().max().item<double>();
}

const std::vector<std::string>& torchvisionModels()
{
    static const std::vector<std::string> models{"resnet18", "resnet34", "resnet50",
                                                 "vgg16",    "vgg16_bn", "densenet121"};
    return models;
}

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

Shapes shapesOf(const TensorMap& state)
{
    Shapes shapes;
    for (const auto& [name, tensor] : state)
        shapes[name] = tensor.sizes().vec();
    return shapes;
}

/// torchvision's.
Shapes shapesOf(const std::string& model)
{
    const std::string text = *readFile(FOVEATE_SOURCE_DIR "/tests/learn/reference/networks_shapes.json");
    return nlohmann::json::parse(text).at(model).get<Shapes>();
}

} // namespace

class TorchvisionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void everyModelAgreesWithTorchvision_data()
    {
        QTest::addColumn<int>("row");
        for (int i = 0; i < int(torchvisionModels().size()); ++i)
            QTest::newRow(torchvisionModels()[std::size_t(i)].c_str()) << i;
    }

    /// Names and shapes, logits, folded logits, in the default layout and channels-last.
    void everyModelAgreesWithTorchvision()
    {
        QFETCH(int, row);
        const std::string model = torchvisionModels()[std::size_t(row)];
        const c10::InferenceMode inference;
        Network network = *Network::create(model, 3, 1);
        QCOMPARE(shapesOf(network.state()), shapesOf(model));
        QVERIFY(network.load(formulaWeights(network)).has_value());
        network.train(false);
        const at::Tensor images = formulaTensor("colour", {2, 3, 64, 64});
        const at::Tensor expected = reference("networks_logits.npy").narrow(0, 2 * row, 2);
        QVERIFY(relativeDifference(network.logits(images), expected) <= 1e-4);
        network.useChannelsLast();
        QVERIFY(relativeDifference(network.logits(images.contiguous(at::MemoryFormat::ChannelsLast)), expected) <=
                1e-4);
        network.fold();
        const at::Tensor folded = network.backbone().foldedFeatures(images);
        QVERIFY(relativeDifference(network.logitsOfFeatures(folded), expected) <= 1e-4);
        const at::Tensor maps = network.backbone().foldedMaps(images);
        QVERIFY(relativeDifference(maps, network.backbone().maps(images)) <= 1e-4);
        QVERIFY(relativeDifference(network.backbone().featuresOfMaps(maps), folded) <= 1e-4);
    }
};

QTEST_GUILESS_MAIN(TorchvisionTest)
#include "tst_torchvision.moc"
