// SPDX-License-Identifier: GPL-3.0-or-later
// Reads every #include of the product and compares it with the layer table: what a folder may see of the others,
// and which third-party headers it may see at all.
#include <QDirIterator>
#include <QFile>
#include <QMap>
#include <QRegularExpression>
#include <QSet>
#include <QTest>

namespace {

using Names = QSet<QString>;

// folder → folders whose headers it may include (besides its own).
const QMap<QString, Names> kLayers{
    {"base", {}},
    {"embed", {"base", "embed/layout"}},
    {"embed/layout", {"base"}},
    {"score", {"base"}},
    {"phantom", {"base"}},
    {"store", {"base"}},
    {"imaging", {"base", "imaging/client"}},
    {"imaging/client", {"base"}},
    {"query", {"base", "embed", "score"}},
    {"learn", {"base", "embed", "score", "learn/cuda", "learn/files"}},
    {"learn/cuda", {"base"}},
    {"learn/files", {"base"}},
    {"explain", {"base", "embed", "score", "learn"}},
    {"session", {"base", "store", "imaging/client", "phantom", "score", "query", "embed"}},
    {"ui", {"base", "store", "imaging/client", "phantom", "score", "query", "session"}},
    {"app", {"base", "store", "imaging/client", "phantom", "score", "query", "embed", "session", "ui"}},
    {"app/engine", {"base", "embed", "score", "query", "learn", "learn/cuda", "explain"}},
    {"app/decode", {"base", "imaging", "imaging/client", "learn/files"}},
};

// third-party prefix → folders that may include it.
const QMap<QString, Names> kThirdParty{
    {"torch/", {"learn", "learn/cuda", "explain", "app/engine"}},
    {"ATen/", {"learn", "learn/cuda", "explain", "app/engine"}},
    {"c10/", {"learn", "learn/cuda", "explain", "app/engine"}},
    {"torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp", {"learn/cuda"}},
    {"ATen/cuda/", {"learn/cuda"}},
    {"c10/cuda/", {"learn/cuda"}},
    {"cuda", {"learn/cuda"}},
    {"sqlite3.h", {"store"}},
    {"toml++/", {"store"}},
    {"dcmtk/", {"imaging"}},
    {"jpeglib.h", {"imaging"}},
    {"png.h", {"imaging", "imaging/client"}},
    {"tiffio.h", {"imaging"}},
    {"openjpeg", {"imaging"}},
    {"stb/", {"imaging"}},
    {"seccomp.h", {"imaging"}},
    {"itk", {"imaging"}},
    {"opencv2/", {"learn", "explain", "imaging", "app/engine"}},
    {"Eigen/", {"embed", "score", "query", "learn", "explain", "app"}},
    {"umappp/", {"embed/layout"}},
    {"qdtsne/", {"embed/layout"}},
    {"hnswlib/", {"embed/layout"}},
    {"CLI/", {"app", "app/engine", "app/decode"}},
};
const Names kQtCore{"session", "ui", "app"};
const Names kWidgets{"ui", "app"};
const QStringList kWidgetHeaders{"QWidget",  "QMainWindow", "QDialog", "QLabel", "QPushButton",  "QApplication",
                                 "QPainter", "QImage",      "QPixmap", "QIcon",  "qcustomplot.h"};

struct Include {
    QString file;
    QString folder;
    QString target;
    bool quoted = false;
};

QString folderOf(const QString& relative)
{
    QStringList parts = relative.split(u'/');
    if (parts[0] == u"core")
        parts.removeFirst();
    const QString two = parts.size() > 2 ? parts[0] + u'/' + parts[1] : QString();
    return kLayers.contains(two) ? two : parts[0];
}

/// The layer that a quoted include belongs to; empty for a header beside the file or a third-party one.
QString targetLayer(const QString& target)
{
    const QStringList parts = target.split(u'/');
    if (parts.size() > 2 && kLayers.contains(parts[0] + u'/' + parts[1]))
        return parts[0] + u'/' + parts[1];
    return parts.size() > 1 && kLayers.contains(parts[0]) ? parts[0] : QString();
}

QList<Include> includesOf(const QString& root)
{
    static const QRegularExpression s_include(QStringLiteral("^\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"]"),
                                              QRegularExpression::MultilineOption);
    QList<Include> found;
    for (const char* top : {"core", "ui", "app"}) {
        QDirIterator files(root + u'/' + QLatin1String(top), {"*.h", "*.cpp"}, QDir::Files,
                           QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            if (!file.open(QIODevice::ReadOnly))
                continue;
            const QString relative = file.fileName().mid(root.size() + 1);
            auto matches = s_include.globalMatch(QString::fromUtf8(file.readAll()));
            while (matches.hasNext()) {
                const auto match = matches.next();
                found.append({relative, folderOf(relative), match.captured(2), match.captured(1) == u"\""});
            }
        }
    }
    return found;
}

QString fault(const Include& include)
{
    if (include.quoted) {
        const QString layer = targetLayer(include.target);
        if (layer.isEmpty() || layer == include.folder)
            return {};
        return kLayers.value(include.folder).contains(layer) ? QString() : QStringLiteral("may not see ") + layer;
    }
    for (auto it = kThirdParty.begin(); it != kThirdParty.end(); ++it)
        if (include.target.startsWith(it.key()) && !it.value().contains(include.folder))
            return QStringLiteral("may not see ") + it.key();
    static const QRegularExpression s_qt(QStringLiteral("^(Qt[A-Z]\\w+/)?Q[A-Z]\\w+$"));
    if (s_qt.match(include.target).hasMatch() && !kQtCore.contains(include.folder))
        return QStringLiteral("may not see Qt");
    if (kWidgetHeaders.contains(include.target.section(u'/', -1)) && !kWidgets.contains(include.folder))
        return QStringLiteral("may not see widgets");
    return {};
}

} // namespace

class IncludesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyIncludeFollowsTheLayers()
    {
        const QList<Include> includes = includesOf(QStringLiteral(FOVEATE_SOURCE_DIR));
        QVERIFY(includes.size() > 100);
        QStringList faults;
        for (const Include& include : includes)
            if (const QString why = fault(include); !why.isEmpty())
                faults << QStringList{include.file, include.target, why}.join(QStringLiteral(": "));
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u'\n')));
    }

    void modelsOfTheWindowKnowNoWidgets()
    {
        for (const Include& include : includesOf(QStringLiteral(FOVEATE_SOURCE_DIR)))
            if (include.file.startsWith(u"ui/models/"))
                QVERIFY2(!QStringList({"QWidget", "QMainWindow", "QDialog", "QLabel", "QApplication"})
                              .contains(include.target.section(u'/', -1)),
                         qPrintable(include.file + QLatin1Char(' ') + include.target));
    }

    void theTestSeesAWrongInclude_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("target");
        QTest::addColumn<bool>("quoted");
        QTest::newRow("learn sees Qt") << "learn"
                                       << "QString" << false;
        QTest::newRow("learn sees CUDA") << "learn"
                                         << "c10/cuda/CUDAStream.h" << false;
        QTest::newRow("query sees store") << "query"
                                          << "store/Study.h" << true;
        QTest::newRow("ui sees learn") << "ui"
                                       << "learn/Network.h" << true;
        QTest::newRow("session sees torch") << "session"
                                            << "torch/torch.h" << false;
        QTest::newRow("session sees widgets") << "session"
                                              << "QWidget" << false;
        QTest::newRow("session sees codecs") << "session"
                                             << "imaging/Dicom.h" << true;
        QTest::newRow("base sees session") << "base"
                                           << "session/Loop.h" << true;
        QTest::newRow("ui sees sqlite") << "ui"
                                        << "sqlite3.h" << false;
    }

    void theTestSeesAWrongInclude()
    {
        QFETCH(QString, folder);
        QFETCH(QString, target);
        QFETCH(bool, quoted);
        QVERIFY(!fault({QStringLiteral("made up"), folder, target, quoted}).isEmpty());
    }
};

QTEST_APPLESS_MAIN(IncludesTest)
#include "tst_includes.moc"
