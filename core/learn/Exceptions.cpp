// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Exceptions.h"

#include <c10/util/Exception.h>
#include <new>
#include <string>

namespace foveate::learn {
namespace {

std::string firstLine(const std::string& text)
{
    return text.substr(0, text.find('\n'));
}

} // namespace

Error errorOf(const std::exception& exception)
{
    const std::string text = exception.what();
    if (dynamic_cast<const c10::OutOfMemoryError*>(&exception) != nullptr ||
        text.find("CUDA out of memory") != std::string::npos)
        return {Code::outOfMemory, {"cuda"}};
    // The processor's allocator throws a general c10::Error; only its words tell.
    if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr || text.find("allocate memory") != std::string::npos)
        return {Code::outOfMemory, {"cpu"}};
    // Gloo's exceptions have no type that we see: they name the file they come from.
    if (text.find("/gloo/") != std::string::npos || dynamic_cast<const c10::DistError*>(&exception) != nullptr)
        return {Code::rankLost, {}};
    return {Code::internal, {firstLine(text)}};
}

} // namespace foveate::learn
