// SPDX-License-Identifier: GPL-3.0-or-later
// Autocast: bfloat16 on the CPU for the operations that gain from it, for as long as the object lives, in this thread.
//
// Put the forward pass and the loss inside, the backward pass outside. The cache of casted weights is dropped at the
// end, or the next step would train on weights of the step before.
#pragma once

#include <ATen/autocast_mode.h>

namespace foveate::learn {

class Autocast {
public:
    explicit Autocast(bool on) : m_before(at::autocast::is_autocast_enabled(at::kCPU))
    {
        at::autocast::set_autocast_enabled(at::kCPU, on);
        at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    }
    ~Autocast()
    {
        at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(at::kCPU, m_before);
    }
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    bool m_before;
};

} // namespace foveate::learn
