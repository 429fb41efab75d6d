"""Solves k-medoids by scikit-learn-extra, for comparison: the same objective, hundreds of times slower."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.core.errors import MissingPackageError
from pipelines.core.imaging.arrays import F64
from pipelines.hints.base.medoids import Medoids, weighted_medoids


def repeated_medoids(distances: F64, weights: F64, count: int) -> Medoids:
    """Find at most `count` medoids by scikit-learn-extra's KMedoids(method="pam", init="build").

    It knows no weights, so each of the n points is repeated in proportion to its weight, at least once and about 2n
    times altogether. The loss given back counts the true weights. Raises MissingPackageError where the package cannot
    be imported. Shapes as in `weighted_medoids`.
    """
    estimator = _estimator()
    if len(distances) <= count:
        return weighted_medoids(distances, weights, count)
    times = np.rint(weights * (len(weights) / weights.sum())).astype(np.intp).clip(1)
    points = np.repeat(np.arange(len(weights)), times)
    steps = 300 if count > 1 else 0  # BUILD alone is optimal for one medoid, and PAM's exchanges need two
    solver = estimator(count, metric="precomputed", method="pam", init="build", max_iter=steps)
    solver.fit(distances[np.ix_(points, points)])
    members = np.unique(points[solver.medoid_indices_])
    to_medoids = distances[members]
    return Medoids(members, to_medoids.argmin(axis=0), float(weights @ to_medoids.min(axis=0)))


def _estimator() -> Callable[..., Any]:
    try:
        from sklearn_extra.cluster import KMedoids

        kmedoids: Callable[..., Any] = KMedoids
    except (ImportError, ValueError) as error:  # ValueError: built for NumPy 1, running on NumPy 2
        raise MissingPackageError(
            f"engine=sklearn-extra needs scikit-learn-extra, which cannot be imported: {error}",
            hint="Install colorize-cli[sklearn-extra] (Python 3.11, NumPy below 2), or use engine=own",
        ) from error
    return kmedoids
