// SPDX-License-Identifier: GPL-3.0-or-later
// What the model used, once it may be shown: on/off, opacity, a colour bar with values, the prediction in words.
#pragma once

#include <QStringList>
#include <QWidget>

#include <optional>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QSlider;

namespace foveate::ui {

/// Cividis from low to high with the raw values at its ends and middle.
class ColourBar : public QWidget {
    Q_OBJECT
public:
    explicit ColourBar(QWidget* parent);
    void setRange(std::optional<std::pair<double, double>> range);
    QSize sizeHint() const override { return {160, 32}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<std::pair<double, double>> m_range;
};

/// Class probabilities as bars with numbers.
class PredictionView : public QWidget {
    Q_OBJECT
public:
    explicit PredictionView(QWidget* parent);
    void setPrediction(const QStringList& classes, const std::vector<double>& probabilities);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QStringList m_classes;
    std::vector<double> m_probabilities;
};

/// A model whose prediction and map can be asked for.
struct ModelItem {
    QString run;   ///< its name, "0007-train"
    QString words; ///< "40 labels"
};

class OverlayBar : public QWidget {
    Q_OBJECT
public:
    explicit OverlayBar(QWidget* parent = nullptr);
    /// Nothing of the model: says why instead.
    void hideAll(const QString& reason);
    void showPrediction(const QStringList& classes, const std::vector<double>& probabilities);
    /// The map's raw range; none while it is being made or when there is none (`note` says which).
    void showMap(std::optional<std::pair<double, double>> range, const QString& note);

    /// Newest first; the choice is shown when there are at least two.
    void setModels(const QList<ModelItem>& models, const QString& asked);
    /// +1: an earlier model, −1: a later one.
    void stepModel(int steps);

    bool overlayOn() const;
    void setOverlayOn(bool on);
    double opacity() const;
    void stepOpacity(int steps);

Q_SIGNALS:
    void changed();
    /// "gradcam" or "deep-taylor"
    void methodChosen(const QString& method);
    void modelChosen(const QString& run);

private:
    QLabel* m_reason;
    QWidget* m_body;
    PredictionView* m_prediction;
    QCheckBox* m_on;
    QComboBox* m_method;
    QComboBox* m_model;
    QSlider* m_opacity;
    ColourBar* m_bar;
    QLabel* m_note;
};

} // namespace foveate::ui
