// SPDX-License-Identifier: GPL-3.0-or-later
// Explainer: one network asked for maps by any method; the one door for the run's job, the window's questions and the
// strategies that rank by maps.
//
// A map is float32 [S,S], raw values, not scaled. gradcam and deep-taylor are ≥ 0; occlusion has either sign;
// uncertainty is a variance. Same images, class, options and seed: same bytes; another batch size may round otherwise.
// One thread at a time.
#pragma once

#include "base/Result.h"
#include "explain/Layers.h"
#include "explain/Occlusion.h"
#include "learn/PackBatches.h"

#include <span>
#include <string_view>
#include <vector>

namespace foveate::explain {

enum class Method { gradcam, deepTaylor, occlusion, randomOcclusion, uncertainty };
/// "gradcam", "deep-taylor", "occlusion", "random-occlusion", "uncertainty".
std::string_view name(Method method);
/// usage (args: "method", text) for another name.
Result<Method> methodFromName(std::string_view text);

struct Question {
    Method method = Method::gradcam;
    int classIndex = -1; ///< −1: each image's predicted class
    int window = 32;     ///< occlusion, pixels
    int stride = 16;     ///< occlusion, pixels
    int boxes = 100;     ///< random-occlusion: more give a smoother map
    int passes = 20;     ///< uncertainty: dropout passes (P4: 20)
    std::uint64_t seed = 1;
};

struct Explanation {
    at::Tensor map;             ///< [N,S,S]
    at::Tensor probabilities;   ///< [N,C]
    std::vector<int> classes;   ///< explained class of each image
    std::vector<bool> evidence; ///< false: nothing speaks for the class, or the map is constant
    std::vector<double> lost;   ///< share of relevance lost on the way (deep-taylor, uncertainty); else 0
    /// Whether the map of image `i` may be used to rank it.
    bool fitForRanking(std::size_t i) const;
};

class Explainer {
public:
    /// The network's weights as they are now. wrongShape without a head, unsupported for an unknown model.
    static Result<Explainer> create(const learn::Network& network, const learn::Normalisation& normalisation,
                                    Rules rules = Rules::conserving);

    int classes() const { return m_classes; }
    const Layers& layers() const { return m_layers; }
    const learn::Normalisation& normalisation() const { return m_normalisation; }
    /// images [N,1|3,S,S], normalised. wrongShape for a class the head has not, usage for an option out of range,
    /// nonFinite. Memory: all activations of the N images at once.
    Result<Explanation> explain(const at::Tensor& images, const Question& question) const;
    /// How many images at once keep memory and a step's time small.
    static std::int64_t batchFor(Method method, int size);

private:
    Explainer(Layers layers, const learn::Network& network, const learn::Normalisation& normalisation);

    Layers m_layers;
    int m_classes = 0;
    bool m_multiLabel = false;
    learn::Normalisation m_normalisation;
};

/// Maps of a pack's rows for their predicted classes, in the rows' order: what the strategies that rank by saliency are
/// given. map [n,S,S]; rows in batches of Explainer::batchFor.
Result<Explanation> mapsOf(const Explainer& explainer, const learn::PackBatches& batches,
                           std::span<const std::int64_t> rows, Method method);

} // namespace foveate::explain
