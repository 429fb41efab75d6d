"""Hints on a copy of the line art are what differs from it, saved with loss or without; other pictures are no copy."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.hint_copy import hints_of_copy
from tests import drawings
from tests.flatting.scenes import BLUE, GREEN, RED, YELLOW, Bytes, discs

SIZE = 240


def drawing() -> Bytes:
    return np.dstack([drawings.two_circles(SIZE)] * 3)


def dabs() -> Bytes:
    """Hints in both circles: red, and blue and green that touch."""
    return discs(drawing()[..., 0], (61, 110, RED), (168, 120, BLUE), (190, 120, GREEN), (60, 140, YELLOW), radius=11)


def laid_on(hints: Bytes, picture: Bytes) -> Bytes:
    weight = hints[..., 3:] / 255
    return np.rint(picture * (1 - weight) + hints[..., :3] * weight).astype(np.uint8)


def as_jpeg(picture: Bytes, quality: int) -> Bytes:
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def test_what_was_painted_on_a_copy_is_found_to_the_pixel() -> None:
    hints = hints_of_copy(laid_on(dabs(), drawing()), drawing())
    assert hints is not None
    assert np.array_equal(np.where(hints[..., 3:] > 0, hints, 0), dabs())


@pytest.mark.parametrize("quality", [95, 85, 60])
def test_jpeg_scatters_neither_hints_nor_colours(quality: int) -> None:
    hints = hints_of_copy(as_jpeg(laid_on(dabs(), drawing()), quality), drawing())
    assert hints is not None
    painted, meant = hints[..., 3] > 0, dabs()[..., 3] > 0
    assert (painted & ~cv2.dilate(meant.view(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)).sum() == 0
    assert painted[meant].mean() > 0.8
    assert len(np.unique(hints[painted][:, :3], axis=0)) == 4
    assert np.abs(hints[110, 61, :3].astype(int) - RED).max() < 16
    assert np.abs(hints[120, 190, :3].astype(int) - GREEN).max() < 16


def test_soft_edges_on_a_copy_are_no_colours_of_their_own() -> None:
    hints = dabs()
    hints[..., :3] = cv2.dilate(hints[..., :3], np.ones((9, 9), np.uint8))
    hints[..., 3] = cv2.GaussianBlur(hints[..., 3], (0, 0), 1.5)
    hints[:, :40] = hints[:, 148:] = 0
    of_copy = hints_of_copy(laid_on(hints, drawing()), drawing())
    assert of_copy is not None
    assert {tuple(colour) for colour in np.unique(of_copy[of_copy[..., 3] > 0][:, :3], axis=0).tolist()} == {
        RED,
        YELLOW,
    }


def test_a_copy_on_which_nothing_was_painted_holds_no_hint() -> None:
    for copy in (drawing(), as_jpeg(drawing(), 80)):
        hints = hints_of_copy(copy, drawing())
        assert hints is not None and not hints[..., 3].any()


def test_other_pictures_are_no_copy() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    for other in (drawings.two_circles_coloured(SIZE), np.full_like(noise, 255), noise, 255 - drawing()):
        assert hints_of_copy(np.asarray(other), drawing()) is None


def test_a_copy_of_another_size_is_none() -> None:
    assert hints_of_copy(drawing()[:-1], drawing()) is None
