// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/TrainPage.h"

#include "ui/models/EngineText.h"
#include "ui/models/ErrorText.h"
#include "ui/views/Charts.h"
#include "ui/views/ConfusionView.h"
#include "ui/views/Controls.h"
#include "ui/views/Icons.h"
#include "ui/views/StateStrip.h"

#include <QCheckBox>
#include <QClipboard>
#include <QFrame>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QTime>
#include <QVBoxLayout>

namespace foveate::ui {

using session::Phase;

namespace {

constexpr int kLogLines = 500;

StageView stageOf(const session::EngineView& view)
{
    StageView stage;
    const Progress& progress = view.progress;
    stage.progress = progress.of > 0 ? double(progress.step) / double(progress.of) : 0;
    switch (view.phase) {
    case Phase::training:
        stage.stage = isScoring(progress) ? EngineStage::scoring : EngineStage::training;
        stage.detail = progressText(progress);
        return stage;
    case Phase::paused: stage.stage = EngineStage::training; break;
    case Phase::waitingRetry: stage.stage = EngineStage::training; break;
    case Phase::broken:
    case Phase::idle: stage.stage = view.offered ? EngineStage::ready : EngineStage::idle; break;
    }
    const ChipText chip = engineChip(view);
    stage.detail = chip.explanation;
    return stage;
}

std::vector<Curve> lossCurves(const std::vector<session::LossPoint>& points)
{
    Curve training{TrainPage::tr("training"), {}, {}, {}, {}, false};
    Curve validation{TrainPage::tr("validation"), {}, {}, {}, {}, true};
    for (const session::LossPoint& point : points) {
        training.x.push_back(point.epoch);
        training.y.push_back(point.loss);
        if (point.validation) {
            validation.x.push_back(point.epoch);
            validation.y.push_back(*point.validation);
        }
    }
    std::vector<Curve> curves;
    if (!training.x.empty())
        curves.push_back(std::move(training));
    if (!validation.x.empty())
        curves.push_back(std::move(validation));
    return curves;
}

QString curveName(session::CurveBasis basis)
{
    switch (basis) {
    case session::CurveBasis::test: return TrainPage::tr("accuracy on test images");
    case session::CurveBasis::validation: return TrainPage::tr("accuracy on validation images");
    case session::CurveBasis::crossValidated: return TrainPage::tr("accuracy, 5-fold cross-validation");
    case session::CurveBasis::tooFew: break;
    }
    return {};
}

std::vector<Curve> efficiencyCurves(const session::Curve& curve)
{
    // What was estimated on the labels themselves is dashed.
    const bool estimated = curve.basis == session::CurveBasis::crossValidated;
    Curve accuracy{curveName(curve.basis), {}, {}, {}, {}, estimated};
    bool bands = true;
    for (const session::CurvePoint& point : curve.points) {
        const auto value = point.values.find("accuracy");
        if (value == point.values.end())
            continue;
        accuracy.x.push_back(double(point.labels));
        accuracy.y.push_back(value->second);
        const auto interval = point.intervals.find("accuracy");
        bands = bands && interval != point.intervals.end();
        if (bands) {
            accuracy.low.push_back(interval->second.low);
            accuracy.high.push_back(interval->second.high);
        }
    }
    if (!bands)
        accuracy.low = accuracy.high = {};
    return accuracy.x.empty() ? std::vector<Curve>{} : std::vector<Curve>{accuracy};
}

QString emptyCurveText(const session::Results& results)
{
    if (results.run.empty())
        return TrainPage::tr("Each training adds a point: how good the model is with so many labels.");
    if (results.curve.basis == session::CurveBasis::crossValidated)
        return TrainPage::tr("No images are set aside, so the model is judged on the labelled ones by 5-fold "
                             "cross-validation while the engine rests.");
    return TrainPage::tr("Twenty labelled images are needed to draw this curve.");
}

Confusion confusionOf(const session::Evaluation& evaluation)
{
    Confusion confusion;
    if (evaluation.confusion.empty())
        return confusion; // several classes an image: there is no such table
    for (const std::string& name : evaluation.classes)
        confusion.classes << visibleText(QString::fromStdString(name));
    for (const auto& row : evaluation.confusion)
        confusion.counts.emplace_back(row.begin(), row.end());
    confusion.caption =
        evaluation.crossValidated
            ? TrainPage::tr("%n labelled image(s), each by a model that had not seen its patient. Rows: the label, "
                            "columns: the model.",
                            nullptr, int(evaluation.n))
            : TrainPage::tr("%n image(s). Rows: what is known, columns: the model.", nullptr, int(evaluation.n));
    return confusion;
}

} // namespace

TrainPage::TrainPage(session::Workspace& workspace, QWidget* parent) : QWidget(parent), m_workspace(workspace)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(16);
    column->addWidget(buildHead());
    auto* grid = new QGridLayout;
    grid->setSpacing(16);
    m_curve = new CurveChart(tr("Accuracy by number of labels"), tr("labels"), tr("accuracy"), this);
    m_curve->setYRange(0, 1.02);
    m_loss = new CurveChart(tr("Loss"), tr("epoch"), tr("cross-entropy"), this);
    m_confusion = new ConfusionView(this);
    grid->addWidget(card(m_curve), 0, 0);
    grid->addWidget(card(m_confusion), 0, 1);
    grid->addWidget(card(m_loss), 1, 0);
    grid->addWidget(card(buildLog()), 1, 1);
    grid->setColumnStretch(0, 3);
    grid->setColumnStretch(1, 2);
    grid->setRowStretch(0, 1);
    grid->setRowStretch(1, 1);
    column->addLayout(grid, 1);

    session::WorkspaceTraining& training = workspace.training();
    connect(&training, &session::WorkspaceTraining::changed, this, &TrainPage::refreshEngine);
    connect(&training, &session::WorkspaceTraining::resultsChanged, this, &TrainPage::refreshResults);
    connect(&training, &session::WorkspaceTraining::logged, this, [this](const QString& code, const QStringList& args) {
        const auto error = m_workspace.training().view().error;
        log(code == QLatin1String("failed") && error ? tr("Failed: %1").arg(errorText(*error)) : logText(code, args));
    });
    connect(&workspace, &session::Workspace::opened, this, [this] {
        m_log->clear();
        refreshEngine();
    });
    refreshEngine();
    refreshResults();
}

QWidget* TrainPage::card(QWidget* content)
{
    auto* frame = new QFrame(this);
    frame->setObjectName(QStringLiteral("card"));
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(16, 12, 16, 16);
    column->addWidget(content);
    return frame;
}

QWidget* TrainPage::buildHead()
{
    auto* head = new QWidget(this);
    auto* column = new QVBoxLayout(head);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(16);
    m_strip = new StateStrip(head);
    column->addWidget(m_strip);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    session::WorkspaceTraining& training = m_workspace.training();
    m_now = makeButton(tr("Train now"), QStringLiteral("train"), head, true);
    m_now->setToolTip(tr("Train on the labels there are (T)"));
    connect(m_now, &QPushButton::clicked, &training, &session::WorkspaceTraining::trainNow);
    m_pause = makeButton(tr("Pause"), QStringLiteral("pause"), head);
    connect(m_pause, &QPushButton::clicked, this, [this, &training] {
        if (training.view().phase == Phase::paused)
            training.resume();
        else
            training.pause();
    });
    m_stop = makeButton(tr("Stop"), QStringLiteral("stop"), head);
    m_stop->setToolTip(tr("End this run; its checkpoint stays"));
    connect(m_stop, &QPushButton::clicked, &training, &session::WorkspaceTraining::stop);
    m_live = new QCheckBox(tr("Train while reading"), head);
    m_live->setToolTip(tr("Starts a training after every ten new labels"));
    connect(m_live, &QCheckBox::clicked, &training, &session::WorkspaceTraining::setLive);
    for (QWidget* widget :
         {static_cast<QWidget*>(m_now), static_cast<QWidget*>(m_pause), static_cast<QWidget*>(m_stop)})
        row->addWidget(widget);
    row->addSpacing(16);
    row->addWidget(m_live);
    row->addStretch(1);
    m_model = makeLabel({}, TextType::quiet, head);
    row->addWidget(m_model);
    column->addLayout(row);
    return head;
}

QWidget* TrainPage::buildLog()
{
    auto* box = new QWidget(this);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    auto* row = new QHBoxLayout;
    row->addWidget(makeCardTitle(tr("Log"), box));
    row->addStretch(1);
    auto* copy = new QToolButton(box);
    copy->setIcon(icon(QStringLiteral("copy"), Role::quiet));
    copy->setToolTip(tr("Copy the log"));
    copy->setAccessibleName(tr("Copy the log"));
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_log->toPlainText()); });
    row->addWidget(copy);
    column->addLayout(row);
    m_log = new QPlainTextEdit(box);
    m_log->setReadOnly(true);
    m_log->setMaximumBlockCount(kLogLines);
    m_log->setAccessibleName(tr("Log of the engine"));
    m_log->setObjectName(QStringLiteral("log"));
    m_log->setPlaceholderText(tr("What the engine does is written here."));
    column->addWidget(m_log, 1);
    return box;
}

void TrainPage::log(const QString& line)
{
    m_log->appendPlainText(QTime::currentTime().toString(QStringLiteral("HH:mm:ss")) + QStringLiteral("  ") + line);
}

QString TrainPage::logged() const
{
    return m_log->toPlainText();
}

void TrainPage::refreshEngine()
{
    const session::EngineView view = m_workspace.training().view();
    const bool open = m_workspace.project().open() && !m_workspace.project().readOnly && !view.missing;
    const bool running = view.phase == Phase::training || view.phase == Phase::waitingRetry;
    const bool paused = view.phase == Phase::paused;
    m_strip->setView(stageOf(view));
    m_now->setEnabled(open && !running && !paused);
    m_pause->setEnabled(running || paused);
    m_pause->setText(paused ? tr("Resume") : tr("Pause"));
    m_pause->setIcon(icon(paused ? QStringLiteral("resume") : QStringLiteral("pause")));
    m_pause->setToolTip(paused ? tr("Go on from the checkpoint") : tr("Save a checkpoint and give the processor back"));
    m_stop->setEnabled(running || paused);
    m_live->setEnabled(open);
    m_live->setChecked(view.live);
    if (running)
        refreshLosses();
}

void TrainPage::refreshLosses()
{
    const auto& losses = m_workspace.training().losses();
    if (!losses.empty())
        m_loss->setCurves(lossCurves(losses), {});
}

void TrainPage::refreshResults()
{
    const session::Results& results = m_workspace.training().results();
    m_model->setText(results.run.empty() ? tr("No model yet")
                                         : tr("Model: %1").arg(QString::fromStdString(results.run)));
    m_loss->setCurves(lossCurves(results.losses), tr("The loss of a training is drawn here, epoch by epoch."));
    m_curve->setCurves(efficiencyCurves(results.curve), emptyCurveText(results));
    m_confusion->setConfusion(results.evaluation ? confusionOf(*results.evaluation) : Confusion{},
                              tr("After a training, what the model takes for what."));
}

void TrainPage::restyle()
{
    m_now->setIcon(icon(QStringLiteral("train"), Role::onAccent));
    m_stop->setIcon(icon(QStringLiteral("stop")));
    refreshEngine();
}

} // namespace foveate::ui
