// SPDX-License-Identifier: GPL-3.0-or-later
// A lying worker: every impossible field of a reply is refused.
#include "imaging/client/ReplyCheck.h"

#include <QTest>
#include <cstring>
#include <functional>
#include <limits>

using namespace foveate;
using namespace foveate::imaging;
using protocol::Outcome;
using protocol::Reply;

namespace {

protocol::Request request()
{
    protocol::Request one;
    one.id = 7;
    one.frame = 1;
    return one;
}

Reply honest()
{
    Reply reply;
    reply.id = 7;
    reply.width = 4;
    reply.height = 3;
    reply.channels = 3;
    reply.bits = reply.bitsStored = 16;
    reply.frame = 1;
    reply.frames = 2;
    reply.byteCount = 4 * 3 * 3 * 2;
    reply.windowHigh = 65535;
    reply.flags = protocol::kSpacing;
    reply.spacingRow = reply.spacingColumn = 0.5;
    return reply;
}

struct Lie {
    const char* name;
    std::function<void(Reply&)> tell;
};

const Lie kLies[] = {
    {"magic", [](Reply& r) { r.magic ^= 1; }},
    {"another request", [](Reply& r) { r.id = 8; }},
    {"outcome", [](Reply& r) { r.outcome = Outcome(99); }},
    {"format", [](Reply& r) { r.format = 5; }},
    {"no width",
     [](Reply& r) {
         r.width = 0;
         r.byteCount = 0;
     }},
    {"wide",
     [](Reply& r) {
         r.width = 65536;
         r.byteCount = 65536ull * 18;
     }},
    {"too many pixels",
     [](Reply& r) {
         r.width = r.height = 65535;
         r.byteCount = 65535ull * 65535 * 6;
     }},
    {"overflow", [](Reply& r) { r.width = r.height = 0x80000000u; }},
    {"channels",
     [](Reply& r) {
         r.channels = 4;
         r.byteCount = 96;
     }},
    {"bits",
     [](Reply& r) {
         r.bits = 32;
         r.byteCount = 144;
     }},
    {"bits stored", [](Reply& r) { r.bitsStored = 0; }},
    {"short", [](Reply& r) { r.byteCount -= 1; }},
    {"long", [](Reply& r) { r.byteCount += 1; }},
    {"another frame", [](Reply& r) { r.frame = 0; }},
    {"frame beyond", [](Reply& r) { r.frames = 1; }},
    {"frames", [](Reply& r) { r.frames = 10001; }},
    {"empty window", [](Reply& r) { r.windowLow = r.windowHigh; }},
    {"NaN window", [](Reply& r) { r.windowHigh = std::numeric_limits<float>::quiet_NaN(); }},
    {"infinite slope", [](Reply& r) { r.valueSlope = std::numeric_limits<double>::infinity(); }},
    {"NaN intercept", [](Reply& r) { r.valueIntercept = std::numeric_limits<double>::quiet_NaN(); }},
    {"negative spacing", [](Reply& r) { r.spacingRow = -1; }},
};

} // namespace

class TestReplyCheck : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void takesAnHonestReply()
    {
        const Result<Image> image = imageFromReply(honest(), request(), "a");
        QVERIFY(image.has_value());
        QCOMPARE(image->byteCount(), std::size_t(72));
        QCOMPARE(image->spacingMm->row, 0.5);
    }

    void refusesLies_data()
    {
        QTest::addColumn<int>("lie");
        for (std::size_t i = 0; i < std::size(kLies); ++i)
            QTest::newRow(kLies[i].name) << int(i);
    }

    void refusesLies()
    {
        QFETCH(int, lie);
        Reply reply = honest();
        kLies[lie].tell(reply);
        const Result<Image> image = imageFromReply(reply, request(), "a");
        QVERIFY(!image.has_value());
        QCOMPARE(image.error().code, Code::decoderDied);
    }

    void makesTextsHarmless()
    {
        Reply reply = honest();
        reply.outcome = Outcome::damaged;
        std::memset(reply.detail, 'x', sizeof reply.detail); // no NUL
        reply.detail[0] = '\x1b';
        const Result<Image> image = imageFromReply(reply, request(), "a");
        QCOMPARE(image.error().code, Code::damaged);
        QCOMPARE(image.error().arg(1).substr(0, 5), std::string("\\x1bx"));
        QCOMPARE(image.error().arg(1).size(), sizeof reply.detail + 3);
    }
};

QTEST_APPLESS_MAIN(TestReplyCheck)
#include "tst_replycheck.moc"
