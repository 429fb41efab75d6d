"""Facts about networks that paint whole pictures: no padding in them, no neighbour in a batch, full size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.arrays import F32
from pipelines.flatting.reading import LineReading
from pipelines.inference.encoding import COMPOSITE
from pipelines.inference.image_predictor import predict, predict_pictures
from pipelines.inference.letterbox import letterbox
from pipelines.inference.network import Network
from pipelines.inference.types import ColorGuide, ColorResult, Drawing, NetworkSpec
from pipelines.structure.fill_rules import EMPTY, GROUND, FillRules
from tests import drawings
from tests.drawings import BLUE, RED, Bytes
from tests.inference.means import network
from tests.inference.scenes import circle, no_hints

SIDE = 32


def painting(picture: F32) -> Network:
    """A network that paints one picture, RGB (SIDE, SIDE, 3) 0..255, whatever it is given."""
    painted = np.moveaxis(picture, 2, 0) / np.float32(127.5) - 1
    spec = NetworkSpec(encoding=COMPOSITE, size=SIDE, size_multiple=1, least_size=1)
    return Network(lambda inputs: [np.broadcast_to(painted, (len(inputs), *painted.shape)).astype(np.float32)], spec)


def drawing(lines: Bytes, *, hints: Bytes | None = None, palette: Bytes | None = None) -> Drawing:
    guide = ColorGuide(no_hints(*lines.shape) if hints is None else hints, palette)
    return Drawing(LineReading(lines), {"discs": guide}, np.random.default_rng(0))


def test_drawings_painted_together_come_out_as_alone_each_without_its_padding() -> None:
    given = [letterbox(circle(*shape), no_hints(*shape), 32) for shape in ((60, 90), (90, 60), (64, 64))]
    together = predict_pictures(network(), given)
    assert [picture.shape for picture in together] == [(22, 32, 3), (32, 22, 3), (32, 32, 3)]
    for sheet, picture in zip(given, together, strict=True):
        assert (predict_pictures(network(), [sheet])[0] == picture).all()
        assert float(picture[0, 0, 0]) == pytest.approx(float(sheet.lines.mean()), abs=0.01)


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (20, 200)])
def test_what_a_network_paints_around_the_drawing_reaches_no_result(shape: tuple[int, int]) -> None:
    lines = circle(*shape)
    rows, columns = letterbox(lines, no_hints(*shape), SIDE).roi
    calm = np.full((SIDE, SIDE, 3), 200, np.float32)
    wild = np.random.default_rng(0).uniform(0, 255, calm.shape).astype(np.float32)
    wild[rows, columns] = calm[rows, columns]
    (first,), (second,) = (predict(painting(picture), [drawing(lines)]) for picture in (calm, wild))
    for name in ("colour", "flats", "background", "areas"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert np.array_equal(first.steps["raw"], second.steps["raw"])


def test_results_are_of_the_drawings_sizes_and_show_what_was_seen_and_painted() -> None:
    given = [drawing(circle(*shape), hints=drawings.two_hints(max(shape))[: shape[0], : shape[1]]) for shape in SHAPES]
    results = predict(painting(np.full((SIDE, SIDE, 3), 120, np.float32)), given)
    for shape, result in zip(SHAPES, results, strict=True):
        assert result.colour.shape == result.flats.shape == (*shape, 3)
        assert result.background.shape == result.areas.shape == shape
        assert result.steps["input"].shape == (SIDE, SIDE, 3)
        assert max(result.steps["raw"].shape) == SIDE
        assert (result.steps["raw"] == 120).all()
        assert (result.steps["input"] == RED).all(axis=2).any(), "the hint was shown to the network"


SHAPES = ((64, 64), (60, 90), (130, 70))


def test_a_palette_decides_where_there_are_no_hints() -> None:
    lines, palette = circle(64, 64), np.array([BLUE], np.uint8)
    reddish = painting(np.full((SIDE, SIDE, 3), (200, 60, 50), np.float32))
    for hints, wanted in ((None, BLUE), (drawings.two_hints(64), (200, 60, 50))):
        (result,) = predict(reddish, [drawing(lines, hints=hints, palette=palette)])
        assert tuple(result.flats[32, 32].tolist()) == wanted


WHITE = (255, 255, 255)
INSIDE, GROUND_PLACE = (64, 64), (64, 10)  # row and column, in a circle of 128 px and beside it


def hinted_circle(*dabs: tuple[tuple[int, int], tuple[int, int, int]], rules: FillRules | None = None) -> ColorResult:
    """What comes of a circle with dabs when the network paints all of it reddish, and the ground white."""
    lines = circle(128, 128)
    hints = no_hints(128, 128)
    for (row, column), colour in dabs:
        hints[row - 3 : row + 4, column - 3 : column + 4] = (*colour, 255)
    inside = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(inside, (SIDE // 2, SIDE // 2), 13, 1.0, -1)
    picture = 255 - inside[..., None] * (255 - np.array((200, 60, 50), np.float32))
    given = replace(drawing(lines, hints=hints), rules=rules or FillRules())
    (result,) = predict(painting(picture.astype(np.float32)), [given])
    return result


def test_a_dab_on_the_ground_fills_it_up_to_the_outlines_whatever_the_network_painted() -> None:
    result = hinted_circle((INSIDE, RED), (GROUND_PLACE, BLUE))
    outside = result.flats[[2, 2, -3, -3], [2, -3, 2, -3]]
    assert (outside == BLUE).all() and not result.background.any()
    assert tuple(result.flats[INSIDE]) != BLUE
    kept = hinted_circle((INSIDE, RED), (GROUND_PLACE, BLUE), rules=FillRules(outside="paper"))
    assert (kept.flats[[2, -3], [2, -3]] == 255).all() and kept.background[2, 2]


def test_reserved_colours_say_what_an_area_is_whatever_the_network_painted() -> None:
    plain = hinted_circle((INSIDE, RED))
    assert tuple(plain.flats[INSIDE]) not in (WHITE, GROUND, EMPTY) and not plain.background[INSIDE]
    ground, empty = hinted_circle((INSIDE, GROUND)), hinted_circle((INSIDE, EMPTY))
    assert tuple(ground.colour[INSIDE]) == tuple(empty.colour[INSIDE]) == WHITE
    assert ground.background[INSIDE] and not empty.background[INSIDE]


def test_areas_without_a_hint_stay_paper_where_that_is_asked_for() -> None:
    asked = hinted_circle(rules=FillRules(guess="empty"))
    assert tuple(asked.flats[INSIDE]) == WHITE and not asked.background[INSIDE]
    assert tuple(hinted_circle().flats[INSIDE]) != WHITE
    assert tuple(hinted_circle((INSIDE, RED), rules=FillRules(guess="empty")).flats[INSIDE]) != WHITE


def test_hints_have_their_exact_colours_where_they_lie_unless_asked_otherwise() -> None:
    lines, hints = drawings.two_circles(64), drawings.two_hints(64)
    grey = painting(np.full((SIDE, SIDE, 3), 120, np.float32))
    at = hints[..., 3] == 255
    (exact,) = predict(grey, [drawing(lines, hints=hints)])
    assert (exact.colour[at] == hints[..., :3][at]).all()
    (free,) = predict(grey, [replace(drawing(lines, hints=hints), snap=False)])
    assert (free.colour[at] == 120).all()
