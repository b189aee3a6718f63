// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/CheckpointWriter.h"

#include "learn/Exceptions.h"

#include <chrono>

namespace foveate::learn {
namespace {

void takeCopies(TensorMap& tensors)
{
    for (auto& [name, tensor] : tensors)
        tensor = tensor.is_cpu() ? tensor.detach().clone(at::MemoryFormat::Contiguous)
                                 : tensor.detach().to(at::kCPU).contiguous();
}

} // namespace

CheckpointWriter::~CheckpointWriter()
{
    if (m_writing.valid())
        m_writing.wait();
}

Status CheckpointWriter::begin(Checkpoint checkpoint)
{
    if (!isFinite(checkpoint))
        return fail(Code::nonFinite, {"weights"});
    takeCopies(checkpoint.weights);
    takeCopies(checkpoint.optimiser);
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
