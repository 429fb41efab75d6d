"""Ink and paper lie in each other."""

import numpy as np

from pipelines.structure.ink_islands import AROUND, find_ink, find_islands


def test_each_island_lies_on_paper_and_each_hole_in_an_island() -> None:
    paper = np.ones((9, 9), np.uint8)
    paper[1:8, 1:8] = 0
    paper[2:7, 2:7] = 1  # a ring
    paper[4, 4] = 0  # a dot in it
    islands = find_islands(paper, find_ink(paper))
    ring, dot = islands.ink[1, 1], islands.ink[4, 4]
    outside, hole = islands.paper[0, 0], islands.paper[2, 2]
    assert islands.lies_on[ring] == outside
    assert islands.lies_on[dot] == hole
    assert islands.enclosed_by[hole] == ring
    assert islands.enclosed_by[outside] == 0
    assert (islands.area[dot], islands.paper_area[hole]) == (1, 24)


def test_ink_hangs_together_over_corners_and_paper_does_not() -> None:
    paper = np.ones((5, 5), np.uint8)
    for row, column in ((1, 2), (2, 1), (2, 3), (3, 2)):
        paper[row, column] = 0
    islands = find_islands(paper, find_ink(paper))
    assert islands.ink.max() == 1
    assert islands.paper[2, 2] != islands.paper[0, 0]
    assert islands.enclosed_by[islands.paper[2, 2]] == 1


def test_ink_at_the_upper_border_lies_on_nothing() -> None:
    paper = np.ones((4, 4), np.uint8)
    paper[0, 1] = 0
    assert find_islands(paper, find_ink(paper)).lies_on[1] == AROUND
