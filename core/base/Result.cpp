// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Result.h"

#include <cerrno>
#include <system_error>

namespace foveate {

std::string_view name(Code code)
{
    switch (code) {
    case Code::internal: return "internal";
    case Code::usage: return "usage";
    case Code::badInput: return "bad-input";
    case Code::badDirectory: return "bad-directory";
    case Code::notFound: return "not-found";
    case Code::alreadyExists: return "already-exists";
    case Code::io: return "io";
    case Code::noSpace: return "no-space";
    case Code::readOnly: return "read-only";
    case Code::locked: return "locked";
    case Code::newerVersion: return "newer-version";
    case Code::corrupt: return "corrupt";
    case Code::unknownCommit: return "unknown-commit";
    case Code::notAnImage: return "not-an-image";
    case Code::unsupported: return "unsupported";
    case Code::damaged: return "damaged";
    case Code::tooLarge: return "too-large";
    case Code::decoderDied: return "decoder-died";
    case Code::timeout: return "timeout";
    case Code::patientSplit: return "patient-split";
    case Code::needsLabels: return "needs-labels";
    case Code::needsTraining: return "needs-training";
    case Code::needsClasses: return "needs-classes";
    case Code::needsOneClass: return "needs-one-class";
    case Code::noTruth: return "no-truth";
    case Code::deviceMissing: return "device-missing";
    case Code::outOfMemory: return "out-of-memory";
    case Code::nonFinite: return "non-finite";
    case Code::wrongShape: return "wrong-shape";
    case Code::engineDied: return "engine-died";
    case Code::rankLost: return "rank-lost";
    case Code::sandbox: return "sandbox";
    case Code::cancelled: return "cancelled";
    case Code::partial: return "partial";
    }
    return "internal";
}

std::string describe(const Error& error)
{
    std::string text(name(error.code));
    for (const std::string& arg : error.args)
        text += " [" + arg + "]";
    return text;
}

Error errnoError(int errorNumber, const std::string& path)
{
    if (errorNumber == ENOSPC || errorNumber == EDQUOT)
        return {Code::noSpace, {path}};
    if (errorNumber == EROFS || errorNumber == EACCES || errorNumber == EPERM)
        return {Code::readOnly, {path}};
    return {Code::io, {path, std::generic_category().message(errorNumber)}};
}

} // namespace foveate
