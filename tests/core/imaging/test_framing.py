"""How pictures of any size get into frames of one size, and what lies over what."""

import cv2
import numpy as np
import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.imaging.framing import (
    Centre,
    Fit,
    Foreground,
    Framing,
    find_foreground,
    parse_colour,
    parse_size,
    place_in_frame,
    resized,
    same_aspect,
)
from pipelines.core.imaging.picture import Picture
from tests import drawings

NONE = Foreground(None, None)


def test_padding_keeps_the_whole_picture_in_the_middle() -> None:
    placement = place_in_frame(Framing((100, 100)), (50, 200), NONE)
    assert placement.view == (0, -75, 200, 200)
    assert placement.roi((50, 200)) == (slice(38, 62), slice(0, 100))  # 50 rows at half scale, from 37.5 to 62.5


def test_cropping_fills_the_frame_from_the_middle() -> None:
    placement = place_in_frame(Framing((100, 100), fit="crop"), (50, 200), NONE)
    assert placement.view == (75, 0, 50, 50)
    assert placement.crop(np.zeros((50, 200), np.uint8)).shape == (50, 50)
    assert placement.roi((50, 200)) == (slice(0, 100), slice(0, 100))


def test_the_picture_keeps_its_own_size_when_asked() -> None:
    placement = place_in_frame(Framing(None), (50, 200), NONE)
    assert (placement.width, placement.height, placement.view) == (200, 50, (0, 0, 200, 50))


def square_at(left: int, top: int, side: int = 20, size: tuple[int, int] = (100, 100)) -> Picture:
    rgb = np.full((*size, 3), 255, np.uint8)
    rgb[top : top + side, left : left + side] = drawings.RED
    return Picture(rgb)


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_moving_puts_the_figure_in_the_middle_at_its_scale(fit: Fit) -> None:
    picture = square_at(40, 56)
    placement = place_in_frame(Framing((100, 100), fit, "move"), (100, 100), find_foreground(picture))
    if fit == "crop":  # the view cannot leave the picture, and it is as large as the picture
        assert placement.view == (0, 0, 100, 100)
        return
    assert placement.view == (0, 16, 100, 100)
    laid = placement.paste(placement.crop(picture.rgb), (100, 100), 255)
    ys, xs = np.nonzero(laid[..., 1] < 128)
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (40, 59, 40, 59)


def test_filling_cuts_around_the_figure_with_a_margin() -> None:
    placement = place_in_frame(
        Framing((64, 64), centre="fill", margin=0.1), (100, 100), find_foreground(square_at(70, 70))
    )
    assert placement.view == (68, 68, 24, 24)


def test_moving_never_cuts_the_figure() -> None:
    picture = square_at(80, 0, side=20, size=(40, 100))
    placement = place_in_frame(Framing((50, 50), centre="move"), (40, 100), find_foreground(picture))
    left, top, width, height = placement.view
    assert left <= 80
    assert left + width >= 100
    assert top <= 0
    assert top + height >= 20


def test_a_figure_is_told_by_alpha_or_by_a_plain_border() -> None:
    assert find_foreground(square_at(10, 20)).box() == (10, 20, 20, 20)
    alpha = np.zeros((30, 30), np.uint8)
    alpha[5:9, 7:20] = 255
    assert find_foreground(Picture(np.zeros((30, 30, 3), np.uint8), alpha)).box() == (7, 5, 13, 4)
    noise = np.random.default_rng(0).integers(0, 256, (30, 30, 3)).astype(np.uint8)
    assert find_foreground(Picture(noise)) == Foreground(None, None)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7)])
@pytest.mark.parametrize("fit", ["pad", "crop"])
@pytest.mark.parametrize("centre", ["off", "move", "fill"])
def test_any_shape_gives_a_whole_frame(shape: tuple[int, int], fit: Fit, centre: Centre) -> None:
    rgb = np.full((*shape, 3), 255, np.uint8)
    rgb[shape[0] // 2, shape[1] // 2] = 0
    placement = place_in_frame(Framing((32, 24), fit, centre), shape, find_foreground(Picture(rgb)))
    rows, columns = placement.roi(shape)
    part = cv2.resize(placement.crop(rgb), (columns.stop - columns.start, rows.stop - rows.start))
    assert placement.paste(part, shape, 255).shape == (24, 32, 3)


def test_sizes_and_colours_are_read_from_text() -> None:
    assert [parse_size(text) for text in ("256", "320x240", "original")] == [(256, 256), (320, 240), None]
    assert [parse_colour(text) for text in ("auto", "ff8000", "#000001")] == [None, (255, 128, 0), (0, 0, 1)]
    for bad in ("", "0x", "12x", "big"):
        with pytest.raises(SettingsError, match="is not a size"):
            parse_size(bad)
    with pytest.raises(SettingsError, match="no pixels"):
        Framing(parse_size("0"))
    with pytest.raises(SettingsError, match="is not a colour"):
        parse_colour("reddish")


def test_sizes_have_one_aspect_up_to_the_rounding_of_a_resize() -> None:
    assert same_aspect((100, 50), (201, 100))
    assert not same_aspect((100, 50), (210, 100))
    assert same_aspect((100, 100), (102, 100))
    assert not same_aspect((1000, 1000), (1021, 1000))
    assert not same_aspect((100, 50), (50, 100))


def test_the_background_has_the_borders_colour_and_holes_that_show_it_are_no_figure() -> None:
    rgb = np.full((40, 40, 3), drawings.BLUE, np.uint8)
    cv2.circle(rgb, (20, 20), 12, drawings.RED, -1)
    rgb[18:22, 18:22] = drawings.BLUE
    foreground = find_foreground(Picture(rgb))
    assert foreground.background == drawings.BLUE
    assert foreground.mask is not None
    assert foreground.mask[20, 12]
    assert not foreground.mask[20, 20]
    assert not foreground.mask[0, 0]


def test_shrinking_averages_and_the_own_size_is_left_alone() -> None:
    checks = np.indices((8, 8)).sum(axis=0).astype(np.uint8) % 2 * 200
    assert (resized(checks, (4, 4)) == 100).all()
    assert resized(checks, (8, 8)) is checks
    assert resized(np.zeros((4, 6, 3), np.uint8), (9, 5)).shape == (5, 9, 3)
