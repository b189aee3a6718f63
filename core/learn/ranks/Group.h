// SPDX-License-Identifier: GPL-3.0-or-later
// Group: the ranks of one training, joined, and what they tell each other.
//
// Every call is collective: all ranks make the same calls in the same order, and each waits for the others. All get the
// same bytes. What lies in the processors' memory goes by Gloo: over the loop-back device alone when the ranks meet in
// a file, else over the network that the first rank's address lies in; what lies on GPUs by NCCL. A rank that ends, or
// is silent for half an hour (a day on one machine, where a stopped process may be wanted), makes the others' next call
// throw; errorOf() says rankLost. One thread at a time.
#pragma once

#include "learn/ranks/Ranks.h"

#include <ATen/core/Tensor.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace c10d {
class ProcessGroup;
}

namespace foveate::learn {

class Group {
public:
    /// Waits until all are there, five minutes at most, and not when `othersLive` says that one has ended before;
    /// rankLost then. REQUIRES: ranks.count > 1.
    static Result<std::shared_ptr<Group>> join(const Ranks& ranks, const std::function<bool()>& othersLive = {});
    ~Group();
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    int rank() const { return m_ranks.rank; }
    int count() const { return m_ranks.count; }
    bool isFirst() const { return m_ranks.isFirst(); }
    /// Among the processes of this machine, which lie side by side.
    int place() const { return m_ranks.rank % m_ranks.local; }
    /// From now on tensors on GPUs go by NCCL. deviceMissing in a build without it.
    Status useGpus();

    /// In place. REQUIRES: contiguous, of the same shape and type everywhere.
    void sum(at::Tensor values) const;
    /// Each number summed over the ranks.
    std::vector<double> totals(const std::vector<double>& values) const;
    /// The first rank's, into everyone's.
    void broadcast(const std::vector<at::Tensor>& values) const;
    /// Everyone's, by rank.
    std::vector<at::Tensor> gather(const at::Tensor& values) const;
    /// Whether it is true somewhere.
    bool any(bool value) const;
    /// The first rank's text.
    std::string shared(const std::string& text) const;

    const c10::intrusive_ptr<c10d::ProcessGroup>& processes() const { return m_processes; }

private:
    Group(const Ranks& ranks, c10::intrusive_ptr<c10d::ProcessGroup> processes);
    Ranks m_ranks;
    c10::intrusive_ptr<c10d::ProcessGroup> m_processes;
};

/// Without a group a process is alone: it is the first, and all images are its own.
inline bool isFirst(const Group* group)
{
    return group == nullptr || group->isFirst();
}
inline Range shareOf(std::size_t n, const Group* group)
{
    return group != nullptr ? shareOf(n, group->rank(), group->count()) : Range{0, n};
}

} // namespace foveate::learn
