// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"

#include "base/AtomicFile.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <limits>
#include <numeric>

using namespace foveate;

namespace {

/// An .npy file of format 1.0 with the header's literal as given, not padded.
std::string npy(const std::string& literal, const std::string& data, char major = 1)
{
    std::string file = "\x93NUMPY";
    file += major;
    file += '\0';
    file += char(literal.size() & 0xff);
    file += char(literal.size() >> 8);
    if (major != 1)
        file += std::string(2, '\0');
    return file + literal + data;
}

const std::string kSix(24, '\0'); // six float32

} // namespace

class NpyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_path = m_folder.filePath("a.npy").toStdString(); }

    void everyTypeAndShapeComesBack()
    {
        for (const auto& shape : std::vector<std::vector<std::size_t>>{{}, {0}, {5}, {2, 3}, {3, 0, 2}, {2, 1, 3, 2}}) {
            roundTrip<float>(shape);
            roundTrip<double>(shape);
            roundTrip<std::int64_t>(shape);
            roundTrip<std::int32_t>(shape);
            roundTrip<std::uint8_t>(shape);
        }
    }

    // What NumPy 2.4 writes for np.save(np.array([[1, 2, 3], [4, 5, 6]], dtype='<i4')).
    void bytesAreNumPys()
    {
        QVERIFY(writeNpy<std::int32_t>(m_path, {2, 3}, std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}));
        std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
        expected += "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }";
        expected += std::string(127 - expected.size(), ' ') + '\n';
        for (char n = 1; n <= 6; ++n)
            expected += std::string{n, '\0', '\0', '\0'};
        QCOMPARE(*readFile(m_path), expected);
    }

    void specialNumbersComeBack()
    {
        const float infinity = std::numeric_limits<float>::infinity();
        QVERIFY(writeNpy<float>(m_path, {3}, std::vector<float>{infinity, -0.0f, std::nanf("")}));
        const auto read = readNpy<float>(m_path);
        QCOMPARE(read->data[0], infinity);
        QVERIFY(std::signbit(read->data[1]));
        QVERIFY(std::isnan(read->data[2]));
    }

    void typesWidenButNeverNarrow()
    {
        QVERIFY(writeNpy<float>(m_path, {2}, std::vector<float>{0.1f, 2}));
        QCOMPARE(readNpy<double>(m_path)->data, (std::vector<double>{double(0.1f), 2}));
        QCOMPARE(readNpy<std::int64_t>(m_path).error().code, Code::wrongShape);
        QVERIFY(writeNpy<double>(m_path, {1}, std::vector<double>{1}));
        QCOMPARE(readNpy<float>(m_path).error().code, Code::wrongShape);
        QVERIFY(writeNpy<std::int32_t>(m_path, {1}, std::vector<std::int32_t>{-5}));
        QCOMPARE(readNpy<std::int64_t>(m_path)->data[0], std::int64_t(-5));
    }

    void boolBecomesBytes()
    {
        write(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\1", 3)));
        QCOMPARE(readNpy<std::uint8_t>(m_path)->data, (std::vector<std::uint8_t>{1, 0, 1}));
        write(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\2", 3)));
        QCOMPARE(readNpy<std::uint8_t>(m_path).error().code, Code::corrupt);
    }

    void otherWritersHeadersAreRead()
    {
        write(npy("{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}", kSix));
        QCOMPARE(readNpy<float>(m_path)->shape, (std::vector<std::size_t>{2, 3}));
        write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", kSix, 2));
        QCOMPARE(readNpy<float>(m_path)->shape, (std::vector<std::size_t>{2, 3}));
        write(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (6,), }", kSix)); // one axis has one order
        QVERIFY(readNpy<float>(m_path));
    }

    void malformedHeadersAreRefused_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<int>("code");
        const auto row = [](const char* name, const std::string& file, Code code) {
            QTest::newRow(name) << QByteArray::fromStdString(file) << int(code);
        };
        const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        row("empty", "", Code::badInput);
        row("magic", "\x93NUMPX" + npy(good, kSix).substr(6), Code::badInput);
        row("version 3", npy(good, kSix, 3), Code::badInput);
        row("cut in the header", npy(good, kSix).substr(0, 30), Code::badInput);
        row("cut data", npy(good, kSix.substr(1)), Code::corrupt);
        row("data too long", npy(good, kSix + "x"), Code::corrupt);
        row("Fortran order", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", kSix), Code::badInput);
        row("negative", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", kSix), Code::badInput);
        row("no tuple", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6), }", kSix), Code::badInput);
        row("two commas", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,,3), }", kSix), Code::badInput);
        row("no comma", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }", kSix), Code::badInput);
        row("overflow", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", ""),
            Code::badInput);
        row("digits", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }", ""),
            Code::badInput);
        row("a key missing", npy("{'descr': '<f4', 'shape': (2, 3), }", kSix), Code::badInput);
        row("a key twice", npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", kSix),
            Code::badInput);
        row("a key too many", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': True}", kSix),
            Code::badInput);
        row("text behind", npy(good + "x", kSix), Code::badInput);
        row("not closed", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", kSix), Code::badInput);
        row("object", npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", kSix), Code::wrongShape);
        row("big-endian", npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", kSix), Code::wrongShape);
        row("empty type", npy("{'descr': '', 'fortran_order': False, 'shape': (2, 3), }", kSix), Code::wrongShape);
        std::string many = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
        for (int i = 0; i < 40; ++i)
            many += "1,";
        row("40 axes", npy(many + "), }", kSix), Code::badInput);
    }

    void malformedHeadersAreRefused()
    {
        QFETCH(QByteArray, file);
        QFETCH(int, code);
        write(file.toStdString());
        const auto read = readNpy<float>(m_path);
        QVERIFY(!read);
        QCOMPARE(int(read.error().code), code);
    }

    void aMissingFileIsSaid() { QCOMPARE(readNpy<float>(m_path + "-none").error().code, Code::notFound); }

private:
    template <typename T> void roundTrip(std::vector<std::size_t> shape)
    {
        std::vector<T> data(std::accumulate(shape.begin(), shape.end(), std::size_t(1), std::multiplies<>()));
        std::iota(data.begin(), data.end(), T(3));
        QVERIFY(writeNpy<T>(m_path, shape, data));
        const auto read = readNpy<T>(m_path);
        QVERIFY2(read, read ? "" : describe(read.error()).c_str());
        QCOMPARE(read->shape, shape);
        QCOMPARE(read->data, data);
    }

    void write(const std::string& bytes) { QVERIFY(writeFileAtomically(m_path, bytes)); }

    QTemporaryDir m_folder;
    std::string m_path;
};

QTEST_APPLESS_MAIN(NpyTest)
#include "tst_npy.moc"
