// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Random.h"
#include "session/Table.h"

#include <QTest>

using namespace foveate;
using namespace foveate::session;

namespace {

/// "a|b / 1|2" for a table; the error otherwise.
QString shown(const Result<Table>& table)
{
    if (!table)
        return QString::fromStdString(describe(table.error()));
    const auto joined = [](const std::vector<std::string>& fields) {
        std::string text;
        for (std::size_t i = 0; i < fields.size(); ++i)
            text += (i ? "|" : "") + fields[i];
        return text;
    };
    std::string text = joined(table->header);
    for (const auto& row : table->rows)
        text += " / " + joined(row);
    return QString::fromStdString(text);
}

} // namespace

class TableTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void reads_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("table");
        QTest::newRow("comma") << QByteArray("path,label\na.png,X\nb.png,Y\n") << "path|label / a.png|X / b.png|Y";
        QTest::newRow("semicolon") << QByteArray("path;label\na,b.png;X\n") << "path|label / a,b.png|X";
        QTest::newRow("tab") << QByteArray("path\tlabel\na.png\tX") << "path|label / a.png|X";
        QTest::newRow("byte-order mark") << QByteArray("\xEF\xBB\xBFpath,label\na,X\n") << "path|label / a|X";
        QTest::newRow("carriage returns") << QByteArray("path,label\r\na,X\r\n") << "path|label / a|X";
        QTest::newRow("old line ends") << QByteArray("path,label\ra,X\r") << "path|label / a|X";
        QTest::newRow("quotes") << QByteArray("path,label\n\"a,\"\"b\"\".png\",\"X\"\n")
                                << "path|label / a,\"b\".png|X";
        QTest::newRow("line break in quotes") << QByteArray("path,label\n\"a\nb\",X\n") << "path|label / a\nb|X";
        QTest::newRow("empty fields") << QByteArray("a,b,c\n,,\n") << "a|b|c / ||";
        QTest::newRow("empty lines") << QByteArray("a,b\n\n1,2\n\n") << "a|b / 1|2";
        QTest::newRow("one column") << QByteArray("path\nx\n") << "path / x";
        QTest::newRow("blanks in the header") << QByteArray(" path , label \n a ,X\n") << "path|label /  a |X";
    }

    void reads()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, table);
        QCOMPARE(shown(parseTable(bytes.toStdString(), "t")), table);
    }

    void keepsBytesThatAreNotUtf8()
    {
        const auto table = parseTable("path\n\xff\xfe.png\n", "t");
        QVERIFY(table);
        QCOMPARE(table->rows[0][0], std::string("\xff\xfe.png"));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("what");
        QTest::newRow("nothing") << QByteArray() << "empty";
        QTest::newRow("open quote") << QByteArray("a,b\n\"x,y\n") << "line 2: quote that does not close";
        QTest::newRow("text after quote") << QByteArray("a,b\n\"x\"z,y\n") << "line 2: text after a closing quote";
        QTest::newRow("quote inside") << QByteArray("a,b\nx\"z,y\n") << "line 2: quote inside a field";
        QTest::newRow("short row") << QByteArray("a,b\n1,2\n3\n") << "line 3: another number of fields than the header";
        QTest::newRow("long row") << QByteArray("a,b\n1,2,3\n") << "line 2: another number of fields than the header";
        QTest::newRow("after a quoted break")
            << QByteArray("a,b\n\"1\n1\",2\n3\n") << "line 4: another number of fields than the header";
        QTest::newRow("nameless column") << QByteArray("a,\n1,2\n") << "line 1: column without a name";
        QTest::newRow("twin columns") << QByteArray("a,a\n1,2\n") << "line 1: column named twice";
        QTest::newRow("NUL") << QByteArray("a,b\n1,\0\n", 8) << "NUL byte";
    }

    void refuses()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, what);
        const auto table = parseTable(bytes.toStdString(), "t");
        QVERIFY(!table);
        QCOMPARE(table.error().code, Code::badInput);
        QCOMPARE(QString::fromStdString(table.error().arg(1)), what);
    }

    void findsColumns()
    {
        const auto table = parseTable("Label,label,FILE\n1,2,3\n", "t");
        QVERIFY(table);
        QCOMPARE(table->column({"label"}), std::optional<std::size_t>(1));
        QCOMPARE(table->column({"path", "file"}), std::optional<std::size_t>(2));
        QCOMPARE(table->column({"patient"}), std::optional<std::size_t>());
    }

    /// Any bytes give a table whose rows fit its header, or badInput.
    void survivesMutants()
    {
        const std::string good = "\xEF\xBB\xBFpath,label,patient\r\n\"a,b\",X,1\r\n\"c\"\"d\",Y,2\r\ne,Z,3\r\n";
        const std::string letters = "\",;\t\r\n\xff\xEF"
                                    "a0";
        Random random(7);
        for (int i = 0; i < 20'000; ++i) {
            std::string bytes = good;
            for (std::uint64_t n = 1 + random.below(6); n > 0; --n) {
                const std::size_t at = random.below(bytes.size());
                const char letter = letters[random.below(letters.size())];
                if (random.chance(.3))
                    bytes.erase(at, 1 + random.below(4));
                else if (random.chance(.5))
                    bytes.insert(at, 1, letter);
                else
                    bytes[at] = letter;
            }
            const auto table = parseTable(bytes, "t");
            if (!table) {
                QCOMPARE(table.error().code, Code::badInput);
                continue;
            }
            for (const auto& row : table->rows)
                QCOMPARE(row.size(), table->header.size());
        }
    }
};

QTEST_APPLESS_MAIN(TableTest)
#include "tst_table.moc"
