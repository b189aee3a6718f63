// SPDX-License-Identifier: GPL-3.0-or-later
// RepulsionTree: the repulsive forces of t-SNE in the plane by Barnes and Hut's quadtree (van der Maaten 2014).
//
// The points are sorted along a Z curve; sixteen neighbours on it walk the tree together, and open a cell when its
// width is not less than θ times its distance from the nearest corner of their box: never less exact than each on its
// own, and the forces are vectors of sixteen. (qdtsne's tree takes ten times as long for 20,000 points.) Any number of
// threads gives the same result. Time N log N.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace foveate::embed {

class RepulsionTree {
public:
    /// Builds the tree over a layout [N,2] of finite places.
    void set(std::span<const float> layout);
    /// forces [N,2]: Σ_j q²(y_i − y_j), masses [N]: Σ_j q, both over j ≠ i, q = 1/(1 + |y_i − y_j|²).
    void repel(double theta, int threads, std::span<float> forces, std::span<float> masses) const;

private:
    /// Depth first; `next` is the node after the whole subtree.
    struct Node {
        float x, y, mass; ///< centre of mass, number of points
        float side;       ///< width of the cell
        std::int32_t next;
        std::int32_t begin, end; ///< a leaf's points; begin = end: no leaf
    };
    struct Sum {
        double x, y;
    };
    Sum build(std::size_t begin, std::size_t end, int level, float side);
    void repelGroup(std::size_t begin, float theta, std::span<float> forces, std::span<float> masses) const;

    std::vector<std::uint64_t> m_keys; ///< place on the curve, then row
    std::vector<float> m_x, m_y;       ///< in the order of the curve
    std::vector<Node> m_nodes;
};

} // namespace foveate::embed
