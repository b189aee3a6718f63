// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"
#include "learn/augment/Kernels.h"
#include "learn/augment/View.h"

#include <QtTest>
#include <cmath>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace foveate;
using namespace foveate::learn::augment;

namespace {

constexpr int kSize = 64, kOut = 24, kArea = kOut * kOut;
const Normalisation kPlain{{0, 0, 0}, {1, 1, 1}};

std::string reference(const std::string& name)
{
    return std::string(FOVEATE_SOURCE_DIR) + "/tests/learn/reference/" + name;
}

std::vector<float> rendered(const std::vector<std::uint8_t>& image, const ViewParameters& view,
                            const Normalisation& normalisation = kPlain, Layout layout = Layout::planes,
                            int channels = 3)
{
    const int size = int(std::lround(std::sqrt(double(image.size()) / channels)));
    std::vector<float> out(std::size_t(channels * kArea));
    render(image, size, channels, view, kOut, normalisation, layout, out.data());
    return out;
}

double meanDifference(std::span<const float> a, std::span<const float> b)
{
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += std::abs(double(a[i]) - double(b[i]));
    return sum / double(a.size());
}

ViewParameters crop(int top, int left, int height, int width)
{
    ViewParameters view;
    view.top = double(top) / kSize;
    view.left = double(left) / kSize;
    view.height = double(height) / kSize;
    view.width = double(width) / kSize;
    return view;
}

ViewParameters jittered(Colour colour, double factor)
{
    ViewParameters view;
    view.jitterOrder[0] = colour;
    view.jitters = 1;
    view.jitterFactor[std::size_t(colour)] = factor;
    return view;
}

ViewParameters changed(ViewParameters view, const std::function<void(ViewParameters&)>& change)
{
    change(view);
    return view;
}

ViewParameters blurred(int taps, double sigma)
{
    return changed({}, [=](ViewParameters& v) {
        v.blurKernel = taps;
        v.blurSigma = sigma;
    });
}

ViewParameters allAtOnce()
{
    ViewParameters view = crop(10, 20, 18, 21);
    view.flipHorizontally = true;
    view.jitterOrder = {Colour::brightness, Colour::saturation, Colour::contrast, Colour::hue};
    view.jitters = 4;
    view.jitterFactor = {1.2, 1.3, .7, .1};
    view.blurKernel = 5;
    view.blurSigma = .9;
    return view;
}

/// In the order of reference/augment.py.
std::vector<std::pair<const char*, ViewParameters>> operations()
{
    return {
        {"resize", {}},
        {"crop, enlarged", crop(7, 9, 15, 18)},
        {"crop, shrunk", crop(3, 12, 50, 40)},
        {"horizontal flip", changed({}, [](ViewParameters& v) { v.flipHorizontally = true; })},
        {"vertical flip", changed({}, [](ViewParameters& v) { v.flipVertically = true; })},
        {"rotation 10", changed({}, [](ViewParameters& v) { v.rotation = 10; })},
        {"rotation 90", changed({}, [](ViewParameters& v) { v.rotation = 90; })},
        {"rotation -90 of a crop", changed(crop(7, 9, 15, 18), [](ViewParameters& v) { v.rotation = -90; })},
        {"brightness", jittered(Colour::brightness, 1.4)},
        {"contrast", jittered(Colour::contrast, .6)},
        {"saturation", jittered(Colour::saturation, 1.7)},
        {"hue +", jittered(Colour::hue, .15)},
        {"hue -", jittered(Colour::hue, -.2)},
        {"grey", changed({}, [](ViewParameters& v) { v.grey = true; })},
        {"gamma", changed({}, [](ViewParameters& v) { v.gamma = .7; })},
        {"blur 3", blurred(3, 1.2)},
        {"blur 23", blurred(23, 1.7)},
        {"solarise", changed({}, [](ViewParameters& v) { v.solariseThreshold = 128. / 255; })},
        {"enlarged, flipped, turned", changed(crop(7, 9, 15, 18),
                                              [](ViewParameters& v) {
                                                  v.flipHorizontally = true;
                                                  v.rotation = -10;
                                              })},
        {"all at once", allAtOnce()},
    };
}

std::vector<std::uint8_t> texture(int size, int channels)
{
    Random random(3);
    std::vector<std::uint8_t> image(std::size_t(size) * std::size_t(size) * std::size_t(channels));
    for (std::uint8_t& value : image)
        value = std::uint8_t(random.below(256));
    return image;
}

} // namespace

class TstAugment : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void torchvision_data();
    void torchvision();
    void interleavedIsTheSamePixels();
    void greyImagesFollowTheFirstChannel();
    void noiseIsNearlyNormal();
    void levelsAgree();
    void drawsFollowThePreset_data();
    void drawsFollowThePreset();
    void drawIsSeeded();
    void jsonGoesBothWays();
    void badJson_data();
    void badJson();
    void degenerateSizes_data();
    void degenerateSizes();
    void speed();
};

void TstAugment::torchvision_data()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const auto& [name, view] : operations())
        QTest::newRow(name) << index++;
}

void TstAugment::torchvision()
{
    QFETCH(int, index);
    const auto image = readNpy<std::uint8_t>(reference("augment-image.npy"));
    const auto views = readNpy<float>(reference("augment-views.npy"));
    QVERIFY(image && views);
    const auto list = operations();
    QCOMPARE(views->rows(), list.size());
    const bool last = std::size_t(index) + 1 == list.size();
    const auto ours = rendered(image->data, list[std::size_t(index)].second, last ? usualNormalisation(3) : kPlain);
    const std::span<const float> theirs(views->data.data() + std::size_t(index) * 3 * kArea, 3 * kArea);
    const double scale = last ? 4.4 : 1; // 1 / deviation
    const double difference = meanDifference(ours, theirs);
    qInfo("mean difference %.4f / 255", difference * 255);
    QVERIFY2(difference <= scale * 2 / 255, qPrintable(QString::number(difference * 255)));
}

void TstAugment::interleavedIsTheSamePixels()
{
    const auto image = texture(40, 3);
    const auto planes = rendered(image, allAtOnce());
    const auto interleaved = rendered(image, allAtOnce(), kPlain, Layout::interleaved);
    for (int c = 0; c < 3; ++c)
        for (int i = 0; i < kArea; ++i)
            QCOMPARE(interleaved[std::size_t(3 * i + c)], planes[std::size_t(c * kArea + i)]);
}

void TstAugment::greyImagesFollowTheFirstChannel()
{
    const auto grey = texture(40, 1);
    std::vector<std::uint8_t> coloured;
    for (std::uint8_t value : grey)
        coloured.insert(coloured.end(), {value, value, value});
    ViewParameters view = allAtOnce();
    view.rotation = 7;
    view.gamma = 1.3;
    const auto one = rendered(grey, view, kPlain, Layout::planes, 1);
    const auto three = rendered(coloured, view);
    for (int i = 0; i < 3 * kArea; ++i)
        QVERIFY(std::abs(three[std::size_t(i)] - one[std::size_t(i % kArea)]) < 2e-4f);
}

void TstAugment::noiseIsNearlyNormal()
{
    const std::vector<std::uint8_t> flat(40 * 40 * 3, 128);
    ViewParameters view;
    view.noise = .02;
    view.noiseSeed = 5;
    const auto noisy = rendered(flat, view);
    double sum = 0, squares = 0;
    for (float value : noisy) {
        const double e = (double(value) - 128. / 255) / .02;
        sum += e;
        squares += e * e;
    }
    const double n = double(noisy.size());
    QVERIFY(std::abs(sum / n) < .1);
    QVERIFY(std::abs(squares / n - 1) < .1);
    view.noiseSeed = 6;
    QVERIFY(rendered(flat, view) != noisy);
}

void TstAugment::levelsAgree()
{
    if (std::strcmp(kernels().level, "x86-64-v4") != 0)
        QSKIP("skipped: this processor has no AVX-512");
    Random random(1);
    std::vector<float> r(1000), g(1000), b(1000);
    for (std::vector<float>* plane : {&r, &g, &b})
        for (float& value : *plane)
            value = float(random.uniform());
    const auto run = [&](const Kernels& k) {
        std::vector<float> x = r, y = g, z = b, out(20 * 20);
        k.turnHue(x.data(), y.data(), z.data(), 1000, -.13f);
        k.blendLuma(x.data(), y.data(), z.data(), 1000, 1.4f);
        k.power(x.data(), 1000, .8f);
        k.addNoise(y.data(), 1000, .02f, 9);
        k.blendConstant(z.data(), 1000, 1.2f, k.mean(x.data(), y.data(), z.data(), 1000) * -.2f);
        k.samplePlane(x.data(), 30, {.9f, -.1f, 2, .1f, .9f, 1, 0, 29, 0, 29, -.5f, 29.5f, -.5f, 29.5f, 1, 1}, 20,
                      out.data());
        std::vector<float> turned(900);
        k.transpose(x.data(), 30, turned.data());
        x.insert(x.end(), turned.begin(), turned.end());
        x.insert(x.end(), y.begin(), y.end());
        x.insert(x.end(), z.begin(), z.end());
        x.insert(x.end(), out.begin(), out.end());
        return x;
    };
    QVERIFY(run(kernelsV3()) == run(kernelsV4()));
}

void TstAugment::drawsFollowThePreset_data()
{
    QTest::addColumn<QString>("name");
    for (const std::string& name : presetNames())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void TstAugment::drawsFollowThePreset()
{
    QFETCH(QString, name);
    const Preset p = *preset(name.toStdString());
    Random random(11);
    const int n = 2000;
    double flips = 0, blurs = 0, greys = 0, jitters = 0, solarised = 0, rotation = 0;
    for (int i = 0; i < n; ++i) {
        const ViewParameters view = draw(p, 256, 224, random);
        const double area = view.width * view.height, ratio = view.width / view.height;
        QVERIFY(area >= p.cropArea.low * .95 && area <= std::min(1., p.cropArea.high * 1.06));
        QVERIFY(ratio >= p.cropRatio.low * .95 && ratio <= p.cropRatio.high * 1.05);
        QVERIFY(view.left >= 0 && view.left + view.width <= 1 + 1e-9 && view.top >= 0 &&
                view.top + view.height <= 1 + 1e-9);
        QVERIFY(view.blurKernel % 2 == (view.blurSigma > 0 ? 1 : 0));
        QVERIFY(view.gamma >= p.gamma.low - 1e-9 && view.gamma <= p.gamma.high + 1e-9);
        flips += view.flipHorizontally;
        blurs += view.blurSigma > 0;
        greys += view.grey;
        jitters += view.jitters > 0;
        solarised += view.solariseThreshold <= 1;
        rotation = std::max(rotation, std::abs(view.rotation));
    }
    const double slack = .045; // four standard errors
    QVERIFY(std::abs(flips / n - p.flipHorizontal) < slack);
    QVERIFY(std::abs(blurs / n - p.blur) < slack);
    QVERIFY(std::abs(greys / n - p.grey) < slack);
    QVERIFY(std::abs(jitters / n - p.jitter) < slack);
    QVERIFY(std::abs(solarised / n - p.solarise) < slack);
    QVERIFY(std::abs(rotation - (p.quarterTurns ? 90 : p.rotation)) < .1);
}

void TstAugment::drawIsSeeded()
{
    const auto image = texture(40, 3);
    const auto view = [&](std::uint64_t seed) {
        Random random = Random::derive(seed, "views", 4);
        return rendered(image, draw(*preset("simclr"), 40, kOut, random));
    };
    QVERIFY(view(1) == view(1));
    QVERIFY(view(1) != view(2));
}

void TstAugment::jsonGoesBothWays()
{
    for (const std::string& name : presetNames())
        QVERIFY(*presetFromJson(toJson(*preset(name))) == *preset(name));
    const auto edited = presetFromJson({{"name", "grey"}, {"crop_area", {.2, .9}}, {"noise", 0}});
    QVERIFY(edited);
    QCOMPARE(edited->cropArea.low, .2);
    QCOMPARE(edited->noise, 0.);
    QCOMPARE(edited->rotation, 10.);
}

void TstAugment::badJson_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("number") << QByteArray("3");
    QTest::newRow("no name") << QByteArray(R"({"blur":1})");
    QTest::newRow("unknown name") << QByteArray(R"("best")");
    QTest::newRow("unknown key") << QByteArray(R"({"name":"grey","blurr":1})");
    QTest::newRow("probability above one") << QByteArray(R"({"name":"grey","blur":1.5})");
    QTest::newRow("range reversed") << QByteArray(R"({"name":"grey","crop_area":[0.9,0.2]})");
    QTest::newRow("range of text") << QByteArray(R"({"name":"grey","crop_area":["a","b"]})");
    QTest::newRow("range of one") << QByteArray(R"({"name":"grey","gamma":[1]})");
    QTest::newRow("wrong type") << QByteArray(R"({"name":"grey","quarter_turns":1})");
}

void TstAugment::badJson()
{
    QFETCH(QByteArray, text);
    QVERIFY(!presetFromJson(nlohmann::json::parse(text.toStdString())));
}

void TstAugment::degenerateSizes_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("out");
    QTest::newRow("one pixel to one") << 1 << 1;
    QTest::newRow("one pixel to many") << 1 << 17;
    QTest::newRow("many to one") << 33 << 1;
    QTest::newRow("two to three") << 2 << 3;
    QTest::newRow("shrink hard") << 200 << 8;
}

void TstAugment::degenerateSizes()
{
    QFETCH(int, size);
    QFETCH(int, out);
    const auto image = texture(size, 3);
    Random random(2);
    for (const std::string& name : presetNames())
        for (int i = 0; i < 20; ++i) {
            std::vector<float> view(std::size_t(3 * out * out), NAN);
            render(image, size, 3, draw(*preset(name), size, out, random), out, kPlain, Layout::planes, view.data());
            for (float value : view)
                QVERIFY(value >= 0 && value <= 1);
        }
}

void TstAugment::speed()
{
    const auto time = [](const char* name, int size, int channels, int n) {
        const auto image = texture(size, channels);
        std::vector<float> out(std::size_t(size) * std::size_t(size) * std::size_t(channels));
        Random random(1);
        const std::clock_t start = std::clock();
        for (int i = 0; i < n; ++i)
            render(image, size, channels, draw(*preset(name), size, size, random), size, usualNormalisation(channels),
                   Layout::planes, out.data());
        const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
        qInfo("%s, %d px, %d channels: %.0f views/s on one core (%s)", name, size, channels, n / seconds,
              kernels().level);
        return n / seconds;
    };
    QVERIFY(time("grey", 96, 1, 2000) > 0);
    QVERIFY(time("simclr", 224, 3, 200) > 0);
    QVERIFY(time("histology", 224, 3, 200) > 0);
}

QTEST_APPLESS_MAIN(TstAugment)
#include "tst_augment.moc"
