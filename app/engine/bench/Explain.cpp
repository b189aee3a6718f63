// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "explain/Explainer.h"
#include "learn/Network.h"
#include "learn/Safetensors.h"

#include <algorithm>
#include <array>

namespace foveate::engine::bench {
namespace {

/// The first `count` pictures, scaled to [0,1] and normalised as for ImageNet; [N,3,S,S], channels last in memory.
Result<at::Tensor> pictures(const Input& input, std::int64_t count)
{
    FOVEATE_TRY(const Array<std::uint8_t> array, load<std::uint8_t>(input, "images_u8"));
    const std::vector<std::size_t>& shape = array.shape;
    if (shape.size() != 4 || shape[3] != 3 || std::int64_t(shape[0]) < count)
        return fail(Code::wrongShape, {"images_u8"});
    const at::Tensor all = at::from_blob(const_cast<std::uint8_t*>(array.data.data()),
                                         {count, std::int64_t(shape[1]), std::int64_t(shape[2]), 3}, at::kByte);
    const learn::Normalisation normal = learn::augment::usualNormalisation(3);
    const at::Tensor mean = at::tensor(at::ArrayRef<float>(normal.mean), at::kFloat);
    const at::Tensor deviation = at::tensor(at::ArrayRef<float>(normal.deviation), at::kFloat);
    return all.to(at::kFloat).div_(255).sub_(mean).div_(deviation).permute({0, 3, 1, 2});
}

/// NAME.safetensors as Python wrote it: without the counters of batch norm.
Result<learn::Network> network(const Input& input, const std::string& name)
{
    FOVEATE_TRY(learn::Weights weights, learn::readSafetensors(input.data + "/" + name + ".safetensors"));
    FOVEATE_TRY(learn::Network net, learn::Network::create(name, 4, 1));
    for (const auto& [key, tensor] : net.state())
        if (key.ends_with("num_batches_tracked"))
            weights.tensors.try_emplace(key, tensor);
    FOVEATE_CHECK(net.load(weights.tensors));
    net.useChannelsLast();
    net.train(false);
    return net;
}

Status saveMaps(const Input& input, const std::string& name, const at::Tensor& maps)
{
    const at::Tensor plain = maps.contiguous();
    const std::span<const float> values(plain.const_data_ptr<float>(), std::size_t(plain.numel()));
    return save<float>(input, name,
                       {std::size_t(plain.size(0)), std::size_t(plain.size(1)), std::size_t(plain.size(2))}, values);
}

/// `mapsOf` for batches of `batch` of the images, after a warm-up on the first few.
template <typename MapsOf>
Result<Outcome> measured(const Input& input, const std::string& name, const at::Tensor& images, std::int64_t batch,
                         const MapsOf& mapsOf)
{
    FOVEATE_CHECK(mapsOf(images.narrow(0, 0, std::min<std::int64_t>(2, images.size(0)))));
    Outcome outcome;
    outcome.items = std::size_t(images.size(0));
    Result<at::Tensor> maps;
    outcome.seconds = timed(input.repeat, [&] {
        maps = [&]() -> Result<at::Tensor> {
            std::vector<at::Tensor> parts;
            for (const at::Tensor& part : images.split(batch)) {
                FOVEATE_TRY(at::Tensor made, mapsOf(part));
                parts.push_back(made);
            }
            return at::cat(parts);
        }();
    });
    if (!maps)
        return tl::unexpected(maps.error());
    FOVEATE_CHECK(saveMaps(input, name, *maps));
    return outcome;
}

Result<explain::Explainer> explainerOf(const Input& input, const std::string& name)
{
    FOVEATE_TRY(const learn::Network net, network(input, name));
    return explain::Explainer::create(net, learn::augment::usualNormalisation(3));
}

/// ResNet-18's maps of the first `count` images.
Result<Outcome> maps(const Input& input, const std::string& name, explain::Method method, std::int64_t count,
                     std::int64_t batch)
{
    FOVEATE_TRY(const at::Tensor images, pictures(input, count));
    FOVEATE_TRY(const explain::Explainer explainer, explainerOf(input, "resnet18"));
    return measured(input, name, images, batch, [&](const at::Tensor& part) -> Result<at::Tensor> {
        FOVEATE_TRY(const explain::Explanation made, explainer.explain(part, {.method = method}));
        return made.map;
    });
}

Result<Outcome> gradcam(const Input& input)
{
    return maps(input, "gradcam", explain::Method::gradcam, 64, 32);
}

Result<Outcome> deepTaylor(const Input& input)
{
    return maps(input, "deep_taylor", explain::Method::deepTaylor, 32, 16);
}

Result<Outcome> occlusion(const Input& input)
{
    return maps(input, "occlusion", explain::Method::occlusion, 8, 8);
}

/// The networks are read in the time, as by those who do it with a library.
Result<Outcome> deepTaylorNetworks(const Input& input)
{
    FOVEATE_TRY(const at::Tensor images, pictures(input, 2));
    return measured(input, "deep_taylor_networks", images, 2, [&](const at::Tensor& part) -> Result<at::Tensor> {
        std::vector<at::Tensor> all;
        for (const char* name : {"resnet18", "resnet50", "vgg16", "densenet121"}) {
            FOVEATE_TRY(const explain::Explainer explainer, explainerOf(input, name));
            FOVEATE_TRY(const explain::Explanation made,
                        explainer.explain(part, {.method = explain::Method::deepTaylor}));
            all.push_back(made.map);
        }
        return at::cat(all);
    });
}

constexpr std::array kWorkloads{
    Workload{"gradcam", "Grad-CAM of ResNet-18, 64 images", &gradcam},
    Workload{"deep_taylor", "Deep Taylor of ResNet-18, 32 images", &deepTaylor},
    Workload{"deep_taylor_networks", "Deep Taylor of four networks, 2 images each", &deepTaylorNetworks},
    Workload{"occlusion", "Occlusion, 32 px windows 16 px apart, ResNet-18, 8 images", &occlusion},
};

} // namespace

std::span<const Workload> explainWorkloads()
{
    return kWorkloads;
}

} // namespace foveate::engine::bench
