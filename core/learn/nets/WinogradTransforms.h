// SPDX-License-Identifier: GPL-3.0-or-later
// The one-dimensional transforms of minimal filtering F(m, 3) for eight channels at a time; WinogradTiles applies them
// to columns and then to rows.
//
// With Lavin & Gray's matrices: input() is Bᵀ, output() Aᵀ, gradient() A, kernel() G, kernelBack() Gᵀ. Arguments: the
// vectors read, the step between them, the vectors written, the step between those.
#pragma once

#include "learn/nets/Lanes.h"

namespace foveate::learn::winograd {

template <int m> struct Transform;

template <> struct Transform<2> {
    static void input(const Lanes* d, int s, Lanes* to, int t)
    {
        to[0] = d[0] - d[2 * s];
        to[t] = d[s] + d[2 * s];
        to[2 * t] = d[2 * s] - d[s];
        to[3 * t] = d[s] - d[3 * s];
    }
    static void output(const Lanes* u, int s, Lanes* to, int t)
    {
        to[0] = u[0] + u[s] + u[2 * s];
        to[t] = u[s] - u[2 * s] - u[3 * s];
    }
    static void gradient(const Lanes* y, int s, Lanes* to, int t)
    {
        to[0] = y[0];
        to[t] = y[0] + y[s];
        to[2 * t] = y[0] - y[s];
        to[3 * t] = -y[s];
    }
    static void kernel(const Lanes* g, int s, Lanes* to, int t)
    {
        const Lanes outer = .5F * (g[0] + g[2 * s]), middle = .5F * g[s];
        to[0] = g[0];
        to[t] = outer + middle;
        to[2 * t] = outer - middle;
        to[3 * t] = g[2 * s];
    }
    static void kernelBack(const Lanes* u, int s, Lanes* to, int t)
    {
        const Lanes outer = .5F * (u[s] + u[2 * s]);
        to[0] = u[0] + outer;
        to[t] = .5F * (u[s] - u[2 * s]);
        to[2 * t] = outer + u[3 * s];
    }
};

template <> struct Transform<3> { // points 0, 1, −1, 2, ∞
    static void input(const Lanes* d, int s, Lanes* to, int t)
    {
        const Lanes odd = d[3 * s] - d[s];
        to[0] = odd + 2.F * (d[0] - d[2 * s]);
        to[t] = d[3 * s] - d[2 * s] - 2.F * d[s];
        to[2 * t] = d[3 * s] - 3.F * d[2 * s] + 2.F * d[s];
        to[3 * t] = odd;
        to[4 * t] = d[4 * s] - d[2 * s] - 2.F * odd;
    }
    static void output(const Lanes* u, int s, Lanes* to, int t)
    {
        const Lanes even = u[s] + u[2 * s];
        to[0] = u[0] + even + u[3 * s];
        to[t] = u[s] - u[2 * s] + 2.F * u[3 * s];
        to[2 * t] = even + 4.F * u[3 * s] + u[4 * s];
    }
    static void gradient(const Lanes* y, int s, Lanes* to, int t)
    {
        const Lanes even = y[0] + y[2 * s];
        to[0] = y[0];
        to[t] = even + y[s];
        to[2 * t] = even - y[s];
        to[3 * t] = y[0] + 2.F * y[s] + 4.F * y[2 * s];
        to[4 * t] = y[2 * s];
    }
    static void kernel(const Lanes* g, int s, Lanes* to, int t)
    {
        const Lanes outer = g[0] + g[2 * s];
        to[0] = .5F * g[0];
        to[t] = -.5F * (outer + g[s]);
        to[2 * t] = (1 / 6.F) * (g[s] - outer);
        to[3 * t] = (1 / 6.F) * g[0] + (1 / 3.F) * g[s] + (2 / 3.F) * g[2 * s];
        to[4 * t] = g[2 * s];
    }
    static void kernelBack(const Lanes* u, int s, Lanes* to, int t)
    {
        const Lanes a = .5F * u[s], b = (1 / 6.F) * u[2 * s], c = (1 / 6.F) * u[3 * s];
        to[0] = .5F * u[0] - a - b + c;
        to[t] = b - a + 2.F * c;
        to[2 * t] = 4.F * c - a - b + u[4 * s];
    }
};

template <> struct Transform<4> { // points 0, 1, −1, 2, −2, ∞
    static void input(const Lanes* d, int s, Lanes* to, int t)
    {
        const Lanes even1 = d[4 * s] - 4.F * d[2 * s], odd1 = d[3 * s] - 4.F * d[s];
        const Lanes even2 = d[4 * s] - d[2 * s], odd2 = 2.F * (d[3 * s] - d[s]);
        to[0] = 4.F * d[0] - 5.F * d[2 * s] + d[4 * s];
        to[t] = even1 + odd1;
        to[2 * t] = even1 - odd1;
        to[3 * t] = even2 + odd2;
        to[4 * t] = even2 - odd2;
        to[5 * t] = 4.F * d[s] - 5.F * d[3 * s] + d[5 * s];
    }
    static void output(const Lanes* u, int s, Lanes* to, int t)
    {
        const Lanes even1 = u[s] + u[2 * s], odd1 = u[s] - u[2 * s];
        const Lanes even2 = u[3 * s] + u[4 * s], odd2 = u[3 * s] - u[4 * s];
        to[0] = u[0] + even1 + even2;
        to[t] = odd1 + 2.F * odd2;
        to[2 * t] = even1 + 4.F * even2;
        to[3 * t] = odd1 + 8.F * odd2 + u[5 * s];
    }
    static void gradient(const Lanes* y, int s, Lanes* to, int t)
    {
        const Lanes even1 = y[0] + y[2 * s], odd1 = y[s] + y[3 * s];
        const Lanes even2 = y[0] + 4.F * y[2 * s], odd2 = 2.F * y[s] + 8.F * y[3 * s];
        to[0] = y[0];
        to[t] = even1 + odd1;
        to[2 * t] = even1 - odd1;
        to[3 * t] = even2 + odd2;
        to[4 * t] = even2 - odd2;
        to[5 * t] = y[3 * s];
    }
    static void kernel(const Lanes* g, int s, Lanes* to, int t)
    {
        const Lanes even1 = (-1 / 6.F) * (g[0] + g[2 * s]), odd1 = (1 / 6.F) * g[s];
        const Lanes even2 = (1 / 24.F) * g[0] + (1 / 6.F) * g[2 * s], odd2 = (1 / 12.F) * g[s];
        to[0] = .25F * g[0];
        to[t] = even1 - odd1;
        to[2 * t] = even1 + odd1;
        to[3 * t] = even2 + odd2;
        to[4 * t] = even2 - odd2;
        to[5 * t] = g[2 * s];
    }
    static void kernelBack(const Lanes* u, int s, Lanes* to, int t)
    {
        const Lanes even1 = u[s] + u[2 * s], odd1 = u[2 * s] - u[s];
        const Lanes even2 = u[3 * s] + u[4 * s], odd2 = u[3 * s] - u[4 * s];
        to[0] = .25F * u[0] - (1 / 6.F) * even1 + (1 / 24.F) * even2;
        to[t] = (1 / 6.F) * odd1 + (1 / 12.F) * odd2;
        to[2 * t] = (1 / 6.F) * (even2 - even1) + u[5 * s];
    }
};

} // namespace foveate::learn::winograd
