// SPDX-License-Identifier: GPL-3.0-or-later
#include "score/Metrics.h"

#include "score/Weighted.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace foveate::score {
namespace {

constexpr int kBins = 15;

double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

double sumOfRow(const Metrics& m, std::size_t row)
{
    return double(std::accumulate(m.confusion[row].begin(), m.confusion[row].end(), std::int64_t(0)));
}

double sumOfColumn(const Metrics& m, std::size_t column)
{
    double sum = 0;
    for (const auto& row : m.confusion)
        sum += double(row[column]);
    return sum;
}

/// Precision, recall and F1 of each class from the confusion matrix, and their averages.
void addClassScores(Metrics& m)
{
    double all = 0, correct = 0, present = 0, inTruth = 0;
    for (std::size_t c = 0; c < m.perClass.size(); ++c) {
        ClassScores& s = m.perClass[c];
        const double hits = double(m.confusion[c][c]);
        const double predicted = sumOfColumn(m, c);
        s.support = sumOfRow(m, c);
        s.precision = ratio(hits, predicted);
        s.recall = ratio(hits, s.support);
        s.f1 = ratio(2 * hits, predicted + s.support);
        all += s.support;
        correct += hits;
        present += predicted + s.support > 0 ? 1 : 0;
        inTruth += s.support > 0 ? 1 : 0;
    }
    m.accuracy = ratio(correct, all);
    for (const ClassScores& s : m.perClass) {
        m.balancedAccuracy += ratio(s.recall, inTruth);
        m.precisionMacro += ratio(s.precision, present);
        m.recallMacro += ratio(s.recall, present);
        m.f1Macro += ratio(s.f1, present);
        m.precisionWeighted += ratio(s.precision * s.support, all);
        m.recallWeighted += ratio(s.recall * s.support, all);
        m.f1Weighted += ratio(s.f1 * s.support, all);
    }
}

/// How far confidence is from being right, in equal bins of the confidence.
class Calibration {
public:
    void add(double top, bool right, double weight)
    {
        const int bin = std::clamp(int(std::ceil(top * kBins)) - 1, 0, kBins - 1);
        m_gap[std::size_t(bin)] += weight * ((right ? 1 : 0) - top);
        m_all += weight;
    }
    double error() const
    {
        double sum = 0;
        for (const double gap : m_gap)
            sum += std::abs(gap);
        return ratio(sum, m_all);
    }

private:
    std::array<double, kBins> m_gap{};
    double m_all = 0;
};

void addMeanAuc(Metrics& m, bool multiLabel)
{
    if (m.perClass.size() == 2 && !multiLabel) {
        m.auc = m.perClass[1].auc;
        return;
    }
    double sum = 0;
    int count = 0;
    for (const ClassScores& s : m.perClass)
        if (s.auc) {
            sum += *s.auc;
            ++count;
        }
    if (count > 0)
        m.auc = sum / count;
}

} // namespace

std::vector<int> predictedLabels(const std::vector<double>& probabilities, int classes, bool multiLabel)
{
    std::vector<int> predicted(probabilities.size() / std::size_t(classes));
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        const auto row = probabilities.begin() + std::ptrdiff_t(i) * classes;
        if (!multiLabel) {
            predicted[i] = int(std::max_element(row, row + classes) - row);
            continue;
        }
        for (int c = 0; c < classes; ++c)
            predicted[i] |= row[c] >= .5 ? 1 << c : 0;
    }
    return predicted;
}

Weighted::Weighted(const Predictions& predictions)
    : m_predictions(predictions),
      m_predicted(predictedLabels(predictions.probabilities, predictions.classes, predictions.multiLabel)),
      m_ascending(std::size_t(predictions.classes))
{
    const std::size_t classes = m_ascending.size();
    for (std::size_t c = 0; c < classes; ++c) {
        m_ascending[c].resize(predictions.truth.size());
        std::iota(m_ascending[c].begin(), m_ascending[c].end(), std::size_t(0));
        std::sort(m_ascending[c].begin(), m_ascending[c].end(), [&](std::size_t a, std::size_t b) {
            return predictions.probabilities[a * classes + c] < predictions.probabilities[b * classes + c];
        });
    }
}

bool Weighted::applies(int label, std::size_t classIndex) const
{
    return m_predictions.multiLabel ? ((label >> classIndex) & 1) != 0 : label == int(classIndex);
}

/// Each class of a multi-label study by itself, and their averages over all classes.
void Weighted::addQuestions(std::span<const int> weights, Metrics& m) const
{
    double all = 0, right = 0, supports = 0, judged = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        all += weights[i];
        right += m_predicted[i] == m_predictions.truth[i] ? weights[i] : 0;
    }
    m.accuracy = ratio(right, all);
    for (std::size_t c = 0; c < m.perClass.size(); ++c) {
        double hits = 0, predicted = 0;
        ClassScores& s = m.perClass[c];
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const bool is = applies(m_predictions.truth[i], c), said = applies(m_predicted[i], c);
            s.support += is ? weights[i] : 0;
            predicted += said ? weights[i] : 0;
            hits += is && said ? weights[i] : 0;
        }
        s.precision = ratio(hits, predicted);
        s.recall = ratio(hits, s.support);
        s.f1 = ratio(2 * hits, predicted + s.support);
        supports += s.support;
        const double without = all - s.support;
        if (s.support > 0 && without > 0) {
            m.balancedAccuracy += (s.recall + (without - (predicted - hits)) / without) / 2;
            ++judged;
        }
    }
    m.balancedAccuracy = ratio(m.balancedAccuracy, judged);
    const double classes = double(m.perClass.size());
    for (const ClassScores& s : m.perClass) {
        m.precisionMacro += s.precision / classes;
        m.recallMacro += s.recall / classes;
        m.f1Macro += s.f1 / classes;
        m.precisionWeighted += ratio(s.precision * s.support, supports);
        m.recallWeighted += ratio(s.recall * s.support, supports);
        m.f1Weighted += ratio(s.f1 * s.support, supports);
    }
}

void Weighted::addConfusion(std::span<const int> weights, Metrics& out) const
{
    const std::size_t classes = m_ascending.size();
    out.confusion.assign(classes, std::vector<std::int64_t>(classes, 0));
    for (std::size_t i = 0; i < weights.size(); ++i)
        out.confusion[std::size_t(m_predictions.truth[i])][std::size_t(m_predicted[i])] += weights[i];
}

/// The chance that an image of the class scores higher than one of the rest; equal scores count half.
std::optional<double> Weighted::auc(std::size_t classIndex, std::span<const int> weights) const
{
    const std::vector<std::size_t>& order = m_ascending[classIndex];
    const auto score = [&](std::size_t at) {
        return m_predictions.probabilities[order[at] * m_ascending.size() + classIndex];
    };
    double below = 0, wins = 0, positives = 0;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        double positive = 0, negative = 0;
        for (end = begin; end < order.size() && score(end) == score(begin); ++end)
            (applies(m_predictions.truth[order[end]], classIndex) ? positive : negative) += weights[order[end]];
        wins += positive * (below + negative / 2);
        below += negative;
        positives += positive;
    }
    if (positives == 0 || below == 0)
        return std::nullopt;
    return wins / (positives * below);
}

double Weighted::calibrationError(std::span<const int> weights) const
{
    Calibration calibration;
    const std::size_t classes = m_ascending.size();
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const auto row = std::span(m_predictions.probabilities).subspan(i * classes, classes);
        if (!m_predictions.multiLabel) {
            calibration.add(row[std::size_t(m_predicted[i])], m_predicted[i] == m_predictions.truth[i], weights[i]);
            continue;
        }
        for (std::size_t c = 0; c < classes; ++c)
            calibration.add(std::max(row[c], 1 - row[c]),
                            applies(m_predicted[i], c) == applies(m_predictions.truth[i], c), weights[i]);
    }
    return calibration.error();
}

Metrics Weighted::evaluate(std::span<const int> weights) const
{
    Metrics out;
    out.perClass.resize(m_ascending.size());
    if (m_predictions.multiLabel) {
        addQuestions(weights, out);
    } else {
        addConfusion(weights, out);
        addClassScores(out);
    }
    for (std::size_t c = 0; c < m_ascending.size(); ++c)
        out.perClass[c].auc = auc(c, weights);
    addMeanAuc(out, m_predictions.multiLabel);
    out.ece = calibrationError(weights);
    return out;
}

Status check(const Predictions& predictions)
{
    const std::size_t n = predictions.truth.size();
    if (predictions.multiLabel && predictions.classes > 24)
        return fail(Code::badInput, {"classes", std::to_string(predictions.classes)});
    if (predictions.classes < 2)
        return fail(Code::needsClasses, {std::to_string(predictions.classes)});
    if (n == 0)
        return fail(Code::needsLabels, {"0", "1", "label"});
    if (predictions.probabilities.size() != n * std::size_t(predictions.classes) ||
        (!predictions.patients.empty() && predictions.patients.size() != n))
        return fail(Code::wrongShape, {"probabilities", std::to_string(predictions.probabilities.size()),
                                       std::to_string(n * std::size_t(predictions.classes))});
    const int labels = predictions.multiLabel ? 1 << predictions.classes : predictions.classes;
    for (const int t : predictions.truth)
        if (t < 0 || t >= labels)
            return fail(Code::badInput, {"truth", std::to_string(t)});
    for (const double p : predictions.probabilities)
        if (!std::isfinite(p))
            return fail(Code::nonFinite, {"probabilities"});
    return {};
}

Result<Metrics> metrics(const Predictions& predictions)
{
    FOVEATE_CHECK(check(predictions));
    Metrics out = Weighted(predictions).evaluate(std::vector<int>(predictions.truth.size(), 1));
    out.images = predictions.truth.size();
    out.patients =
        predictions.patients.empty()
            ? out.images
            : std::unordered_set<std::int64_t>(predictions.patients.begin(), predictions.patients.end()).size();
    return out;
}

} // namespace foveate::score
