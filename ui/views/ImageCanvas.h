// SPDX-License-Identifier: GPL-3.0-or-later
// The image and nothing else: fit, zoom at the cursor, pan, window/level, invert, nearest neighbour from 200 %.
//
// Each image has a serial; painted(serial) comes once, after its first paint, and is what arms the label keys.
// clear() takes the old image away at once; a skeleton comes after 100 ms, a spinner after 400 ms.
// Mouse on grey: left window/level, middle (or Space held) pan, right zoom; on colour: left pan. Wheel zooms.
#pragma once

#include "ui/models/Pixels.h"

#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include <QWidget>

#include <optional>

namespace foveate::ui {

/// A saliency map ready to draw over a part of the image.
struct CanvasOverlay {
    QImage picture;          ///< premultiplied
    QRectF part{0, 0, 1, 1}; ///< where the image lies inside the picture, as fractions
};

class ImageCanvas : public QWidget {
    Q_OBJECT
public:
    enum class TextLevel { none, scale, full };

    explicit ImageCanvas(QWidget* parent = nullptr);

    void clear();
    void setPixels(quint64 serial, const Pixels& pixels);
    void setOverlay(const std::optional<CanvasOverlay>& overlay);
    const Pixels& pixels() const { return m_pixels; }
    bool hasOverlay() const { return m_overlay.has_value(); }
    bool isWaiting() const { return m_waiting.isValid(); }

    void fit();
    void zoomBy(double factor, std::optional<QPointF> at = {});
    void setZoom(double zoom, std::optional<QPointF> at = {});
    double zoom() const { return m_zoom; }
    void setInverted(bool inverted);
    bool inverted() const { return m_inverted; }
    void setWindow(Window window);
    Window window() const { return m_window; }
    void resetWindow();
    void autoWindow();
    void cycleText();
    TextLevel textLevel() const { return m_text; }
    void setCornerText(const QString& text);
    void setPanHeld(bool held);

    QRectF imageRect() const;
    QSize sizeHint() const override { return {800, 600}; }

Q_SIGNALS:
    void painted(quint64 serial);
    /// Under the cursor; an empty text when outside.
    void readout(const QString& text);
    void viewChanged();
    void windowTouched();
    void zoomTouched();
    void menuWanted(const QPoint& globalPosition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    enum class Drag { none, window, pan, zoom };

    double fitZoom() const;
    void changed();
    void renderAgain();
    const QImage& scaledFor(const QSize& device);
    void drawImage(QPainter& painter);
    void drawScaleBar(QPainter& painter) const;
    void drawWaiting(QPainter& painter) const;
    void drawText(QPainter& painter) const;
    void drag(const QPoint& step);
    QString describe(const QPointF& position) const;

    Pixels m_pixels;
    QImage m_picture; ///< 8-bit, at the image's own size
    QImage m_scaled;  ///< m_picture reduced to the screen, while zoomed out
    std::optional<CanvasOverlay> m_overlay;
    quint64 m_serial = 0;
    bool m_announced = true;
    QElapsedTimer m_waiting;
    QTimer m_skeleton;
    Window m_window;
    bool m_inverted = false;
    bool m_fitted = true;
    double m_zoom = 1;
    QPointF m_centre{0.5, 0.5}; ///< of the view, as a fraction of the image
    TextLevel m_text = TextLevel::none;
    QString m_cornerText;
    Drag m_drag = Drag::none;
    bool m_dragged = false;
    bool m_panHeld = false;
    QPoint m_last;
    QPointF m_zoomAnchor;
};

/// Length in millimetres of a scale bar (1, 2 or 5 times a power of ten) that is 80 to 200 px long on the screen.
double scaleBarLength(double millimetresPerScreenPixel);

} // namespace foveate::ui
