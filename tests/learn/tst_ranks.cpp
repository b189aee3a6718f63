// SPDX-License-Identifier: GPL-3.0-or-later
// Two ranks, each on a thread of its own, against one process with the whole batch.
#include "base/Random.h"
#include "learn/Exceptions.h"
#include "learn/FineTuner.h"
#include "learn/nets/FastNorm.h"
#include "learn/ranks/Gather.h"
#include "learn/ranks/SharedCheckpoint.h"
#include "learn/ranks/SyncNorm.h"
#include "learn/ssl/Learner.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cstdlib>
#include <functional>
#include <thread>

using namespace foveate;
using namespace foveate::learn;
using namespace foveate::learn::ssl;

namespace {

constexpr int kSteps = 3;
using GroupPointer = std::shared_ptr<Group>;

/// Calls `work` as each of two ranks, side by side.
void asTwoRanks(const std::function<void(const GroupPointer&)>& work)
{
    const QTemporaryDir folder;
    std::vector<std::thread> threads;
    for (int rank = 0; rank < 2; ++rank)
        threads.emplace_back([&, rank] {
            Ranks ranks;
            ranks.rank = rank;
            ranks.count = ranks.local = 2;
            ranks.file = folder.filePath("meeting").toStdString();
            const Result<GroupPointer> group = Group::join(ranks);
            if (!group)
                qFatal("no group");
            work(*group);
        });
    for (std::thread& thread : threads)
        thread.join();
}

at::Tensor images(std::size_t n, int step)
{
    const auto generator = at::detail::createCPUGenerator(std::uint64_t(100 + step));
    return at::randn({std::int64_t(n), 1, 16, 16}, generator);
}

/// Two views of this rank's share of the images, as its Learner is given them; of all of them without a group.
at::Tensor ownViews(const at::Tensor& first, const at::Tensor& second, const Group* group)
{
    const auto n = std::size_t(first.size(0));
    const Range own = shareOf(n, group);
    const auto part = [&](const at::Tensor& all) {
        return all.narrow(0, std::int64_t(own.begin), std::int64_t(own.size()));
    };
    return at::cat({part(first), part(second)});
}

struct Trained {
    TensorMap weights;
    double loss = 0;
};

Trained copyOf(const TensorMap& tensors, double loss)
{
    Trained trained;
    trained.loss = loss;
    for (const auto& [name, tensor] : tensors)
        trained.weights[name] = tensor.clone();
    return trained;
}

/// Three steps, each from two batches of n and n + 1 images.
Trained pretrained(const PretrainOptions& options, std::size_t n, const GroupPointer& group)
{
    const auto learner = *Learner::create(options, {}, nullptr, 3, group);
    double loss = 0;
    for (int step = 0; step < kSteps; ++step) {
        const auto viewsOf = [&](std::size_t part) {
            const int draw = 4 * step + 2 * int(part);
            return ownViews(images(n + part, draw), images(n + part, draw + 1), group.get());
        };
        loss = learner->learn({n, n + 1}, viewsOf, .05).value().loss;
    }
    return copyOf(learner->weights(), loss);
}

Trained finetuned(bool frozen, bool synchronise, std::size_t n, const GroupPointer& group)
{
    FineTuner tuner(*Network::create("tiny", 3, 1, Dropout{}, 16), optim::usualOptions(optim::Kind::sgd), frozen, {},
                    group, synchronise);
    double loss = 0;
    for (int step = 0; step < kSteps; ++step) {
        const Range own = shareOf(n, group.get());
        std::vector<std::int64_t> labels;
        std::vector<float> weights;
        double all = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const float weight = .5F + float(i % 4);
            all += double(weight);
            if (i < own.begin || i >= own.end)
                continue;
            labels.push_back(std::int64_t(i) % 3);
            weights.push_back(weight);
        }
        const at::Tensor part = images(n, step).narrow(0, std::int64_t(own.begin), std::int64_t(own.size()));
        loss = tuner.learn(part, labels, weights, .05, all).value().loss;
    }
    return copyOf(tuner.network().state(), loss);
}

/// Largest difference between two trainings' weights.
double difference(const Trained& a, const Trained& b)
{
    double largest = std::abs(a.loss - b.loss);
    for (const auto& [name, tensor] : a.weights)
        if (tensor.is_floating_point())
            largest = std::max(largest, (tensor - b.weights.at(name)).abs().max().item<double>());
    return largest;
}

} // namespace

class TstRanks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        for (const char* name : {"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID",
                                 "SLURM_NTASKS", "SLURM_TASKS_PER_NODE", "FOVEATE_RANKS_FILE"})
            unsetenv(name);
    }

    void sharesAreNeighboursAndNearlyEqual()
    {
        for (const std::size_t n : {0U, 1U, 2U, 7U, 128U, 131U})
            for (const int count : {1, 2, 3, 8}) {
                std::size_t end = 0;
                for (int rank = 0; rank < count; ++rank) {
                    const Range share = shareOf(n, rank, count);
                    QCOMPARE(share.begin, end);
                    QVERIFY(share.size() == n / std::size_t(count) || share.size() == n / std::size_t(count) + 1);
                    end = share.end;
                }
                QCOMPARE(end, n);
            }
    }

    void environmentSaysWhoIsWho_data()
    {
        QTest::addColumn<QStringList>("variables");
        QTest::addColumn<int>("rank"); // −1: refused
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("local");
        QTest::newRow("alone") << QStringList() << 0 << 1 << 1;
        QTest::newRow("torchrun") << QStringList{"RANK=3", "WORLD_SIZE=4", "LOCAL_WORLD_SIZE=2", "MASTER_ADDR=a",
                                                 "MASTER_PORT=123"}
                                  << 3 << 4 << 2;
        QTest::newRow("Slurm") << QStringList{"SLURM_PROCID=5", "SLURM_NTASKS=6", "SLURM_TASKS_PER_NODE=3(x2)",
                                              "MASTER_ADDR=a"}
                               << 5 << 6 << 3;
        QTest::newRow("a shell inside Slurm") << QStringList{"SLURM_PROCID=0", "SLURM_NTASKS=6"} << 0 << 1 << 1;
        QTest::newRow("local") << QStringList{"RANK=1", "WORLD_SIZE=2", "FOVEATE_RANKS_FILE=/f"} << 1 << 2 << 2;
        QTest::newRow("no meeting place") << QStringList{"RANK=1", "WORLD_SIZE=2"} << -1 << 0 << 0;
        QTest::newRow("beyond the last") << QStringList{"RANK=2", "WORLD_SIZE=2", "MASTER_ADDR=a"} << -1 << 0 << 0;
        QTest::newRow("no number") << QStringList{"RANK=x", "WORLD_SIZE=2", "MASTER_ADDR=a"} << -1 << 0 << 0;
        QTest::newRow("negative") << QStringList{"RANK=-1", "WORLD_SIZE=2", "MASTER_ADDR=a"} << -1 << 0 << 0;
        QTest::newRow("none") << QStringList{"RANK=0", "WORLD_SIZE=0", "MASTER_ADDR=a"} << -1 << 0 << 0;
    }

    void environmentSaysWhoIsWho()
    {
        QFETCH(QStringList, variables);
        QFETCH(int, rank);
        QFETCH(int, count);
        QFETCH(int, local);
        for (const QString& variable : variables)
            setenv(qPrintable(variable.section('=', 0, 0)), qPrintable(variable.section('=', 1)), 1);
        const Result<Ranks> ranks = ranksFromEnvironment();
        QCOMPARE(ranks.has_value(), rank >= 0);
        if (rank < 0) {
            QCOMPARE(ranks.error().code, Code::usage);
            return;
        }
        QCOMPARE(ranks->rank, rank);
        QCOMPARE(ranks->count, count);
        QCOMPARE(ranks->local, local);
    }

    void tellEachOther()
    {
        asTwoRanks([](const GroupPointer& group) {
            const at::Tensor sums = at::full({3}, double(group->rank() + 1));
            group->sum(sums);
            QCOMPARE(sums[1].item<double>(), 3.);
            QCOMPARE(group->shared(group->isFirst() ? "said" : "unheard"), std::string("said"));
            QCOMPARE(group->shared({}), std::string());
            QVERIFY(group->any(!group->isFirst()));
            QVERIFY(!group->any(false));
            QCOMPARE(group->gather(at::full({2}, group->rank()))[1][0].item<int>(), 1);
        });
    }

    void checkpointOfTheFirstReachesAll()
    {
        const QTemporaryDir folder;
        const std::string place = folder.path().toStdString();
        asTwoRanks([&](const GroupPointer& group) {
            const auto none = newestCheckpoint(place, group.get());
            QVERIFY(none && !*none);
            const Checkpoint made{7,
                                  {{"a", at::arange(6).view({2, 3})}, {"b", at::ones({4})}},
                                  {{"m", at::zeros({1})}},
                                  nlohmann::json{{"epoch", 3}}};
            if (group->isFirst())
                QVERIFY(writeCheckpoint(place, made));
            const std::string elsewhere = group->isFirst() ? place : place + "/nothing";
            const auto found = newestCheckpoint(elsewhere, group.get());
            QVERIFY(found && *found);
            QCOMPARE((*found)->step, std::int64_t(7));
            QCOMPARE((*found)->state.at("epoch").get<int>(), 3);
            QVERIFY(at::equal((*found)->weights.at("a"), made.weights.at("a")));
            QVERIFY(at::equal((*found)->optimiser.at("m"), made.optimiser.at("m")));
        });
    }

    // Odd numbers of images: the ranks' shares differ.
    void normOverRanksIsNormOverTheBatch_data()
    {
        QTest::addColumn<bool>("bfloat16");
        QTest::addColumn<bool>("fast");
        QTest::newRow("float32") << false << false;
        QTest::newRow("bfloat16") << true << false;
        QTest::newRow("float32, our own layer") << false << true;
        QTest::newRow("bfloat16, our own layer") << true << true;
    }

    void normOverRanksIsNormOverTheBatch()
    {
        QFETCH(bool, bfloat16);
        QFETCH(bool, fast);
        constexpr std::int64_t kImages = 7, kChannels = 16;
        const auto type = bfloat16 ? at::kBFloat16 : at::kFloat;
        const at::Tensor all = (images(kImages, 1).expand({kImages, kChannels, 16, 16}) *
                                    at::arange(1, kChannels + 1).view({kChannels, 1, 1}) +
                                3)
                                   .to(type)
                                   .contiguous(at::MemoryFormat::ChannelsLast);
        const at::Tensor gradient = images(kImages, 2).expand_as(all).to(type);
        torch::nn::BatchNorm2d whole(kChannels);
        const at::Tensor x = all.clone().requires_grad_();
        const at::Tensor expected = whole(x);
        expected.backward(gradient);
        std::array<at::Tensor, 2> values, gradients, weights;
        torch::nn::BatchNorm2d last(nullptr);
        asTwoRanks([&](const GroupPointer& group) {
            const Range own = shareOf(kImages, group.get());
            const auto part = [&](const at::Tensor& tensor) {
                return tensor.narrow(0, std::int64_t(own.begin), std::int64_t(own.size()));
            };
            torch::nn::BatchNorm2d norm(kChannels);
            const at::Tensor mine = part(all).clone().requires_grad_();
            const at::Tensor y = fast ? fastNorm(*norm, mine, {}, group.get()) : syncNorm(partsOf(*norm), mine, *group);
            y.backward(part(gradient));
            const auto rank = std::size_t(group->rank());
            values[rank] = y.detach();
            gradients[rank] = mine.grad();
            weights[rank] = norm->weight.grad();
            if (rank == 0)
                last = norm;
        });
        // bfloat16: one step of its eight bits at the largest value.
        const double tolerance = bfloat16 ? .02 : 2e-6;
        const auto largest = [](const at::Tensor& a, const at::Tensor& b) {
            return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>() /
                   b.to(at::kDouble).abs().max().item<double>();
        };
        QVERIFY(largest(at::cat({values[0], values[1]}), expected.detach()) < tolerance);
        QVERIFY(largest(at::cat({gradients[0], gradients[1]}), x.grad()) < tolerance);
        QVERIFY(largest(weights[0] + weights[1], whole->weight.grad()) < tolerance);
        QVERIFY(largest(last->running_mean, whole->running_mean) < tolerance);
        QVERIFY(largest(last->running_var, whole->running_var) < tolerance);
        QCOMPARE(last->num_batches_tracked.item<int>(), 1);
    }

    void twoRanksLearnAsOneWithTheWholeBatch_data()
    {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("head");
        for (const char* method : {"simclr", "dcl", "dclw", "dclw-p3", "simsiam", "vicreg"})
            QTest::newRow(method) << method << "p1";
        QTest::newRow("simclr, head without norm") << "simclr"
                                                   << "p3";
    }

    void twoRanksLearnAsOneWithTheWholeBatch()
    {
        QFETCH(QString, method);
        QFETCH(QString, head);
        PretrainOptions options;
        options.model = "tiny";
        options.objective.method = method.toStdString();
        options.objective.head = head.toStdString();
        options.optimiser = optim::Kind::sgd;
        const Trained alone = pretrained(options, 8, {});
        std::array<Trained, 2> trained;
        asTwoRanks(
            [&](const GroupPointer& group) { trained[std::size_t(group->rank())] = pretrained(options, 8, group); });
        QVERIFY2(difference(trained[0], alone) <= 1e-5, qPrintable(QString::number(difference(trained[0], alone))));
        QCOMPARE(difference(trained[0], trained[1]), 0.);
        // What the comparison would show if norms saw one rank's images alone.
        options.syncBatchNorm = false;
        asTwoRanks(
            [&](const GroupPointer& group) { trained[std::size_t(group->rank())] = pretrained(options, 8, group); });
        QVERIFY(difference(trained[0], alone) > 1e-4);
    }

    void twoRanksFineTuneAsOneWithTheWholeBatch_data()
    {
        QTest::addColumn<bool>("frozen");
        QTest::newRow("whole network") << false;
        QTest::newRow("head alone") << true;
    }

    void twoRanksFineTuneAsOneWithTheWholeBatch()
    {
        QFETCH(bool, frozen);
        const Trained alone = finetuned(frozen, true, 9, {});
        std::array<Trained, 2> trained;
        const auto train = [&](bool synchronise) {
            asTwoRanks([&](const GroupPointer& group) {
                trained[std::size_t(group->rank())] = finetuned(frozen, synchronise, 9, group);
            });
        };
        train(true);
        QVERIFY2(difference(trained[0], alone) <= 1e-5, qPrintable(QString::number(difference(trained[0], alone))));
        QCOMPARE(difference(trained[0], trained[1]), 0.);
        train(false);
        QVERIFY(difference(trained[0], alone) > 1e-4);
    }

    void oneNanPixelOnOneRankChangesNothingOnBoth()
    {
        asTwoRanks([](const GroupPointer& group) {
            PretrainOptions options;
            options.model = "tiny";
            const auto learner = *Learner::create(options, {}, nullptr, 3, group);
            const Trained before = copyOf(learner->weights(), 0);
            at::Tensor views = ownViews(images(8, 1), images(8, 2), group.get());
            if (!group->isFirst())
                views[2][0][5][7] = std::numeric_limits<float>::quiet_NaN();
            const auto learnt = learner->learn(
                {8}, [&](std::size_t) { return views; }, 1e-3);
            QVERIFY(!learnt && learnt.error().code == Code::nonFinite);
            QCOMPARE(difference(copyOf(learner->weights(), 0), before), 0.);
        });
    }

    void aRankThatNeverComesIsNotWaitedFor()
    {
        const QTemporaryDir folder;
        Ranks ranks;
        ranks.count = ranks.local = 2;
        ranks.file = folder.filePath("meeting").toStdString();
        int asked = 0;
        const Result<GroupPointer> group = Group::join(ranks, [&asked] { return ++asked < 3; });
        QVERIFY(!group);
        QCOMPARE(group.error().code, Code::rankLost);
        QCOMPARE(asked, 3);
    }

    void aRankThatLeavesIsMissed()
    {
        asTwoRanks([](const GroupPointer& group) {
            group->any(false); // both have joined
            if (!group->isFirst())
                return; // its group goes with the thread
            const Status status = guarded([&]() -> Status {
                for (int i = 0; i < 1000; ++i)
                    group->any(false);
                return {};
            });
            QVERIFY(!status);
            QCOMPARE(status.error().code, Code::rankLost);
        });
    }
};

QTEST_GUILESS_MAIN(TstRanks)
#include "tst_ranks.moc"
