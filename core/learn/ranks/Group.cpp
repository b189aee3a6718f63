// SPDX-License-Identifier: GPL-3.0-or-later
// The wheel's library holds Gloo and its process group, and shows the latter's header only under this name.
#define USE_C10D_GLOO
#include "learn/ranks/Group.h"

#include "learn/cuda/Cuda.h"

#include <ATen/ATen.h>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace foveate::learn {
namespace {

using std::chrono::minutes;

constexpr minutes kJoining(5), kFarSilence(30), kNearSilence(24 * 60);
constexpr std::chrono::milliseconds kGlance(20);

c10::intrusive_ptr<c10d::Store> openStore(const Ranks& ranks)
{
    if (!ranks.file.empty())
        return c10::make_intrusive<c10d::FileStore>(ranks.file, ranks.count);
    c10d::TCPStoreOptions options;
    options.port = std::uint16_t(ranks.port);
    options.isServer = ranks.isFirst() && !ranks.agentListens;
    options.numWorkers = std::size_t(ranks.count);
    options.timeout = kJoining;
    // The agent's store has been used by others before: what we write must not meet their names.
    return c10::make_intrusive<c10d::PrefixStore>("foveate",
                                                  c10::make_intrusive<c10d::TCPStore>(ranks.address, options));
}

/// Waits until all are there. One that ended on its way would be missed only when joining has lasted too long.
bool meet(c10d::Store& store, const Ranks& ranks, const std::function<bool()>& othersLive)
{
    std::vector<std::string> all;
    for (int rank = 0; rank < ranks.count; ++rank)
        all.push_back("here/" + std::to_string(rank));
    store.set(all[std::size_t(ranks.rank)], std::vector<std::uint8_t>{1});
    const auto last = std::chrono::steady_clock::now() + kJoining;
    while (!store.check(all)) {
        if ((othersLive && !othersLive()) || std::chrono::steady_clock::now() > last)
            return false;
        std::this_thread::sleep_for(kGlance);
    }
    return true;
}

c10::intrusive_ptr<c10d::ProcessGroup> connect(const Ranks& ranks, const c10::intrusive_ptr<c10d::Store>& store)
{
    const bool near = !ranks.file.empty();
    const auto options = c10d::ProcessGroupGloo::Options::create(near ? kNearSilence : kFarSilence);
    options->devices.push_back(near ? c10d::ProcessGroupGloo::createDeviceForInterface("lo")
                                    : c10d::ProcessGroupGloo::createDefaultDevice());
    const auto gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, ranks.rank, ranks.count, options);
    auto processes = c10::make_intrusive<c10d::ProcessGroup>(store, ranks.rank, ranks.count);
    processes->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, gloo);
    processes->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
    return processes;
}

} // namespace

Result<std::shared_ptr<Group>> Group::join(const Ranks& ranks, const std::function<bool()>& othersLive)
{
    // LibTorch would note each exchange with the functions that called for it, in a list that threads share unguarded.
    [[maybe_unused]] static const int unnoted = setenv("TORCH_FR_BUFFER_SIZE", "0", 1);
    try {
        const c10::intrusive_ptr<c10d::Store> store = openStore(ranks);
        store->setTimeout(kJoining);
        if (!meet(*store, ranks, othersLive))
            return fail(Code::rankLost);
        return std::shared_ptr<Group>(new Group(ranks, connect(ranks, store)));
    } catch (const std::exception&) {
        return fail(Code::rankLost);
    }
}

Group::Group(const Ranks& ranks, c10::intrusive_ptr<c10d::ProcessGroup> processes)
    : m_ranks(ranks), m_processes(std::move(processes))
{}

Group::~Group() = default;

Status Group::useGpus()
{
    const auto* module = cuda::open();
    if (module == nullptr || module->nccl == nullptr)
        return fail(Code::deviceMissing, {"nccl"});
    const auto store = c10::make_intrusive<c10d::PrefixStore>("gpus", m_processes->getStore());
    m_processes->setBackend(c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL,
                            module->nccl(store, rank(), count()));
    return {};
}

void Group::sum(at::Tensor values) const
{
    std::vector<at::Tensor> list{std::move(values)};
    m_processes->allreduce(list)->wait();
}

std::vector<double> Group::totals(const std::vector<double>& values) const
{
    const at::Tensor sums = at::tensor(values, at::kDouble);
    sum(sums);
    const auto* first = sums.const_data_ptr<double>();
    return {first, first + values.size()};
}

void Group::broadcast(const std::vector<at::Tensor>& values) const
{
    for (const at::Tensor& value : values) {
        std::vector<at::Tensor> list{value};
        m_processes->broadcast(list)->wait();
    }
}

std::vector<at::Tensor> Group::gather(const at::Tensor& values) const
{
    std::vector<std::vector<at::Tensor>> all(1);
    for (int i = 0; i < count(); ++i)
        all[0].push_back(at::empty_like(values));
    std::vector<at::Tensor> list{values};
    m_processes->allgather(all, list)->wait();
    return std::move(all[0]);
}

bool Group::any(bool value) const
{
    return totals({value ? 1. : 0.})[0] > 0;
}

std::string Group::shared(const std::string& text) const
{
    at::Tensor size = at::full({1}, std::int64_t(text.size()), at::kLong);
    broadcast({size});
    at::Tensor bytes = at::zeros({size.item<std::int64_t>()}, at::kByte);
    if (bytes.numel() == 0)
        return {};
    if (isFirst())
        std::memcpy(bytes.mutable_data_ptr(), text.data(), text.size());
    broadcast({bytes});
    return std::string(static_cast<const char*>(bytes.const_data_ptr()), std::size_t(bytes.numel()));
}

} // namespace foveate::learn
