// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/Strategy.h"

#include "base/Text.h"
#include "query/CoreSet.h"
#include "query/Mixture.h"
#include "query/SortedPool.h"
#include "query/strategies/Strategies.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace foveate::query {
namespace {

constexpr std::array kStrategies{&kRandom,        &kStratified,       &kEntropy,
                                 &kMargin,        &kLeastConfidence,  &kMcDropout,
                                 &kBald,          &kCoreset,          &kTypical,
                                 &kPeriphery,     &kPeripheryZscore,  &kPeripherySilhouette,
                                 &kLabelSpread,   &kKurtosis,         &kRadiomicsFirstOrder,
                                 &kRadiomicsGlcm, &kRadiomicsShape2d, &kDeepSaliency,
                                 &kProxy};

constexpr std::string_view kImage = "-image";
constexpr std::string_view kReversed = "-reversed";
constexpr std::size_t kDiverseFactor = 10; ///< candidates for each sample wanted

bool takeSuffix(std::string_view& name, std::string_view suffix)
{
    if (!name.ends_with(suffix))
        return false;
    name.remove_suffix(suffix.size());
    return true;
}

Result<Part> parsePart(std::string_view text)
{
    Part part;
    std::string_view name = text.substr(0, text.find(':'));
    if (name.size() < text.size()) {
        const std::string_view number = text.substr(name.size() + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), part.share);
        if (error != std::errc() || end != number.data() + number.size() || !(part.share > 0) ||
            !std::isfinite(part.share))
            return fail(Code::usage, {printable(text)});
    }
    const std::string_view asked = name;
    for (bool more = true; more;) {
        if (takeSuffix(name, kImage))
            part.variant.ofImage = true;
        else if (takeSuffix(name, kReversed))
            part.variant.reversed = true;
        else
            more = false;
    }
    const auto found =
        std::find_if(kStrategies.begin(), kStrategies.end(), [&](const Strategy* s) { return s->name == name; });
    if (found == kStrategies.end() || (name != asked && (*found)->measure == nullptr))
        return fail(Code::notFound, {"strategy", printable(asked)});
    part.strategy = *found;
    return part;
}

std::string nameOf(const Part& part)
{
    return std::string(part.strategy->name) + std::string(part.variant.ofImage ? kImage : "") +
           std::string(part.variant.reversed ? kReversed : "");
}

tl::unexpected<Error> misfit(const char* what, std::size_t found, std::size_t expected)
{
    return fail(Code::wrongShape, {what, std::to_string(found), std::to_string(expected)});
}

/// Arrays that are there must fit, whether they are needed or not.
Status checkShapes(const Pool& pool)
{
    const std::size_t n = pool.ids.size(), m = pool.labelled.ids.size();
    const auto fits = [](std::size_t size, std::size_t expected) {
        return size == 0 || (expected > 0 && size == expected);
    };
    if (!fits(pool.probabilities.size(), n * pool.classes))
        return misfit("probabilities", pool.probabilities.size(), n * pool.classes);
    if (!fits(pool.features.size(), n * pool.dimensions))
        return misfit("features", pool.features.size(), n * pool.dimensions);
    if (!pool.passes.empty() && (n * pool.classes == 0 || pool.passes.size() % (n * pool.classes) != 0))
        return misfit("passes", pool.passes.size(), n * pool.classes);
    if (!fits(pool.latents.size(), n * pool.latentCount))
        return misfit("latents", pool.latents.size(), n * pool.latentCount);
    if (!fits(pool.strata.size(), n) || !fits(pool.mapped.size(), n))
        return misfit("strata", pool.strata.size(), n);
    if (pool.labelled.classes.size() != m)
        return misfit("labels", pool.labelled.classes.size(), m);
    if (!fits(pool.labelled.features.size(), m * pool.dimensions))
        return misfit("labelled features", pool.labelled.features.size(), m * pool.dimensions);
    if (!fits(pool.labelled.latents.size(), m * pool.latentCount))
        return misfit("labelled latents", pool.labelled.latents.size(), m * pool.latentCount);
    const std::size_t labels = pool.multiLabel ? std::size_t(1) << pool.classes : pool.classes;
    for (const int label : pool.labelled.classes)
        if (label < 0 || std::size_t(label) >= labels)
            return misfit("label", std::size_t(label), labels);
    return {};
}

Status checkNeeds(const Part& part, const Pool& pool)
{
    const Needs needs = part.strategy->needs;
    if ((needs & kNeedsOneClass) && pool.multiLabel)
        return fail(Code::needsOneClass, {std::string(part.strategy->name)});
    const bool stratified = part.strategy == &kStratified && !pool.strata.empty();
    if ((needs & kNeedsProbabilities) && pool.probabilities.empty() && !stratified)
        return fail(Code::needsTraining, {"train"});
    if ((needs & kNeedsPasses) && pool.passes.empty())
        return fail(Code::needsTraining, {"train"});
    if ((needs & kNeedsFeatures) && pool.features.empty())
        return fail(Code::needsTraining, {"pretrain"});
    if ((needs & kNeedsFeatures) && pool.labelled.features.empty() && !pool.labelled.ids.empty())
        return misfit("labelled features", 0, pool.labelled.ids.size() * pool.dimensions);
    if ((needs & kNeedsLatents) && pool.latents.empty())
        return fail(Code::needsTraining, {"train"});
    if ((needs & kNeedsLatents) && pool.labelled.latents.empty() && !pool.labelled.ids.empty())
        return misfit("labelled latents", 0, pool.labelled.ids.size() * pool.latentCount);
    if ((needs & kNeedsLabels) && pool.labelled.ids.empty())
        return fail(Code::needsLabels, {"0", "1", "label"});
    return {};
}

/// The best last; what has no evidence stays behind.
void reverse(Ranking& result)
{
    double top = 0;
    for (const Ranked& item : result.items)
        top = std::max(top, item.score);
    for (Ranked& item : result.items)
        if (item.reason.code != ReasonCode::noEvidence)
            item.score = top - item.score;
    result.items = ranking(std::move(result.items));
}

/// Samples that were not mapped go behind those that were, by the cheap strategy's order.
Status placeUnmapped(Ranking& result, const Pool& pool)
{
    if (std::find(pool.mapped.begin(), pool.mapped.end(), 0) == pool.mapped.end())
        return {};
    FOVEATE_TRY(const Ranking cheap, kEntropy.rank(pool, {}));
    std::vector<double> places(pool.ids.size());
    for (const Ranked& item : cheap.items)
        places[rowOf(pool, item.id)] = double(item.rank);
    for (Ranked& item : result.items)
        if (const std::size_t row = rowOf(pool, item.id); pool.mapped[row] == 0) {
            item.score = -places[row] / double(pool.ids.size() + 1);
            item.reason = {ReasonCode::notMapped, {places[row]}};
        }
    result.items = ranking(std::move(result.items));
    result.notes["mapped"] = std::count(pool.mapped.begin(), pool.mapped.end(), 1);
    return {};
}

Result<Ranking> rankPart(const Part& part, const Pool& pool)
{
    FOVEATE_CHECK(checkNeeds(part, pool));
    FOVEATE_TRY(Ranking result, part.strategy->rank(pool, part.variant));
    if (part.strategy->measure != nullptr && !pool.mapped.empty())
        FOVEATE_CHECK(placeUnmapped(result, pool));
    if (part.variant.reversed)
        reverse(result);
    return result;
}

/// k-center among the best: those picked first, all others in their order.
Status spreadOut(Ranking& result, const Pool& pool)
{
    if (pool.features.empty())
        return fail(Code::needsTraining, {"pretrain"});
    const std::size_t wanted = std::size_t(pool.options.count);
    FiniteRows near{{}, {}, pool.dimensions};
    for (std::size_t i = 0; i < std::min(kDiverseFactor * wanted, result.items.size()); ++i) {
        const Ranked& item = result.items[i];
        const auto row = pool.features.subspan(rowOf(pool, item.id) * pool.dimensions, pool.dimensions);
        if (item.reason.code == ReasonCode::noEvidence || finiteRows(row, pool.dimensions).size() == 0)
            continue;
        near.places.push_back(i);
        near.values.insert(near.values.end(), row.begin(), row.end());
    }
    const FiniteRows start = finiteRows(pool.labelled.features, pool.dimensions);
    const Centres centres = farthestPoints(near.points(), start.points(), wanted, pool.threads);
    std::vector<Ranked> ordered;
    std::vector<bool> taken(result.items.size(), false);
    for (const std::size_t pick : centres.rows) {
        taken[near.places[pick]] = true;
        ordered.push_back(result.items[near.places[pick]]);
    }
    for (std::size_t i = 0; i < result.items.size(); ++i)
        if (!taken[i])
            ordered.push_back(std::move(result.items[i]));
    result.items = inOrder(std::move(ordered));
    return {};
}

} // namespace

std::span<const Strategy* const> strategies()
{
    return kStrategies;
}

std::vector<std::string> strategyNames()
{
    std::vector<std::string> names;
    for (const Strategy* strategy : kStrategies) {
        const std::string base(strategy->name);
        names.push_back(base);
        if (strategy->measure != nullptr)
            names.insert(names.end(), {base + std::string(kReversed), base + std::string(kImage)});
    }
    return names;
}

Result<std::vector<Part>> parseStrategy(std::string_view name)
{
    std::vector<Part> parts;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('+', begin), name.size());
        FOVEATE_TRY(parts.emplace_back(), parsePart(name.substr(begin, end - begin)));
        begin = end + 1;
    }
    double sum = 0;
    for (const Part& part : parts)
        sum += part.share;
    for (Part& part : parts)
        part.share /= sum;
    return parts;
}

Needs needsOf(std::span<const Part> parts, const Options& options)
{
    Needs needs = options.diverse ? kNeedsFeatures : kNeedsNothing;
    for (const Part& part : parts)
        needs |= part.strategy->needs;
    return needs;
}

bool allowsPrefilter(std::span<const Part> parts)
{
    return std::none_of(parts.begin(), parts.end(), [](const Part& part) { return part.variant.reversed; });
}

Result<Ranking> rank(std::string_view name, const Pool& lent)
{
    FOVEATE_TRY(const std::vector<Part> parts, parseStrategy(name));
    if (lent.ids.empty())
        return Ranking{};
    FOVEATE_CHECK(checkShapes(lent));
    const SortedPool sorted(lent);
    const Pool& pool = sorted.pool();
    std::vector<Ranking> rankings;
    for (const Part& part : parts) {
        FOVEATE_TRY(rankings.emplace_back(), rankPart(part, pool));
    }
    Ranking result;
    if (parts.size() == 1) {
        result = std::move(rankings[0]);
    } else {
        result.items = mixed(parts, rankings);
        for (std::size_t k = 0; k < parts.size(); ++k)
            if (!rankings[k].notes.empty())
                result.notes[nameOf(parts[k])] = std::move(rankings[k].notes);
    }
    if (pool.options.diverse)
        FOVEATE_CHECK(spreadOut(result, pool));
    return result;
}

} // namespace foveate::query
