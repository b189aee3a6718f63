// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/EngineChild.h"

#include <QDir>
#include <QFile>
#include <cmath>
#include <csignal>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace foveate::session {
namespace {

Code codeFromName(const std::string& text)
{
    for (int code = 0; code <= int(Code::partial); ++code)
        if (name(Code(code)) == text)
            return Code(code);
    return Code::internal;
}

std::int64_t integerAt(const nlohmann::json& json, const char* key)
{
    const auto at = json.find(key);
    return at != json.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

} // namespace

void prepareChild(QProcess& process, bool background)
{
    const pid_t parent = getpid();
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    // Between fork and exec: only calls that are safe in a signal handler.
    process.setChildProcessModifier([parent, background] {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        setpgid(0, 0);
        if (background) {
            const sched_param lowest{};
            sched_setscheduler(0, SCHED_IDLE, &lowest);
        }
    });
}

ProcessorUse processorUse(qint64 process)
{
    ProcessorUse use;
    const QDir tasks(QStringLiteral("/proc/%1/task").arg(process));
    for (const QString& thread : tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file(tasks.filePath(thread + QStringLiteral("/stat")));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        // Behind the name, which may hold anything: state is the first field, user and system time are the 12th and
        // 13th.
        const QByteArray stat = file.readAll();
        const QList<QByteArray> fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
        use.wanted = use.wanted || fields.value(0) == "R";
        use.seconds +=
            double(fields.value(11).toLongLong() + fields.value(12).toLongLong()) / double(sysconf(_SC_CLK_TCK));
    }
    return use;
}

nlohmann::json engineEvent(const QByteArray& line)
{
    nlohmann::json json = nlohmann::json::parse(line.constData(), line.constData() + line.size(), nullptr, false);
    return json.is_object() && !textAt(json, "event").empty() ? json : nlohmann::json();
}

Error errorFrom(const nlohmann::json& event)
{
    Error error{codeFromName(textAt(event, "code")), {}};
    if (const auto args = event.find("args"); args != event.end() && args->is_array())
        for (const nlohmann::json& arg : *args)
            error.args.push_back(arg.is_string() ? arg.get<std::string>() : arg.dump());
    return error;
}

Progress progressFrom(const nlohmann::json& event)
{
    Progress progress;
    progress.job = textAt(event, "job");
    progress.stage = textAt(event, "stage");
    progress.step = integerAt(event, "step");
    progress.of = integerAt(event, "of");
    progress.seconds = numberAt(event, "seconds");
    progress.remaining = numberAt(event, "remaining", -1);
    if (const auto metrics = event.find("metrics"); metrics != event.end() && metrics->is_object())
        for (const auto& [key, value] : metrics->items())
            if (value.is_number())
                progress.metrics.emplace_back(key, value.get<double>());
    return progress;
}

double numberAt(const nlohmann::json& json, const char* key, double otherwise)
{
    const auto at = json.find(key);
    const double value = at != json.end() && at->is_number() ? at->get<double>() : otherwise;
    return std::isfinite(value) ? value : otherwise;
}

std::string textAt(const nlohmann::json& json, const char* key)
{
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

} // namespace foveate::session
