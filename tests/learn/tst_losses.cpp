// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"
#include "learn/ssl/Losses.h"
#include "learn/ssl/Objective.h"

#include <QtTest>
#include <cmath>
#include <functional>
#include <torch/torch.h>

using namespace foveate;
using namespace foveate::learn::ssl;

namespace {

at::Tensor referenceTensor(const std::string& name)
{
    const auto array = readNpy<float>(std::string(FOVEATE_SOURCE_DIR) + "/tests/learn/reference/" + name);
    if (!array)
        return {};
    const std::vector<std::int64_t> shape(array->shape.begin(), array->shape.end());
    return at::tensor(array->data).view(shape).clone();
}

using Loss = std::function<at::Tensor(const at::Tensor& z, const at::Tensor& p)>;

/// In the order of reference/losses.py.
std::vector<std::pair<const char*, Loss>> losses()
{
    return {{"nt-xent .1", [](const at::Tensor& z, const at::Tensor&) { return ntXent(z, .1); }},
            {"nt-xent .5", [](const at::Tensor& z, const at::Tensor&) { return ntXent(z, .5); }},
            {"dcl", [](const at::Tensor& z, const at::Tensor&) { return dcl(z, .1); }},
            {"dclw", [](const at::Tensor& z, const at::Tensor&) { return dclw(z, .1, .5); }},
            {"simsiam", [](const at::Tensor& z, const at::Tensor& p) { return simSiam(p, z); }},
            {"vicreg", [](const at::Tensor& z, const at::Tensor&) { return vicReg(z, Hinge::mean); }}};
}

at::Tensor random(std::int64_t rows, std::int64_t columns)
{
    at::manual_seed(5);
    return at::randn({rows, columns});
}

} // namespace

class TstLosses : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lightly_data();
    void lightly();
    void oneSidedGradient();
    void sumOfHinges();
    void accuracyCountsPartners();
    void deviationTellsCollapse();
    void twoImages();
    void objectives_data();
    void objectives();
    void unknownNames();
};

void TstLosses::lightly_data()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const auto& [name, loss] : losses())
        QTest::newRow(name) << index++;
}

void TstLosses::lightly()
{
    QFETCH(int, index);
    const at::Tensor both = referenceTensor("losses-z.npy");
    const at::Tensor value = referenceTensor("losses-values.npy")[index];
    const at::Tensor gradient = referenceTensor("losses-gradients.npy")[index];
    at::Tensor z = both[0].clone().requires_grad_(), p = both[1].clone().requires_grad_();
    const auto [name, loss] = losses()[std::size_t(index)];
    const at::Tensor ours = loss(z, p);
    ours.backward();
    const at::Tensor ourGradient = z.grad().defined() ? z.grad() : p.grad();
    QVERIFY(std::abs(ours.item<double>() - value.item<double>()) <=
            1e-5 * std::max(1., std::abs(value.item<double>())));
    QVERIFY((ourGradient - gradient).abs().max().item<double>() <= 1e-5);
}

/// By finite differences: here the gradient does flow through the weight.
void TstLosses::oneSidedGradient()
{
    const at::Tensor start = random(8, 5).to(at::kDouble);
    at::Tensor z = start.clone().requires_grad_();
    dclwOneSided(z, .3, .5).backward();
    constexpr double kStep = 1e-6;
    for (int i = 0; i < 8; ++i) {
        at::Tensor up = start.clone(), down = start.clone();
        up[i][1] += kStep;
        down[i][1] -= kStep;
        const double slope = (dclwOneSided(up, .3, .5) - dclwOneSided(down, .3, .5)).item<double>() / (2 * kStep);
        QVERIFY(std::abs(slope - z.grad()[i][1].item<double>()) < 1e-6);
    }
}

void TstLosses::sumOfHinges()
{
    const at::Tensor z = random(12, 6) * .3;
    const at::Tensor a = z.narrow(0, 0, 6), b = z.narrow(0, 6, 6);
    const auto hinge = [](const at::Tensor& view) {
        return (1 - (view.var(0) + 1e-4).sqrt()).relu().mean().item<double>();
    };
    const double difference = (vicReg(z, Hinge::sum) - vicReg(z, Hinge::mean)).item<double>();
    QVERIFY(std::abs(difference - 12.5 * (hinge(a) + hinge(b))) < 1e-4);
}

void TstLosses::accuracyCountsPartners()
{
    const at::Tensor eye = at::eye(4);
    const ContrastiveAccuracy perfect = contrastiveAccuracy(at::cat({eye, eye}));
    QCOMPARE(perfect.all, 1.);
    QCOMPARE(perfect.crossView, 1.);
    // Partners exchanged between images 0 and 1: half of the views find theirs.
    const at::Tensor swapped = eye.index_select(0, at::tensor({1, 0, 2, 3}, at::kLong));
    const ContrastiveAccuracy half = contrastiveAccuracy(at::cat({eye, swapped}));
    QCOMPARE(half.all, .5);
    QCOMPARE(half.crossView, .5);
    // Views of one kind lie together: the partner is nearest across the views, but not among all.
    const at::Tensor apart =
        at::cat({eye * .1 + at::tensor({1., 0., 0., 0.}), eye * .1 - at::tensor({0., 1., 1., 1.})});
    const ContrastiveAccuracy kinds = contrastiveAccuracy(apart.to(at::kFloat));
    QVERIFY(kinds.all < kinds.crossView);
}

void TstLosses::deviationTellsCollapse()
{
    const double spread = embeddingDeviation(random(512, 64));
    QVERIFY(std::abs(spread - 1 / std::sqrt(64.)) < .01);
    QVERIFY(embeddingDeviation(at::ones({32, 64})) < 1e-6);
}

void TstLosses::twoImages()
{
    for (const auto& [name, loss] : losses())
        QVERIFY2(std::isfinite(loss(random(4, 8), random(4, 8)).item<double>()), name);
}

void TstLosses::objectives_data()
{
    QTest::addColumn<QString>("method");
    for (const std::string& method : methods())
        QTest::newRow(method.c_str()) << QString::fromStdString(method);
}

void TstLosses::objectives()
{
    QFETCH(QString, method);
    ObjectiveOptions options;
    options.method = method.toStdString();
    const auto objective = makeObjective(options, 64, 1), again = makeObjective(options, 64, 1);
    QVERIFY(objective && again);
    const at::Tensor features = random(16, 64);
    const at::Tensor loss = (*objective)->loss((*objective)->project(features));
    QCOMPARE(loss.item<float>(), (*again)->loss((*again)->project(features)).item<float>());
    loss.backward();
    for (const auto& item : (*objective)->named_parameters())
        QVERIFY2(item.value().grad().defined(), item.key().c_str());
    QVERIFY(makeObjective(options, 64, 2));
}

void TstLosses::unknownNames()
{
    ObjectiveOptions options;
    options.method = "byol";
    QCOMPARE(int(makeObjective(options, 64, 1).error().code), int(Code::usage));
    options = {};
    options.head = "p9";
    QCOMPARE(int(makeObjective(options, 64, 1).error().code), int(Code::usage));
}

QTEST_GUILESS_MAIN(TstLosses)
#include "tst_losses.moc"
