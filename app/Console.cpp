// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/Console.h"

#include "ui/models/ErrorText.h"

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace foveate::app {
namespace {

QString duration(double seconds)
{
    const int whole = int(std::lround(seconds));
    if (whole < 60)
        return Console::tr("%1 s").arg(whole);
    return Console::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
}

QString summary(const Progress& progress)
{
    QStringList parts;
    for (const auto& [key, value] : progress.metrics)
        parts << QString::fromStdString(key) + u' ' + QString::number(value, 'g', 4);
    if (progress.remaining >= 0)
        parts << Console::tr("%1 left").arg(duration(progress.remaining));
    return parts.join(QStringLiteral(", "));
}

void writeLine(std::FILE* stream, const QString& line)
{
    const QByteArray bytes = line.toUtf8() + '\n';
    std::fwrite(bytes.constData(), 1, std::size_t(bytes.size()), stream);
    std::fflush(stream);
}

} // namespace

void say(const QString& line)
{
    writeLine(stdout, line);
}

void printJson(const nlohmann::json& document)
{
    // Names from outside may hold undecodable bytes that escaped an earlier check: never throw over them.
    const std::string text = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void note(const QString& sentence)
{
    writeLine(stderr, sentence);
}

ExitCode report(const Error& error)
{
    note(QStringLiteral("foveate: ") + ui::errorText(error));
    return exitCodeOf(error.code);
}

void ProgressBar::show(const Progress& progress)
{
    if (m_quiet || progress.of <= 0)
        return;
    const double share = double(progress.step) / double(progress.of);
    const QString stage = QString::fromStdString(progress.stage);
    if (::isatty(STDERR_FILENO)) {
        constexpr int kWidth = 24;
        const int filled = int(share * kWidth);
        const QString bar = QString(filled, u'━') + QString(kWidth - filled, u'─');
        const QString line = QStringLiteral("\r\033[K%1 %2 %3/%4  %5")
                                 .arg(stage, bar)
                                 .arg(progress.step)
                                 .arg(progress.of)
                                 .arg(summary(progress));
        std::fputs(line.toUtf8().constData(), stderr);
        std::fflush(stderr);
        m_open = true;
        return;
    }
    const int tenth = int(share * 10);
    if (tenth == m_tenth && progress.stage == m_stage)
        return;
    m_tenth = tenth;
    m_stage = progress.stage;
    note(QStringLiteral("%1 %2/%3 (%4 %)  %5")
             .arg(stage)
             .arg(progress.step)
             .arg(progress.of)
             .arg(tenth * 10)
             .arg(summary(progress)));
}

void ProgressBar::finish()
{
    if (m_open)
        std::fputs("\n", stderr);
    m_open = false;
}

} // namespace foveate::app
