#!/usr/bin/env python3
"""Writes em.txt beside this file: iterations of EM by scikit-learn's GaussianMixture.

Coordinates are whole multiples of 1/64, so that they are the same numbers in float32 and float64.
First line: n, dimensions, components, iterations, floor. Then 64 x the points, the starting weights
and the starting means. Then, for each kind of covariance: its name, the starting covariances and,
for each iteration, the mean log-likelihood before it and the weights, means and covariances after.
"""
import os
import warnings
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore", ConvergenceWarning)
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(11)
n, d, k, iterations, floor = 80, 3, 3, 6, 1e-3

shapes = [random.normal(size=(d, d)) * 0.6 for _ in range(k)]
centres = np.array([[-1.5, 0, 0.5], [1.5, 0.5, 0], [0, 1.5, -1]])
points = np.stack([centres[i % k] + shapes[i % k] @ random.normal(size=d) for i in range(n)])
whole = np.round(points * 64).astype(int)
points = whole / 64

weights = np.array([0.5, 0.3, 0.2])
means = centres + 0.25
full = np.stack([np.eye(d) * (0.5 + 0.25 * i) + 0.125 for i in range(k)])
starts = {
    "full": full,
    "diag": np.array([np.diag(c) for c in full]),
    "tied": full[1],
    "spherical": np.array([0.5, 0.75, 1.25]),
}


def row(values):
    return " ".join(repr(v) for v in np.asarray(values).ravel().tolist()) + "\n"


with open(os.path.join(here, "em.txt"), "w") as out:
    out.write("%d %d %d %d %r\n" % (n, d, k, iterations, floor))
    out.write(row(whole) + row(weights) + row(means))
    for kind, start in starts.items():
        precisions = np.linalg.inv(start) if start.ndim > 1 and kind != "diag" else 1 / start
        out.write(kind + "\n" + row(start))
        for i in range(1, iterations + 1):
            model = GaussianMixture(k, covariance_type=kind, reg_covar=floor, tol=0, max_iter=i,
                                    weights_init=weights, means_init=means,
                                    precisions_init=precisions, random_state=0).fit(points)
            out.write(row([model.lower_bound_]) + row(model.weights_) + row(model.means_))
            out.write(row(model.covariances_))
