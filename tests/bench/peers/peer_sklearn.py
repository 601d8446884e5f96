"""scikit-learn's GaussianMixture: one EM iteration, as its fit() does it.

An iteration is what fit() runs in its loop: the E-step, the M-step and the bound. The points are as
in model_times.c: one component's cluster after the other, from a start beside the centres.
"""
import statistics
import time

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from peer import serve

COMPONENTS, DIMENSIONS, SPREAD, OFF_CENTRE = 10, 10, 3, 0.5
points = {}


def points_of(n, dtype):
    if (n, dtype) not in points:
        random = np.random.default_rng(0)
        centres = SPREAD * random.standard_normal((COMPONENTS, DIMENSIONS))
        noise = random.standard_normal((n, DIMENSIONS))
        made = centres[np.arange(n) % COMPONENTS] + noise
        points[n, dtype] = made.astype(dtype), (centres + OFF_CENTRE).astype(dtype)
    return points[n, dtype]


def identity(covariance):
    return {"full": np.tile(np.eye(DIMENSIONS), (COMPONENTS, 1, 1)), "tied": np.eye(DIMENSIONS),
            "diag": np.ones((COMPONENTS, DIMENSIONS)), "spherical": np.ones(COMPONENTS)}[covariance]


def em(covariance, n, iterations, threads, dtype):
    """Seconds an iteration: the median over several runs from the same start."""
    x, means = points_of(n, dtype)
    took = []
    with threadpool_limits(threads):
        for _ in range(3):
            mixture = GaussianMixture(COMPONENTS, covariance_type=covariance, reg_covar=1e-6,
                                      weights_init=np.full(COMPONENTS, 1 / COMPONENTS),
                                      means_init=means, precisions_init=identity(covariance),
                                      init_params="random_from_data", max_iter=1)
            mixture._initialize_parameters(x, np.random.RandomState(0))
            start = time.perf_counter()
            for _ in range(iterations):
                log_likelihood, responsibilities = mixture._e_step(x)
                mixture._m_step(x, responsibilities)
                mixture._compute_lower_bound(responsibilities, log_likelihood)
            took.append((time.perf_counter() - start) / iterations)
    return {"seconds": statistics.median(took)}


def tune(covariance, n, iterations, threads):
    """The fastest of one thread and all, float32 and float64 points."""
    tried = [{"threads": t, "dtype": dtype} for t in sorted({1, threads})
             for dtype in ("float32", "float64")]
    best = min(tried, key=lambda setting: em(covariance, n, iterations, **setting)["seconds"])
    return {"best": best, "tried": tried}


serve({"scikit-learn": sklearn.__version__, "NumPy": np.__version__}, {"em": em, "tune": tune})
