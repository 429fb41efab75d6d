"""scikit-learn-extra as a solver: missing, told of weights, and no better than ours."""

import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import MissingPackageError
from pipelines.hints._sklearn_extra import repeated_medoids
from pipelines.hints.base.medoids import weighted_medoids

ROOT = Path(__file__).resolve().parents[2]
PEER = "COLORIZE_CLI_SKLEARN_EXTRA_PYTHON"
Floats = NDArray[np.float64]


def distances_of(points: Floats) -> Floats:
    return np.asarray(np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1)), np.float64)


def random_set(seed: int, n: int, dimensions: int = 2) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return distances_of(rng.random((n, dimensions))), rng.integers(1, 9, n).astype(np.float64)


def test_a_missing_scikit_learn_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn_extra", None)
    with pytest.raises(MissingPackageError, match=r"colorize-cli\[sklearn-extra\]"):
        repeated_medoids(np.zeros((3, 3)), np.ones(3), 2)


def test_scikit_learn_extra_gets_points_repeated_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Solver:
        def __init__(self, n_clusters: int, *, metric: str, method: str, init: str, max_iter: int) -> None:
            assert (metric, method, init) == ("precomputed", "pam", "build")
            self.n_clusters = n_clusters

        def fit(self, distances: Floats) -> None:
            seen.append(len(distances))
            self.medoid_indices_ = weighted_medoids(distances, np.ones(len(distances)), self.n_clusters).members

    package = types.ModuleType("sklearn_extra")
    cluster = types.ModuleType("sklearn_extra.cluster")
    cluster.KMedoids = Solver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sklearn_extra", package)
    monkeypatch.setitem(sys.modules, "sklearn_extra.cluster", cluster)
    distances = distances_of(np.array([[0.0], [1], [2], [10]]))
    found = repeated_medoids(distances, np.array([1.0, 1, 1, 3]), 1)  # of 4 / 6 times the weights: 1, 1, 1, 2 points
    assert seen == [5]
    assert found.members.tolist() == [2]
    assert found.loss == 2 + 1 + 0 + 3 * 8


PEER_SCRIPT = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from sklearn_extra.cluster import KMedoids
from pipelines.hints._sklearn_extra import repeated_medoids
for path in sys.argv[1:]:
    distances = np.load(path)
    peer = KMedoids(9, metric="precomputed", method="pam", init="build", max_iter=300).fit(distances)
    engine = repeated_medoids(distances, np.ones(len(distances)), 9)
    print(repr(float(distances[peer.medoid_indices_].min(axis=0).sum())), repr(engine.loss))
"""


def test_loss_is_at_most_that_of_scikit_learn_extra(tmp_path: Path) -> None:
    python = os.environ.get(PEER)
    if not python:
        pytest.skip(f"{PEER} is unset: it names a Python that has scikit-learn-extra (3.11, with numpy below 2)")
    sets = [random_set(seed, 150, 3)[0] for seed in range(6)]
    paths = [tmp_path / f"{number}.npy" for number in range(len(sets))]
    for path, distances in zip(paths, sets, strict=True):
        np.save(path, distances)
    done = subprocess.run(
        [python, "-c", PEER_SCRIPT, *map(str, paths)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line, distances in zip(done.stdout.splitlines(), sets, strict=True):
        peer, engine = map(float, line.split())
        own = weighted_medoids(distances, np.ones(len(distances)), 9).loss
        assert own <= peer * (1 + 1e-9)
        assert engine == pytest.approx(peer, rel=1e-12)
