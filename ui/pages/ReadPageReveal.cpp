// SPDX-License-Identifier: GPL-3.0-or-later
// What the Read page shows of the model, once it may: prediction, map, and whose they are.
#include "ui/models/ColourMap.h"
#include "ui/pages/ReadPage.h"
#include "ui/views/ClassPanel.h"
#include "ui/views/ImageCanvas.h"
#include "ui/views/OverlayBar.h"

#include <QAbstractButton>
#include <QTimer>

namespace foveate::ui {

using session::ReadingState;

void ReadPage::toggleOverlay()
{
    m_overlay->setOverlayOn(!m_overlay->overlayOn());
}

void ReadPage::stepModel(int steps)
{
    m_overlay->stepModel(steps);
}

void ReadPage::stepOpacity(int steps)
{
    m_overlay->stepOpacity(steps);
}

void ReadPage::peek(bool held)
{
    m_peeking = held;
    drawOverlay();
}

void ReadPage::peekFor(int milliseconds)
{
    peek(true);
    QTimer::singleShot(milliseconds, this, [this] { peek(false); });
}

void ReadPage::refreshModels()
{
    QList<ModelItem> models;
    for (const session::RunInfo& run : m_workspace.models())
        models.append({QString::fromStdString(run.id), tr("%n label(s)", nullptr, int(run.labels))});
    const session::RunInfo* asked = m_workspace.askedModel();
    m_overlay->setModels(models, asked ? QString::fromStdString(asked->id) : QString());
}

void ReadPage::refreshReveal()
{
    const session::ReadingItem& item = m_workspace.reading().item();
    const bool reading = m_workspace.reading().state() == ReadingState::reading;
    const auto& reveal = m_workspace.reveal();
    if (!reading || !item.visible.prediction) {
        const bool blind = m_workspace.project().file.policy == "blind";
        m_overlay->hideAll(!m_workspace.project().open() ? QString()
                           : blind                       ? tr("What the model used is hidden until the batch is read.")
                                                         : tr("What the model used is hidden until you have decided."));
    } else if (!reveal) {
        m_overlay->hideAll(m_workspace.revealPending() ? tr("Asking the model…")
                           : m_workspace.hasModel()    ? tr("The model has no answer for this image.")
                                                       : tr("There is no model yet."));
    } else {
        QStringList names;
        for (int i = 0; i < m_classes->count(); ++i)
            names << m_classes->button(i)->text();
        m_overlay->showPrediction(names, reveal->probabilities);
        const bool map = reveal->side > 0 && reveal->evidence;
        const QString lost = tr("%1 % of the relevance found no way back to the image.");
        m_overlay->showMap(map ? std::optional(std::pair(reveal->low, reveal->high)) : std::nullopt,
                           !map                   ? tr("The map is empty for this image.")
                           : reveal->lost >= .005 ? lost.arg(100 * reveal->lost, 0, 'f', 1)
                                                  : tr("What the model of %n label(s) used, not a lesion outline.",
                                                       nullptr, int(reveal->labels)));
        m_workspace.reading().screen().prediction = true;
    }
    drawOverlay();
}

void ReadPage::drawOverlay()
{
    const session::ReadingItem& item = m_workspace.reading().item();
    const auto& reveal = m_workspace.reveal();
    const bool may = m_workspace.reading().state() == ReadingState::reading && item.visible.overlay && reveal &&
                     reveal->side > 0 && reveal->evidence;
    if (!may || !(m_overlay->overlayOn() || m_peeking)) {
        m_canvas->setOverlay({});
        return;
    }
    m_workspace.reading().screen().overlay = true;
    m_canvas->setOverlay(CanvasOverlay{overlayPicture(reveal->map, reveal->side, reveal->side, float(reveal->low),
                                                      float(reveal->high), m_overlay->opacity()),
                                       QRectF(reveal->x, reveal->y, reveal->w, reveal->h)});
}

} // namespace foveate::ui
