"""Facts about what lies on top of the colour, and where results are transparent."""

import cv2
import numpy as np
import pytest

from pipelines.colorize.compositing import finish, finish_layer, restyle_ink
from pipelines.colorize.options import Background, Lines
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.line_art import ink_layer
from tests.drawings import GREEN, RED, Bytes

SIZE = 32
INK = np.array((90, 20, 130), np.uint8)
OUTSIDE = np.ones((SIZE, SIZE), bool)
OUTSIDE[6:26, 6:26] = False


def box() -> Bytes:
    """Line art: a closed box, the paper outside of which is OUTSIDE but for the wall's own pixels."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.rectangle(lines, (6, 6), (25, 25), 0, 2)
    return lines


def on_paper() -> Picture:
    return Picture(np.dstack([box()] * 3))


def ink_alone() -> Picture:
    """The lines on transparency: black everywhere, opaque where there is ink."""
    return Picture(np.zeros((SIZE, SIZE, 3), np.uint8), 255 - box())


def with_body() -> Picture:
    """The box cut out with its white body, one of its corners half transparent."""
    alpha = np.where(OUTSIDE, 0, 255).astype(np.uint8)
    alpha[6:10, 6:10] = 120
    return Picture(np.dstack([box()] * 3), alpha)


def painted() -> Bytes:
    """The colour under the lines: red in the box, green outside, which no result may show where it is transparent."""
    colour = np.full((SIZE, SIZE, 3), GREEN, np.uint8)
    colour[~OUTSIDE] = RED
    return colour


def of(picture: Picture, mode: Background = "auto", lines: Lines = "keep") -> Bytes:
    return finish(picture, painted(), OUTSIDE, mode=mode, lines=lines, ink=INK)


# lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ink", [(0, 0, 0), (90, 40, 20)])
@pytest.mark.parametrize("multiplied", [False, True])
def test_paper_does_not_shine_through_ink_at_the_soft_edge_of_a_body(ink: tuple[int, ...], multiplied: bool) -> None:
    """A cut-out whose outline is its edge: whatever it lies on, ink is mixed with that and with nothing else."""
    rows, columns = np.mgrid[:60, :60]
    away = np.hypot(rows - 30.2, columns - 29.7)
    alpha, inner = (np.rint(np.clip(radius - away, 0, 1) * 255).astype(np.uint8) for radius in (24.5, 21.5))
    rgb = composite(np.dstack([np.full((60, 60, 3), 255, np.uint8), inner]), ink)
    picture = Picture(rgb, alpha)
    colour = np.where((away < 23)[..., None], np.uint8(RED), np.uint8(255))
    layer = ink_layer(picture)
    result = finish_layer(picture, layer, colour, away >= 23, mode="auto", multiplied=multiplied)
    edge = (alpha > 0) & (alpha < 255)
    assert np.array_equal(result[..., 3], alpha)
    share = result[..., 3:] / 255
    off = np.abs(result[..., :3] * share - np.array(ink) * share)[edge]
    assert off.max() < 2


@pytest.mark.parametrize("picture", [on_paper(), ink_alone(), with_body()], ids=["paper", "ink", "body"])
def test_lines_are_kept_tinted_or_left_out(picture: Picture) -> None:
    kept, tinted, none = (restyle_ink(ink_layer(picture), mode, INK) for mode in ("keep", "tint", "none"))
    assert np.array_equal(kept, ink_layer(picture))
    assert (kept[..., 3] == 255).any()
    assert (tinted[..., :3] == INK).all()
    assert np.array_equal(tinted[..., 3], kept[..., 3]), "they are as soft as they were"
    assert not none[..., 3].any()


@pytest.mark.parametrize("ink", [None, np.zeros(3, np.uint8)])
def test_lines_for_which_there_is_no_colour_stay_as_they_are(ink: Bytes | None) -> None:
    assert np.array_equal(restyle_ink(ink_layer(on_paper()), "tint", ink), ink_layer(on_paper()))


def test_a_layer_of_lines_is_not_changed_by_what_is_made_of_it() -> None:
    layer = ink_layer(on_paper())
    before = layer.copy()
    for mode in ("keep", "tint", "none"):
        restyle_ink(layer, mode, INK)
    assert np.array_equal(layer, before)


def test_ink_lies_over_the_colour() -> None:
    result = of(on_paper())
    wall = box() == 0
    assert (result[wall] == 0).all()
    assert (result[16, 16] == RED).all()
    tinted = of(on_paper(), lines="tint")
    assert (tinted[wall] == INK).all()
    assert np.array_equal(of(on_paper(), lines="none"), painted())


# transparency -----------------------------------------------------------------------------------------------


def test_opaque_line_art_stays_opaque_unless_transparency_is_asked_for() -> None:
    assert of(on_paper()).shape == of(on_paper(), "paper").shape == (SIZE, SIZE, 3)
    result = of(on_paper(), "transparent")
    assert result.shape == (SIZE, SIZE, 4)
    wall = box() == 0
    assert (result[OUTSIDE & ~wall][:, 3] == 0).all()
    assert (result[~OUTSIDE][:, 3] == 255).all()
    assert (result[OUTSIDE & wall] == (0, 0, 0, 255)).all(), "ink that stands out over the figure stays"


def test_a_drawing_of_ink_alone_gets_a_body_and_keeps_its_outside_transparent() -> None:
    result = of(ink_alone())
    assert tuple(result[16, 16]) == (*RED, 255)
    assert result[1, 1, 3] == 0
    assert np.array_equal(result, of(ink_alone(), "transparent"))


def test_a_drawing_with_a_body_keeps_its_own_alpha() -> None:
    picture = with_body()
    result = of(picture)
    assert picture.alpha is not None
    assert np.array_equal(result[..., 3], picture.alpha)
    assert tuple(result[16, 16, :3]) == RED
    assert not np.array_equal(result, of(picture, "transparent")), "there the figure decides, not the body"


@pytest.mark.parametrize("picture", [on_paper(), ink_alone(), with_body()], ids=["paper", "ink", "body"])
def test_on_paper_nothing_is_transparent_and_all_is_painted(picture: Picture) -> None:
    result = of(picture, "paper", "none")
    assert np.array_equal(result, painted())


def test_a_layer_that_is_made_already_gives_the_same() -> None:
    for mode in ("auto", "paper", "transparent"):
        layer = restyle_ink(ink_layer(ink_alone()), "tint", INK)
        again = finish_layer(ink_alone(), layer, painted(), OUTSIDE, mode=mode)
        assert np.array_equal(again, of(ink_alone(), mode, "tint"))
