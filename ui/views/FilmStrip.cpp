// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/FilmStrip.h"

#include "ui/models/Theme.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QPainter>

namespace foveate::ui {

namespace {

constexpr int kSide = 56, kMark = 18;

void drawTick(QPainter& painter, const QRectF& box, bool durable, const Theme& theme)
{
    painter.setPen(QPen(theme.colour(Role::good), 1.5));
    painter.setBrush(durable ? QBrush(theme.colour(Role::good)) : QBrush(theme.colour(Role::panel)));
    painter.drawEllipse(box.adjusted(1, 1, -1, -1));
    painter.setPen(
        QPen(durable ? theme.colour(Role::panel) : theme.colour(Role::good), 1.5, Qt::SolidLine, Qt::RoundCap));
    painter.drawPolyline(QPolygonF(
        {box.topLeft() + QPointF(3.6, 7.2), box.topLeft() + QPointF(6, 9.6), box.topLeft() + QPointF(10.2, 4.4)}));
}

QString iconOf(Verdict verdict)
{
    switch (verdict) {
    case Verdict::skip: return QStringLiteral("skip");
    case Verdict::unsure: return QStringLiteral("unsure");
    default: return QStringLiteral("ungradable");
    }
}

} // namespace

QString verdictText(Verdict verdict)
{
    switch (verdict) {
    case Verdict::label: return QCoreApplication::translate("FilmStrip", "labelled");
    case Verdict::skip: return QCoreApplication::translate("FilmStrip", "skipped");
    case Verdict::unsure: return QCoreApplication::translate("FilmStrip", "unsure");
    case Verdict::ungradable: return QCoreApplication::translate("FilmStrip", "ungradable");
    }
    return {};
}

FilmFrame::FilmFrame(QWidget* parent) : QAbstractButton(parent)
{
    setFixedSize(kSide, kSide);
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setItem(std::nullopt, 0);
}

void FilmFrame::setItem(const std::optional<FilmItem>& item, int position)
{
    m_item = item;
    setEnabled(item.has_value());
    if (item) {
        const QString verdict = item->verdict == Verdict::label ? item->className : verdictText(item->verdict);
        setAccessibleName(position == 1 ? tr("Last image: %1").arg(verdict)
                                        : tr("%1 images back: %2").arg(position).arg(verdict));
        setToolTip(tooltipText(item->durable ? tr("%1, saved. Press to look again and change it.").arg(verdict)
                                             : tr("%1, being saved").arg(verdict)));
    } else {
        setAccessibleName(tr("Empty place"));
        setToolTip({});
    }
    update();
}

void FilmFrame::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::current();
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    const QRectF frame = QRectF(rect()).adjusted(.5, .5, -.5, -.5);
    if (!m_item) {
        painter.setPen(QPen(theme.colour(Role::line), 1));
        painter.drawRoundedRect(frame, 6, 6);
        return;
    }
    QPainterPath clip;
    clip.addRoundedRect(frame, 6, 6);
    painter.setClipPath(clip);
    painter.fillRect(rect(), theme.colour(Role::panel));
    // The picture fills the upper part; the marks have a row of their own and hide nothing of it.
    const QRectF window(0, 0, width(), height() - kMark);
    const QSizeF size = QSizeF(m_item->picture.size()).scaled(window.size(), Qt::KeepAspectRatioByExpanding);
    painter.setClipRect(window, Qt::IntersectClip);
    painter.drawImage(
        QRectF(QPointF(window.center().x() - size.width() / 2, window.center().y() - size.height() / 2), size),
        m_item->picture);
    painter.setClipping(false);

    const QRectF plate(frame.left(), window.bottom(), frame.width(), kMark - 1);
    painter.setPen(Qt::NoPen);
    const QRectF mark(plate.left() + 6, plate.center().y() - 5, 11, 11);
    if (m_item->verdict == Verdict::label && m_item->classIndex) {
        painter.setBrush(theme.classColour(*m_item->classIndex));
        painter.drawPath(classShape(*m_item->classIndex, mark));
    } else if (m_item->verdict == Verdict::label) { // none of several classes applies
        painter.setPen(QPen(theme.colour(Role::text), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(mark.adjusted(.5, .5, -.5, -.5));
    } else {
        painter.drawPixmap(mark.topLeft() - QPointF(1, 1),
                           iconPixmap(iconOf(m_item->verdict), theme.colour(Role::text), 14, devicePixelRatioF()));
    }
    drawTick(painter, QRectF(plate.right() - 18, plate.center().y() - 6.5, 14, 14), m_item->durable, theme);

    const bool lit = hasFocus() || m_item->current;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.colour(lit ? Role::accent : underMouse() ? Role::quiet : Role::line), lit ? 2 : 1));
    painter.drawRoundedRect(frame, 6, 6);
}

FilmStrip::FilmStrip(QWidget* parent) : QWidget(parent)
{
    setAccessibleName(tr("The last ten images"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    for (int i = 0; i < kLength; ++i) {
        auto* frame = new FilmFrame(this);
        frame->setObjectName(QStringLiteral("film-%1").arg(i));
        connect(frame, &QAbstractButton::clicked, this, [this, frame] {
            if (frame->item())
                Q_EMIT chosen(frame->item()->sample);
        });
        row->addWidget(frame);
        m_frames.append(frame);
    }
}

void FilmStrip::setItems(const QList<FilmItem>& items)
{
    const int shown = int(std::min<qsizetype>(items.size(), kLength));
    for (int i = 0; i < kLength; ++i) {
        if (i < shown)
            m_frames[i]->setItem(items[items.size() - shown + i], shown - i);
        else
            m_frames[i]->setItem(std::nullopt, 0);
    }
}

} // namespace foveate::ui
