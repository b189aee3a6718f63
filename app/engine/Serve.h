// SPDX-License-Identifier: GPL-3.0-or-later
// Serve: the weights of one run, asked about single images: probabilities and maps. One thread.
#pragma once

#include "base/Pack.h"
#include "base/Result.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace foveate::engine {

class Serve {
public:
    Serve();
    ~Serve();
    Serve(const Serve&) = delete;
    Serve& operator=(const Serve&) = delete;

    /// Answers one command (load, predict, explain) with the fields of its event. Errors: badInput for a command that
    /// cannot be understood, needsTraining before a load, notFound for a row, class or run; the state stays as it was.
    Result<nlohmann::json> answer(const nlohmann::json& command);

private:
    struct Loaded;
    Result<nlohmann::json> load(const nlohmann::json& command);
    Result<nlohmann::json> predict(const nlohmann::json& command);
    Result<nlohmann::json> explain(const nlohmann::json& command);
    Result<std::int64_t> rowOf(const nlohmann::json& command) const;
    Result<std::string> mapFile(const std::string& name);

    std::unique_ptr<Loaded> m_loaded;
    std::string m_mapFolder; ///< made at the first map, removed at the end
};

} // namespace foveate::engine
