// SPDX-License-Identifier: GPL-3.0-or-later
// Where tests find real images and a folder to write in.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace foveate {

/// The folder of real images: FOVEATE_TEST_DATA, else shared/data beside the checkout; nothing when there is none.
/// A test that needs it says so: `if (!testData()) QSKIP("skipped: FOVEATE_TEST_DATA");`
inline std::optional<std::string> testData()
{
    std::error_code error;
    if (const char* named = std::getenv("FOVEATE_TEST_DATA"); named && *named)
        return std::filesystem::is_directory(named, error) ? std::optional<std::string>(named) : std::nullopt;
    const std::filesystem::path beside = std::filesystem::path(FOVEATE_SOURCE_DIR).parent_path() / "shared" / "data";
    if (std::filesystem::is_directory(beside, error))
        return beside.string();
    return std::nullopt;
}

/// A path in the folder of the test of that name, committed beside it.
inline std::string sourceFile(const std::string& relativeToTests)
{
    return (std::filesystem::path(FOVEATE_SOURCE_DIR) / "tests" / relativeToTests).string();
}

} // namespace foveate
