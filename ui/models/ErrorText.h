// SPDX-License-Identifier: GPL-3.0-or-later
// The words for an error: one sentence that says what happened and what to do about it.
#pragma once

#include "base/Result.h"

#include <QString>

namespace foveate::ui {

/// Translated; file names are escaped (base/Text.h), so the text can be printed or shown as plain text.
QString errorText(const Error& error);

/// The reason alone, short enough for a table cell ("not an image").
QString errorReason(Code code);

} // namespace foveate::ui
