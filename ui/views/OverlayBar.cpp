// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/OverlayBar.h"

#include "ui/models/ColourMap.h"
#include "ui/models/Theme.h"
#include "ui/views/Controls.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>
#include <algorithm>

namespace foveate::ui {

namespace {

constexpr int kOpacityStep = 10, kOpacityDefault = 40, kBarRow = 24, kBarHeight = 10;

} // namespace

ColourBar::ColourBar(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ColourBar::setRange(std::optional<std::pair<double, double>> range)
{
    m_range = range;
    setAccessibleName(range ? tr("Colour bar from %1 to %2").arg(range->first).arg(range->second) : tr("Colour bar"));
    update();
}

void ColourBar::paintEvent(QPaintEvent*)
{
    if (!m_range)
        return;
    QPainter painter(this);
    for (int x = 0; x < width(); ++x)
        painter.fillRect(x, 0, 1, kBarHeight, QColor(cividis(width() > 1 ? double(x) / (width() - 1) : 0)));
    painter.setPen(Theme::current().colour(Role::quiet));
    QFont small = font();
    small.setPixelSize(11);
    painter.setFont(small);
    const QRectF words(0, kBarHeight + 4, width(), height() - kBarHeight - 4);
    const QLocale locale;
    painter.drawText(words, Qt::AlignLeft | Qt::AlignTop, locale.toString(m_range->first, 'g', 3));
    painter.drawText(words, Qt::AlignHCenter | Qt::AlignTop,
                     locale.toString((m_range->first + m_range->second) / 2, 'g', 3));
    painter.drawText(words, Qt::AlignRight | Qt::AlignTop, locale.toString(m_range->second, 'g', 3));
}

PredictionView::PredictionView(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void PredictionView::setPrediction(const QStringList& classes, const std::vector<double>& probabilities)
{
    m_classes = classes;
    m_probabilities = probabilities;
    QStringList words;
    for (int i = 0; i < classes.size() && i < int(probabilities.size()); ++i)
        words << tr("%1 %2 %").arg(classes[i]).arg(qRound(100 * probabilities[std::size_t(i)]));
    setAccessibleName(words.isEmpty() ? QString() : tr("The model says: %1").arg(words.join(QStringLiteral(", "))));
    updateGeometry();
    update();
}

QSize PredictionView::sizeHint() const
{
    return {200, int(m_classes.size()) * kBarRow};
}

void PredictionView::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::current();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < m_classes.size() && i < int(m_probabilities.size()); ++i) {
        const double share = m_probabilities[std::size_t(i)];
        const QRectF row(0, i * kBarRow, width(), kBarRow);
        painter.setPen(theme.colour(Role::text));
        painter.drawText(row.adjusted(0, 0, -48, -4), Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(m_classes[i], Qt::ElideRight, width() - 48));
        painter.drawText(row.adjusted(0, 0, 0, -4), Qt::AlignRight | Qt::AlignVCenter,
                         tr("%1 %").arg(qRound(100 * share)));
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.colour(Role::line));
        painter.drawRoundedRect(QRectF(0, row.bottom() - 4, width(), 3), 1.5, 1.5);
        painter.setBrush(theme.classColour(i));
        painter.drawRoundedRect(QRectF(0, row.bottom() - 4, width() * share, 3), 1.5, 1.5);
    }
}

OverlayBar::OverlayBar(QWidget* parent)
    : QWidget(parent), m_reason(makeLabel({}, TextType::caption, this)), m_body(new QWidget(this)),
      m_prediction(new PredictionView(m_body)), m_on(new QCheckBox(tr("What the model used (E)"), m_body)),
      m_method(new Choice(m_body)), m_model(new Choice(m_body)), m_opacity(new QSlider(Qt::Horizontal, m_body)),
      m_bar(new ColourBar(m_body)), m_note(makeLabel({}, TextType::caption, m_body))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_reason);
    column->addWidget(m_body);
    m_reason->setWordWrap(true);
    m_note->setWordWrap(true);

    auto* body = new QVBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(4); // at 800 px of height all of it is to be seen
    body->addWidget(makeLabel(tr("What the model takes it for"), TextType::caption, m_body));
    body->addWidget(m_prediction);
    body->addWidget(m_on);
    m_opacity->setRange(0, 100);
    m_opacity->setValue(kOpacityDefault);
    m_opacity->setFocusPolicy(Qt::TabFocus);
    m_opacity->setAccessibleName(tr("Overlay opacity"));
    m_opacity->setToolTip(tr("Opacity (Q less, W more)"));
    m_on->setFocusPolicy(Qt::TabFocus);
    m_method->addItem(tr("Grad-CAM"), QStringLiteral("gradcam"));
    m_method->addItem(tr("Deep Taylor"), QStringLiteral("deep-taylor"));
    m_method->setAccessibleName(tr("How the map is made"));
    m_method->setToolTip(tr("How the map is made: Grad-CAM is coarse, Deep Taylor fine"));
    m_model->setAccessibleName(tr("Whose map it is"));
    m_model->setToolTip(tr("The model after so many labels (Shift+Q earlier, Shift+W later)"));
    auto* choices = new QHBoxLayout;
    for (QComboBox* choice : {m_method, m_model}) {
        choice->setFocusPolicy(Qt::TabFocus);
        choice->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); // half the row each
        choices->addWidget(choice);
    }
    body->addLayout(choices);
    body->addWidget(m_opacity);
    body->addWidget(m_bar);
    body->addWidget(m_note);
    connect(m_on, &QCheckBox::toggled, this, [this] { Q_EMIT changed(); });
    connect(m_method, &QComboBox::currentIndexChanged, this,
            [this] { Q_EMIT methodChosen(m_method->currentData().toString()); });
    connect(m_model, &QComboBox::currentIndexChanged, this, [this](int index) {
        if (index >= 0)
            Q_EMIT modelChosen(m_model->currentData().toString());
    });
    connect(m_opacity, &QSlider::valueChanged, this, [this] { Q_EMIT changed(); });
    hideAll({});
}

void OverlayBar::hideAll(const QString& reason)
{
    m_body->setVisible(false);
    m_prediction->setPrediction({}, {});
    m_bar->setRange({});
    m_note->clear();
    m_reason->setText(reason);
    m_reason->setVisible(!reason.isEmpty());
}

void OverlayBar::showPrediction(const QStringList& classes, const std::vector<double>& probabilities)
{
    m_reason->setVisible(false);
    m_body->setVisible(true);
    m_prediction->setPrediction(classes, probabilities);
}

void OverlayBar::showMap(std::optional<std::pair<double, double>> range, const QString& note)
{
    m_bar->setRange(range);
    m_bar->setVisible(range && m_on->isChecked());
    m_opacity->setEnabled(range.has_value());
    m_on->setEnabled(range.has_value());
    m_note->setText(note);
}

void OverlayBar::setModels(const QList<ModelItem>& models, const QString& asked)
{
    const QSignalBlocker quiet(m_model);
    m_model->clear();
    for (const ModelItem& model : models) {
        m_model->addItem(model.words, model.run);
        m_model->setItemData(m_model->count() - 1, model.run, Qt::ToolTipRole);
    }
    m_model->setCurrentIndex(m_model->findData(asked));
    m_model->setVisible(models.size() > 1);
}

void OverlayBar::stepModel(int steps)
{
    if (m_body->isVisible() && m_model->count() > 1)
        m_model->setCurrentIndex(std::clamp(m_model->currentIndex() + steps, 0, m_model->count() - 1));
}

bool OverlayBar::overlayOn() const
{
    return m_on->isChecked();
}

void OverlayBar::setOverlayOn(bool on)
{
    m_on->setChecked(on);
}

double OverlayBar::opacity() const
{
    return m_opacity->value() / 100.0;
}

void OverlayBar::stepOpacity(int steps)
{
    m_opacity->setValue(m_opacity->value() + steps * kOpacityStep);
}

} // namespace foveate::ui
