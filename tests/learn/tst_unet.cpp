// SPDX-License-Identifier: GPL-3.0-or-later
#include "FormulaWeights.h"
#include "base/Npy.h"
#include "learn/nets/FoldedGraph.h"
#include "learn/nets/UNet.h"
#include "learn/optim/Optimiser.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <QTest>

using namespace foveate;
using namespace foveate::learn;

namespace {

at::Tensor reference(const char* name, at::IntArrayRef shape)
{
    return at::tensor(readNpy<float>(FOVEATE_SOURCE_DIR "/tests/learn/reference/" + std::string(name))->data)
        .reshape(shape);
}

TensorMap stateOf(const Graph& graph)
{
    TensorMap state;
    for (const auto& item : graph.named_parameters())
        state[item.key()] = item.value().detach();
    for (const auto& item : graph.named_buffers())
        state[item.key()] = item.value();
    return state;
}

std::shared_ptr<Graph> formulaNet()
{
    auto net = makeUNet(1);
    const TensorMap state = stateOf(*net);
    const at::NoGradGuard guard;
    for (const auto& [name, tensor] : formulaWeights(state))
        at::Tensor(state.at(name)).copy_(tensor);
    net->eval();
    return net;
}

} // namespace

class UNetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void agreesWithPyTorch()
    {
        const at::NoGradGuard guard;
        const auto net = formulaNet();
        const at::Tensor images = formulaTensor("grey", {2, 1, 32, 32});
        const at::Tensor expected = reference("unet_logits.npy", {2, 1, 32, 32});
        const at::Tensor logits = net->forward(images);
        QVERIFY((logits - expected).abs().max().item<double>() <= 1e-4 * expected.abs().max().item<double>());
        const FoldedGraph folded(*net, at::kFloat);
        const at::Tensor again = folded.run(threeChannels(images), 0, net->last());
        QVERIFY((again - expected).abs().max().item<double>() <= 1e-4 * expected.abs().max().item<double>());
        const at::Tensor masks = (formulaTensor("masks", {2, 1, 32, 32}) > .3).to(at::kFloat);
        const double loss = maskLoss(logits, masks).item<double>();
        QVERIFY(std::abs(loss - reference("unet_loss.npy", {}).item<double>()) <= 1e-5);
    }

    void learnsWhereABrightSquareIs()
    {
        const auto net = makeUNet(3);
        at::Tensor images = formulaTensor("noise", {4, 1, 32, 32}, .1);
        at::Tensor masks = at::zeros({4, 1, 32, 32});
        for (int i = 0; i < 4; ++i) {
            images[i][0].slice(0, 4 * i + 2, 4 * i + 12).slice(1, 8, 20).add_(1);
            masks[i][0].slice(0, 4 * i + 2, 4 * i + 12).slice(1, 8, 20).fill_(1);
        }
        optim::Optimiser optimiser(net->parameters(), net->named_parameters().keys(),
                                   optim::usualOptions(optim::Kind::adam));
        double first = 0, last = 0;
        for (int step = 0; step < 12; ++step) {
            const at::Tensor loss = maskLoss(net->forward(images), masks);
            loss.backward();
            optimiser.step(3e-3);
            last = loss.item<double>();
            first = step == 0 ? last : first;
        }
        QVERIFY2(last < .5 * first, qPrintable(QString("%1 → %2").arg(first).arg(last)));
    }

    void startsBySeedAlone()
    {
        const TensorMap first = stateOf(*makeUNet(5)), again = stateOf(*makeUNet(5)), other = stateOf(*makeUNet(6));
        QVERIFY(at::equal(first.at("up1.deconvolution.weight"), again.at("up1.deconvolution.weight")));
        QVERIFY(!at::equal(first.at("up1.deconvolution.weight"), other.at("up1.deconvolution.weight")));
    }
};

QTEST_GUILESS_MAIN(UNetTest)
#include "tst_unet.moc"
