// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/EngineText.h"

#include "ui/models/ErrorText.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace foveate::ui {

using session::EngineView;
using session::Phase;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(EngineText)
};

ChipText trainingChip(const EngineView& view)
{
    const QString progress = progressText(view.progress);
    const QString time = durationText(view.progress.remaining);
    const QString what = isScoring(view.progress) ? Words::tr("scoring") : Words::tr("training");
    return {time.isEmpty() ? Words::tr("Engine: %1").arg(what)
                           : Words::tr("Engine: %1, batch ready in %2").arg(what, time),
            progress.isEmpty() ? Words::tr("The engine trains on your labels.") : progress, Role::accent};
}

} // namespace

bool isScoring(const Progress& progress)
{
    return progress.stage.find("scor") != std::string::npos || progress.stage.find("predict") != std::string::npos;
}

QString durationText(double seconds)
{
    if (seconds < 0 || !std::isfinite(seconds))
        return {};
    if (seconds < 90)
        return Words::tr("about %1 s").arg(std::max(1, int(std::lround(seconds))));
    return Words::tr("about %1 min").arg(int(std::lround(seconds / 60)));
}

QString progressText(const Progress& progress)
{
    const auto value = [&](const std::string& name) -> std::optional<double> {
        for (const auto& [key, number] : progress.metrics)
            if (key == name)
                return number;
        return {};
    };
    QStringList parts;
    const auto epoch = value("epoch"), epochs = value("epochs");
    if (isScoring(progress)) {
        if (progress.of > 0)
            parts << Words::tr("%1 of %2 images").arg(progress.step).arg(progress.of);
    } else if (epoch) {
        parts << (epochs ? Words::tr("epoch %1 of %2").arg(int(*epoch)).arg(int(*epochs))
                         : Words::tr("epoch %1").arg(int(*epoch)));
    } else if (progress.of > 0) {
        parts << Words::tr("step %1 of %2").arg(progress.step).arg(progress.of);
    }
    if (const auto loss = value("loss"); loss && !isScoring(progress))
        parts << Words::tr("loss %1").arg(*loss, 0, 'f', 3);
    if (const QString time = durationText(progress.remaining); !time.isEmpty())
        parts << time;
    return parts.join(QStringLiteral(", "));
}

ChipText engineChip(const EngineView& view)
{
    if (view.missing)
        return {Words::tr("No engine: labels are safe"),
                Words::tr("The program foveate-engine is not beside this one. Everything but training works."),
                Role::caution};
    switch (view.phase) {
    case Phase::training: return trainingChip(view);
    case Phase::paused: return {Words::tr("Engine: paused"), Words::tr("Resume on the Train page."), Role::caution};
    case Phase::waitingRetry:
        return {Words::tr("Engine: starting again"), Words::tr("The engine ended unexpectedly and is started again."),
                Role::caution};
    case Phase::broken:
        return {Words::tr("Engine stopped: labels are safe"),
                Words::tr("The engine died three times without a saved step. Reading goes on with the last scores; "
                          "press Train now to try again."),
                Role::bad};
    case Phase::idle: break;
    }
    if (view.offered)
        return {Words::tr("Batch ready"),
                Words::tr("The model has chosen the next batch; it comes when this one is read."), Role::good};
    if (view.error)
        return {Words::tr("Engine: last run failed"), errorText(*view.error), Role::caution};
    if (!view.live)
        return {Words::tr("Engine: off"), Words::tr("Training while reading is switched off."), Role::quiet};
    if (view.judged)
        return {Words::tr("Engine: judging the model"),
                Words::tr("Cross-validation on the labelled images, fold %1 of %2. A training comes first.")
                    .arg(std::min(view.judged->first + 1, view.judged->second))
                    .arg(view.judged->second),
                Role::quiet};
    return {Words::tr("Engine: idle"),
            Words::tr("Training starts after %1 more labels.").arg(std::max(0, view.retrainAfter - view.newLabels)),
            Role::quiet};
}

QString logText(const QString& code, const QStringList& args)
{
    const QString first = args.value(0);
    if (code == QLatin1String("started"))
        return Words::tr("Run %1 started").arg(first);
    if (code == QLatin1String("checkpoint"))
        return Words::tr("Checkpoint at step %1").arg(first);
    if (code == QLatin1String("finished"))
        return Words::tr("Run %1 finished").arg(first);
    if (code == QLatin1String("died"))
        return Words::tr("The engine ended unexpectedly (%1)").arg(first);
    if (code == QLatin1String("broken"))
        return Words::tr("Three deaths without a saved step: training has stopped. Labels are safe.");
    if (code == QLatin1String("offered"))
        return Words::tr("The next batch is ready");
    if (code == QLatin1String("stopped"))
        return Words::tr("Stopped at a checkpoint");
    return Words::tr("Failed: %1").arg(first);
}

} // namespace foveate::ui
