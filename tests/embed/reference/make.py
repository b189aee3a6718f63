#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference numbers for the tests of core/embed, from scikit-learn, SciPy, umap-learn and openTSNE.

    python make.py [classic|umap|tsne]      (writes the .npy files and versions.txt beside itself)
"""
import importlib.metadata as md
import os
import sys
import warnings
import numpy as np
from scipy import sparse
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_samples
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, array):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array))


def points():
    g = np.random.default_rng(7)
    centres = g.normal(0, 2, (4, 6))
    y = g.integers(0, 4, 300)
    x = centres[y] + g.normal(0, 1, (300, 6)) * g.uniform(0.5, 1.5, (4, 6))[y]
    return x.astype(np.float32), y.astype(np.int64)


def runs_of(model, x, y, runs):
    labels, updates = [], []
    for seeds in runs:
        known = np.full(len(y), -1)
        known[seeds] = y[seeds]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = model().fit(x, known)
        labels.append(fitted.transduction_)
        updates.append(fitted.n_iter_)
    return np.stack(labels, 1), np.array(updates)


def classic():
    x, y = points()
    x64 = x.astype(np.float64)
    save("points", x), save("labels", y)

    pca = PCA(3, svd_solver="full").fit(x64)
    axes = pca.components_ * np.sign(pca.components_[np.arange(3), np.abs(pca.components_).argmax(1)])[:, None]
    save("pca-axes", axes), save("pca-variances", pca.explained_variance_), save("pca-share", np.array([pca.explained_variance_ratio_.sum()]))
    save("silhouette", silhouette_samples(x64, y))
    save("kmeans-inertia", np.array([KMeans(k, n_init=100, random_state=0).fit(x64).inertia_ for k in (1, 2, 4, 7)]))

    groups = [x64[y == c] for c in range(4)]
    means = [g.mean(0) for g in groups]
    covariances = [np.cov(g.T) for g in groups]
    covariances = [c + 1e-6 * np.trace(c) / 6 * np.eye(6) for c in covariances]
    logs = np.stack([multivariate_normal(m, c).logpdf(x64) for m, c in zip(means, covariances)], 1)
    p = np.exp(logs - logs.max(1, keepdims=True))
    save("membership", p / p.sum(1, keepdims=True))
    save("mahalanobis", np.array([np.sqrt((v - means[c]) @ np.linalg.solve(covariances[c], v - means[c])) for v, c in zip(x64, y)]))
    few = x64[:40]
    shrunk = LedoitWolf().fit(few).covariance_
    own = np.cov(few.T, bias=True)
    save("ledoit-wolf", shrunk + 1e-6 * np.trace(own) / 6 * np.eye(6))

    mixture = GaussianMixture(4, warm_start=True, tol=1e-3, reg_covar=1e-6, max_iter=100)
    mixture._initialize(x64, np.eye(4)[y])
    mixture.converged_, mixture.lower_bound_ = False, -np.inf
    save("mixture", mixture.fit(x64).predict_proba(x64))

    g = np.random.default_rng(8)
    runs = np.stack([np.concatenate([g.choice(np.flatnonzero(y == c), 5, replace=False) for c in range(4)]) for _ in range(6)])
    z = ((x64 - x64.mean(0)) / x64.std(0)).astype(np.float32).astype(np.float64)
    save("spreading-points", z.astype(np.float32)), save("spreading-runs", runs)
    labels, updates = runs_of(lambda: LabelSpreading(kernel="rbf", gamma=2, alpha=0.2, max_iter=30), z, y, runs)
    save("spreading-labels", labels), save("spreading-updates", updates)

    nearest = NearestNeighbors(n_neighbors=11).fit(z)
    distance, row = nearest.kneighbors(z)
    w = sparse.csr_matrix((np.exp(-2 * distance[:, 1:].ravel() ** 2), row[:, 1:].ravel(), np.arange(0, 3001, 10)), (300, 300))
    w = w.maximum(w.T)
    labels, _ = runs_of(lambda: LabelSpreading(kernel=lambda a, b=None: w, alpha=0.2, max_iter=30), z, y, runs)
    save("spreading-sparse-labels", labels)

    layout = x[:, :2] + np.float32(0.3) * g.normal(size=(300, 2)).astype(np.float32)
    save("layout", layout)
    save("trustworthiness", np.array([trustworthiness(x64, layout, n_neighbors=15), trustworthiness(x64, layout, n_neighbors=4)]))


def umap():
    x64 = points()[0].astype(np.float64)
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set
    distance, row = NearestNeighbors(n_neighbors=16).fit(x64).kneighbors(x64)
    strengths = fuzzy_simplicial_set(x64, 16, np.random.RandomState(0), "euclidean", knn_indices=row, knn_dists=distance.astype(np.float32))[0]
    save("umap-strengths", strengths.toarray().astype(np.float32))
    save("umap-curve", np.array(find_ab_params(1.0, 0.1)))


def tsne():
    x64 = points()[0].astype(np.float64)
    from openTSNE.affinity import PerplexityBasedNN
    save("tsne-probabilities", PerplexityBasedNN(x64, perplexity=10, method="exact", n_jobs=1).P.toarray().astype(np.float32))


def main():
    parts = {"classic": classic, "umap": umap, "tsne": tsne}
    for part in sys.argv[1:] or parts:
        parts[part]()
    with open(os.path.join(HERE, "versions.txt"), "w") as f:
        for name in ("numpy", "scipy", "scikit-learn", "umap-learn", "openTSNE"):
            f.write(f"{name} {md.version(name)}\n")


if __name__ == "__main__":
    main()
