// SPDX-License-Identifier: GPL-3.0-or-later
// Online random forest (Saffari 2009): trees that grow while samples come one by one.
//
// Each tree sees a sample Poisson(1) times. A leaf keeps the classes seen and, for each of its random tests (a sign of
// w·x over two features against a threshold within their range), how they would part; it splits by the best one when it
// has seen enough and the Gini impurity falls enough. Same seed and order of samples: same forest. One thread.
#pragma once

#include "base/Random.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace foveate::query {

struct ForestOptions {
    int trees = 100;   ///< more: smoother, proportionally slower
    int depth = 10;    ///< of a leaf at most
    int tests = 10;    ///< candidates of a leaf
    int samples = 20;  ///< seen before a leaf may split; larger: smaller trees
    double gain = .05; ///< of Gini impurity at least
    int passes = 10;   ///< over the samples, in fit()
    std::uint64_t seed = 1;
};

class OnlineForest {
public:
    /// `low` and `high` [D]: the range of each feature, from which thresholds are drawn. REQUIRES: D, classes ≥ 1.
    OnlineForest(int classes, std::vector<float> low, std::vector<float> high, const ForestOptions& options);
    /// One sample. REQUIRES: D finite features, label in [0, classes).
    void update(std::span<const float> features, int label);
    /// Mean over the trees of the leaf's class shares; uniform before the first sample.
    std::vector<double> probabilities(std::span<const float> features) const;

private:
    struct Test {
        std::array<std::uint32_t, 2> feature{};
        std::array<float, 2> weight{};
        float threshold = 0;
        bool isRight(std::span<const float> features) const
        {
            return weight[0] * features[feature[0]] + weight[1] * features[feature[1]] > threshold;
        }
    };
    struct Node {
        int depth = 0;
        std::int32_t left = -1; ///< its right sibling is the next; −1: a leaf
        Test split;
        double seen = 0; ///< since the leaf was made
        std::vector<double> counts;
        std::vector<Test> tests;
        std::vector<double> right;      ///< [tests, classes] of what each test would send right
        std::vector<double> seenCounts; ///< [classes] since the leaf was made
    };
    struct Tree {
        std::vector<Node> nodes;
        Random random{0};
    };

    Node makeLeaf(int depth, Random& random) const;
    Test drawTest(Random& random) const;
    static std::size_t leafOf(const Tree& tree, std::span<const float> features);
    void see(Tree& tree, std::span<const float> features, int label) const;
    void splitIfGood(Tree& tree, std::size_t leaf) const;

    int m_classes;
    std::vector<float> m_low, m_high;
    ForestOptions m_options;
    std::vector<Tree> m_trees;
};

/// A forest that has seen nothing yet, for values [N,D] like these.
OnlineForest forestFor(std::span<const float> values, std::size_t dimensions, int classes,
                       const ForestOptions& options);
/// options.passes over [N,D], each in a seeded order, which another `round` changes. REQUIRES: finite values, N labels.
void teach(OnlineForest& forest, std::span<const float> values, std::size_t dimensions, std::span<const int> labels,
           const ForestOptions& options, int round = 0);
/// options.passes over [N,D] in a seeded order each. REQUIRES: finite values, N labels.
OnlineForest fitForest(std::span<const float> values, std::size_t dimensions, std::span<const int> labels, int classes,
                       const ForestOptions& options);

} // namespace foveate::query
