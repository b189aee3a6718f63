// SPDX-License-Identifier: GPL-3.0-or-later
// CheckpointWriter: writes checkpoints on a thread of its own, one at a time, while the job goes on.
//
// Flushing to the disk takes as long as a step of training or two, in which both would wait. What is written are
// copies, made when writing begins, in memory that is kept for the next time. One thread at a time, like the job.
#pragma once

#include "learn/Checkpoint.h"

#include <future>
#include <string>

namespace foveate::learn {

class CheckpointWriter {
public:
    explicit CheckpointWriter(std::string runFolder) : m_runFolder(std::move(runFolder)) {}
    /// Waits for the checkpoint in work.
    ~CheckpointWriter();
    CheckpointWriter(const CheckpointWriter&) = delete;
    CheckpointWriter& operator=(const CheckpointWriter&) = delete;

    /// Copies the tensors and returns; writeCheckpoint() follows in the background. nonFinite: weights that are not
    /// finite are never saved. REQUIRES: isIdle().
    Status begin(Checkpoint checkpoint);
    bool isIdle() const { return !m_writing.valid(); }
    /// Whether the checkpoint in work is written or has failed, so that finish() does not wait. REQUIRES: !isIdle().
    bool isWritten() const;
    /// Waits; errors of writeCheckpoint(), which are told once. REQUIRES: !isIdle().
    Status finish();
    /// What the last checkpoint took; 0 before there is one.
    double seconds() const { return m_seconds; }

private:
    struct Outcome {
        Status status;
        double seconds;
    };
    std::string m_runFolder;
    TensorMap m_weights, m_optimiser; ///< copies, contiguous, on the CPU; the thread's while it writes
    std::future<Outcome> m_writing;
    double m_seconds = 0;
};

} // namespace foveate::learn
