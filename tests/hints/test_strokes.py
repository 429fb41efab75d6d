"""Simulated strokes: ranges, colours, transparency."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.hints.strokes import Params, place

Bytes = NDArray[np.uint8]

ONE = Params(strokes=(1, 1), on_ink=True)
RED, BLUE = (220, 40, 30), (30, 60, 200)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(height: int, width: int) -> Bytes:
    return rng(9).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("seed", range(25))
def test_one_stroke_is_one_piece_in_one_colour_of_the_picture(seed: int) -> None:
    image = noise(128, 128)
    hints = place(image, None, ONE, rng(seed))
    covered = hints[..., 3] == 255
    assert len(np.unique(hints[covered], axis=0)) == 1
    colour = hints[covered][0, :3]
    assert (image[covered] == colour).all(axis=1).any(), "no covered pixel has the stroke's colour"
    assert cv2.connectedComponents(covered.astype(np.uint8), connectivity=8)[0] == 2
    rows, columns = np.nonzero(covered)
    assert max(np.ptp(rows), np.ptp(columns)) <= 10 + 4  # square of movement and brush


def test_a_dot_is_as_thick_as_asked_and_scales_with_the_picture() -> None:
    dot = replace(ONE, waypoints=(1, 1), thickness=(4, 4))
    middle = place(np.zeros((512, 512, 3), np.uint8), None, replace(dot, canvas=512), rng(2))
    assert (middle[..., 3] > 0).sum() == 13  # radius 2
    scaled = place(np.zeros((512, 512, 3), np.uint8), None, dot, rng(2))
    rows, columns = np.mgrid[-8:9, -8:9]
    assert (scaled[..., 3] > 0).sum() == (rows**2 + columns**2 <= 64).sum()  # 4 px at 128 are 16 at 512


def test_the_number_of_strokes_is_in_its_range() -> None:
    image = noise(400, 400)
    dots = replace(Params(), thickness=(1, 1), waypoints=(1, 1), canvas=400, on_ink=True)
    counts = [int((place(image, None, dots, rng(seed))[..., 3] > 0).sum()) for seed in range(120)]
    assert max(counts) <= 120
    assert min(counts) < 12
    assert max(counts) > 108
    assert np.mean(counts) == pytest.approx(60, abs=4 * 35 / 120**0.5)
    assert not place(image, None, replace(Params(), strokes=(0, 0)), rng()).any()


def test_strokes_start_on_fills_unless_told_otherwise() -> None:
    image = np.full((256, 256, 3), RED, np.uint8)
    image[:, 128:] = BLUE
    image[::24] = image[1::24] = image[2::24] = 0
    image = cv2.GaussianBlur(image, (3, 3), 0)
    many = Params(strokes=(100, 100))
    found = np.unique(place(image, None, many, rng())[..., :3].reshape(-1, 3), axis=0).tolist()
    assert sorted(map(tuple, found)) == sorted([(0, 0, 0), RED, BLUE])  # black is where there is no hint
    anywhere = place(image, None, replace(many, on_ink=True), rng())
    assert len(np.unique(anywhere[anywhere[..., 3] > 0], axis=0)) > 2


def test_transparency_has_neither_hints_nor_starts() -> None:
    image = np.full((128, 128, 3), (255, 0, 255), np.uint8)
    alpha = np.zeros((128, 128), np.uint8)
    alpha[40:80, 40:80] = 255
    image[alpha > 0] = RED
    hints = place(image, alpha, Params(strokes=(80, 80)), rng())
    assert not hints[alpha == 0].any()
    assert (hints[hints[..., 3] > 0] == (*RED, 255)).all()
    assert not place(image, np.zeros_like(alpha), Params(), rng()).any()


def test_the_generator_decides_all() -> None:
    image = noise(64, 64)
    assert (place(image, None, Params(), rng(4)) == place(image, None, Params(), rng(4))).all()
    assert (place(image, None, Params(), rng(4)) != place(image, None, Params(), rng(5))).any()


@pytest.mark.parametrize(
    ("name", "value"),
    [("strokes", (-1, 3)), ("strokes", (5, 3)), ("thickness", (0, 4)), ("waypoints", (0, 5)), ("movement", (-1, 2))],
)
def test_settings_out_of_range_are_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(Params(), **{name: value})
