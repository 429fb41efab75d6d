"""The region adjacency graph: borders by hand, and which regions are merged over them."""

import numpy as np
import pytest

from pipelines.segmentation.adjacency import (
    Borders,
    contract,
    find_borders,
    merge_across_wide_gaps,
    merge_into_named,
    remove_small_regions,
)


def borders_of(*pairs: tuple[int, int, float, float, float]) -> Borders:
    """Borders from (first, second, length, over paper, radius of the pass)."""
    first, second, length, paper, radius = (np.array(column) for column in zip(*pairs, strict=True))
    return Borders(first, second, length.astype(float), paper.astype(float), radius.astype(float))


def listed(borders: Borders) -> list[tuple[float, ...]]:
    columns = borders.first, borders.second, borders.length, borders.paper, borders.pass_radius
    return [tuple(float(value) for value in row) for row in zip(*columns, strict=True)]


def test_borders_by_hand() -> None:
    labels = np.array([[1, 1, 2], [1, 3, 2], [3, 3, 2]], np.int32)
    distance = np.array([[1, 2, 2], [1, 0, 3], [1, 2, 4]], np.float32)
    assert listed(find_borders(labels, distance)) == [
        (1, 2, 1, 1, 2),  # the top row's 1|2
        (1, 3, 3, 1, 1),  # two of the steps end on ink
        (2, 3, 2, 1, 2),
    ]


def test_borders_are_the_same_transposed() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(1, 6, (17, 23)).astype(np.int32)
    distance = rng.integers(0, 4, labels.shape).astype(np.float32)
    turned = find_borders(np.ascontiguousarray(labels.T), np.ascontiguousarray(distance.T))
    assert listed(turned) == listed(find_borders(labels, distance))


def test_contracted_borders_are_those_of_the_merged_map() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(1, 8, (20, 20)).astype(np.int32)
    distance = rng.integers(0, 4, labels.shape).astype(np.float32)
    roots = np.array([0, 1, 1, 3, 4, 3, 6, 7])
    merged = find_borders(roots.astype(np.int32)[labels], distance)
    assert listed(contract(find_borders(labels, distance), roots)) == listed(merged)


def test_a_wide_pass_joins_and_a_narrow_one_does_not() -> None:
    borders = borders_of((1, 2, 9, 9, 4.0), (2, 3, 5, 5, 2.0))
    roots = merge_across_wide_gaps(borders, np.array([0, 5.0, 10.0, 10.0]), 0.75)
    assert roots[1] == roots[2] != roots[3], "4 is more than 3/4 of 5, and 2 is less than 3/4 of 10"


def test_what_was_joined_counts_as_wide_as_its_widest() -> None:
    borders = borders_of((1, 2, 9, 9, 5.0), (2, 3, 9, 9, 4.0))
    roots = merge_across_wide_gaps(borders, np.array([0, 20.0, 5.0, 20.0]), 0.75)
    assert roots[1] == roots[2] != roots[3], "alone 2 would join 3 over a pass of 4; with 1 it is 20 wide"


def test_no_two_named_regions_are_joined_nor_one_that_is_barred_nor_over_ink() -> None:
    borders = borders_of((1, 2, 9, 9, 3.0), (2, 3, 9, 9, 2.0), (3, 4, 9, 9, 1.0), (4, 5, 9, 0, 0.0))
    named, barred = np.array([0, 1, 0, 1, 0, 0], bool), np.zeros(6, bool)
    roots = merge_into_named(borders, named, barred)
    assert roots[1] == roots[2] != roots[3] == roots[4] != roots[5]
    barred[4] = True
    assert merge_into_named(borders, named, barred)[4] == 4


def test_slivers_go_along_the_longest_border_over_paper_and_chains_end_in_one_region() -> None:
    area = np.array([0, 3, 5, 100, 100], float)
    borders = borders_of((1, 2, 2, 2, 1), (1, 3, 9, 0, 0), (2, 3, 4, 4, 1), (2, 4, 7, 0, 0))
    roots = remove_small_regions(borders, area, 10)
    assert roots.tolist() == [0, 3, 3, 3, 4], "1 goes to 2 over paper, both to 3 over paper, whatever ink they share"


@pytest.mark.parametrize("least", [0, 3])
def test_regions_that_are_large_enough_stay(least: float) -> None:
    borders = borders_of((1, 2, 4, 4, 1))
    assert remove_small_regions(borders, np.array([0, 3.0, 9.0]), least).tolist() == [0, 1, 2]
