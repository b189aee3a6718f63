// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/bench/Workload.h"

#include "base/Random.h"
#include "learn/Autocast.h"
#include "learn/Device.h"
#include "learn/Exceptions.h"
#include "learn/McDropout.h"
#include "learn/Network.h"
#include "learn/PackBatches.h"
#include "learn/Safetensors.h"
#include "learn/optim/Optimiser.h"
#include "learn/ssl/Learner.h"
#include "learn/ssl/Losses.h"
#include "learn/ssl/Views.h"

#include <c10/core/InferenceMode.h>
#include <filesystem>
#include <numeric>

namespace foveate::engine::bench {
namespace {

using namespace learn;

constexpr std::int64_t kBatch = 64;

std::vector<std::size_t> shapeOf(const at::Tensor& tensor)
{
    return {tensor.sizes().begin(), tensor.sizes().end()};
}

Status saveTensor(const Input& input, const std::string& name, const at::Tensor& tensor)
{
    const at::Tensor plain = tensor.contiguous();
    return save<float>(input, name, shapeOf(plain), {plain.const_data_ptr<float>(), std::size_t(plain.numel())});
}

template <typename T> Result<at::Tensor> loadTensor(const Input& input, const std::string& name)
{
    FOVEATE_TRY(const Array<T> array, load<T>(input, name));
    const std::vector<std::int64_t> shape(array.shape.begin(), array.shape.end());
    return at::tensor(array.data, at::CppTypeToScalarType<T>::value).reshape(shape);
}

/// The first images, scaled to [0, 1] and normalised as for ImageNet; [N,3,S,S] in channels-last layout.
Result<at::Tensor> images(const Input& input, std::int64_t count)
{
    FOVEATE_TRY(const at::Tensor bytes, loadTensor<std::uint8_t>(input, "images_u8"));
    const augment::Normalisation usual = augment::usualNormalisation(3);
    const at::Tensor mean = at::tensor(at::ArrayRef<float>(usual.mean)),
                     deviation = at::tensor(at::ArrayRef<float>(usual.deviation));
    return ((bytes.narrow(0, 0, count).to(at::kFloat) / 255 - mean) / deviation).permute({0, 3, 1, 2});
}

/// The peers' weights, in the default layout.
Result<Network> plainNetwork(const Input& input, const std::string& model, int classes = 4)
{
    FOVEATE_TRY(const Weights weights, readSafetensors(input.data + "/" + model + ".safetensors"));
    FOVEATE_TRY(Network network, Network::create(model, classes, input.seed));
    FOVEATE_CHECK(network.load(weights.tensors, classes > 0));
    return network;
}

Result<Network> network(const Input& input, const std::string& model)
{
    FOVEATE_TRY(Network network, plainNetwork(input, model));
    network.useChannelsLast();
    network.train(false);
    return network;
}

/// What evaluation computes in here: bfloat16 where the processor is faster with it.
at::ScalarType evaluationType()
{
    return processorHasBfloat16() ? at::kBFloat16 : at::kFloat;
}

std::string nameOf(at::ScalarType type)
{
    return type == at::kBFloat16 ? "bfloat16" : "float32";
}

using Compute = std::function<at::Tensor(Network&, const at::Tensor&)>;

at::Tensor folded(Network& network, const at::Tensor& images)
{
    return network.backbone().foldedFeatures(images);
}

/// As training computes them: bfloat16 where it gains, batch norm by itself.
at::Tensor autocast(Network& network, const at::Tensor& images)
{
    const Autocast guard(evaluationType() == at::kBFloat16);
    return network.features(images).to(at::kFloat);
}

at::Tensor featuresOf(Network& network, const at::Tensor& images, const Compute& compute = folded)
{
    std::vector<at::Tensor> parts;
    for (const at::Tensor& batch : images.split(kBatch))
        parts.push_back(compute(network, batch));
    return at::cat(parts);
}

Result<Outcome> logits(const Input& input)
{
    FOVEATE_TRY(const at::Tensor x, images(input, 16));
    std::vector<Network> networks;
    for (const char* model : {"resnet18", "resnet50", "densenet121", "vgg16"}) {
        FOVEATE_TRY(Network net, network(input, model));
        net.fold();
        networks.push_back(std::move(net));
    }
    const c10::InferenceMode inference;
    at::Tensor rows;
    Outcome outcome;
    outcome.items = 64;
    outcome.seconds = timed(input.repeat, [&] {
        std::vector<at::Tensor> parts;
        for (Network& net : networks)
            parts.push_back(net.logitsOfFeatures(net.backbone().foldedFeatures(x)));
        rows = at::cat(parts);
    });
    FOVEATE_CHECK(saveTensor(input, "logits", rows));
    return outcome;
}

/// Features of all images by `compute`, a batch at a time, timed.
Result<Outcome> extractFeatures(const Input& input, const std::string& name, Network& net, const Compute& compute)
{
    FOVEATE_TRY(const at::Tensor x, images(input, 256));
    const c10::InferenceMode inference;
    at::Tensor features = featuresOf(net, x.narrow(0, 0, kBatch), compute);
    Outcome outcome;
    outcome.items = 256;
    outcome.dtype = nameOf(evaluationType());
    outcome.seconds = timed(input.repeat, [&] { features = featuresOf(net, x, compute); });
    FOVEATE_CHECK(saveTensor(input, name, features));
    return outcome;
}

Result<Outcome> monteCarlo(const Input& input)
{
    FOVEATE_TRY(const at::Tensor x, images(input, 64));
    FOVEATE_TRY(const at::Tensor masks, loadTensor<std::uint8_t>(input, "mc_masks"));
    FOVEATE_TRY(Network net, network(input, "resnet18"));
    net.fold(evaluationType());
    const c10::InferenceMode inference;
    const at::Tensor dropped = masks.to(at::kBool);
    at::Tensor passes = dropoutPasses(featuresOf(net, x.narrow(0, 0, 8)), net.head(), dropped.narrow(1, 0, 8), .5);
    Outcome outcome;
    outcome.items = 64;
    outcome.dtype = nameOf(evaluationType());
    outcome.seconds = timed(input.repeat, [&] { passes = dropoutPasses(featuresOf(net, x), net.head(), dropped, .5); });
    FOVEATE_CHECK(saveTensor(input, "mc_dropout", passes));
    return outcome;
}

/// In the default layout, as the peer: these gradients lose three digits to cancellation (the features of a network
/// that has learnt nothing are nearly alike), so that even PyTorch's two layouts agree to two or three digits only.
Result<Outcome> simclrStep(const Input& input)
{
    FOVEATE_TRY(const at::Tensor first, loadTensor<float>(input, "views_a"));
    FOVEATE_TRY(const at::Tensor second, loadTensor<float>(input, "views_b"));
    const at::Tensor views = at::cat({first, second});
    at::Tensor result;
    Status status;
    Outcome outcome;
    outcome.items = 3;
    outcome.seconds = timed(input.repeat, [&] {
        Result<Network> net = plainNetwork(input, "resnet18", 0);
        if (!net) {
            status = tl::unexpected<Error>(net.error());
            return;
        }
        net->train(true);
        optim::Optimiser optimiser(net->parameters(), net->parameterNames(), {.kind = optim::Kind::sgd});
        std::vector<at::Tensor> parts;
        for (int step = 0; step < 3; ++step) {
            const at::Tensor loss = ssl::ntXent(net->features(views), .1);
            loss.backward();
            optimiser.step(.1);
            parts.push_back(loss.detach().reshape({1}));
        }
        parts.push_back(net->state().at("conv1.weight").contiguous().flatten());
        result = at::cat(parts);
    });
    FOVEATE_CHECK(status);
    FOVEATE_CHECK(saveTensor(input, "simclr_step", result));
    return outcome;
}

/// Steps of SimCLR on 128 grey views of 96 px in the machine's number type, by our own layers and by the library's in
/// turn.
Result<Outcome> trainingStep(const Input& input)
{
    constexpr int kSteps = 3;
    ssl::PretrainOptions options;
    options.objective.head = "p2";
    std::vector<std::unique_ptr<ssl::Learner>> learners;
    FOVEATE_TRY(Capability capability, decideCapability({.threads = input.threads}));
    for (const bool fast : {true, false}) {
        capability.fastLayers = fast;
        FOVEATE_TRY(learners.emplace_back(), ssl::Learner::create(options, capability, nullptr, input.seed));
    }
    at::manual_seed(input.seed);
    at::Tensor views = at::randn({128, 1, 96, 96}).to(deviceOf(capability));
    Status status;
    const auto secondsOfStep = [&](ssl::Learner& learner) {
        const auto work = [&] {
            for (int i = 0; status && i < kSteps; ++i)
                status = learner
                             .learn(
                                 {std::size_t(views.size(0) / 2)}, [&](std::size_t) { return views; }, 1e-3)
                             .map([](const ssl::Learnt&) {});
        };
        return timed(1, work)[0] / kSteps;
    };
    Outcome outcome;
    outcome.items = std::size_t(views.size(0));
    outcome.dtype = capability.dtype;
    outcome.device = capability.device;
    std::vector<double> library, ratios;
    for (int i = 0; i <= input.repeat; ++i) {
        const double ours = secondsOfStep(*learners[0]), theirs = secondsOfStep(*learners[1]);
        if (i == 0) // warms up
            continue;
        outcome.seconds.push_back(ours);
        library.push_back(theirs);
        ratios.push_back(theirs / ours);
    }
    FOVEATE_CHECK(status);
    std::sort(ratios.begin(), ratios.end());
    outcome.quality = {{"library_seconds", library}, {"ratio", ratios[ratios.size() / 2]}};
    return outcome;
}

/// A pixel pack of images_u8.npy in a folder of its own, which goes with the object.
class ImagesPack {
public:
    static Result<ImagesPack> make(const Input& input)
    {
        FOVEATE_TRY(const Array<std::uint8_t> bytes, load<std::uint8_t>(input, "images_u8"));
        ImagesPack made;
        std::string pattern = std::filesystem::temp_directory_path() / "foveate-bench-XXXXXX";
        if (mkdtemp(pattern.data()) == nullptr)
            return fail(Code::io, {pattern, "mkdtemp"});
        made.m_folder = pattern;
        const PackShape shape{std::uint32_t(bytes.shape[1]), 3};
        FOVEATE_TRY(PackWriter writer, PackWriter::open(made.path(), shape));
        for (std::size_t i = 0; i < bytes.rows(); ++i)
            FOVEATE_CHECK(writer.append({}, {bytes.data.data() + i * shape.pixels(), shape.pixels()}));
        FOVEATE_CHECK(writer.commit());
        return made;
    }
    ImagesPack(ImagesPack&& other) noexcept : m_folder(std::exchange(other.m_folder, {})) {}
    ~ImagesPack()
    {
        std::error_code ignored;
        if (!m_folder.empty())
            std::filesystem::remove_all(m_folder, ignored);
    }
    std::string path() const { return m_folder + "/pack"; }

private:
    ImagesPack() = default;
    std::string m_folder;
};

/// One pass over shuffled rows in whole batches; the mean loss.
Result<double> simclrEpoch(ssl::Learner& learner, const PackBatches& batches, std::vector<std::int64_t> rows, int epoch,
                           std::uint64_t seed)
{
    Random::derive(seed, "order", std::uint64_t(epoch)).shuffle(rows);
    FOVEATE_TRY(const augment::Preset preset, augment::preset("simclr"));
    double sum = 0;
    std::size_t steps = 0;
    for (std::size_t i = 0; i + kBatch <= rows.size(); i += kBatch, ++steps) {
        const std::span<const std::int64_t> part(rows.data() + i, std::size_t(kBatch));
        const auto views = [&](std::size_t) { return ssl::twoViews(batches, part, preset, seed, epoch); };
        FOVEATE_TRY(const ssl::Learnt learnt, learner.learn({std::size_t(kBatch)}, views, 1e-3));
        sum += learnt.loss;
    }
    return sum / double(steps);
}

Result<Outcome> simclrTrain(const Input& input)
{
    FOVEATE_TRY(const ImagesPack file, ImagesPack::make(input));
    FOVEATE_TRY(const Pack pack, Pack::open(file.path()));
    FOVEATE_TRY(const Weights weights, readSafetensors(input.data + "/resnet18.safetensors"));
    FOVEATE_TRY(const Capability capability, decideCapability({.threads = input.threads}));
    std::vector<std::int64_t> rows(pack.count());
    std::iota(rows.begin(), rows.end(), 0);
    FOVEATE_TRY(const PackBatches batches,
                PackBatches::create(pack, rows, int(pack.shape().size), augment::usualNormalisation(3), input.threads,
                                    deviceOf(capability)));
    ssl::PretrainOptions options;
    options.objective.head = "p2";
    Outcome outcome;
    outcome.items = 2 * rows.size();
    outcome.dtype = capability.dtype;
    outcome.device = capability.device;
    for (int i = 0; i < input.repeat; ++i) {
        FOVEATE_TRY(const auto learner, ssl::Learner::create(options, capability, &weights.tensors, input.seed));
        FOVEATE_TRY(double loss, simclrEpoch(*learner, batches, rows, 0, input.seed));
        Status status;
        const std::vector<double> seconds = timed(1, [&] {
            for (int epoch = 1; epoch <= 2 && status; ++epoch)
                if (const Result<double> mean = simclrEpoch(*learner, batches, rows, epoch, input.seed); mean)
                    loss = *mean;
                else
                    status = tl::unexpected<Error>(mean.error());
        });
        FOVEATE_CHECK(status);
        outcome.seconds.push_back(seconds.front());
        outcome.quality = {{"loss", loss}, {"device", capability.device}};
    }
    return outcome;
}

/// LibTorch's exceptions stop here.
template <Result<Outcome> (*work)(const Input&)> Result<Outcome> safely(const Input& input)
{
    return guarded([&] { return work(input); });
}

Result<Outcome> autocastFeatures(const Input& input)
{
    FOVEATE_TRY(Network net, network(input, "resnet18"));
    return extractFeatures(input, "extract_features", net, autocast);
}

Result<Outcome> foldedFeatures(const Input& input)
{
    FOVEATE_TRY(Network net, network(input, "resnet18"));
    net.fold(evaluationType());
    return extractFeatures(input, "extract_features_fp32", net, folded);
}

} // namespace

std::span<const Workload> learnWorkloads()
{
    static const Workload list[] = {
        {"logits", "float32 logits of four networks", &safely<logits>},
        {"extract_features", "ResNet-18 features of 256 images in bfloat16", &safely<autocastFeatures>},
        {"extract_features_fp32", "the same, folded, against a float32 program", &safely<foldedFeatures>},
        {"mc_dropout", "20 passes of dropout before the head", &safely<monteCarlo>},
        {"simclr_step", "three float32 steps of SimCLR", &safely<simclrStep>},
        {"training_step", "a step of ResNet-18 by our own layers and by the library's, float32", &safely<trainingStep>},
        {"simclr_train", "two epochs of SimCLR at 224 px with its views", &safely<simclrTrain>}};
    return list;
}

} // namespace foveate::engine::bench
