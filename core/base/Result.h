// SPDX-License-Identifier: GPL-3.0-or-later
// Result<T>: a value, or an error as a code with arguments. No text for people lives below ui/ and app/.
//
// Every function that can fail because of a file, a database, a device or a user's data returns a Result.
// Third-party exceptions are caught where the library is called and become an Error there.
// Programmer errors are assertions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace foveate {

enum class Code {
    internal,      ///< a state that should be impossible; args: where
    usage,         ///< the call's words are off; args: what
    badInput,      ///< a manifest, TOML, JSON or array cannot be understood; args: file, detail
    badDirectory,  ///< a folder is missing, unreadable or empty; args: folder
    notFound,      ///< a project, run, file, class or sample is missing; args: what, name
    alreadyExists, ///< args: path
    io,            ///< reading or writing failed; args: path, errno as text
    noSpace,       ///< the disk is full; args: path
    readOnly,      ///< the disk or folder cannot be written; args: path
    locked,        ///< args: user, host, since (ISO 8601)
    newerVersion,  ///< made by a newer program; args: path, its version, ours
    corrupt,       ///< a hash, manifest or chain does not agree; args: path or table, detail
    unknownCommit, ///< COMMIT failed in a way that may have kept the data; args: path
    notAnImage,    ///< no known image format; args: file
    unsupported,   ///< a known format in a form that is not read; args: file, detail
    damaged,       ///< cut or broken pixel data; args: file, detail
    tooLarge,      ///< beyond the limits; args: file, detail
    decoderDied,   ///< the decoder ended while reading this file; args: file, detail
    timeout,       ///< args: what
    patientSplit,  ///< a patient on two sides; args: patient, side, side
    needsLabels,   ///< args: how many are there, how many are needed, hint verb
    needsTraining, ///< no run that has what is needed; args: hint verb
    needsClasses,  ///< fewer than two classes are there; args: how many
    needsOneClass, ///< one class an image; args: what needs it
    noTruth,       ///< no hidden truth for an oracle; args: —
    deviceMissing, ///< args: device
    outOfMemory,   ///< args: device
    nonFinite,     ///< NaN or infinity where numbers were expected; args: where
    wrongShape,    ///< weights, arrays or classes that do not fit; args: what, found, expected
    engineDied,    ///< args: how (signal or exit code)
    rankLost,      ///< another process of the same training ended or was not there
    sandbox,       ///< the cage could not be set up; args: detail
    cancelled,     ///< stopped on request, after a checkpoint where there is one
    partial        ///< some items failed; args: done, asked
};

/// The code's fixed name as it stands in JSON and logs ("not-an-image").
std::string_view name(Code code);

struct Error {
    Code code = Code::internal;
    std::vector<std::string> args;

    std::string arg(std::size_t i) const { return i < args.size() ? args[i] : std::string(); }
    bool operator==(const Error&) const = default;
};

/// code and arguments in one line, for logs and tests; not for people.
std::string describe(const Error& error);

template <typename T> using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(Code code, std::initializer_list<std::string> args = {})
{
    return tl::unexpected<Error>(Error{code, args});
}

/// io, noSpace or readOnly by errno.
Error errnoError(int errorNumber, const std::string& path);

} // namespace foveate

#define FOVEATE_JOIN_(a, b) a##b
#define FOVEATE_JOIN(a, b) FOVEATE_JOIN_(a, b)

/// FOVEATE_TRY(auto rows, readRows(file)); — on failure the enclosing function returns the error.
#define FOVEATE_TRY(declaration, expression)                                                                           \
    auto FOVEATE_JOIN(tried_, __LINE__) = (expression);                                                                \
    if (!FOVEATE_JOIN(tried_, __LINE__))                                                                               \
        return tl::unexpected<foveate::Error>(std::move(FOVEATE_JOIN(tried_, __LINE__).error()));                      \
    declaration = std::move(*FOVEATE_JOIN(tried_, __LINE__)) // NOLINT(bugprone-macro-parentheses): it declares

/// FOVEATE_CHECK(file.close()); — the same for a Status.
#define FOVEATE_CHECK(expression)                                                                                      \
    do {                                                                                                               \
        auto checked_ = (expression);                                                                                  \
        if (!checked_)                                                                                                 \
            return tl::unexpected<foveate::Error>(std::move(checked_.error()));                                        \
    } while (false)
