// SPDX-License-Identifier: GPL-3.0-or-later
// The canvas: what is drawn, zoomed, windowed, read out; and that an old image never stands under a new name.
#include "ui/models/Theme.h"
#include "ui/views/ImageCanvas.h"

#include <QApplication>
#include <QMouseEvent>
#include <QSignalSpy>
#include <QTest>

#include <cstring>

using namespace foveate::ui;

namespace {

/// Value = 100·row + column in 16 bits.
Pixels ramp(int width, int height)
{
    std::vector<std::uint16_t> values;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            values.push_back(std::uint16_t(100 * y + x));
    std::vector<std::uint8_t> bytes(values.size() * 2);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    Pixels pixels = makePixels(width, height, 1, 16, bytes);
    pixels.low = 0;
    pixels.high = 100.0 * height;
    return pixels;
}

Pixels checks(int side)
{
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < side * side; ++i)
        bytes.push_back((i % side + i / side) % 2 ? 255 : 0);
    return makePixels(side, side, 1, 8, bytes);
}

std::unique_ptr<ImageCanvas> canvas()
{
    auto widget = std::make_unique<ImageCanvas>();
    widget->resize(400, 400);
    widget->show();
    return widget;
}

void move(ImageCanvas& widget, const QPoint& at)
{
    QMouseEvent event(QEvent::MouseMove, at, widget.mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QApplication::sendEvent(&widget, &event);
}

} // namespace

class TestCanvas : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void windowAndInversion()
    {
        const Pixels pixels = ramp(10, 10);
        const QImage shown = toScreen(pixels, {200, 400}, false);
        QCOMPARE(qGray(shown.pixel(0, 2)), 0);
        QCOMPARE(qGray(shown.pixel(0, 3)), 128); // (300 − 200) / 200 · 255 = 127.5
        QCOMPARE(qGray(shown.pixel(0, 4)), 255);
        QCOMPARE(qGray(shown.pixel(0, 9)), 255);
        const QImage inverted = toScreen(pixels, {200, 400}, true);
        QCOMPARE(qGray(inverted.pixel(0, 2)), 255);
        QCOMPARE(qGray(inverted.pixel(0, 9)), 0);
    }

    void percentiles()
    {
        std::vector<std::uint8_t> bytes(10'000, 100);
        bytes[0] = 0; // one in ten thousand is no window
        bytes[1] = 255;
        for (std::size_t i = 2; i < 1000; ++i)
            bytes[i] = 150;
        const Window window = percentileWindow(makePixels(100, 100, 1, 8, bytes));
        QCOMPARE(window.low, 100.0);
        QCOMPARE(window.high, 150.0);
    }

    void aBufferOfTheWrongLengthIsNoImage()
    {
        const std::vector<std::uint8_t> bytes(11);
        QVERIFY(!makePixels(3, 4, 1, 8, bytes).valid());
    }

    void fitsAndZoomsAtTheCursor()
    {
        const auto widget = canvas();
        widget->setPixels(1, ramp(200, 100));
        QCOMPARE(widget->zoom(), 2.0);
        QCOMPARE(widget->imageRect(), QRectF(0, 100, 400, 200));
        const QPointF cursor(100, 150);
        const auto under = [&] {
            const QRectF image = widget->imageRect();
            return QPointF((cursor.x() - image.x()) / widget->zoom(), (cursor.y() - image.y()) / widget->zoom());
        };
        const QPointF before = under();
        widget->zoomBy(3, cursor);
        QVERIFY((under() - before).manhattanLength() < 1e-6);
        QCOMPARE(widget->zoom(), 6.0);
        widget->fit();
        QCOMPARE(widget->zoom(), 2.0);
        widget->resize(200, 400);
        QCOMPARE(widget->zoom(), 1.6); // fitted stays fitted, at the least width of 320
    }

    void nearestNeighbourFromTwice()
    {
        const auto widget = canvas();
        widget->setPixels(1, checks(20));
        const auto greys = [&] {
            const QImage shot = widget->grab().toImage();
            QSet<int> found;
            for (int x = 150; x < 250; ++x)
                found.insert(qGray(shot.pixel(x, 200)));
            return found;
        };
        widget->setZoom(8);
        QCOMPARE(greys(), (QSet<int>{0, 255}));
        widget->setZoom(1.5);
        QVERIFY(greys().size() > 2);
    }

    void readsOutRawValues()
    {
        const auto widget = canvas();
        widget->setPixels(1, ramp(40, 40));
        QSignalSpy readout(widget.get(), &ImageCanvas::readout);
        move(*widget, {25, 38}); // 10 screen pixels to one
        QCOMPARE(readout.last().first().toString(), QStringLiteral("x 2  y 3  value 302"));
        widget->setPixels(2, ramp(40, 20));
        move(*widget, {25, 38}); // above the image now
        QCOMPARE(readout.last().first().toString(), QString());
    }

    void dragsWindowZoomAndPan()
    {
        const auto widget = canvas();
        widget->setPixels(1, ramp(40, 40));
        const Window start = widget->window();
        const auto dragged = [&](Qt::MouseButton button, const QPoint& by) {
            const QPoint from(200, 200);
            QMouseEvent press(QEvent::MouseButtonPress, from, widget->mapToGlobal(from), button, button,
                              Qt::NoModifier);
            QApplication::sendEvent(widget.get(), &press);
            QMouseEvent drag(QEvent::MouseMove, from + by, widget->mapToGlobal(from + by), Qt::NoButton, button,
                             Qt::NoModifier);
            QApplication::sendEvent(widget.get(), &drag);
            QMouseEvent up(QEvent::MouseButtonRelease, from + by, widget->mapToGlobal(from + by), button, Qt::NoButton,
                           Qt::NoModifier);
            QApplication::sendEvent(widget.get(), &up);
        };
        QSignalSpy menu(widget.get(), &ImageCanvas::menuWanted);
        dragged(Qt::LeftButton, {64, 0});
        QVERIFY(widget->window().high - widget->window().low > start.high - start.low);
        widget->resetWindow();
        QCOMPARE(widget->window(), start);
        const double zoom = widget->zoom();
        dragged(Qt::RightButton, {0, -50});
        QVERIFY(widget->zoom() > zoom);
        QCOMPARE(menu.count(), 0);
        dragged(Qt::RightButton, {0, 0});
        QCOMPARE(menu.count(), 1);
        const QRectF before = widget->imageRect();
        dragged(Qt::MiddleButton, {30, 10});
        QCOMPARE(widget->imageRect().topLeft(), before.topLeft() + QPointF(30, 10));
    }

    void theOldImageGoesAtOnce()
    {
        const auto widget = canvas();
        QSignalSpy painted(widget.get(), &ImageCanvas::painted);
        widget->setPixels(5, checks(20));
        QVERIFY(painted.wait());
        QCOMPARE(painted.first().first().toULongLong(), 5ULL);
        widget->repaint();
        QTest::qWait(20);
        QCOMPARE(painted.count(), 1); // once for each image
        widget->clear();
        widget->repaint();
        const QImage blank = widget->grab().toImage();
        const QRgb ground = Theme::current().colour(Role::canvas).rgb();
        for (int x = 0; x < 400; x += 7)
            for (int y = 0; y < 400; y += 7)
                QCOMPARE(blank.pixel(x, y), ground);
        QTest::qWait(150); // the skeleton is there after 100 ms
        QVERIFY(widget->grab().toImage().pixel(200, 200) != ground);
    }

    void noTextUnlessAsked()
    {
        const auto widget = canvas();
        const std::vector<std::uint8_t> black(64 * 64);
        widget->setPixels(1, makePixels(64, 64, 1, 8, black));
        const auto bright = [&] {
            const QImage shot = widget->grab().toImage();
            int count = 0;
            for (int x = 0; x < shot.width(); ++x)
                for (int y = 0; y < shot.height(); ++y)
                    count += qGray(shot.pixel(x, y)) > 100;
            return count;
        };
        QCOMPARE(bright(), 0);
        widget->cycleText();
        QCOMPARE(bright(), 0); // the scale's words need a scale
        widget->cycleText();
        QVERIFY(bright() > 50);
    }

    void scaleBars()
    {
        for (const double perPixel : {0.0039, 0.02, 0.5, 1.3, 12.0}) {
            const double length = scaleBarLength(perPixel);
            QVERIFY(length / perPixel >= 80 && length / perPixel <= 200.001);
        }
        QCOMPARE(scaleBarLength(0.0125), 1.0);
    }
};

QTEST_MAIN(TestCanvas)
#include "tst_canvas.moc"
