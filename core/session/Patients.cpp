// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Patients.h"

#include "base/Sha256.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace foveate::session {
namespace {

constexpr std::uint32_t kMostSteps = 1'000'000;

struct FreeMatch {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

std::string compileMessage(int code, std::size_t offset)
{
    PCRE2_UCHAR buffer[160] = {};
    pcre2_get_error_message(code, buffer, sizeof buffer);
    return "at " + std::to_string(offset) + ": " + reinterpret_cast<const char*>(buffer);
}

} // namespace

struct PatientPattern::Compiled {
    pcre2_code* code = nullptr;
    pcre2_match_context* limits = nullptr;
    Compiled() = default;
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled()
    {
        pcre2_match_context_free(limits);
        pcre2_code_free(code);
    }
};

Result<PatientPattern> PatientPattern::compile(const std::string& pattern)
{
    int error = 0;
    std::size_t offset = 0;
    auto compiled = std::make_shared<Compiled>();
    compiled->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF, &error, &offset, nullptr);
    if (!compiled->code)
        return fail(Code::usage, {"patient", compileMessage(error, offset)});
    compiled->limits = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(compiled->limits, kMostSteps);
    return PatientPattern(std::move(compiled));
}

std::optional<std::string> PatientPattern::find(std::string_view path) const
{
    const std::unique_ptr<pcre2_match_data, FreeMatch> match(
        pcre2_match_data_create_from_pattern(m_compiled->code, nullptr));
    const int groups = pcre2_match(m_compiled->code, reinterpret_cast<PCRE2_SPTR>(path.data()), path.size(), 0, 0,
                                   match.get(), m_compiled->limits);
    if (groups < 1)
        return std::nullopt;
    const std::size_t* ends = pcre2_get_ovector_pointer(match.get());
    const auto part = [&](int group) {
        return std::string(path.substr(ends[2 * group], ends[2 * group + 1] - ends[2 * group]));
    };
    for (int group = 1; group < groups; ++group)
        if (ends[2 * group] != PCRE2_UNSET && ends[2 * group + 1] > ends[2 * group])
            return part(group);
    const bool hasGroups = pcre2_get_ovector_count(match.get()) > 1;
    return hasGroups || ends[1] <= ends[0] ? std::nullopt : std::optional(part(0));
}

std::string patientKey(const std::string& projectUuid, std::string_view patient)
{
    return hex(Sha256().addField("patient").addField(projectUuid).addField(patient).digest());
}

} // namespace foveate::session
