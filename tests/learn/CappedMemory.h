// SPDX-License-Identifier: GPL-3.0-or-later
// CappedMemory: while it lives, LibTorch may hold so many bytes of tensors on the processor and no more: what running
// out of memory looks like, at a place that is the same every time.
#pragma once

#include <algorithm>
#include <atomic>
#include <c10/core/CPUAllocator.h>
#include <map>
#include <memory>
#include <mutex>
#include <new>

namespace foveate::learn {

class CappedMemory : public c10::Allocator {
public:
    explicit CappedMemory(std::size_t bytes) : m_cap(bytes), m_inner(c10::GetCPUAllocator())
    {
        c10::SetCPUAllocator(this, kPriority);
    }
    ~CappedMemory() override { c10::SetCPUAllocator(m_inner, kPriority); }

    c10::DataPtr allocate(std::size_t bytes) override
    {
        if (*m_used + bytes > m_cap)
            throw std::bad_alloc();
        void* const data = bytes > 0 ? m_inner->raw_allocate(bytes) : nullptr;
        if (data != nullptr) {
            const std::lock_guard lock(ledger().mutex);
            ledger().blocks[data] = {bytes, m_used, m_inner};
            *m_used += bytes;
            m_peak = std::max(m_peak, m_used->load());
        }
        return {data, data, &release, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
    /// Most bytes held at once.
    std::size_t peak() const { return m_peak; }

private:
    static constexpr std::uint8_t kPriority = 100;
    struct Block {
        std::size_t bytes;
        std::shared_ptr<std::atomic<std::size_t>> used;
        c10::Allocator* inner;
    };
    struct Ledger {
        std::mutex mutex;
        std::map<void*, Block> blocks;
    };
    /// Blocks may outlive the cap under which they were taken.
    static Ledger& ledger()
    {
        static Ledger s_ledger;
        return s_ledger;
    }
    static void release(void* data)
    {
        const std::lock_guard lock(ledger().mutex);
        const auto block = ledger().blocks.extract(data);
        if (block.empty()) // taken before there was a cap
            return c10::GetDefaultCPUAllocator()->raw_deallocate(data);
        *block.mapped().used -= block.mapped().bytes;
        block.mapped().inner->raw_deallocate(data);
    }
    std::size_t m_cap;
    c10::Allocator* m_inner;
    std::shared_ptr<std::atomic<std::size_t>> m_used = std::make_shared<std::atomic<std::size_t>>(0);
    std::size_t m_peak = 0;
};

} // namespace foveate::learn
