// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/WeightsFile.h"

#include "session/EngineChild.h"
#include "session/EngineProcess.h"

#include <QFile>
#include <QProcess>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace foveate::app {
namespace {

/// The reader sees nothing but the two descriptors, so it cannot name the file: that is done here.
Status convert(const std::string& from, const std::string& to)
{
    QProcess reader;
    reader.setStandardInputFile(QString::fromStdString(from));
    reader.setStandardOutputFile(QString::fromStdString(to));
    reader.setProcessEnvironment(QProcessEnvironment());
    reader.start(session::programBeside(QStringLiteral("foveate-decode")), {QStringLiteral("weights")});
    if (!reader.waitForStarted(-1))
        return fail(Code::sandbox, {"foveate-decode"});
    reader.waitForFinished(-1); // its processor time is limited
    if (reader.exitStatus() == QProcess::NormalExit && reader.exitCode() == 0)
        return {};
    const nlohmann::json line = nlohmann::json::parse(reader.readAllStandardError().toStdString(), nullptr, false);
    if (!line.is_object())
        return fail(Code::decoderDied, {from, "weights"});
    Error error = session::errorFrom(line);
    if (!error.args.empty() && error.args[0].empty())
        error.args[0] = from;
    return tl::unexpected(error);
}

bool beginsLikeSafetensors(const std::string& path)
{
    QFile file(QString::fromStdString(path));
    return file.open(QIODevice::ReadOnly) && file.read(9).endsWith('{');
}

Status copy(const std::string& from, const std::string& to)
{
    std::error_code failed;
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, failed);
    return failed ? Status(tl::unexpected(errnoError(failed.value(), from))) : Status();
}

} // namespace

Result<WeightsFile> WeightsFile::import(const session::Project& project, const std::string& path)
{
    if (!std::filesystem::is_regular_file(path))
        return fail(Code::notFound, {"file", path});
    WeightsFile made(project.packPath() + "-weights-" + std::to_string(::getpid()) + ".safetensors");
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(made.path()).parent_path(), ignored);
    FOVEATE_CHECK(beginsLikeSafetensors(path) ? copy(path, made.path()) : convert(path, made.path()));
    return made;
}

WeightsFile::~WeightsFile()
{
    std::error_code ignored;
    if (!m_path.empty())
        std::filesystem::remove(m_path, ignored);
}

} // namespace foveate::app
