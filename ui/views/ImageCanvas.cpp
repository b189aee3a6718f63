// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ImageCanvas.h"

#include "ui/models/Theme.h"

#include <QContextMenuEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace foveate::ui {

namespace {

constexpr double kNearestFrom = 2.0;
constexpr double kZoomLowest = 0.02, kZoomHighest = 64;
constexpr int kSkeletonAfter = 100, kSpinnerAfter = 400, kSpinnerStep = 60;

} // namespace

ImageCanvas::ImageCanvas(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setMinimumSize(320, 240);
    setAccessibleName(tr("Image"));
    m_skeleton.setSingleShot(true);
    connect(&m_skeleton, &QTimer::timeout, this, [this] {
        update();
        if (m_waiting.isValid())
            m_skeleton.start(m_waiting.elapsed() < kSpinnerAfter ? kSpinnerAfter - kSkeletonAfter : kSpinnerStep);
    });
}

void ImageCanvas::clear()
{
    m_pixels = {};
    m_picture = {};
    m_scaled = {};
    m_overlay.reset();
    m_announced = true;
    m_waiting.start();
    m_skeleton.start(kSkeletonAfter);
    Q_EMIT readout({});
    update();
}

void ImageCanvas::setPixels(quint64 serial, const Pixels& pixels)
{
    m_waiting.invalidate();
    m_skeleton.stop();
    m_pixels = pixels;
    m_overlay.reset();
    m_serial = serial;
    m_announced = false;
    m_inverted = false;
    m_window = {pixels.low, pixels.high};
    m_fitted = true;
    m_centre = {0.5, 0.5};
    m_zoom = fitZoom();
    renderAgain();
    Q_EMIT viewChanged();
}

void ImageCanvas::setOverlay(const std::optional<CanvasOverlay>& overlay)
{
    m_overlay = overlay;
    update();
}

double ImageCanvas::fitZoom() const
{
    if (!m_pixels.valid())
        return 1;
    return std::min(double(width()) / m_pixels.width, double(height()) / m_pixels.height);
}

void ImageCanvas::renderAgain()
{
    m_picture = toScreen(m_pixels, m_window, m_inverted);
    m_scaled = {};
    update();
}

void ImageCanvas::changed()
{
    m_scaled = {};
    update();
    Q_EMIT viewChanged();
}

QRectF ImageCanvas::imageRect() const
{
    const QSizeF size(m_pixels.width * m_zoom, m_pixels.height * m_zoom);
    const QPointF middle(width() / 2.0, height() / 2.0);
    return {middle.x() - m_centre.x() * size.width(), middle.y() - m_centre.y() * size.height(), size.width(),
            size.height()};
}

void ImageCanvas::fit()
{
    m_fitted = true;
    m_centre = {0.5, 0.5};
    m_zoom = fitZoom();
    changed();
}

void ImageCanvas::zoomBy(double factor, std::optional<QPointF> at)
{
    setZoom(m_zoom * factor, at);
}

void ImageCanvas::setZoom(double zoom, std::optional<QPointF> at)
{
    if (!m_pixels.valid())
        return;
    const QPointF screen = at.value_or(rect().center());
    const QRectF before = imageRect();
    const QPointF fraction((screen.x() - before.x()) / before.width(), (screen.y() - before.y()) / before.height());
    m_fitted = false;
    m_zoom = std::clamp(zoom, kZoomLowest, kZoomHighest);
    // The point under the cursor stays under the cursor.
    const QPointF middle(width() / 2.0, height() / 2.0);
    m_centre = {fraction.x() + (middle.x() - screen.x()) / (m_pixels.width * m_zoom),
                fraction.y() + (middle.y() - screen.y()) / (m_pixels.height * m_zoom)};
    changed();
    Q_EMIT zoomTouched();
}

void ImageCanvas::setInverted(bool inverted)
{
    m_inverted = inverted;
    renderAgain();
    Q_EMIT viewChanged();
}

void ImageCanvas::setWindow(Window window)
{
    if (window.high < window.low + 1)
        window.high = window.low + 1;
    m_window = window;
    renderAgain();
    Q_EMIT viewChanged();
    Q_EMIT windowTouched();
}

void ImageCanvas::resetWindow()
{
    setWindow({m_pixels.low, m_pixels.high});
}

void ImageCanvas::autoWindow()
{
    setWindow(percentileWindow(m_pixels));
}

void ImageCanvas::cycleText()
{
    m_text = TextLevel((int(m_text) + 1) % 3);
    update();
}

void ImageCanvas::setCornerText(const QString& text)
{
    m_cornerText = text;
    update();
}

void ImageCanvas::setPanHeld(bool held)
{
    m_panHeld = held;
    setCursor(held ? Qt::OpenHandCursor : Qt::ArrowCursor);
}

const QImage& ImageCanvas::scaledFor(const QSize& device)
{
    if (m_scaled.size() != device)
        m_scaled = m_picture.scaled(device, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    return m_scaled;
}

void ImageCanvas::drawImage(QPainter& painter)
{
    const QRectF target = imageRect();
    const QSize device = (target.size() * devicePixelRatioF()).toSize();
    // Reducing by more than a little with the painter's two by two filter drops lines; the image is averaged instead.
    if (m_zoom * devicePixelRatioF() < 1 && device.width() > 0 && device.height() > 0) {
        painter.drawImage(target, scaledFor(device));
    } else {
        painter.setRenderHint(QPainter::SmoothPixmapTransform, m_zoom < kNearestFrom);
        painter.drawImage(target, m_picture);
    }
    if (!m_overlay)
        return;
    const QSizeF map = m_overlay->picture.size();
    const QRectF source(m_overlay->part.x() * map.width(), m_overlay->part.y() * map.height(),
                        m_overlay->part.width() * map.width(), m_overlay->part.height() * map.height());
    painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
    painter.drawImage(target, m_overlay->picture, source);
}

void ImageCanvas::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::current().colour(Role::canvas));
    if (m_picture.isNull()) {
        drawWaiting(painter);
        return;
    }
    drawImage(painter);
    drawScaleBar(painter);
    drawText(painter);
    if (!m_announced) {
        m_announced = true;
        const quint64 serial = m_serial;
        QMetaObject::invokeMethod(
            this, [this, serial] { Q_EMIT painted(serial); }, Qt::QueuedConnection);
    }
}

void ImageCanvas::drawWaiting(QPainter& painter) const
{
    if (!m_waiting.isValid() || m_waiting.elapsed() < kSkeletonAfter)
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    const double side = 0.6 * std::min(width(), height());
    const QRectF box(width() / 2.0 - side / 2, height() / 2.0 - side / 2, side, side);
    QColor grey = Theme::current().colour(Role::canvasQuiet);
    grey.setAlpha(28);
    painter.setPen(Qt::NoPen);
    painter.setBrush(grey);
    painter.drawRoundedRect(box, 6, 6);
    if (m_waiting.elapsed() < kSpinnerAfter)
        return;
    painter.setPen(QPen(Theme::current().colour(Role::canvasQuiet), 2, Qt::SolidLine, Qt::RoundCap));
    painter.setBrush(Qt::NoBrush);
    const int turn = int(m_waiting.elapsed() / 3 % 360);
    painter.drawArc(QRectF(width() / 2.0 - 12, height() / 2.0 - 12, 24, 24), -turn * 16, 270 * 16);
}

double scaleBarLength(double millimetresPerScreenPixel)
{
    const double least = 80 * millimetresPerScreenPixel;
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    for (const double step : {1.0, 2.0, 5.0})
        if (step * power >= least)
            return step * power;
    return 10 * power;
}

void ImageCanvas::drawScaleBar(QPainter& painter) const
{
    if (!m_pixels.spacingMm || *m_pixels.spacingMm <= 0)
        return;
    const double perPixel = *m_pixels.spacingMm / m_zoom;
    const double millimetres = scaleBarLength(perPixel);
    const QLineF bar(width() - 24 - millimetres / perPixel, height() - 20.5, width() - 24, height() - 20.5);
    const double tick = 4;
    // Dark under light, so that it is seen on any tissue.
    for (const auto& [colour, thickness] : {std::pair{Theme::current().colour(Role::canvas), 4.0},
                                            std::pair{Theme::current().colour(Role::canvasText), 2.0}}) {
        painter.setPen(QPen(colour, thickness));
        painter.drawLine(bar);
        for (const double x : {bar.x1(), bar.x2()})
            painter.drawLine(QLineF(x, bar.y1() - tick, x, bar.y1() + tick));
    }
    if (m_text == TextLevel::none)
        return;
    const QString label = millimetres < 1 ? tr("%1 µm").arg(QLocale().toString(millimetres * 1000))
                                          : tr("%1 mm").arg(QLocale().toString(millimetres));
    painter.drawText(QRectF(bar.x1() - 40, bar.y1() - 26, bar.length() + 80, 18), Qt::AlignCenter, label);
}

void ImageCanvas::drawText(QPainter& painter) const
{
    if (m_text != TextLevel::full)
        return;
    const QString view = tr("%1 %, window %2 to %3%4")
                             .arg(qRound(m_zoom * 100))
                             .arg(qRound(m_window.low))
                             .arg(qRound(m_window.high))
                             .arg(m_inverted ? tr(", inverted") : QString());
    const QString size = tr("%1 × %2, %3 bit").arg(m_pixels.width).arg(m_pixels.height).arg(m_pixels.bits);
    const QString text = m_cornerText.isEmpty() ? size + u'\n' + view : m_cornerText + u'\n' + size + u'\n' + view;
    const QRectF box = QRectF(rect()).adjusted(16, 12, -16, -12);
    painter.setPen(Theme::current().colour(Role::canvas));
    painter.drawText(box.translated(1, 1), Qt::AlignLeft | Qt::AlignTop, text);
    painter.setPen(Theme::current().colour(Role::canvasText));
    painter.drawText(box, Qt::AlignLeft | Qt::AlignTop, text);
}

void ImageCanvas::resizeEvent(QResizeEvent*)
{
    if (m_fitted)
        m_zoom = fitZoom();
    changed();
}

void ImageCanvas::mousePressEvent(QMouseEvent* event)
{
    if (!m_pixels.valid())
        return;
    const bool grey = m_pixels.channels == 1;
    m_last = event->pos();
    m_zoomAnchor = event->position();
    m_dragged = false;
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && (m_panHeld || !grey)))
        m_drag = Drag::pan;
    else if (event->button() == Qt::LeftButton)
        m_drag = Drag::window;
    else if (event->button() == Qt::RightButton)
        m_drag = Drag::zoom;
}

void ImageCanvas::mouseMoveEvent(QMouseEvent* event)
{
    if (m_drag != Drag::none) {
        drag(event->pos() - m_last);
        m_last = event->pos();
    }
    Q_EMIT readout(describe(event->position()));
}

void ImageCanvas::drag(const QPoint& step)
{
    if (step.isNull())
        return;
    m_dragged = true;
    if (m_drag == Drag::pan) {
        m_fitted = false;
        m_centre -= QPointF(step.x() / (m_pixels.width * m_zoom), step.y() / (m_pixels.height * m_zoom));
        update();
    } else if (m_drag == Drag::zoom) {
        zoomBy(std::exp(-step.y() * 0.01), m_zoomAnchor);
    } else {
        // A drag across 512 px sweeps the whole range the file uses.
        const double gain = (m_pixels.high - m_pixels.low) / 512;
        const double width = std::max(1.0, m_window.high - m_window.low + step.x() * gain);
        const double level = (m_window.high + m_window.low) / 2 + step.y() * gain;
        setWindow({level - width / 2, level + width / 2});
    }
}

void ImageCanvas::mouseReleaseEvent(QMouseEvent* event)
{
    const bool click = m_drag == Drag::zoom && !m_dragged;
    m_drag = Drag::none;
    if (click)
        Q_EMIT menuWanted(event->globalPosition().toPoint());
}

void ImageCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (m_fitted)
        setZoom(1, event->position());
    else
        fit();
}

void ImageCanvas::wheelEvent(QWheelEvent* event)
{
    zoomBy(std::pow(1.2, event->angleDelta().y() / 120.0), event->position());
    event->accept();
}

void ImageCanvas::leaveEvent(QEvent*)
{
    Q_EMIT readout({});
}

void ImageCanvas::contextMenuEvent(QContextMenuEvent* event)
{
    // A right drag zooms, so with the mouse the menu waits for a release without a drag.
    if (event->reason() != QContextMenuEvent::Mouse)
        Q_EMIT menuWanted(event->globalPos());
    event->accept();
}

QString ImageCanvas::describe(const QPointF& position) const
{
    if (!m_pixels.valid())
        return {};
    const QRectF target = imageRect();
    const int x = int(std::floor((position.x() - target.x()) / m_zoom));
    const int y = int(std::floor((position.y() - target.y()) / m_zoom));
    if (x < 0 || y < 0 || x >= m_pixels.width || y >= m_pixels.height)
        return {};
    if (m_pixels.channels == 1)
        return tr("x %1  y %2  value %3").arg(x).arg(y).arg(m_pixels.value(x, y));
    return tr("x %1  y %2  R %3 G %4 B %5")
        .arg(x)
        .arg(y)
        .arg(m_pixels.value(x, y, 0))
        .arg(m_pixels.value(x, y, 1))
        .arg(m_pixels.value(x, y, 2));
}

} // namespace foveate::ui
