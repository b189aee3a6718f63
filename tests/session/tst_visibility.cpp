// SPDX-License-Identifier: GPL-3.0-or-later
#include "BlindingProperty.h"

#include <QTest>

using namespace foveate;
using namespace foveate::session;

class VisibilityTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
#ifdef FOVEATE_WITHOUT_BLINDING
    /// The guard is switched off in this build of the function, and the property sees it.
    void thePropertySeesThatTheGuardIsOff()
    {
        QVERIFY(brokenStates() > 0);
    }
#else
    void nothingIsShownTooEarly()
    {
        QCOMPARE(brokenStates(), 0);
    }

    void blindShowsWhenTheBatchIsClosed()
    {
        Viewing viewing{Policy::blind, Split::train, true, false, false};
        QCOMPARE(mayShow(viewing), Visibility{});
        viewing.batchClosed = true;
        QCOMPARE(mayShow(viewing), (Visibility{true, true, false}));
    }

    void afterShowsWithTheDecisionAndWaits()
    {
        Viewing viewing{Policy::after, Split::none, false, false, false};
        QCOMPARE(mayShow(viewing), Visibility{});
        viewing.decided = true;
        QCOMPARE(mayShow(viewing), (Visibility{true, true, true}));
    }

    void heldOutImagesOpenWithTheStudy()
    {
        Viewing viewing{Policy::after, Split::test, true, true, false};
        QCOMPARE(mayShow(viewing), Visibility{});
        viewing.studyClosed = true;
        QCOMPARE(mayShow(viewing), (Visibility{true, true, false}));
    }

    void readsPolicies()
    {
        QCOMPARE(*policyFromName("blind"), Policy::blind);
        QCOMPARE(*policyFromName("after"), Policy::after);
        QCOMPARE(policyFromName("open").error().code, Code::usage);
    }
#endif
};

QTEST_APPLESS_MAIN(VisibilityTest)
#include "tst_visibility.moc"
