// SPDX-License-Identifier: GPL-3.0-or-later
// Autocast: bfloat16 for the operations that gain from it, for as long as the object lives, in this thread.
//
// Put the forward pass and the loss inside, the backward pass outside. The cache of casted weights is dropped at the
// end, or the next step would train on weights of the step before.
#pragma once

#include <ATen/autocast_mode.h>

namespace foveate::learn {

class Autocast {
public:
    explicit Autocast(bool on, at::DeviceType device = at::kCPU)
        : m_device(device), m_before(at::autocast::is_autocast_enabled(device))
    {
        at::autocast::set_autocast_enabled(m_device, on);
        at::autocast::set_autocast_dtype(m_device, at::kBFloat16);
    }
    ~Autocast()
    {
        at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(m_device, m_before);
    }
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    at::DeviceType m_device;
    bool m_before;
};

} // namespace foveate::learn
