// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/CheckpointWriter.h"

#include "learn/Exceptions.h"

#include <ATen/core/grad_mode.h>
#include <chrono>

namespace foveate::learn {
namespace {

/// Into the tensors of the last time: memory taken anew would be missed by the next step of training, for which it is
/// kept (TensorMemory.h), and all of that would be given back to the system and asked for again.
void copyInto(TensorMap& copies, const TensorMap& tensors)
{
    const at::NoGradGuard guard;
    std::erase_if(copies, [&](const auto& item) { return !tensors.contains(item.first); });
    for (const auto& [name, tensor] : tensors) {
        at::Tensor& copy = copies[name];
        if (!copy.defined() || copy.sizes() != tensor.sizes() || copy.scalar_type() != tensor.scalar_type())
            copy = at::empty(tensor.sizes(), tensor.scalar_type());
        copy.copy_(tensor);
    }
}

} // namespace

CheckpointWriter::~CheckpointWriter()
{
    if (m_writing.valid())
        m_writing.wait();
}

Status CheckpointWriter::begin(Checkpoint checkpoint)
{
    copyInto(m_weights, checkpoint.weights);
    checkpoint.weights = m_weights;
    if (!isFinite(checkpoint))
        return fail(Code::nonFinite, {"weights"});
    copyInto(m_optimiser, checkpoint.optimiser);
    checkpoint.optimiser = m_optimiser;
    m_writing = std::async(std::launch::async, [folder = m_runFolder, copy = std::move(checkpoint)] {
        const auto start = std::chrono::steady_clock::now();
        Status status = guarded([&] { return writeCheckpoint(folder, copy); });
        return Outcome{std::move(status),
                       std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
    });
    return {};
}

bool CheckpointWriter::isWritten() const
{
    return m_writing.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

Status CheckpointWriter::finish()
{
    Outcome outcome = m_writing.get();
    m_seconds = outcome.seconds;
    return std::move(outcome.status);
}

} // namespace foveate::learn
