// SPDX-License-Identifier: GPL-3.0-or-later
// Who is on an image: a pattern searched in the path, whose first group (or whole match) is the patient.
#pragma once

#include "base/Result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace foveate::session {

/// A PCRE2 pattern over bytes. Immutable; any thread.
class PatientPattern {
public:
    /// usage (args: "patient", where and what) for a pattern that does not compile.
    static Result<PatientPattern> compile(const std::string& pattern);
    /// The first group that took part in the match, the whole match when there is no group; nothing without a match
    /// or when the pattern needs more than a million steps.
    std::optional<std::string> find(std::string_view path) const;

private:
    struct Compiled;
    explicit PatientPattern(std::shared_ptr<const Compiled> compiled) : m_compiled(std::move(compiled)) {}
    std::shared_ptr<const Compiled> m_compiled;
};

/// How a patient is stored: hex SHA-256 over the project and the name, so that two projects cannot be joined by it.
std::string patientKey(const std::string& projectUuid, std::string_view patient);

} // namespace foveate::session
