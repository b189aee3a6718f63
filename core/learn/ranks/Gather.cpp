// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/ranks/Gather.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace foveate::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class GatherViews : public torch::autograd::Function<GatherViews> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& own, const Group& group, std::int64_t images)
    {
        const Range share = shareOf(std::size_t(images), &group);
        context->saved_data["begin"] = std::int64_t(share.begin);
        context->saved_data["size"] = std::int64_t(share.size());
        context->saved_data["images"] = images;
        context->saved_data["ranks"] = std::int64_t(group.count());
        // All send as much as the largest share is.
        const std::int64_t most = (images + group.count() - 1) / group.count();
        at::Tensor sent = at::zeros({2 * most, own.size(1)}, own.options());
        sent.narrow(0, 0, own.size(0)).copy_(own);
        const std::vector<at::Tensor> received = group.gather(sent);
        std::vector<at::Tensor> parts;
        for (const bool second : {false, true})
            for (int rank = 0; rank < group.count(); ++rank) {
                const auto n = std::int64_t(shareOf(std::size_t(images), rank, group.count()).size());
                parts.push_back(received[std::size_t(rank)].narrow(0, second ? n : 0, n));
            }
        return at::cat(parts);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const std::int64_t begin = context->saved_data["begin"].toInt(), size = context->saved_data["size"].toInt();
        const std::int64_t images = context->saved_data["images"].toInt();
        const at::Tensor& all = gradients[0];
        const at::Tensor own = at::cat({all.narrow(0, begin, size), all.narrow(0, images + begin, size)});
        return {own * context->saved_data["ranks"].toInt(), at::Tensor(), at::Tensor()};
    }
};

} // namespace

at::Tensor gatherViews(const at::Tensor& own, const Group& group, std::size_t images)
{
    return GatherViews::apply(own, group, std::int64_t(images));
}

} // namespace foveate::learn
