// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/TensorMemory.h"

#include <algorithm>
#include <c10/core/CPUAllocator.h>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unordered_map>

namespace foveate::learn {
namespace {

constexpr std::size_t kSmallest = 256 << 10; ///< below, malloc does well
constexpr std::size_t kPage = 4 << 10;
constexpr std::size_t kHugePage = 2 << 20;
constexpr std::size_t kLoosest = 4; ///< times as large as asked for a kept block may be

std::size_t roundedUp(std::size_t bytes, std::size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/// Null when the system has no more.
void* mapped(std::size_t bytes, std::size_t alignment)
{
    void* const all = mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return nullptr;
    char* const begin = static_cast<char*>(all);
    char* const aligned = begin + (alignment - reinterpret_cast<std::uintptr_t>(begin) % alignment) % alignment;
    if (aligned > begin)
        munmap(begin, std::size_t(aligned - begin));
    munmap(aligned + bytes, alignment - std::size_t(aligned - begin));
    if (alignment == kHugePage)
        madvise(aligned, bytes, MADV_HUGEPAGE);
    return aligned;
}

class TensorMemory : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t bytes) override
    {
        void* const data = bytes < kSmallest ? c10::GetDefaultCPUAllocator()->raw_allocate(bytes) : take(bytes);
        return {data, data, &release, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

    static TensorMemory& instance()
    {
        static auto* const s_memory = new TensorMemory; // tensors of static life outlive every destructor
        return *s_memory;
    }

private:
    void* take(std::size_t bytes)
    {
        const std::lock_guard lock(m_mutex);
        const auto kept = m_kept.lower_bound(bytes);
        void* data = nullptr;
        std::size_t size = 0;
        if (kept != m_kept.end() && kept->first <= kLoosest * bytes) {
            size = kept->first;
            data = kept->second;
            m_idle -= size;
            m_kept.erase(kept);
        } else {
            size = roundedUp(bytes, bytes < kHugePage ? kPage : kHugePage);
            data = fresh(size);
        }
        m_sizes[data] = size;
        m_used += size;
        m_peak = std::max(m_peak, m_used);
        return data;
    }

    void* fresh(std::size_t size)
    {
        const std::size_t alignment = size < kHugePage ? kPage : kHugePage;
        if (m_used + m_idle + size > std::max(m_peak, m_used + size) / 4 * 5)
            giveBack();
        void* data = mapped(size, alignment);
        if (data == nullptr) {
            giveBack();
            data = mapped(size, alignment);
        }
        if (data == nullptr)
            throw std::bad_alloc();
        return data;
    }

    void giveBack()
    {
        for (const auto& [size, data] : m_kept)
            munmap(data, size);
        m_kept.clear();
        m_idle = 0;
    }

    static void release(void* data) { instance().keep(data); }

    void keep(void* data)
    {
        {
            const std::lock_guard lock(m_mutex);
            const auto block = m_sizes.find(data);
            if (block != m_sizes.end()) {
                m_kept.emplace(block->second, data);
                m_used -= block->second;
                m_idle += block->second;
                m_sizes.erase(block);
                return;
            }
        }
        c10::GetDefaultCPUAllocator()->raw_deallocate(data);
    }

    std::mutex m_mutex;
    std::multimap<std::size_t, void*> m_kept;       ///< free blocks by size
    std::unordered_map<void*, std::size_t> m_sizes; ///< of the blocks in use
    std::size_t m_used = 0, m_idle = 0, m_peak = 0;
};

} // namespace

void keepTensorMemory()
{
    constexpr std::uint8_t priority = 50;
    c10::SetCPUAllocator(&TensorMemory::instance(), priority);
}

} // namespace foveate::learn
