// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/OnlineForest.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::query {
namespace {

/// Knuth's method.
int poisson(Random& random)
{
    const double limit = std::exp(-1.0);
    int k = 0;
    for (double product = random.uniform(); product > limit; product *= random.uniform())
        ++k;
    return k;
}

/// 1 − Σ share², and the sum.
double gini(std::span<const double> counts, double sum)
{
    double squares = 0;
    for (const double count : counts)
        squares += count * count;
    return sum > 0 ? 1 - squares / (sum * sum) : 0;
}

} // namespace

OnlineForest::OnlineForest(int classes, std::vector<float> low, std::vector<float> high, const ForestOptions& options)
    : m_classes(classes), m_low(std::move(low)), m_high(std::move(high)), m_options(options)
{
    for (int t = 0; t < options.trees; ++t) {
        Tree tree{{}, Random::derive(options.seed, "tree", std::uint64_t(t))};
        tree.nodes.push_back(makeLeaf(0, tree.random));
        m_trees.push_back(std::move(tree));
    }
}

OnlineForest::Test OnlineForest::drawTest(Random& random) const
{
    Test test;
    double low = 0, high = 0;
    for (std::size_t k = 0; k < 2; ++k) {
        test.feature[k] = std::uint32_t(random.below(m_low.size()));
        test.weight[k] = float(random.uniform(-1, 1));
        const double a = double(test.weight[k] * m_low[test.feature[k]]),
                     b = double(test.weight[k] * m_high[test.feature[k]]);
        low += std::min(a, b);
        high += std::max(a, b);
    }
    test.threshold = float(random.uniform(low, high));
    return test;
}

OnlineForest::Node OnlineForest::makeLeaf(int depth, Random& random) const
{
    Node leaf;
    leaf.depth = depth;
    leaf.counts.assign(std::size_t(m_classes), 0);
    leaf.seenCounts = leaf.counts;
    if (depth < m_options.depth) {
        for (int i = 0; i < m_options.tests; ++i)
            leaf.tests.push_back(drawTest(random));
        leaf.right.assign(leaf.tests.size() * std::size_t(m_classes), 0);
    }
    return leaf;
}

std::size_t OnlineForest::leafOf(const Tree& tree, std::span<const float> features)
{
    std::size_t at = 0;
    while (tree.nodes[at].left >= 0)
        at = std::size_t(tree.nodes[at].left) + (tree.nodes[at].split.isRight(features) ? 1 : 0);
    return at;
}

void OnlineForest::see(Tree& tree, std::span<const float> features, int label) const
{
    const std::size_t at = leafOf(tree, features);
    Node& leaf = tree.nodes[at];
    ++leaf.seen;
    ++leaf.counts[std::size_t(label)];
    ++leaf.seenCounts[std::size_t(label)];
    for (std::size_t t = 0; t < leaf.tests.size(); ++t)
        if (leaf.tests[t].isRight(features))
            ++leaf.right[t * std::size_t(m_classes) + std::size_t(label)];
    if (leaf.seen >= m_options.samples && !leaf.tests.empty())
        splitIfGood(tree, at);
}

void OnlineForest::splitIfGood(Tree& tree, std::size_t at) const
{
    const auto classes = std::size_t(m_classes);
    const Node& leaf = tree.nodes[at];
    const double whole = gini(leaf.seenCounts, leaf.seen);
    std::size_t best = 0;
    double most = -1;
    std::vector<double> left(classes);
    for (std::size_t t = 0; t < leaf.tests.size(); ++t) {
        const std::span<const double> right(leaf.right.data() + t * classes, classes);
        const double inRight = std::accumulate(right.begin(), right.end(), 0.0), inLeft = leaf.seen - inRight;
        for (std::size_t c = 0; c < classes; ++c)
            left[c] = leaf.seenCounts[c] - right[c];
        const double gain = whole - (inLeft * gini(left, inLeft) + inRight * gini(right, inRight)) / leaf.seen;
        if (gain > most && inLeft > 0 && inRight > 0) {
            most = gain;
            best = t;
        }
    }
    if (most < m_options.gain)
        return;
    Node a = makeLeaf(leaf.depth + 1, tree.random), b = makeLeaf(leaf.depth + 1, tree.random);
    for (std::size_t c = 0; c < classes; ++c) {
        b.counts[c] = leaf.right[best * classes + c];
        a.counts[c] = leaf.seenCounts[c] - b.counts[c];
    }
    Node& parent = tree.nodes[at];
    parent.split = parent.tests[best];
    parent.left = std::int32_t(tree.nodes.size());
    parent.tests.clear();
    parent.right.clear();
    tree.nodes.push_back(std::move(a));
    tree.nodes.push_back(std::move(b));
}

void OnlineForest::update(std::span<const float> features, int label)
{
    for (Tree& tree : m_trees)
        for (int k = poisson(tree.random); k > 0; --k)
            see(tree, features, label);
}

std::vector<double> OnlineForest::probabilities(std::span<const float> features) const
{
    std::vector<double> p(std::size_t(m_classes), 0);
    for (const Tree& tree : m_trees) {
        const std::vector<double>& counts = tree.nodes[leafOf(tree, features)].counts;
        const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
        for (std::size_t c = 0; c < p.size(); ++c)
            p[c] += (sum > 0 ? counts[c] / sum : 1 / double(m_classes)) / double(m_trees.size());
    }
    return p;
}

OnlineForest forestFor(std::span<const float> values, std::size_t dimensions, int classes, const ForestOptions& options)
{
    std::vector<float> low(values.begin(), values.begin() + std::ptrdiff_t(dimensions)), high = low;
    for (std::size_t i = 0; i < values.size(); ++i) {
        low[i % dimensions] = std::min(low[i % dimensions], values[i]);
        high[i % dimensions] = std::max(high[i % dimensions], values[i]);
    }
    return {classes, std::move(low), std::move(high), options};
}

void teach(OnlineForest& forest, std::span<const float> values, std::size_t dimensions, std::span<const int> labels,
           const ForestOptions& options, int round)
{
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    for (int pass = 0; pass < options.passes; ++pass) {
        Random::derive(options.seed, "pass", std::uint64_t(round * options.passes + pass)).shuffle(order);
        for (const std::size_t i : order)
            forest.update(values.subspan(i * dimensions, dimensions), labels[i]);
    }
}

OnlineForest fitForest(std::span<const float> values, std::size_t dimensions, std::span<const int> labels, int classes,
                       const ForestOptions& options)
{
    OnlineForest forest = forestFor(values, dimensions, classes, options);
    teach(forest, values, dimensions, labels, options);
    return forest;
}

} // namespace foveate::query
