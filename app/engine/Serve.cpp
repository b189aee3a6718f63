// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/engine/Serve.h"

#include "base/Npy.h"
#include "base/RunFolder.h"
#include "explain/Explainer.h"
#include "learn/Device.h"
#include "learn/Exceptions.h"
#include "learn/TrainedNetwork.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace foveate::engine {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Result<std::string> textOf(const json& command, const char* key)
{
    if (!command.contains(key) || !command[key].is_string())
        return fail(Code::badInput, {"command", key});
    return command[key].get<std::string>();
}

Result<std::int64_t> numberOf(const json& command, const char* key)
{
    if (!command.contains(key) || !command[key].is_number_integer())
        return fail(Code::badInput, {"command", key});
    return command[key].get<std::int64_t>();
}

std::vector<double> listOf(const at::Tensor& row)
{
    const at::Tensor values = row.to(at::kDouble).contiguous();
    return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

Result<std::string> packOf(const json& command, const std::string& run)
{
    if (command.contains("pack"))
        return textOf(command, "pack");
    FOVEATE_TRY(const Snapshot snapshot, readSnapshot(run));
    return run + "/input/" + snapshot.pack;
}

} // namespace

struct Serve::Loaded {
    std::string run;
    learn::ModelInfo info;
    learn::Network network;
    Result<explain::Explainer> explainer; ///< or why the network cannot be explained
    Pack pack;

    Result<at::Tensor> image(std::int64_t row) const
    {
        FOVEATE_TRY(const learn::PackBatches batches,
                    learn::PackBatches::create(pack, std::span(&row, 1), info.size, info.normalisation, 1));
        return batches.batch(std::span(&row, 1));
    }
};

Serve::Serve()
{
    learn::Capability capability;
    capability.threads = 1;
    learn::applyCapability(capability);
}

Serve::~Serve()
{
    std::error_code ignored;
    if (!m_mapFolder.empty())
        fs::remove_all(m_mapFolder, ignored);
}

Result<json> Serve::answer(const json& command)
{
    FOVEATE_TRY(const std::string name, textOf(command, "command"));
    if (name != "load" && name != "predict" && name != "explain")
        return fail(Code::badInput, {"command", name});
    if (name != "load" && !m_loaded)
        return fail(Code::needsTraining, {"load"});
    return learn::guarded([&]() -> Result<json> {
        return name == "load" ? load(command) : name == "predict" ? predict(command) : explain(command);
    });
}

Result<json> Serve::load(const json& command)
{
    FOVEATE_TRY(const std::string run, textOf(command, "run"));
    FOVEATE_TRY(const learn::Weights weights, learn::readSafetensors(run + "/weights.safetensors"));
    FOVEATE_TRY(const learn::ModelInfo info, learn::infoFromMetadata(weights.metadata));
    FOVEATE_TRY(const std::string packPath, packOf(command, run));
    FOVEATE_TRY(Pack pack, Pack::open(packPath));
    if (int(pack.shape().channels) != info.channels)
        return fail(Code::wrongShape,
                    {"channels", std::to_string(info.channels), std::to_string(pack.shape().channels)});
    FOVEATE_TRY(learn::Network network, learn::networkOf(weights, info));
    network.fold();
    Result<explain::Explainer> explainer = explain::Explainer::create(network, info.normalisation);
    m_loaded = std::make_unique<Loaded>(Loaded{run, info, std::move(network), std::move(explainer), std::move(pack)});
    return json{{"run", run}, {"model", info.model}, {"size", info.size}, {"classes", info.classes}};
}

Result<std::int64_t> Serve::rowOf(const json& command) const
{
    if (m_loaded->network.classes() == 0)
        return fail(Code::needsTraining, {"train"});
    return numberOf(command, "row");
}

Result<json> Serve::predict(const json& command)
{
    FOVEATE_TRY(const std::int64_t row, rowOf(command));
    FOVEATE_TRY(const at::Tensor image, m_loaded->image(row));
    const c10::InferenceMode inference;
    learn::Network& network = m_loaded->network;
    const at::Tensor features = network.foldedFeatures(image);
    const at::Tensor probabilities = network.probabilitiesOfFeatures(features);
    if (!at::isfinite(probabilities).all().item<bool>())
        return fail(Code::nonFinite, {"probabilities"});
    return json{{"row", row}, {"probabilities", listOf(probabilities[0])}};
}

Result<std::string> Serve::mapFile(const std::string& name)
{
    if (m_mapFolder.empty()) {
        std::string folder = (fs::temp_directory_path() / "foveate-maps-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr)
            return tl::unexpected<Error>(errnoError(errno, folder));
        m_mapFolder = folder;
    }
    return m_mapFolder + "/" + name;
}

Result<json> Serve::explain(const json& command)
{
    FOVEATE_TRY(const std::int64_t row, rowOf(command));
    if (!m_loaded->explainer)
        return tl::unexpected<Error>(m_loaded->explainer.error());
    explain::Question question;
    if (command.contains("method")) {
        FOVEATE_TRY(const std::string method, textOf(command, "method"));
        FOVEATE_TRY(question.method, explain::methodFromName(method));
    }
    if (command.contains("class")) {
        FOVEATE_TRY(const std::int64_t classIndex, numberOf(command, "class"));
        if (classIndex >= m_loaded->explainer->layers().classes())
            return fail(Code::notFound, {"class", std::to_string(classIndex)});
        question.classIndex = int(std::max<std::int64_t>(classIndex, -1));
    }
    FOVEATE_TRY(const at::Tensor image, m_loaded->image(row));
    FOVEATE_TRY(const explain::Explanation made, m_loaded->explainer->explain(image, question));
    FOVEATE_TRY(const std::string path, mapFile(std::to_string(row) + "-" + std::string(name(question.method)) + "-" +
                                                std::to_string(made.classes[0]) + ".npy"));
    const at::Tensor map = made.map[0].contiguous();
    const std::span<const float> values(map.const_data_ptr<float>(), std::size_t(map.numel()));
    FOVEATE_CHECK(writeNpy<float>(path, {std::size_t(map.size(0)), std::size_t(map.size(1))}, values));
    return json{{"row", row},
                {"map", path},
                {"low", map.min().item<float>()},
                {"high", map.max().item<float>()},
                {"method", name(question.method)},
                {"class", made.classes[0]},
                {"probabilities", listOf(made.probabilities[0])},
                {"evidence", bool(made.evidence[0])},
                {"lost", made.lost[0]}};
}

} // namespace foveate::engine
