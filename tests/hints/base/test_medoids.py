"""Weighted k-medoids: optimal where that can be tried, exact, deterministic, whatever the order."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import MethodError
from pipelines.hints.base.medoids import weighted_medoids

Floats = NDArray[np.float64]


def distances_of(points: Floats) -> Floats:
    return np.asarray(np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1)), np.float64)


def loss_of(distances: Floats, weights: Floats, members: list[int]) -> float:
    return float((weights * distances[members].min(axis=0)).sum())


def random_set(seed: int, n: int, dimensions: int = 2) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return distances_of(rng.random((n, dimensions))), rng.integers(1, 9, n).astype(np.float64)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_loss_is_that_of_the_best_of_all_subsets_of_separated_clusters(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.repeat(np.array([[0.0, 0], [9, 0], [0, 9]])[:count], 3, axis=0) + rng.random((3 * count, 2))
    distances, weights = distances_of(points), rng.integers(1, 5, 3 * count).astype(np.float64)
    best = min(loss_of(distances, weights, list(m)) for m in itertools.combinations(range(3 * count), count))
    assert weighted_medoids(distances, weights, count).loss == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_one_medoid_is_the_weighted_median_point(seed: int) -> None:
    distances, weights = random_set(seed, 40)
    assert weighted_medoids(distances, weights, 1).members.tolist() == [int((distances @ weights).argmin())]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [2, 5, 12])
def test_no_exchange_of_one_medoid_lowers_the_loss(seed: int, count: int) -> None:
    distances, weights = random_set(seed, 40, 3)
    found = weighted_medoids(distances, weights, count)
    members = found.members.tolist()
    for slot, point in itertools.product(range(count), range(40)):
        exchanged = [*members[:slot], point, *members[slot + 1 :]]
        assert loss_of(distances, weights, exchanged) >= found.loss * (1 - 1e-9)


def test_swap_repairs_the_greedy_start() -> None:
    line = np.array([[0.0], [0.1], [5], [9.9], [10]])  # BUILD takes the middle first; no best pair has it
    found = weighted_medoids(distances_of(line), np.ones(5), 2)
    assert found.loss == pytest.approx(0.1 + 4.9 + 0.1)
    assert 2 not in found.members


@pytest.mark.parametrize("seed", range(5))
def test_labels_and_loss_are_those_of_the_nearest_members(seed: int) -> None:
    distances, weights = random_set(seed, 60)
    found = weighted_medoids(distances, weights, 7)
    assert len(set(found.members.tolist())) == 7
    assert (found.labels == distances[found.members].argmin(axis=0)).all()
    assert found.loss == pytest.approx(loss_of(distances, weights, found.members.tolist()), rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_a_weight_is_the_same_as_repeating_the_point(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, weights = rng.random((30, 3)), rng.integers(1, 6, 30)
    weighted = weighted_medoids(distances_of(points), weights.astype(np.float64), 5)
    origin = np.repeat(np.arange(30), weights)
    repeated = weighted_medoids(distances_of(points[origin]), np.ones(len(origin)), 5)
    assert sorted(weighted.members) == sorted(origin[repeated.members])
    assert weighted.loss == pytest.approx(repeated.loss, rel=1e-12)


def test_fewer_points_than_medoids_and_duplicates_stop_at_loss_zero() -> None:
    two = distances_of(np.array([[0.0, 0], [3, 4]]))
    assert sorted(weighted_medoids(two, np.ones(2), 10).members) == [0, 1]
    same = np.zeros((6, 6))
    found = weighted_medoids(same, np.ones(6), 4)
    assert (found.members.tolist(), found.labels.tolist(), found.loss) == ([0], [0] * 6, 0.0)
    doubled = distances_of(np.array([[0.0], [0], [1], [1], [7]]))
    assert sorted(weighted_medoids(doubled, np.ones(5), 4).members) == [0, 2, 4]


def test_no_points_is_an_error() -> None:
    with pytest.raises(MethodError):
        weighted_medoids(np.zeros((0, 0)), np.zeros(0), 3)


def test_whole_numbers_give_an_exact_loss_whatever_the_order_of_the_points() -> None:
    rng = np.random.default_rng(3)
    distances = np.rint(distances_of(rng.random((200, 3))) * 10_000)
    weights = rng.integers(1, 1000, 200).astype(np.float64)
    losses = set()
    for _ in range(4):
        order = rng.permutation(200)
        losses.add(weighted_medoids(distances[np.ix_(order, order)], weights[order], 12).loss)
    assert len(losses) == 1
    assert losses.pop().is_integer()


def test_the_input_is_left_alone() -> None:
    distances, weights = random_set(1, 50)
    kept = distances.copy(), weights.copy()
    weighted_medoids(distances, weights, 6)
    assert (distances == kept[0]).all()
    assert (weights == kept[1]).all()
