// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain/Regions.h"

#include "base/Random.h"
#include "learn/Exceptions.h"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>

namespace foveate::explain {
namespace {

constexpr double kSmoothing = .01; ///< σ as a share of the side

at::Tensor smoothed(const at::Tensor& map)
{
    const double sigma = kSmoothing * double(map.size(0));
    const std::int64_t radius = std::max<std::int64_t>(1, std::int64_t(std::ceil(3 * sigma)));
    at::Tensor kernel = at::arange(-radius, radius + 1, at::kFloat).div_(sigma).square_().mul_(-.5).exp_();
    kernel.div_(kernel.sum());
    at::Tensor image = map.view({1, 1, map.size(0), map.size(1)});
    image = at::replication_pad2d(image, {radius, radius, radius, radius});
    image = at::conv2d(image, kernel.view({1, 1, 1, -1}));
    return at::conv2d(image, kernel.view({1, 1, -1, 1}))[0][0].contiguous();
}

/// One component of the places marked in `open`, which are closed as they are found.
struct Component {
    std::vector<std::int64_t> places;
    double mass = 0;
};

Component flood(std::vector<char>& open, const float* values, std::int64_t side, std::int64_t start)
{
    Component found;
    open[std::size_t(start)] = 0;
    found.places.push_back(start);
    for (std::size_t next = 0; next < found.places.size(); ++next) {
        const std::int64_t place = found.places[next];
        found.mass += double(values[place]);
        const std::int64_t y = place / side, x = place % side;
        for (std::int64_t v = std::max<std::int64_t>(0, y - 1); v <= std::min(side - 1, y + 1); ++v) {
            for (std::int64_t u = std::max<std::int64_t>(0, x - 1); u <= std::min(side - 1, x + 1); ++u) {
                char& neighbour = open[std::size_t(v * side + u)];
                if (neighbour == 0)
                    continue;
                neighbour = 0;
                found.places.push_back(v * side + u);
            }
        }
    }
    return found;
}

Component heaviest(const at::Tensor& map)
{
    const at::Tensor soft = smoothed(map);
    const float* values = soft.const_data_ptr<float>();
    const float most = soft.max().item<float>();
    Component best;
    if (!(most > 0))
        return best;
    std::vector<char> open(std::size_t(soft.numel()));
    std::transform(values, values + soft.numel(), open.begin(), [&](float v) { return char(v >= most / 2); });
    for (std::int64_t i = 0; i < soft.numel(); ++i) {
        if (open[std::size_t(i)] == 0)
            continue;
        Component found = flood(open, values, soft.size(1), i);
        if (found.mass > best.mass)
            best = std::move(found);
    }
    return best;
}

/// 2 × 3 matrix from a view's coordinates to the image's, both in [−1, 1], and its inverse.
struct Motion {
    at::Tensor forward, back; ///< [1,2,3]
};

Motion motion(Random& random)
{
    const double flip = random.chance(.5) ? -1 : 1;
    const double angle = random.uniform(-15, 15) * std::acos(-1.0) / 180;
    const double scale = 1 / random.uniform(1, 1.25);
    const double u = random.uniform(-.2, .2), v = random.uniform(-.2, .2); // a tenth of the side
    const at::Tensor matrix = at::tensor({scale * std::cos(angle) * flip, -scale * std::sin(angle), u,
                                          scale * std::sin(angle) * flip, scale * std::cos(angle), v, 0.0, 0.0, 1.0},
                                         at::kDouble)
                                  .view({3, 3});
    const auto part = [](const at::Tensor& m) { return m.narrow(0, 0, 2).to(at::kFloat).unsqueeze(0).contiguous(); };
    return {part(matrix), part(at::inverse(matrix))};
}

enum class Sampling { bilinear = 0, nearest = 1 };

at::Tensor moved(const at::Tensor& image, const at::Tensor& matrix, Sampling sampling)
{
    const at::Tensor grid = at::affine_grid_generator(matrix, image.sizes(), false);
    return at::grid_sampler_2d(image, grid, std::int64_t(sampling), 0, false); // 0 outside: the mean colour
}

at::Tensor recoloured(const at::Tensor& image, Random& random, const learn::Normalisation& normalisation)
{
    const std::int64_t channels = image.size(1);
    const auto ofChannels = [&](const std::array<float, 3>& values) {
        return at::tensor(at::ArrayRef<float>(values), at::kFloat).narrow(0, 0, channels).view({1, -1, 1, 1});
    };
    const at::Tensor mean = ofChannels(normalisation.mean), deviation = ofChannels(normalisation.deviation);
    const at::Tensor plain = image * deviation + mean;
    const double contrast = random.uniform(.8, 1.2), brightness = random.uniform(-.1, .1);
    const at::Tensor changed = ((plain - plain.mean()) * contrast + plain.mean() + brightness).clamp_(0, 1);
    return (changed - mean) / deviation;
}

struct Trial {
    bool visible = false;
    double overlap = 0;
    bool sameClass = false;
};

Result<Trial> oneView(const Explainer& explainer, const at::Tensor& image, const Question& question,
                      const at::Tensor& primary, std::int64_t predicted, int number)
{
    Random random = Random::derive(question.seed, "robustness", std::uint64_t(number));
    const Motion motion = explain::motion(random);
    const at::Tensor view =
        moved(recoloured(image.contiguous(), random, explainer.normalisation()), motion.forward, Sampling::bilinear);
    FOVEATE_TRY(const Explanation seen, explainer.explain(view, question));
    const auto back = [&](const at::Tensor& mask) {
        const at::Tensor plane = mask.to(at::kFloat).view({1, 1, mask.size(0), mask.size(1)});
        return moved(plane, motion.back, Sampling::nearest)[0][0].gt(.5);
    };
    const at::Tensor expected = primary.logical_and(back(at::ones_like(primary)));
    Trial trial;
    trial.sameClass = seen.probabilities.argmax(1).item<std::int64_t>() == predicted;
    trial.visible = expected.any().item<bool>();
    if (trial.visible)
        trial.overlap = overlap(back(regionOf(seen.map[0]).mask), expected);
    return trial;
}

} // namespace

Region regionOf(const at::Tensor& map)
{
    const c10::InferenceMode inference;
    const at::Tensor plain = map.contiguous();
    const std::int64_t side = plain.size(1);
    Region region;
    region.mask = at::zeros(plain.sizes(), at::kBool);
    const Component component = heaviest(plain);
    if (component.places.empty())
        return region;
    bool* mask = region.mask.mutable_data_ptr<bool>();
    std::int64_t top = side, bottom = 0, left = side, right = 0;
    for (const std::int64_t place : component.places) {
        mask[place] = true;
        top = std::min(top, place / side);
        bottom = std::max(bottom, place / side);
        left = std::min(left, place % side);
        right = std::max(right, place % side);
    }
    region.box = {int(top), int(left), int(bottom - top + 1), int(right - left + 1)};
    const at::Tensor positive = plain.clamp_min(0).to(at::kDouble);
    region.share = positive.masked_select(region.mask).sum().item<double>() / positive.sum().item<double>();
    return region;
}

double overlap(const at::Tensor& one, const at::Tensor& other)
{
    const double both = one.logical_and(other).sum().item<double>();
    const double either = one.logical_or(other).sum().item<double>();
    return either > 0 ? both / either : 0;
}

Result<SecondLook> secondLook(const Explainer& explainer, const at::Tensor& image, const Question& question,
                              const Region& primary)
{
    return learn::guarded([&]() -> Result<SecondLook> {
        const at::Tensor covered = at::where(primary.mask, image.mean({2, 3}, true), image);
        FOVEATE_TRY(const Explanation second, explainer.explain(covered, question));
        return SecondLook{second.map[0], regionOf(second.map[0])};
    });
}

Result<Robustness> robustness(const Explainer& explainer, const at::Tensor& image, const Question& question,
                              const Region& primary, int views)
{
    return learn::guarded([&]() -> Result<Robustness> {
        FOVEATE_TRY(const Explanation plain, explainer.explain(image, question));
        const std::int64_t predicted = plain.probabilities.argmax(1).item<std::int64_t>();
        Robustness result;
        for (int number = 0; number < views; ++number) {
            FOVEATE_TRY(const Trial trial, oneView(explainer, image, question, primary.mask, predicted, number));
            result.trials += trial.visible ? 1 : 0;
            result.overlap += trial.overlap;
            result.classAgreement += trial.sameClass ? 1 : 0;
        }
        result.overlap = result.trials > 0 ? result.overlap / result.trials : 0;
        result.classAgreement = views > 0 ? result.classAgreement / views : 0;
        return result;
    });
}

Result<UnderBoxes> underBoxes(const Explainer& explainer, const at::Tensor& image, const Question& question)
{
    return learn::guarded([&]() -> Result<UnderBoxes> {
        const Question cam{.method = Method::gradcam, .classIndex = question.classIndex};
        FOVEATE_TRY(const Explanation plain, explainer.explain(image, cam));
        const Region primary = regionOf(plain.map[0]);
        UnderBoxes result;
        for (const Rectangle& box : randomBoxes(int(image.size(2)), question.boxes, question.seed)) {
            at::Tensor covered = image.clone();
            covered.narrow(2, box.y, box.height).narrow(3, box.x, box.width).zero_();
            FOVEATE_TRY(const Explanation seen, explainer.explain(covered, cam));
            result.overlap += overlap(regionOf(seen.map[0]).mask, primary.mask) / question.boxes;
            const bool kept = at::equal(seen.probabilities.argmax(1), plain.probabilities.argmax(1));
            result.classKept += (kept ? 1.0 : 0.0) / question.boxes;
        }
        return result;
    });
}

} // namespace foveate::explain
