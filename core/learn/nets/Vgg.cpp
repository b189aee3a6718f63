// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/nets/Architectures.h"

namespace foveate::learn {

std::shared_ptr<Backbone> makeVgg16(bool norms, double layerDropout)
{
    const std::vector<std::vector<int>> stages{{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}};
    auto net = std::make_shared<Backbone>("classifier.6");
    int x = 0, inputs = 3, number = 0; // torchvision counts ReLUs and pools too
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
        for (const int outputs : stages[stage]) {
            const torch::nn::Conv2dOptions options = plainConvolution(inputs, outputs, 3).bias(true);
            x = net->convolution("features." + std::to_string(number++), x, options);
            if (norms)
                x = net->norm("features." + std::to_string(number++), x, outputs);
            x = net->relu(x);
            ++number;
            inputs = outputs;
        }
        if (stage + 1 == stages.size())
            net->markMaps();
        x = net->maxPool(x, 2, 2);
        ++number;
    }
    x = net->flatten(net->gridPool(x, 7));
    x = net->relu(net->linear("classifier.0", x, 512 * 7 * 7, 4096));
    x = net->dropout(x, layerDropout);
    net->relu(net->linear("classifier.3", x, 4096, 4096));
    net->setDimension(4096);
    return net;
}

} // namespace foveate::learn
