// SPDX-License-Identifier: GPL-3.0-or-later
#include "phantom/Phantom.h"

#include "base/Sha256.h"

#include <QTest>
#include <algorithm>
#include <ctime>
#include <map>
#include <numeric>
#include <set>

using namespace foveate;
using namespace foveate::phantom;

namespace {

Study study(Modality modality, int images, int size = 64, std::uint64_t seed = 1)
{
    return *Study::create({modality, images, size, seed, 0.2});
}

std::string fingerprint(const Phantom& p)
{
    Sha256 sha;
    sha.add(std::as_bytes(std::span(p.pixels))).add(std::as_bytes(std::span(p.mask)));
    return hex(sha.digest());
}

double share(const std::vector<std::uint8_t>& mask)
{
    return double(std::count(mask.begin(), mask.end(), 255)) / double(mask.size());
}

/// Mean brightness of the image's pixels in the mask, or outside of it.
double brightness(const Phantom& p, bool inside)
{
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < p.mask.size(); ++i)
        if ((p.mask[i] == 255) == inside) {
            sum += p.pixels[i * std::size_t(p.channels)];
            ++count;
        }
    return sum / count;
}

} // namespace

class PhantomTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void modalities_data()
    {
        QTest::addColumn<int>("modality");
        for (const Modality m : {Modality::oct, Modality::xray, Modality::histology})
            QTest::newRow(std::string(name(m)).c_str()) << int(m);
    }

    void everyImageIsWhole_data() { modalities_data(); }
    void everyImageIsWhole()
    {
        QFETCH(int, modality);
        const Study s = study(Modality(modality), 60);
        const int classes = int(classNames(Modality(modality)).size());
        for (const Phantom& p : s.images(2)) {
            QCOMPARE(p.pixels.size(), std::size_t(64 * 64 * channels(Modality(modality))));
            QCOMPARE(p.mask.size(), std::size_t(64 * 64));
            QVERIFY(p.classIndex >= 0 && p.classIndex < classes);
            QVERIFY(p.difficulty >= 0 && p.difficulty <= 1);
            QVERIFY(std::all_of(p.mask.begin(), p.mask.end(), [](std::uint8_t v) { return v == 0 || v == 255; }));
            const auto [low, high] = std::minmax_element(p.pixels.begin(), p.pixels.end());
            QVERIFY2(*high - *low > 100, "a flat image");
        }
    }

    void theLesionIsWhereTheMaskSays_data() { modalities_data(); }
    void theLesionIsWhereTheMaskSays()
    {
        QFETCH(int, modality);
        const Study s = study(Modality(modality), 80, 128);
        for (std::size_t i = 0; i < s.count(); ++i) {
            const Phantom p = s.image(i);
            if (p.classIndex == 0)
                QCOMPARE(share(p.mask), 0.0);
            else if (!p.hard)
                QVERIFY2(share(p.mask) > 0.0005 && share(p.mask) < 0.7,
                         qPrintable(QString("image %1, class %2: %3").arg(i).arg(p.classIndex).arg(share(p.mask))));
        }
    }

    void sameSeedSameBytes_data() { modalities_data(); }
    void sameSeedSameBytes()
    {
        QFETCH(int, modality);
        const Study first = study(Modality(modality), 30), second = study(Modality(modality), 30);
        const auto alone = first.images(1), together = second.images(3);
        for (std::size_t i = 0; i < alone.size(); ++i) {
            QCOMPARE(fingerprint(alone[i]), fingerprint(together[i]));
            QCOMPARE(fingerprint(first.image(i)), fingerprint(alone[i]));
        }
        QVERIFY(fingerprint(study(Modality(modality), 30, 64, 2).image(0)) != fingerprint(alone[0]));
    }

    void noImageComesTwice_data() { modalities_data(); }
    void noImageComesTwice()
    {
        QFETCH(int, modality);
        std::set<std::string> seen;
        for (const Phantom& p : study(Modality(modality), 200).images(2))
            seen.insert(fingerprint(p));
        QCOMPARE(seen.size(), std::size_t(200));
    }

    void theSetIsMadeOfPatientsClassesAndHardCases_data() { modalities_data(); }
    void theSetIsMadeOfPatientsClassesAndHardCases()
    {
        QFETCH(int, modality);
        const Study s = study(Modality(modality), 600);
        QCOMPARE(s.count(), std::size_t(600));
        std::map<int, int> images, ofClass;
        int hard = 0;
        for (std::size_t i = 0; i < s.count(); ++i) {
            const Case& c = s.plan(i);
            ++images[c.patient];
            ++ofClass[c.classIndex];
            hard += c.hard;
            QCOMPARE(c.hard, c.difficulty >= 0.8f);
        }
        QVERIFY(images.size() > 100 && images.size() < 250);
        for (const auto& [patient, count] : images)
            QVERIFY(count >= 1 && count <= 6);
        QCOMPARE(int(ofClass.size()), int(classNames(Modality(modality)).size()));
        QVERIFY2(ofClass.rbegin()->second >= 30 && ofClass.rbegin()->second <= 110, "the last class is rare");
        QVERIFY(ofClass.begin()->second > ofClass.rbegin()->second * 3);
        QVERIFY2(hard > 85 && hard < 155, qPrintable(QString::number(hard)));
    }

    /// Fluid is dark in OCT and white on film; atypical glands are darker than their stroma.
    void lesionsLookLikeWhatTheyStandFor()
    {
        const auto contrast = [](Modality modality, int classIndex) {
            const Study s = study(modality, 120, 128);
            double sum = 0, count = 0;
            for (std::size_t i = 0; i < s.count(); ++i)
                if (s.plan(i).classIndex == classIndex && !s.plan(i).hard) {
                    const Phantom p = s.image(i);
                    sum += brightness(p, true) - brightness(p, false);
                    ++count;
                }
            return sum / count;
        };
        QVERIFY(contrast(Modality::oct, 2) < 20);
        QVERIFY(contrast(Modality::xray, 1) > 20);
        QVERIFY(contrast(Modality::histology, 1) < -40);
    }

    void smallAndLargeStudies()
    {
        for (const int images : {1, 2, 3, 7}) {
            const Study s = study(Modality::oct, images, 32);
            QCOMPARE(s.count(), std::size_t(images));
            for (const Phantom& p : s.images(4))
                QCOMPARE(p.pixels.size(), std::size_t(32 * 32));
        }
        QCOMPARE(study(Modality::histology, 1, 512).image(0).pixels.size(), std::size_t(512 * 512 * 3));
    }

    void optionsAreChecked()
    {
        const auto code = [](Options o) { return Study::create(o).error().code; };
        QCOMPARE(code({Modality::oct, 0, 256, 1, 0.2}), Code::usage);
        QCOMPARE(code({Modality::oct, 1, 31, 1, 0.2}), Code::usage);
        QCOMPARE(code({Modality::oct, 1, 2000, 1, 0.2}), Code::usage);
        QCOMPARE(code({Modality::oct, 1, 64, 1, 1.5}), Code::usage);
        QVERIFY(*modalityFromName("histology") == Modality::histology);
        QCOMPARE(modalityFromName("OCT").error().code, Code::badInput);
    }

    /// Processor time, because the machine may be busy: 600 images in 3 s on two cores are 10 ms each.
    void paintingIsQuick_data() { modalities_data(); }
    void paintingIsQuick()
    {
        QFETCH(int, modality);
        const Study s = study(Modality(modality), 30, 256);
        const std::clock_t start = std::clock();
        s.images(1);
        const double each = double(std::clock() - start) / CLOCKS_PER_SEC / 30;
        qInfo("%.1f ms an image", each * 1000);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        QVERIFY2(each < 0.02, "twice the time that 600 images in 3 s allow");
#endif
    }
};

QTEST_APPLESS_MAIN(PhantomTest)
#include "tst_phantom.moc"
