// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Visibility.h"

#include <string>

namespace foveate::session {
namespace {

#ifdef FOVEATE_WITHOUT_BLINDING // a test compiles this file so, to show that it would notice
constexpr bool kBlinding = false;
#else
constexpr bool kBlinding = true;
#endif

/// Labels of these images judge the model: they must not have seen it.
bool heldOut(Split split)
{
    return split == Split::val || split == Split::test;
}

bool open(const Viewing& viewing)
{
    if (viewing.studyClosed || !kBlinding)
        return true;
    if (heldOut(viewing.split))
        return false;
    return viewing.policy == Policy::after ? viewing.decided : viewing.batchClosed;
}

} // namespace

Result<Policy> policyFromName(std::string_view text)
{
    if (text == "blind")
        return Policy::blind;
    if (text == "after")
        return Policy::after;
    return fail(Code::usage, {"policy " + std::string(text)});
}

Visibility mayShow(const Viewing& viewing)
{
    const bool shown = open(viewing);
    return {shown, shown, shown && viewing.policy == Policy::after && viewing.decided && !viewing.studyClosed};
}

} // namespace foveate::session
