// SPDX-License-Identifier: GPL-3.0-or-later
// GradientMean: the mean of all ranks' gradients, exchanged while the backward pass goes on (c10d's Reducer).
#pragma once

#include "learn/ranks/Group.h"

#include <memory>
#include <vector>

namespace c10d {
class Reducer;
}

namespace foveate::learn {

class GradientMean {
public:
    /// REQUIRES: the same parameters on all ranks, each of which gets a gradient in every backward pass.
    GradientMean(std::shared_ptr<const Group> group, std::vector<at::Tensor> parameters);
    ~GradientMean();
    GradientMean(const GradientMean&) = delete;
    GradientMean& operator=(const GradientMean&) = delete;

    /// Call before the step's last backward pass: after it every parameter's gradient, with what earlier passes left in
    /// it, is the mean over the ranks.
    void prepare();

private:
    void restart();
    std::shared_ptr<const Group> m_group;
    std::vector<at::Tensor> m_parameters;
    std::unique_ptr<c10d::Reducer> m_reducer;
    int m_steps = 0; ///< of this reducer
};

} // namespace foveate::learn
