// SPDX-License-Identifier: GPL-3.0-or-later
// A file of weights that a user names (`--weights`), made ready for a run.
#pragma once

#include "session/Project.h"

#include <string>

namespace foveate::app {

/// A safetensors file in the project's cache that goes with the object: a copy of a .safetensors, or what a .pth holds,
/// read by foveate-decode in its cage.
class WeightsFile {
public:
    /// notFound (args: "file", path), io, or what the reader found: unsupported, corrupt, tooLarge.
    static Result<WeightsFile> import(const session::Project& project, const std::string& path);
    WeightsFile(WeightsFile&& other) noexcept : m_path(std::exchange(other.m_path, {})) {}
    WeightsFile& operator=(WeightsFile&&) = delete;
    ~WeightsFile();
    const std::string& path() const { return m_path; }

private:
    explicit WeightsFile(std::string path) : m_path(std::move(path)) {}
    std::string m_path;
};

} // namespace foveate::app
