// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Result.h"

#include <QTest>
#include <cerrno>
#include <memory>
#include <set>

using namespace foveate;

namespace {

Result<int> half(int n)
{
    if (n % 2 != 0)
        return fail(Code::usage, {std::to_string(n)});
    return n / 2;
}

Result<int> quarter(int n)
{
    FOVEATE_TRY(const int once, half(n));
    FOVEATE_TRY(const int twice, half(once));
    return twice;
}

Status even(int n)
{
    FOVEATE_CHECK(half(n));
    return {};
}

Result<std::unique_ptr<int>> moved(bool works)
{
    const auto make = [works]() -> Result<std::unique_ptr<int>> {
        if (!works)
            return fail(Code::io, {"x"});
        return std::make_unique<int>(3);
    };
    FOVEATE_TRY(auto value, make());
    return value;
}

} // namespace

class ResultTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void triesHandTheFirstErrorOn()
    {
        QCOMPARE(*quarter(8), 2);
        QCOMPARE(quarter(6).error(), (Error{Code::usage, {"3"}}));
        QVERIFY(even(2));
        QCOMPARE(even(5).error().arg(0), std::string("5"));
        QCOMPARE(**moved(true), 3);
        QCOMPARE(moved(false).error().code, Code::io);
    }

    void absentArgumentsAreEmpty()
    {
        const Error error{Code::locked, {"ada"}};
        QCOMPARE(error.arg(0), std::string("ada"));
        QCOMPARE(error.arg(1), std::string());
        QCOMPARE(describe(error), std::string("locked [ada]"));
    }

    void everyCodeHasItsOwnName()
    {
        std::set<std::string_view> names;
        for (int code = 0; code <= int(Code::partial); ++code)
            names.insert(name(Code(code)));
        QCOMPARE(names.size(), std::size_t(Code::partial) + 1);
        QCOMPARE(name(Code::notAnImage), std::string_view("not-an-image"));
    }

    void errnoBecomesTheRemedysCode()
    {
        QCOMPARE(errnoError(ENOSPC, "p").code, Code::noSpace);
        QCOMPARE(errnoError(EROFS, "p").code, Code::readOnly);
        QCOMPARE(errnoError(EACCES, "p").code, Code::readOnly);
        QCOMPARE(errnoError(EIO, "p").code, Code::io);
        QCOMPARE(errnoError(EIO, "p").arg(0), std::string("p"));
    }
};

QTEST_APPLESS_MAIN(ResultTest)
#include "tst_result.moc"
