// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/ReasonText.h"

#include "base/Text.h"
#include "query/Ranked.h"

#include <QCoreApplication>
#include <cmath>

namespace foveate::ui {
namespace {

using query::Reason;
using query::ReasonCode;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(ReasonText)
};

/// ".51" and "1.00": shares without the zero that says nothing.
QString share(double value)
{
    QString text = QString::number(value, 'f', 2);
    if (text.startsWith(QLatin1Char('0')))
        text.remove(0, 1);
    return text;
}

QString number(double value)
{
    return QString::number(value, 'g', 3);
}

class Sentence {
public:
    Sentence(const Reason& reason, int rank, const std::vector<std::string>& classes)
        : m_reason(reason), m_rank(ordinal(rank)), m_classes(classes)
    {}
    QString text() const;

private:
    double at(std::size_t i) const { return i < m_reason.numbers.size() ? m_reason.numbers[i] : 0; }
    QString classAt(std::size_t i) const
    {
        const auto index = std::size_t(std::max(0.0, at(i)));
        return index < m_classes.size() ? QString::fromStdString(printable(m_classes[index])) : QString::number(index);
    }
    QString cluster(std::size_t i) const { return QString::number(int(at(i)) + 1); }
    QString kept(std::size_t i, const QString& words) const
    {
        return at(i) > 0 ? words : Words::tr("%1 (below the threshold)").arg(words);
    }
    QString uncertain() const;
    QString saliency() const;
    QString distance() const;

    const Reason& m_reason;
    QString m_rank;
    const std::vector<std::string>& m_classes;
};

QString Sentence::uncertain() const
{
    switch (m_reason.code) {
    case ReasonCode::entropy:
    case ReasonCode::proxy:
        if (m_classes.size() == 2)
            return Words::tr("%1 most uncertain: p = %2 / %3").arg(m_rank, share(at(3)), share(1 - at(3)));
        return Words::tr("%1 most uncertain: entropy %2 of %3, %4 at %5")
            .arg(m_rank, number(at(0)), number(at(1)), classAt(2), share(at(3)));
    case ReasonCode::margin:
        return Words::tr("%1 most uncertain: %2 %3, %4 %5")
            .arg(m_rank, classAt(0), share(at(1)), classAt(2), share(at(3)));
    case ReasonCode::leastConfidence:
        return Words::tr("%1 least confident: %2 at %3").arg(m_rank, classAt(0), share(at(1)));
    case ReasonCode::question:
        return Words::tr("%1 most uncertain: %2 yes or no, p = %3").arg(m_rank, classAt(0), share(at(1)));
    case ReasonCode::dropout:
        return Words::tr("%1 in variance over dropout passes: %2, mostly %3").arg(m_rank, number(at(0)), classAt(1));
    default: break;
    }
    return Words::tr("%1 in disagreement of dropout passes: %2 nats, mostly %3").arg(m_rank, number(at(0)), classAt(1));
}

QString Sentence::distance() const
{
    switch (m_reason.code) {
    case ReasonCode::coreset:
        return at(1) > 0 ? Words::tr("%1 farthest from what is labelled or chosen: %2 away").arg(m_rank, number(at(0)))
                         : Words::tr("covered: %1 from what is labelled or chosen").arg(number(at(0)));
    case ReasonCode::typical:
        return Words::tr("typical of group %1: %2 from its neighbours on average").arg(cluster(1), number(at(0)));
    case ReasonCode::periphery:
        return kept(
            4,
            Words::tr("between groups %1 and %2: p = %3 / %4").arg(cluster(0), cluster(2), share(at(1)), share(at(3))));
    case ReasonCode::zscore:
        return kept(2, Words::tr("%1 deviations from the centre of group %2").arg(number(at(1)), cluster(0)));
    case ReasonCode::silhouette: return kept(2, Words::tr("silhouette %1 in group %2").arg(number(at(1)), cluster(0)));
    case ReasonCode::spread:
        return kept(2, Words::tr("labels spread from different seeds disagree: %1 in %2 of the runs")
                           .arg(classAt(0), share(at(1))));
    default: break;
    }
    return Words::tr("no spread label came here");
}

QString Sentence::saliency() const
{
    switch (m_reason.code) {
    case ReasonCode::kurtosis: return Words::tr("%1 most concentrated map: kurtosis %2").arg(m_rank, number(at(0)));
    case ReasonCode::borda:
        return Words::tr("%1 by features of the map: mean rank %2 of %3")
            .arg(m_rank, number(at(0)), QString::number(at(1)));
    case ReasonCode::representative: return Words::tr("represents cluster %1").arg(QString::number(at(0)));
    case ReasonCode::awaiting:
        return Words::tr("%1 from the centre of cluster %2, which waits for its representative's label")
            .arg(number(at(1)), QString::number(at(0)));
    case ReasonCode::level:
        return Words::tr("informativeness level %1 of %2").arg(number(at(0)), QString::number(at(1)));
    default: break;
    }
    return Words::tr("no map made: only %1 by entropy").arg(ordinal(int(at(0))));
}

QString Sentence::text() const
{
    switch (m_reason.code) {
    case ReasonCode::random: return Words::tr("drawn at random");
    case ReasonCode::stratified: return Words::tr("drawn at random among %1").arg(classAt(0));
    case ReasonCode::entropy:
    case ReasonCode::proxy:
    case ReasonCode::margin:
    case ReasonCode::leastConfidence:
    case ReasonCode::question:
    case ReasonCode::dropout:
    case ReasonCode::bald: return uncertain();
    case ReasonCode::coreset:
    case ReasonCode::typical:
    case ReasonCode::periphery:
    case ReasonCode::zscore:
    case ReasonCode::silhouette:
    case ReasonCode::spread:
    case ReasonCode::unreached: return distance();
    case ReasonCode::kurtosis:
    case ReasonCode::borda:
    case ReasonCode::representative:
    case ReasonCode::awaiting:
    case ReasonCode::level:
    case ReasonCode::notMapped: return saliency();
    case ReasonCode::notCandidate: return Words::tr("not drawn among the candidates");
    case ReasonCode::noEvidence: break;
    }
    return Words::tr("no evidence");
}

} // namespace

QString ordinal(int value)
{
    const int tens = value % 100, ones = value % 10;
    if (ones == 1 && tens != 11)
        return Words::tr("%1st").arg(value);
    if (ones == 2 && tens != 12)
        return Words::tr("%1nd").arg(value);
    return ones == 3 && tens != 13 ? Words::tr("%1rd").arg(value) : Words::tr("%1th").arg(value);
}

QString reasonText(const std::string& reason, int rank, const std::vector<std::string>& classes)
{
    const auto known = query::reasonFromText(reason);
    return known ? Sentence(*known, rank, classes).text() : QString::fromStdString(printable(reason));
}

} // namespace foveate::ui
