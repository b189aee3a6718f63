// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Explainer.h"

#include "explain/DeepTaylor.h"
#include "explain/GradCam.h"
#include "explain/Uncertainty.h"
#include "learn/LabelLoss.h"

#include <algorithm>
#include <array>
#include <c10/core/InferenceMode.h>
#include <utility>

namespace foveate::explain {
namespace {

constexpr std::array kNames{std::pair{Method::gradcam, std::string_view("gradcam")},
                            std::pair{Method::deepTaylor, std::string_view("deep-taylor")},
                            std::pair{Method::occlusion, std::string_view("occlusion")},
                            std::pair{Method::randomOcclusion, std::string_view("random-occlusion")},
                            std::pair{Method::uncertainty, std::string_view("uncertainty")}};

constexpr int kMostPasses = 1000;
constexpr int kMostBoxes = 10000;

/// What each method gives, before it is judged.
struct Raw {
    at::Tensor map;
    at::Tensor logits;
    std::vector<int> classes;
    std::vector<double> lost;
};

template <typename Maps> Raw rawOf(Maps maps)
{
    return {maps.map, maps.logits, std::move(maps.classes), {}};
}

template <> Raw rawOf(DeepTaylor maps)
{
    return {maps.map, maps.logits, std::move(maps.classes), std::move(maps.lost)};
}

OcclusionOptions occlusionOptions(const Question& question)
{
    OcclusionOptions options;
    options.window = question.window;
    options.stride = question.stride;
    options.boxes = question.method == Method::randomOcclusion ? question.boxes : 0;
    options.seed = question.seed;
    return options;
}

Status checkRanges(const Question& question)
{
    if (question.passes < 2 || question.passes > kMostPasses)
        return fail(Code::usage, {"passes"});
    if (question.boxes < 1 || question.boxes > kMostBoxes)
        return fail(Code::usage, {"boxes"});
    return {};
}

Result<Raw> ask(const Layers& layers, const learn::Normalisation& normalisation, const at::Tensor& images,
                const Question& question)
{
    switch (question.method) {
    case Method::gradcam: return gradCam(layers, images, question.classIndex).map(rawOf<GradCam>);
    case Method::deepTaylor:
        return deepTaylor(layers, normalisation, images, question.classIndex).map(rawOf<DeepTaylor>);
    case Method::occlusion:
    case Method::randomOcclusion:
        return occlusion(layers, images, occlusionOptions(question), question.classIndex).map(rawOf<Occlusion>);
    case Method::uncertainty: break;
    }
    return uncertainty(layers, normalisation, images, {question.passes, question.seed}, question.classIndex)
        .map(rawOf<DeepTaylor>);
}

Explanation together(const std::vector<Explanation>& parts)
{
    Explanation all;
    std::vector<at::Tensor> maps, probabilities;
    for (const Explanation& part : parts) {
        maps.push_back(part.map);
        probabilities.push_back(part.probabilities);
        all.classes.insert(all.classes.end(), part.classes.begin(), part.classes.end());
        all.evidence.insert(all.evidence.end(), part.evidence.begin(), part.evidence.end());
        all.lost.insert(all.lost.end(), part.lost.begin(), part.lost.end());
    }
    all.map = at::cat(maps);
    all.probabilities = at::cat(probabilities);
    return all;
}

} // namespace

std::string_view name(Method method)
{
    return std::find_if(kNames.begin(), kNames.end(), [&](const auto& pair) { return pair.first == method; })->second;
}

Result<Method> methodFromName(std::string_view text)
{
    const auto found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& pair) { return pair.second == text; });
    if (found == kNames.end())
        return fail(Code::usage, {"method", std::string(text)});
    return found->first;
}

bool Explanation::fitForRanking(std::size_t i) const
{
    return evidence[i] && lost[i] <= kLostLimit;
}

Explainer::Explainer(Layers layers, const learn::Network& network, const learn::Normalisation& normalisation)
    : m_layers(std::move(layers)), m_classes(network.classes()), m_multiLabel(network.multiLabel()),
      m_normalisation(normalisation)
{}

Result<Explainer> Explainer::create(const learn::Network& network, const learn::Normalisation& normalisation,
                                    Rules rules)
{
    FOVEATE_TRY(Layers layers, layersOf(network, rules));
    return Explainer(std::move(layers), network, normalisation);
}

Result<Explanation> Explainer::explain(const at::Tensor& images, const Question& question) const
{
    FOVEATE_CHECK(checkRanges(question));
    FOVEATE_TRY(Raw raw, ask(m_layers, m_normalisation, images, question));
    const c10::InferenceMode inference;
    Explanation result;
    result.map = raw.map;
    result.probabilities = learn::probabilitiesOf(raw.logits, m_multiLabel || m_classes == 1);
    result.classes = std::move(raw.classes);
    for (std::int64_t i = 0; i < raw.map.size(0); ++i)
        result.evidence.push_back(raw.map[i].max().item<float>() > raw.map[i].min().item<float>());
    result.lost = raw.lost.empty() ? std::vector<double>(result.classes.size(), 0.0) : std::move(raw.lost);
    return result;
}

std::int64_t Explainer::batchFor(Method method, int size)
{
    if (method != Method::gradcam && method != Method::deepTaylor)
        return 1; // a batch of its own for each image
    return std::clamp<std::int64_t>(std::int64_t(400000) / (std::int64_t(size) * size), 1, 32);
}

Result<Explanation> mapsOf(const Explainer& explainer, const learn::PackBatches& batches,
                           std::span<const std::int64_t> rows, Method method)
{
    const std::size_t batch = std::size_t(Explainer::batchFor(method, batches.size()));
    std::vector<Explanation> parts;
    for (std::size_t begin = 0; begin < rows.size(); begin += batch) {
        const at::Tensor images = batches.batch(rows.subspan(begin, std::min(batch, rows.size() - begin)));
        FOVEATE_TRY(Explanation part, explainer.explain(images, {.method = method}));
        parts.push_back(std::move(part));
    }
    if (parts.empty())
        return Explanation{
            at::empty({0, batches.size(), batches.size()}), at::empty({0, explainer.classes()}), {}, {}, {}};
    return together(parts);
}

} // namespace foveate::explain
