// SPDX-License-Identifier: GPL-3.0-or-later
// A training from a run folder to its manifest, in a program without Qt: what a bare GPU node or cluster would do.
#include "app/engine/RunCommand.h"
#include "base/Manifest.h"
#include "base/Npy.h"
#include "support/ExampleRun.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

using namespace foveate;

namespace {

int failures = 0;

void check(bool holds, const char* what)
{
    if (!holds) {
        std::fprintf(stderr, "FAIL: %s\n", what);
        ++failures;
    }
}

int correct(const std::string& folder)
{
    const Result<Array<float>> probabilities = readNpy<float>(folder + "/probabilities.npy");
    int right = 0;
    for (std::size_t row = 0; probabilities && row < probabilities->rows(); ++row)
        right += (probabilities->data[2 * row + 1] > .5F ? 1 : 0) == ExampleRun::classOf(int(row)) ? 1 : 0;
    return right;
}

} // namespace

int main()
{
    std::string folder = (std::filesystem::temp_directory_path() / "foveate-smoke-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr)
        return 1;
    const int silent = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ExampleRun example;
    example.options["epochs"] = 20;
    check(example.write(folder).has_value(), "the run folder is written");
    check(engine::runCommand({folder}, silent) == 0, "the run ends well");
    check(verifyManifest(folder).has_value(), "the manifest agrees");
    check(correct(folder) >= 90, "nine in ten images are told apart");
    check(engine::runCommand({folder + "/none"}, silent) == 4, "a missing folder is said");
    std::filesystem::remove_all(folder);
    return failures == 0 ? 0 : 1;
}
