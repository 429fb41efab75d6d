"""Tiles: they cover, overlap, fade, and give what the whole picture gives."""

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.inference.line_networks.picture_input import Window
from pipelines.inference.line_networks.tiles import blend_tiles, tile_starts

Floats = NDArray[np.float32]

NOISE = np.random.default_rng(7).random((230, 310)).astype(np.float32)


def joined(run: Callable[[Window], Floats], shape: tuple[int, int], tile: int, overlap: int, step: int = 1) -> Floats:
    rows = list(blend_tiles(run, shape, (min(tile, shape[0]), min(tile, shape[1])), overlap, step=step))
    return np.concatenate(rows).astype(np.float32) / np.float32(255)


def seen(window: Window) -> Floats:
    top, left, height, width = window
    return NOISE[top : top + height, left : left + width].copy()


@pytest.mark.parametrize(("length", "tile", "overlap", "step"), [(64, 64, 8, 1), (65, 64, 32, 1), (640, 96, 32, 32)])
def test_tiles_cover_and_overlap_and_lie_at_steps(length: int, tile: int, overlap: int, step: int) -> None:
    starts = tile_starts(length, tile, overlap, step=step)
    assert starts[0] == 0
    assert starts[-1] + tile == max(length, tile)
    assert all(first + tile - second >= overlap for first, second in itertools.pairwise(starts))
    assert all(start % step == 0 for start in starts[:-1])


def test_what_looks_no_farther_than_a_quarter_of_the_overlap_gives_exactly_what_the_whole_gives() -> None:
    def blurred(values: Floats) -> Floats:  # looks 8 px far, and sees black beyond the edge
        return np.asarray(cv2.blur(values, (17, 17), borderType=cv2.BORDER_CONSTANT), np.float32)

    whole = np.rint(blurred(NOISE) * 255) / 255
    tiled = joined(lambda window: blurred(seen(window)), (230, 310), 96, 32)
    assert np.abs(tiled - whole).max() <= 1 / 255
    assert (tiled != whole).mean() < 0.001, "but for sums of floats in another order"
    narrow = joined(lambda window: blurred(seen(window)), (230, 310), 155, 0)
    assert np.abs(narrow - whole).max() > 0.1, "without any a seam shows"


def test_tiles_at_steps_keep_a_network_that_halves_in_phase() -> None:
    def halved(window: Window) -> Floats:
        small = cv2.resize(seen(window), (window.width // 8, window.height // 8), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (window.width, window.height), interpolation=cv2.INTER_NEAREST), np.float32)

    whole = joined(halved, (224, 304), 1000, 0)
    assert np.abs(joined(halved, (224, 304), 96, 40, step=8) - whole).max() <= 1 / 255
    assert np.abs(joined(halved, (224, 304), 96, 40, step=5) - whole).max() > 0.1


def test_tiles_that_disagree_fade_into_each_other() -> None:
    def by_place(window: Window) -> Floats:
        return np.full((window.height, window.width), 1.0 if (window.top + window.left) % 2 else 0.0, np.float32)

    starts = tile_starts(150, 100, 40)
    assert starts == [0, 50]
    tiled = joined(lambda window: by_place(window) + np.float32(window.left == 50), (100, 150), 100, 40)
    row = tiled[50]
    assert (row[:65] == 0).all()  # the overlap is 50..100, its middle 75, faded over 20 px
    assert (row[85:] == 1).all()
    assert np.diff(row).max() < 0.06


def test_few_rows_are_held_at_a_time() -> None:
    windows: list[Window] = []

    def run(window: Window) -> Floats:
        windows.append(window)
        return seen(window)

    rows = blend_tiles(run, (230, 310), (96, 96), 16)
    first = next(rows)
    assert {window.top for window in windows} == {0}
    assert len(first) <= 96
    assert np.abs(np.concatenate([first, *rows]) / 255 - NOISE).max() <= 0.5 / 255 + 1e-6
