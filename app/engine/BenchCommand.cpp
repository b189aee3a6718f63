// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/BenchCommand.h"

#include "app/engine/ExitStatus.h"
#include "base/AtomicFile.h"
#include "learn/Device.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace foveate::engine {
namespace bench {

std::vector<double> timed(int repeat, const std::function<void()>& work)
{
    using Clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    for (int i = 0; i < std::max(1, repeat); ++i) {
        const auto start = Clock::now();
        work();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    return seconds;
}

} // namespace bench

namespace {

std::vector<bench::Workload> allWorkloads()
{
    std::vector<bench::Workload> all;
    for (const auto list : {bench::augmentWorkloads(), bench::embedWorkloads(), bench::queryWorkloads(),
                            bench::learnWorkloads(), bench::gpuWorkloads(), bench::explainWorkloads()})
        all.insert(all.end(), list.begin(), list.end());
    return all;
}

void print(const nlohmann::json& document)
{
    std::printf("%s\n", document.dump().c_str());
}

Result<nlohmann::json> measure(const std::string& name, const bench::Input& input)
{
    const std::vector<bench::Workload> all = allWorkloads();
    const auto found = std::find_if(all.begin(), all.end(), [&](const bench::Workload& w) { return name == w.name; });
    if (found == all.end())
        return fail(Code::notFound, {"workload", name});
    if (!input.out.empty())
        FOVEATE_CHECK(makeFolder(input.out));
    FOVEATE_TRY(const bench::Outcome outcome, found->run(input));
    const double best = *std::min_element(outcome.seconds.begin(), outcome.seconds.end());
    return nlohmann::json{{"workload", name},           {"seconds", outcome.seconds},
                          {"items", outcome.items},     {"per_second", best > 0 ? double(outcome.items) / best : 0.0},
                          {"quality", outcome.quality}, {"device", outcome.device},
                          {"threads", input.threads},   {"dtype", outcome.dtype}};
}

} // namespace

int benchCommand(const std::string& name, bench::Input input)
{
    if (name.empty()) {
        nlohmann::json list = nlohmann::json::array();
        for (const bench::Workload& workload : allWorkloads())
            list.push_back({{"workload", workload.name}, {"summary", workload.summary}});
        print(list);
        return 0;
    }
    const Result<learn::Capability> capability = learn::decideCapability({.threads = input.threads});
    if (!capability)
        return exitStatus(tl::unexpected(capability.error()));
    if (const Status applied = learn::applyCapability(*capability); !applied)
        return exitStatus(applied);
    input.threads = capability->threads;
    const Result<nlohmann::json> measured = measure(name, input);
    if (measured)
        print(*measured);
    else
        print({{"code", foveate::name(measured.error().code)}, {"args", measured.error().args}});
    return exitStatus(measured ? Status{} : Status(tl::unexpected(measured.error())));
}

} // namespace foveate::engine
