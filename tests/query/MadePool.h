// SPDX-License-Identifier: GPL-3.0-or-later
// MadePool: a pool with every array that a strategy may want, made from a seed: overlapping clusters of features, one a
// class, soft probabilities around them, some of the samples labelled.
#pragma once

#include "base/Random.h"
#include "query/Strategy.h"

#include <cmath>
#include <string>
#include <vector>

namespace foveate::query {

struct MadePool {
    static constexpr std::size_t kDimensions = 12, kClasses = 3, kLatents = 4, kPasses = 5;
    std::vector<std::string> ids, labelledIds;
    std::vector<int> classes;
    std::vector<float> features, probabilities, passes, latents, labelledFeatures, labelledLatents;
    std::vector<std::vector<float>> tables;
    std::uint64_t seed = 3;
    Options options;

    explicit MadePool(int pool = 90, int labelled = 30, std::uint64_t made = 1)
    {
        Random random = Random::derive(made, "pool");
        for (int i = 0; i < pool; ++i)
            addSample("p" + std::to_string(1000 + i), i % int(kClasses), random, features, latents, ids);
        for (int i = 0; i < labelled; ++i) {
            addSample("l" + std::to_string(1000 + i), i % int(kClasses), random, labelledFeatures, labelledLatents,
                      labelledIds);
            classes.push_back(i % int(kClasses));
        }
        for (int i = 0; i < pool; ++i)
            addRow(probabilities, random);
        for (std::size_t i = 0; i < kPasses * std::size_t(pool); ++i)
            addRow(passes, random);
        for (const Measure* measure : measures()) {
            tables.emplace_back();
            for (std::size_t i = 0; i < std::size_t(pool) * measure->columns; ++i)
                tables.back().push_back(float(random.uniform(1, 9)));
        }
    }

    Pool pool() const
    {
        Pool all;
        all.ids = ids;
        all.probabilities = probabilities;
        all.classes = kClasses;
        all.seed = seed;
        all.threads = 2;
        all.options = options;
        all.features = features;
        all.dimensions = kDimensions;
        all.passes = passes;
        all.labelled = {labelledIds, classes, labelledFeatures, labelledLatents};
        for (std::size_t k = 0; k < tables.size(); ++k)
            for (const bool ofImage : {false, true})
                all.measures.push_back({measures()[k]->name, ofImage, tables[k]});
        all.latents = latents;
        all.latentCount = kLatents;
        for (std::size_t i = 0; i < labelledIds.size(); ++i)
            all.impacts.push_back({labelledIds[i], std::sin(double(i))});
        return all;
    }

private:
    static void addSample(const std::string& id, int cluster, Random& random, std::vector<float>& featuresTo,
                          std::vector<float>& latentsTo, std::vector<std::string>& idsTo)
    {
        idsTo.push_back(id);
        for (std::size_t k = 0; k < kDimensions; ++k)
            featuresTo.push_back(float(random.normal() + (int(k) % int(kClasses) == cluster ? 2.5 : 0)));
        for (std::size_t k = 0; k < kLatents; ++k)
            latentsTo.push_back(float(random.uniform(-1, 1)));
    }
    static void addRow(std::vector<float>& to, Random& random)
    {
        double row[kClasses], sum = 0;
        for (double& v : row)
            sum += v = random.uniform(.01, 1);
        for (const double v : row)
            to.push_back(float(v / sum));
    }
};

inline std::vector<std::string> order(const std::vector<Ranked>& ranked)
{
    std::vector<std::string> found;
    for (const Ranked& item : ranked)
        found.push_back(item.id);
    return found;
}

} // namespace foveate::query
