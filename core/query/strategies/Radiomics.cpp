// SPDX-License-Identifier: GPL-3.0-or-later
// `radiomics-firstorder`, `-glcm` and `-shape2d` (P4, Table I): a few features of the map, combined by Borda's count.
//
// Directions: a feature counts upwards when it grows with kurtosis over the pool (Spearman), else downwards; those of
// shape are given (sphericity +, disproportion −, elongation +). --directions large: all upwards (methods.md §4.8).
#include "query/Borda.h"
#include "query/strategies/Measured.h"

namespace foveate::query {
namespace {

struct Recipe {
    const Measure& measure;
    std::size_t first; ///< column of the first feature; 0: kurtosis is one of them
    std::vector<const char*> features;
    std::vector<int> given; ///< directions that are not asked of the data
};

std::vector<double> column(const Measured& measured, std::size_t k)
{
    std::vector<double> values;
    for (const std::size_t i : measured.known)
        values.push_back(double(measured.row(i)[k]));
    return values;
}

std::vector<int> directionsOf(const Recipe& recipe, const Measured& measured, const Options& options)
{
    std::vector<int> directions = recipe.given;
    if (options.directions == Directions::large)
        directions.assign(recipe.features.size(), 1);
    const std::vector<double> kurtosis = column(measured, 0);
    for (std::size_t k = directions.size(); k < recipe.features.size(); ++k)
        directions.push_back(spearman(column(measured, recipe.first + k), kurtosis) < 0 ? -1 : 1);
    return directions;
}

Result<Ranking> rankByBorda(const Pool& pool, const Variant& variant, const Recipe& recipe)
{
    FOVEATE_TRY(const Measured measured, measuredBy(pool, recipe.measure, variant));
    Ranking result;
    result.items = unjudged(pool);
    if (!measured.known.empty()) {
        const std::vector<int> directions = directionsOf(recipe, measured, pool.options);
        std::vector<std::vector<double>> columns;
        for (std::size_t k = 0; k < recipe.features.size(); ++k) {
            columns.push_back(column(measured, recipe.first + k));
            result.notes["directions"][recipe.features[k]] = directions[k];
        }
        const std::vector<double> ranks = bordaRanks(columns, directions);
        const double n = double(measured.known.size());
        for (std::size_t i = 0; i < ranks.size(); ++i) {
            Ranked& item = result.items[measured.known[i]];
            item.score = n - ranks[i];
            item.reason = {ReasonCode::borda, {ranks[i], n}};
        }
    }
    if (&recipe.measure == &kShape2dMeasure && pool.options.directions == Directions::large)
        result.notes["cancelling"] = {"sphericity", "spherical_disproportion"};
    result.items = ranking(std::move(result.items));
    return result;
}

Result<Ranking> rankFirstOrder(const Pool& pool, const Variant& variant)
{
    return rankByBorda(pool, variant,
                       {kFirstOrderMeasure, 0, {"kurtosis", "skewness", "entropy", "total_energy"}, {1}});
}

Result<Ranking> rankGlcm(const Pool& pool, const Variant& variant)
{
    return rankByBorda(
        pool, variant,
        {kGlcmMeasure,
         1,
         {"sum_entropy", "inverse_difference_normalised", "difference_entropy", "maximal_correlation_coefficient"},
         {}});
}

Result<Ranking> rankShape2d(const Pool& pool, const Variant& variant)
{
    return rankByBorda(pool, variant,
                       {kShape2dMeasure, 1, {"sphericity", "spherical_disproportion", "elongation"}, {1, -1, 1}});
}

} // namespace

const Strategy kRadiomicsFirstOrder{"radiomics-firstorder", kNeedsMeasures, &kFirstOrderMeasure, rankFirstOrder};
const Strategy kRadiomicsGlcm{"radiomics-glcm", kNeedsMeasures, &kGlcmMeasure, rankGlcm};
const Strategy kRadiomicsShape2d{"radiomics-shape2d", kNeedsMeasures, &kShape2dMeasure, rankShape2d};

} // namespace foveate::query
