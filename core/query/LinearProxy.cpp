// SPDX-License-Identifier: GPL-3.0-or-later
#include "query/LinearProxy.h"

#include "base/Random.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace foveate::query {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Adam (Kingma and Ba 2015) with its usual constants.
class Adam {
public:
    Adam(Eigen::Index rows, Eigen::Index columns) : m_first(Matrix::Zero(rows, columns)), m_second(m_first) {}
    void step(Matrix& weights, const Matrix& gradient, double rate)
    {
        ++m_steps;
        m_first = .9 * m_first + .1 * gradient;
        m_second = .999 * m_second + .001 * gradient.cwiseProduct(gradient);
        const double a = 1 - std::pow(.9, m_steps), b = 1 - std::pow(.999, m_steps);
        weights.array() -= rate * (m_first.array() / a) / ((m_second.array() / b).sqrt() + 1e-8);
    }

private:
    Matrix m_first, m_second;
    int m_steps = 0;
};

/// [n, D+1]: the rows with a 1 for the bias.
Matrix withOnes(embed::Points points, std::span<const std::size_t> rows)
{
    Matrix matrix(Eigen::Index(rows.size()), Eigen::Index(points.dimensions) + 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Eigen::Map<const Eigen::RowVectorXf> row(points.row(rows[i]), Eigen::Index(points.dimensions));
        matrix.row(Eigen::Index(i)) << row.cast<double>(), 1;
    }
    return matrix;
}

/// Class probabilities [n, classes] of logits [n, 1] (two classes) or [n, classes].
Matrix probabilitiesOf(const Matrix& logits)
{
    if (logits.cols() == 1) {
        Matrix p(logits.rows(), 2);
        p.col(1) = (1 / (1 + (-logits.col(0).array()).exp())).matrix();
        p.col(0) = (1 - p.col(1).array()).matrix();
        return p;
    }
    Matrix p = (logits.colwise() - logits.rowwise().maxCoeff()).array().exp().matrix();
    for (Eigen::Index i = 0; i < p.rows(); ++i)
        p.row(i) /= p.row(i).sum();
    return p;
}

Matrix initialWeights(std::size_t dimensions, int logits, std::uint64_t seed)
{
    Random random = Random::derive(seed, "proxy");
    const double bound = 1 / std::sqrt(double(dimensions));
    Matrix weights(Eigen::Index(dimensions) + 1, logits);
    for (Eigen::Index i = 0; i < weights.size(); ++i)
        weights.data()[i] = random.uniform(-bound, bound);
    return weights;
}

} // namespace

Result<std::vector<float>> proxyProbabilities(embed::Points known, std::span<const int> labels, int classes,
                                              embed::Points asked, const ProxyOptions& options)
{
    if (labels.empty())
        return fail(Code::needsLabels, {"0", "2", "label"});
    if (classes < 2 || std::all_of(labels.begin(), labels.end(), [&](int label) { return label == labels[0]; }))
        return fail(Code::needsClasses, {"1"});
    const int logits = classes == 2 ? 1 : classes;
    Matrix weights = initialWeights(known.dimensions, logits, options.seed);
    Adam adam(weights.rows(), weights.cols());
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    for (int epoch = 0; epoch < options.epochs; ++epoch) {
        Random::derive(options.seed, "proxy epoch", std::uint64_t(epoch)).shuffle(order);
        for (std::size_t begin = 0; begin < order.size(); begin += std::size_t(options.batch)) {
            const auto rows =
                std::span(order).subspan(begin, std::min(std::size_t(options.batch), order.size() - begin));
            const Matrix x = withOnes(known, rows), p = probabilitiesOf(x * weights);
            Matrix error = logits == 1 ? Matrix(p.col(1)) : p;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                if (logits == 1)
                    error(Eigen::Index(i), 0) -= labels[rows[i]];
                else
                    error(Eigen::Index(i), labels[rows[i]]) -= 1;
            }
            adam.step(weights, x.transpose() * error / double(rows.size()), options.learningRate);
        }
    }
    std::vector<std::size_t> all(asked.rows());
    std::iota(all.begin(), all.end(), std::size_t(0));
    const Matrix p = probabilitiesOf(withOnes(asked, all) * weights);
    return std::vector<float>(p.data(), p.data() + p.size());
}

} // namespace foveate::query
