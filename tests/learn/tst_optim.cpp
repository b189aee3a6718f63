// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/optim/Optimiser.h"
#include "learn/optim/Schedule.h"

#include <ATen/core/grad_mode.h>
#include <QtTest>
#include <cmath>
#include <numbers>
#include <torch/torch.h>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::optim;

namespace {

std::vector<at::Tensor> start()
{
    at::manual_seed(4);
    std::vector<at::Tensor> list{at::randn({5, 3}), at::randn({5})};
    list.push_back(at::randn({4, 3, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast));
    for (at::Tensor& tensor : list)
        tensor.requires_grad_();
    return list;
}

/// A loss whose gradient changes from step to step.
void backward(const std::vector<at::Tensor>& parameters)
{
    at::Tensor sum = at::zeros({});
    for (const at::Tensor& parameter : parameters)
        sum = sum + (parameter * 1.3 + .2).sin().sum() + parameter.square().sum() * .1;
    sum.backward();
}

double apart(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b)
{
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, (a[i] - b[i]).abs().max().item<double>());
    return largest;
}

std::vector<std::string> names()
{
    return {"a", "b", "c"};
}

template <typename Theirs>
double differenceFrom(Theirs& theirs, const std::vector<at::Tensor>& theirParameters, const OptimiserOptions& options)
{
    std::vector<at::Tensor> ours = start();
    Optimiser optimiser(ours, names(), options);
    for (int i = 0; i < 5; ++i) {
        backward(ours);
        optimiser.step(.01);
        theirs.zero_grad();
        backward(theirParameters);
        theirs.step();
    }
    return apart(ours, theirParameters);
}

} // namespace

class TstOptim : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void adam();
    void adamW();
    void sgd();
    void lamb();
    void lambLeavesZeroWeightsAlone();
    void resumes_data();
    void resumes();
    void refusesAnotherState();
    void gradientNorm();
    void cosine();
    void warmUp();
    void steps();
};

void TstOptim::adam()
{
    auto parameters = start();
    torch::optim::Adam theirs(parameters, torch::optim::AdamOptions(.01));
    QVERIFY(differenceFrom(theirs, parameters, usualOptions(Kind::adam)) < 1e-6);
}

void TstOptim::adamW()
{
    auto parameters = start();
    torch::optim::AdamW theirs(parameters, torch::optim::AdamWOptions(.01).weight_decay(.01));
    QVERIFY(differenceFrom(theirs, parameters, usualOptions(Kind::adamW)) < 1e-6);
}

void TstOptim::sgd()
{
    auto parameters = start();
    torch::optim::SGD theirs(parameters, torch::optim::SGDOptions(.01).momentum(.9).weight_decay(.1));
    OptimiserOptions options = usualOptions(Kind::sgd);
    options.momentum = .9;
    options.decay = .1;
    QVERIFY(differenceFrom(theirs, parameters, options) < 1e-6);
}

/// The formulae of methods.md in double, written out.
void TstOptim::lamb()
{
    std::vector<at::Tensor> ours = start();
    OptimiserOptions options = usualOptions(Kind::lamb);
    options.decay = .02;
    Optimiser optimiser(ours, names(), options);
    std::vector<at::Tensor> w, m, v;
    for (const at::Tensor& parameter : ours) {
        w.push_back(parameter.detach().to(at::kDouble).clone());
        m.push_back(at::zeros_like(w.back()));
        v.push_back(at::zeros_like(w.back()));
    }
    for (int t = 1; t <= 4; ++t) {
        backward(ours);
        std::vector<at::Tensor> slopes;
        for (const at::Tensor& parameter : ours)
            slopes.push_back(parameter.grad().to(at::kDouble).clone());
        optimiser.step(.05);
        for (std::size_t i = 0; i < w.size(); ++i) {
            m[i] = .9 * m[i] + .1 * slopes[i];
            v[i] = .999 * v[i] + .001 * slopes[i].square();
            at::Tensor u = (m[i] / (1 - std::pow(.9, t))) / ((v[i] / (1 - std::pow(.999, t))).sqrt() + 1e-6);
            double ratio = 1;
            if (w[i].dim() > 1) {
                u = u + .02 * w[i];
                ratio = w[i].norm().item<double>() / u.norm().item<double>();
            }
            w[i] = w[i] - .05 * ratio * u;
        }
    }
    for (std::size_t i = 0; i < w.size(); ++i)
        QVERIFY((ours[i].to(at::kDouble) - w[i]).abs().max().item<double>() < 1e-5);
}

void TstOptim::lambLeavesZeroWeightsAlone()
{
    at::Tensor weight = at::zeros({2, 2}).requires_grad_();
    Optimiser optimiser({weight}, {"w"}, usualOptions(Kind::lamb));
    weight.mutable_grad() = at::ones({2, 2});
    optimiser.step(.1); // the ratio is 1, not 0/‖u‖
    QVERIFY(std::abs(weight[0][0].item<double>() + .1) < 1e-4);
}

void TstOptim::resumes_data()
{
    QTest::addColumn<int>("kind");
    for (const Kind kind : {Kind::adam, Kind::adamW, Kind::sgd, Kind::lamb})
        QTest::newRow(std::string(name(kind)).c_str()) << int(kind);
}

void TstOptim::resumes()
{
    QFETCH(int, kind);
    OptimiserOptions options = usualOptions(Kind(kind));
    options.momentum = .9;
    std::vector<at::Tensor> whole = start(), first = start();
    Optimiser unbroken(whole, names(), options), before(first, names(), options);
    for (int i = 0; i < 3; ++i) {
        backward(whole);
        unbroken.step(.01);
        backward(first);
        before.step(.01);
    }
    std::vector<at::Tensor> second = start();
    for (std::size_t i = 0; i < second.size(); ++i) {
        const at::NoGradGuard guard;
        second[i].copy_(first[i]);
    }
    Optimiser after(second, names(), options);
    QVERIFY(after.load(before.state()));
    for (int i = 0; i < 3; ++i) {
        backward(whole);
        unbroken.step(.01);
        backward(second);
        after.step(.01);
    }
    for (std::size_t i = 0; i < whole.size(); ++i)
        QVERIFY(at::equal(whole[i], second[i]));
}

void TstOptim::refusesAnotherState()
{
    std::vector<at::Tensor> parameters = start();
    Optimiser optimiser(parameters, names(), {});
    TensorMap state = optimiser.state();
    state.erase("b.m");
    QCOMPARE(int(optimiser.load(state).error().code), int(Code::wrongShape));
    QCOMPARE(int(kindFromName("lion").error().code), int(Code::usage));
}

void TstOptim::gradientNorm()
{
    at::Tensor a = at::zeros({1}).requires_grad_(), b = at::zeros({1}).requires_grad_();
    Optimiser optimiser({a, b}, {"a", "b"}, {});
    a.mutable_grad() = at::full({1}, 3.F);
    b.mutable_grad() = at::full({1}, 4.F);
    QCOMPARE(optimiser.gradientNorm(), 5.);
    b.mutable_grad() = at::full({1}, std::numeric_limits<float>::quiet_NaN());
    QVERIFY(!std::isfinite(optimiser.gradientNorm()));
}

void TstOptim::cosine()
{
    const CosineSchedule schedule{.2, 2, 10};
    QCOMPARE(schedule.rate(0), 0.);
    QCOMPARE(schedule.rate(1), .1);
    QCOMPARE(schedule.rate(2), .2);
    QVERIFY(std::abs(schedule.rate(6) - .1) < 1e-12);
    QVERIFY(schedule.rate(9.999) < 1e-6);
    QCOMPARE(schedule.rate(10), 0.);
    QCOMPARE(schedule.rate(12), 0.);
}

void TstOptim::warmUp()
{
    QCOMPARE(usualWarmUp(0), 0);
    QCOMPARE(usualWarmUp(1), 1);
    QCOMPARE(usualWarmUp(20), 2);
    QCOMPARE(usualWarmUp(120), 10);
}

void TstOptim::steps()
{
    QCOMPARE(stepDecay(.4, .5, 25, 24), .4);
    QCOMPARE(stepDecay(.4, .5, 25, 25), .2);
    QCOMPARE(stepDecay(.4, .5, 25, 99), .05);
}

QTEST_GUILESS_MAIN(TstOptim)
#include "tst_optim.moc"
