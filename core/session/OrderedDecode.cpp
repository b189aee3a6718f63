// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/OrderedDecode.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace foveate::session {
namespace {

/// The frames after the first, until one cannot be read.
void addFrames(imaging::DecoderPool& pool, const std::string& path, std::uint32_t frames, PackShape shape, Fit fit,
               DecodedFile& file)
{
    for (std::uint32_t frame = 1; frame < frames; ++frame) {
        const auto image = pool.decode(path, {frame, false});
        if (!image) {
            file.incomplete = true;
            return;
        }
        imaging::PackImage packed = imaging::makePackRecord(*image, shape, fit);
        packed.record.fileSha = file.frames.front().record.fileSha;
        file.frames.push_back(std::move(packed));
    }
}

DecodedFile decodeFile(imaging::DecoderPool& pool, const DecodeRequest& request, PackShape shape, Fit fit)
{
    DecodedFile file;
    const auto first = pool.decode(request.path, {request.frame.value_or(0), true});
    if (!first) {
        file.error = first.error();
        return file;
    }
    file.several = first->frames > 1;
    file.patientHint = first->patientKeyHint;
    file.frames.push_back(imaging::makePackRecord(*first, shape, fit));
    if (!request.frame)
        addFrames(pool, request.path, first->frames, shape, fit, file);
    return file;
}

/// What the threads share; all guarded by m_mutex but the immutable references.
class Belt {
public:
    Belt(imaging::DecoderPool& pool, const std::vector<DecodeRequest>& requests, PackShape shape, Fit fit)
        : m_pool(pool), m_requests(requests), m_shape(shape), m_fit(fit), m_slots(kAhead)
    {}

    void work()
    {
        while (const auto index = claim()) {
            DecodedFile file = decodeFile(m_pool, m_requests[*index], m_shape, m_fit);
            const std::lock_guard guard(m_mutex);
            m_slots[*index % kAhead] = std::move(file);
            m_changed.notify_all();
        }
    }

    DecodedFile next()
    {
        std::unique_lock guard(m_mutex);
        std::optional<DecodedFile>& slot = m_slots[m_taken % kAhead];
        m_changed.wait(guard, [&] { return slot.has_value(); });
        DecodedFile file = std::move(*slot);
        slot.reset();
        ++m_taken;
        m_changed.notify_all();
        return file;
    }

    void stop()
    {
        const std::lock_guard guard(m_mutex);
        m_stopped = true;
        m_changed.notify_all();
    }

private:
    std::optional<std::size_t> claim()
    {
        std::unique_lock guard(m_mutex);
        m_changed.wait(guard,
                       [&] { return m_stopped || m_claimed >= m_requests.size() || m_claimed < m_taken + kAhead; });
        if (m_stopped || m_claimed >= m_requests.size())
            return std::nullopt;
        return m_claimed++;
    }

    imaging::DecoderPool& m_pool;
    const std::vector<DecodeRequest>& m_requests;
    const PackShape m_shape;
    const Fit m_fit;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::optional<DecodedFile>> m_slots;
    std::size_t m_claimed = 0;
    std::size_t m_taken = 0;
    bool m_stopped = false;
};

} // namespace

Status decodeInOrder(imaging::DecoderPool& pool, int workers, const std::vector<DecodeRequest>& requests,
                     PackShape shape, Fit fit, const std::function<Status(std::size_t, DecodedFile)>& take)
{
    Belt belt(pool, requests, shape, fit);
    std::vector<std::thread> threads;
    for (int i = 0; i < std::max(workers, 1); ++i)
        threads.emplace_back([&belt] { belt.work(); });
    Status status;
    for (std::size_t i = 0; i < requests.size() && status; ++i)
        status = take(i, belt.next());
    belt.stop();
    for (std::thread& thread : threads)
        thread.join();
    return status;
}

} // namespace foveate::session
