"""The geometry of a round brush: what it covers, where paths go."""

import numpy as np
import pytest

from pipelines.hints.base.brush import brush, draw_number, random_path


def test_a_brush_along_a_line_covers_a_capsule() -> None:
    box, covered = brush(np.array([[10.0, 10.0], [10.0, 20.0]]), 2.0, (30, 40))
    whole = np.zeros((30, 40), np.bool_)
    whole[box] = covered
    rows, columns = np.mgrid[:30, :40]
    distance = np.hypot(rows - 10, columns - np.clip(columns, 10, 20))
    assert (whole == (distance <= 2)).all()
    assert whole.sum() == 5 * 11 + 13 - 5  # rectangle and two halves of a disc of radius 2


def test_a_path_with_corners_covers_all_its_parts() -> None:
    path = np.array([[5.0, 5.0], [5.0, 15.0], [15.0, 15.0], [15.0, 15.0]])
    box, covered = brush(path, 0.5, (30, 30))
    whole = np.zeros((30, 30), np.bool_)
    whole[box] = covered
    expected = np.zeros((30, 30), np.bool_)
    expected[5, 5:16] = expected[5:16, 15] = True
    assert (whole == expected).all()


def test_one_way_point_is_a_dot_cut_by_the_border() -> None:
    box, covered = brush(np.array([[0.0, 0.0]]), 3.0, (20, 20))
    rows, columns = np.mgrid[:20, :20][:, box[0], box[1]]
    assert (covered == (rows**2 + columns**2 <= 9)).all()


def test_numbers_reach_both_ends_of_their_range() -> None:
    generator = np.random.default_rng(0)
    assert {draw_number((1, 4), generator) for _ in range(200)} == {1, 2, 3, 4}
    assert draw_number((7, 7), generator) == 7


def test_paths_stay_in_the_square_of_movement_around_their_start() -> None:
    paths = [random_path((50, 60), 5, 10, np.random.default_rng(seed)) for seed in range(200)]
    moves = np.array(paths) - (50, 60)
    assert (moves[:, 0] == 0).all()
    assert np.abs(moves).max() <= 5
    assert np.abs(moves).max() > 4.9
    assert moves[:, 1:].std() == pytest.approx(10 / 12**0.5, rel=0.05)  # uniform
