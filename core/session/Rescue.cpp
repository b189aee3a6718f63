// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Rescue.h"

#include "base/AtomicFile.h"
#include "base/Sha256.h"

#include <QFile>
#include <QStandardPaths>
#include <nlohmann/json.hpp>

namespace foveate::session {

namespace {

std::string rescueFolder()
{
    return QFile::encodeName(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)).toStdString() +
           "/foveate/rescue";
}

std::string rescuePath(const std::string& projectUuid, const std::string& reader)
{
    // A reader's name may hold anything; its hash is a file name.
    return rescueFolder() + '/' + projectUuid + '-' + hex(sha256(reader)).substr(0, 16) + ".json";
}

} // namespace

void writeRescue(const std::string& projectUuid, const store::Event& event)
{
    nlohmann::json words{{"uuid", event.uuid},         {"kind", std::string(store::name(event.kind))},
                         {"reader", event.reader},     {"sample", event.sample},
                         {"activeMs", event.activeMs}, {"idleMs", event.idleMs},
                         {"imageSha", event.imageSha}, {"visible", event.visible},
                         {"model", event.model},       {"batch", event.batch}};
    if (event.classIndex)
        words["class"] = *event.classIndex;
    const std::string bytes = words.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (makeFolder(rescueFolder()))
        static_cast<void>(writeFileAtomically(rescuePath(projectUuid, event.reader), bytes));
}

std::optional<store::Event> readRescue(const std::string& projectUuid, const std::string& reader)
{
    const auto bytes = readFile(rescuePath(projectUuid, reader), 1 << 20);
    if (!bytes)
        return {};
    try {
        const nlohmann::json words = nlohmann::json::parse(*bytes);
        const auto kind = store::eventKindFromName(words.at("kind").get<std::string>());
        if (!kind || !store::isDecision(*kind))
            return {};
        store::Event event;
        event.kind = *kind;
        event.uuid = words.at("uuid");
        event.reader = words.at("reader");
        event.sample = words.at("sample");
        event.activeMs = words.at("activeMs");
        event.idleMs = words.at("idleMs");
        event.imageSha = words.at("imageSha");
        event.visible = words.at("visible");
        event.model = words.at("model");
        event.batch = words.at("batch");
        if (words.contains("class"))
            event.classIndex = words.at("class").get<int>();
        return event.reader == reader ? std::optional(event) : std::nullopt;
    } catch (const nlohmann::json::exception&) {
        return {};
    }
}

void removeRescue(const std::string& projectUuid, const std::string& reader)
{
    QFile::remove(QFile::decodeName(rescuePath(projectUuid, reader).c_str()));
}

} // namespace foveate::session
