// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Bootstrap.h"

#include "base/Random.h"

#include <QTest>
#include <cmath>

using namespace foveate;
using namespace foveate::score;

namespace {

/// Two classes; each patient is right or wrong on all of its images, with accuracy about `share`.
Predictions study(int patients, int imagesEach, double share, std::uint64_t seed)
{
    Random random(seed);
    Predictions p;
    p.classes = 2;
    for (int patient = 0; patient < patients; ++patient) {
        const bool right = random.chance(share);
        for (int i = 0; i < imagesEach; ++i) {
            const int truth = int(random.below(2));
            const double certain = random.uniform(0.5, 1);
            const double one = (truth == 1) == right ? certain : 1 - certain;
            p.probabilities.insert(p.probabilities.end(), {1 - one, one});
            p.truth.push_back(truth);
            p.patients.push_back(patient);
        }
    }
    return p;
}

double width(const Interval& interval)
{
    return interval.high - interval.low;
}

} // namespace

class BootstrapTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sameSeedSameIntervals()
    {
        const Predictions p = study(40, 3, 0.8, 1);
        const auto first = *bootstrap(p, 5, 200), second = *bootstrap(p, 5, 200), other = *bootstrap(p, 6, 200);
        QCOMPARE(first->accuracy.low, second->accuracy.low);
        QCOMPARE(first->auc->high, second->auc->high);
        QVERIFY(first->auc->low != other->auc->low);
    }

    void intervalsHoldTheFigure()
    {
        const Predictions p = study(60, 2, 0.8, 2);
        const Metrics m = *metrics(p);
        const Intervals i = **bootstrap(p, 1);
        const auto holds = [](const Interval& interval, double value) {
            return interval.low < value && value < interval.high && interval.low >= 0 && interval.high <= 1;
        };
        QVERIFY(holds(i.accuracy, m.accuracy));
        QVERIFY(holds(i.balancedAccuracy, m.balancedAccuracy));
        QVERIFY(holds(i.f1Macro, m.f1Macro));
        QVERIFY(holds(i.f1Weighted, m.f1Weighted));
        QVERIFY(holds(i.precisionMacro, m.precisionMacro) && holds(i.precisionWeighted, m.precisionWeighted));
        QVERIFY(holds(i.recallMacro, m.recallMacro) && holds(i.recallWeighted, m.recallWeighted));
        QVERIFY(holds(*i.auc, *m.auc));
        QCOMPARE(i.f1.size(), std::size_t(2));
        QVERIFY(holds(i.f1[0], m.perClass[0].f1) && holds(i.f1[1], m.perClass[1].f1));
        QVERIFY(i.ece.low > 0 && i.ece.low < i.ece.high);
    }

    // An accuracy of share s over n images that stand alone: ±1.96·√(s(1−s)/n).
    void widthIsTheBinomials()
    {
        const Predictions p = study(400, 1, 0.8, 3);
        const double s = metrics(p)->accuracy;
        const double expected = 2 * 1.96 * std::sqrt(s * (1 - s) / 400);
        const double found = width((*bootstrap(p, 1))->accuracy);
        QVERIFY2(std::abs(found / expected - 1) < 0.1, qPrintable(QString::number(found / expected)));
    }

    // The images of a patient are copies of each other here: ten of them say no more than one.
    void patientsAreDrawnWhole()
    {
        Predictions p = study(50, 10, 0.7, 4);
        const double byPatient = width((*bootstrap(p, 1))->accuracy);
        p.patients.clear();
        const double byImage = width((*bootstrap(p, 1))->accuracy);
        QVERIFY2(byPatient > 2.5 * byImage, qPrintable(QString("%1 %2").arg(byPatient).arg(byImage)));
    }

    // 95 % intervals hold the true share in about 95 of 100 studies.
    void coverageIsNominal()
    {
        int held = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            const Interval i = (*bootstrap(study(80, 2, 0.75, 100 + seed), seed, 200))->accuracy;
            held += i.low <= 0.75 && 0.75 <= i.high;
        }
        QVERIFY2(held >= 178 && held <= 199, qPrintable(QString::number(held)));
    }

    void degenerateStudies()
    {
        Predictions one = study(1, 5, 1, 7);
        QVERIFY(!*bootstrap(one, 1));
        Predictions sameClass = study(10, 1, 1, 8);
        std::fill(sameClass.truth.begin(), sameClass.truth.end(), 1);
        const auto intervals = *bootstrap(sameClass, 1, 50);
        QVERIFY(intervals && !intervals->auc);
        QVERIFY(!bootstrap(Predictions{}, 1));
        const Predictions right = study(20, 1, 1, 9);
        QCOMPARE((*bootstrap(right, 1, 50))->accuracy.low, 1.0);
    }
};

QTEST_APPLESS_MAIN(BootstrapTest)
#include "tst_bootstrap.moc"
