#!/usr/bin/env python3
"""Writes NAME.safetensors beside this file: iterations of EM by scikit-learn's GaussianMixture, and of
k-means by its KMeans. README.md beside it says what is in them."""
import os
import sys
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from fixture import normal, single, stored, uniform, write

warnings.simplefilter("ignore", ConvergenceWarning)
KINDS = ("full", "diag", "tied", "spherical")


def clusters(counts, d, spread, scales, axes="each its own"):
    """Points of len(counts) clusters, taken in turn as long as they last: centres `spread` wide, and
    standard deviations `scales` along axes that are oblique, each cluster's own or the same, or the
    coordinates'. Along the same axes centres differ as `scales` do, so that clusters overlap."""
    k = len(counts)
    centres = spread * (2 * uniform(10, 0, k * d).reshape(k, d) - 1)
    bases = [np.linalg.qr(normal(20 + c, 0, d * d).reshape(d, d))[0] for c in range(k)]
    if axes != "each its own":
        bases = [bases[0] if axes == "oblique" else np.eye(d)] * k
        centres = (centres * scales) @ bases[0].T
    order = sorted((place, c) for c in range(k) for place in range(counts[c]))
    noise = normal(11, 0, len(order) * d).reshape(-1, d)
    return single([centres[c] + bases[c] @ (scales * e) for (_, c), e in zip(order, noise)]), centres


def covariances(kind, own, common, d):
    """A start: `own` on each component's diagonal, `common` everywhere; tied, the first one's."""
    full = np.stack([np.eye(d) * v + common for v in own])
    return {"full": full, "diag": np.stack([np.diag(c) for c in full]), "tied": full[0],
            "spherical": own + common}[kind]


def em(name, counts, d, spread, scales, start, common, floor, axes="each its own", iterations=6):
    points, centres = clusters(counts, d, spread, np.asarray(scales), axes)
    k = len(counts)
    weights = np.arange(k, 0, -1) / (k * (k + 1) / 2)
    means = single(centres + 0.25 * spread * (uniform(12, 0, k * d).reshape(k, d) - 0.5))
    own = start * (1 + 0.25 * np.arange(k))
    out = {"points": points.astype(np.float32), "weights": weights, "means": means, "own": own,
           "settings": np.array([common, floor, iterations])}
    for kind in KINDS:
        given = covariances(kind, own, common, d)
        matrices = kind in ("full", "tied")
        precisions = np.linalg.inv(given) if matrices else 1 / given
        bounds = []
        for i in range(1, iterations + 1):
            model = GaussianMixture(k, covariance_type=kind, reg_covar=floor, tol=0, max_iter=i,
                                    weights_init=weights, means_init=means,
                                    precisions_init=precisions, random_state=0).fit(points)
            bounds.append(model.lower_bound_)
            out[f"{kind}.{i}.weights"] = model.weights_
            out[f"{kind}.{i}.means"] = stored(model.means_)
            out[f"{kind}.{i}.covariances"] = stored(model.covariances_)
        out[f"{kind}.log_likelihood"] = np.array(bounds)
        out[f"{kind}.posterior"] = stored(model.predict_proba(points))
        out[f"{kind}.point_log_likelihood"] = stored(model.score_samples(points))
    write(os.path.join(HERE, name + ".safetensors"), out, "scikit-learn")


def kmeans(name, counts, d, spread, k):
    """All iterations from the first k points, until none changes its cluster."""
    points, _ = clusters(counts, d, spread, np.full(d, 0.5))
    out = {"points": points.astype(np.float32), "start": points[:k]}
    for iterations in range(1, 100):
        model = KMeans(k, init=points[:k], n_init=1, tol=0, max_iter=iterations).fit(points)
        out[f"{iterations}.centres"] = stored(model.cluster_centers_)
        out[f"{iterations}.inertia"] = np.array([model.inertia_])
        out[f"{iterations}.labels"] = model.labels_.astype(np.int64)
        if model.n_iter_ < iterations:
            break
    out["iterations"] = np.array([model.n_iter_])
    write(os.path.join(HERE, name + ".safetensors"), out, "scikit-learn")


if __name__ == "__main__":
    em("em_plain", (30, 25, 25), 3, 1.5, [0.9, 0.6, 0.3], 0.5, 0.125, 1e-3)
    em("em_line", (30, 20), 1, 1.0, [0.5], 1.0, 0.0, 0.0)
    # Flat clusters: the floor is all that they have along one axis.
    em("em_flat", (40, 30, 50), 4, 2.0, [1, 0.3, 0.1, 1e-6], 0.5, 0.125, 2e-8, "oblique")
    em("em_aligned", (40, 30, 50), 4, 2.0, [1, 0.3, 0.1, 1e-6], 0.5, 0.125, 2e-8, "aligned")
    # One component has fewer points than dimensions.
    em("em_wide", (90, 60, 12), 64, 0.2, np.linspace(1, 0.2, 64), 0.5, 0.0625, 1e-3)
    kmeans("kmeans_plane", (60, 40, 50, 30), 2, 2.0, 4)
    kmeans("kmeans_line", (40, 30), 1, 1.0, 5)
    kmeans("kmeans_wide", (20, 30, 25), 33, 0.3, 3)
