// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ranks/Ranks.h"

#include <charconv>
#include <cstdlib>
#include <optional>

namespace foveate::learn {
namespace {

constexpr int kUsualPort = 29500; ///< torchrun's
constexpr int kMostRanks = 65536;

std::string variable(const char* name)
{
    const char* text = std::getenv(name);
    return text != nullptr ? text : "";
}

/// The number that the variable begins with: "2(x3)" is 2. Nothing when it is not set.
Result<std::optional<int>> number(const char* name)
{
    const std::string text = variable(name);
    if (text.empty())
        return std::optional<int>();
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || value > kMostRanks)
        return fail(Code::usage, {name});
    return std::optional<int>(value);
}

/// Of the first variable that is set.
Result<int> numberOf(const char* first, const char* second, int otherwise)
{
    FOVEATE_TRY(const std::optional<int> value, number(first));
    if (value)
        return *value;
    FOVEATE_TRY(const std::optional<int> next, number(second));
    return next.value_or(otherwise);
}

} // namespace

Result<Ranks> ranksFromEnvironment()
{
    Ranks ranks;
    ranks.file = variable("FOVEATE_RANKS_FILE");
    ranks.address = variable("MASTER_ADDR");
    // A shell inside a Slurm job has its numbers too; only who names a meeting place trains with several processes.
    if (ranks.file.empty() && ranks.address.empty() && variable("WORLD_SIZE").empty())
        return ranks;
    FOVEATE_TRY(ranks.count, numberOf("WORLD_SIZE", "SLURM_NTASKS", 1));
    FOVEATE_TRY(ranks.rank, numberOf("RANK", "SLURM_PROCID", 0));
    FOVEATE_TRY(ranks.local,
                numberOf("LOCAL_WORLD_SIZE", "SLURM_TASKS_PER_NODE", ranks.file.empty() ? 1 : ranks.count));
    FOVEATE_TRY(const std::optional<int> port, number("MASTER_PORT"));
    ranks.port = port.value_or(kUsualPort);
    ranks.agentListens = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    if (ranks.count < 1)
        return fail(Code::usage, {"WORLD_SIZE"});
    if (ranks.rank >= ranks.count)
        return fail(Code::usage, {"RANK"});
    if (ranks.local < 1 || ranks.local > ranks.count)
        return fail(Code::usage, {"LOCAL_WORLD_SIZE"});
    if (ranks.count > 1 && ranks.file.empty() && ranks.address.empty())
        return fail(Code::usage, {"MASTER_ADDR"});
    return ranks;
}

Range shareOf(std::size_t n, int rank, int count)
{
    const auto edge = [&](int i) { return n * std::size_t(i) / std::size_t(count); };
    return {edge(rank), edge(rank + 1)};
}

} // namespace foveate::learn
