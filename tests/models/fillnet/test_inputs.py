"""Facts about what networks that paint on flat colour are given: ranks, colours, how sure they are, small areas."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.models import flat
from pipelines.models.fillnet.inputs import (
    AREAS,
    GUESSED,
    HINTED,
    UNKNOWN,
    NetworkInput,
    fill_and_pack,
    fill_drawing,
    pack_inputs,
    stack_channels,
)
from tests import drawings

Bytes = NDArray[np.uint8]
RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE


def no_hints(lines: Bytes) -> Bytes:
    return np.zeros((*lines.shape, 4), np.uint8)


def boxes(*corners: tuple[int, int, int, int], size: int = 128) -> Bytes:
    """Line art of boxes (left, top, right, bottom), black outlines two px wide."""
    lines = np.full((size, size), 255, np.uint8)
    for left, top, right, bottom in corners:
        cv2.rectangle(lines, (left, top), (right, bottom), 0, 2)
    return lines


def hinted(lines: Bytes, *spots: tuple[int, int, tuple[int, int, int]]) -> Bytes:
    hints = no_hints(lines)
    for x, y, colour in spots:
        hints[y - 2 : y + 3, x - 2 : x + 3] = (*colour, 255)
    return hints


def grid(cells: int, side: int) -> Bytes:
    """Line art of cells x cells closed squares with `side` px of paper each."""
    lines = np.full((cells * (side + 2) + 2,) * 2, 255, np.uint8)
    for at in range(0, len(lines), side + 2):
        lines[at : at + 2] = lines[:, at : at + 2] = 0
    return lines


def laid_down(lines: Bytes, hints: Bytes, shape: tuple[int, int]) -> NetworkInput:
    """A drawing filled at its own size and brought to another, the small line art shrunk by area."""
    fill = fill_drawing(LineReading(lines), hints)
    small_lines = np.asarray(cv2.resize(lines, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return pack_inputs(small_lines, np.zeros((*shape, 4), np.uint8), fill)


# ranks ------------------------------------------------------------------------------------------------------


def test_ranks_go_by_size_the_largest_first() -> None:
    lines = boxes((8, 8, 60, 118), (70, 8, 118, 60), (70, 80, 90, 100))
    filled = fill_and_pack(lines, no_hints(lines))
    assert [int(filled.area_rank[y, x]) for x, y in ((2, 2), (30, 60), (94, 30), (80, 90))] == [1, 2, 3, 4]
    assert (filled.area_rank[lines == 0] == 0).all()
    sizes = np.bincount(filled.area_rank.ravel())[1:]
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)


def test_areas_beyond_the_last_rank_share_number_0_with_the_ink_and_keep_their_colour() -> None:
    lines = grid(11, 10)
    lines[:14, :14] = 255  # one of them is larger, for the rest are alike
    hints = no_hints(lines)
    hints[..., :3], hints[..., 3] = RED, np.where(lines == 255, 255, 0)
    filled = fill_and_pack(lines, hints)
    paper = lines == 255
    assert set(np.unique(filled.area_rank[paper])) == set(range(AREAS + 1))
    beyond = paper & (filled.area_rank == 0)
    assert cv2.connectedComponents(beyond.view(np.uint8))[0] - 1 > 11
    assert (filled.fill[paper] == RED).all()


def test_ranks_of_equal_sizes_do_not_depend_on_chance() -> None:
    lines = grid(4, 10)
    one, other = (fill_and_pack(lines, no_hints(lines)).area_rank for _ in range(2))
    assert np.array_equal(one, other)
    assert len(np.unique(one)) == 17


# colours and how sure they are ------------------------------------------------------------------------------


def test_areas_are_hinted_guessed_or_unknown() -> None:
    lines = drawings.two_circles(96)
    hints = drawings.two_hints(96)
    hints[:, 48:] = 0
    filled = fill_and_pack(lines, hints)
    left, right, outside = ((slice(40, 56), slice(a, a + 4)) for a in (24, 70, 1))
    assert (filled.confidence[left] == HINTED).all()
    assert (filled.fill[left] == RED).all()
    assert (filled.confidence[right] == GUESSED).all()
    assert (filled.confidence[outside] == GUESSED).all()
    assert (filled.confidence[lines == 0] == GUESSED).all()
    assert np.array_equal(filled.hint_mask, hints[..., 3])


def test_without_hints_all_is_white_and_unknown() -> None:
    lines = drawings.two_circles(96)
    filled = fill_and_pack(lines, no_hints(lines))
    assert (filled.fill == 255).all()
    assert (filled.confidence == UNKNOWN).all()
    assert not filled.hint_mask.any()
    assert set(np.unique(filled.area_rank)) == {0, 1, 2, 3}


def test_what_is_hardly_opaque_is_no_hint() -> None:
    lines = drawings.two_circles(96)
    hints = drawings.two_hints(96)
    hints[..., 3] = np.minimum(hints[..., 3], 127)
    filled = fill_and_pack(lines, hints)
    assert (filled.confidence == UNKNOWN).all()
    assert not filled.hint_mask.any()


def test_a_white_hint_is_a_hint() -> None:
    lines = drawings.two_circles(96)
    filled = fill_and_pack(lines, hinted(lines, (25, 48, WHITE)))
    assert (filled.confidence[40:56, 24:28] == HINTED).all()
    assert (filled.fill[40:56, 24:28] == 255).all()
    assert (filled.confidence[40:56, 70:74] == GUESSED).all()


def test_hints_of_two_colours_in_one_region_make_two_areas() -> None:
    lines = boxes((10, 10, 118, 118))
    filled = fill_and_pack(lines, hinted(lines, (30, 64, RED), (98, 64, BLUE)))
    left, right = (64, 30), (64, 98)
    assert filled.area_rank[left] != filled.area_rank[right]
    assert (filled.confidence[left], filled.confidence[right]) == (HINTED, HINTED)
    for place, colour in ((left, RED), (right, BLUE)):
        assert (filled.fill[filled.area_rank == filled.area_rank[place]] == colour).all()


def test_each_rank_has_one_colour_and_one_surety() -> None:
    lines = boxes((8, 8, 60, 118), (70, 8, 118, 60), (70, 80, 90, 100))
    filled = fill_and_pack(lines, hinted(lines, (30, 40, RED), (30, 100, BLUE), (94, 30, BLUE)))
    for rank in range(1, int(filled.area_rank.max()) + 1):
        mine = filled.area_rank == rank
        assert len(np.unique(filled.fill[mine], axis=0)) == len(np.unique(filled.confidence[mine])) == 1


# size -------------------------------------------------------------------------------------------------------


def eyed(size: int = 256) -> Bytes:
    """A face with two eyes whose insides are less than a pixel wide at a quarter of the size."""
    lines = np.full((size, size), 255, np.uint8)
    cv2.circle(lines, (size // 2, size // 2), size // 3, 0, 3)
    for x in (size // 2 - 30, size // 2 + 30):
        cv2.circle(lines, (x, size // 2), 5, 0, 3)
    return lines


def test_small_areas_survive_shrinking() -> None:
    lines = eyed()
    hints = hinted(lines, (128, 100, RED))
    hints[127:130, 97:100] = (*BLUE, 255)
    full = fill_and_pack(lines, hints)
    small = laid_down(lines, hints, (64, 64))
    assert set(np.unique(small.area_rank)) == set(np.unique(full.area_rank)) == {0, 1, 2, 3, 4}
    eye = small.area_rank == full.area_rank[128, 98]
    assert 0 < np.count_nonzero(eye) <= 4
    assert (small.fill[eye] == BLUE).all()
    assert (small.confidence[eye] == HINTED).all()


@pytest.mark.parametrize("shape", [(64, 64), (37, 64), (64, 11), (300, 300), (1, 1)])
def test_any_size_has_the_colours_of_the_full_one_and_no_others(shape: tuple[int, int]) -> None:
    lines = eyed()
    hints = hinted(lines, (128, 100, RED), (10, 10, BLUE))
    small = laid_down(lines, hints, shape)
    assert small.area_rank.shape == small.confidence.shape == shape
    assert {tuple(colour) for colour in small.fill.reshape(-1, 3).tolist()} <= {RED, BLUE, WHITE}
    assert set(np.unique(small.confidence)) <= {GUESSED, HINTED}


def test_at_its_own_size_a_drawing_is_laid_down_as_it_is_filled() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    made = flat.fill(lines, hints, None, flat.Params(), np.random.default_rng(0))
    filled = fill_and_pack(lines, hints)
    assert np.array_equal(filled.lines, lines)
    assert np.array_equal(filled.fill, made.colour)
    assert np.array_equal(filled.area_rank > 0, made.regions > 0)


def test_a_network_reads_seven_channels_in_their_order() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    filled = fill_and_pack(lines, hints)
    whole = stack_channels(filled)
    assert whole.shape == (96, 96, 7)
    assert whole.dtype == np.uint8
    parts = (whole[..., 0], whole[..., 1:4], whole[..., 4], whole[..., 5], whole[..., 6])
    assert all(np.array_equal(part, one) for part, one in zip(parts, filled, strict=True))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (30, 50)])
@pytest.mark.parametrize("level", [0, 255])
def test_drawings_of_ink_alone_or_paper_alone_and_one_px_wide(shape: tuple[int, int], level: int) -> None:
    lines = np.full(shape, level, np.uint8)
    for hints in (no_hints(lines), np.full((*shape, 4), 255, np.uint8)):
        filled = fill_and_pack(lines, hints)
        assert (filled.fill == 255).all()
        assert len(np.unique(filled.area_rank)) == 1
        assert (filled.confidence == UNKNOWN).all() == (not hints.any())
