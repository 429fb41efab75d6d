import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.lines import adaptive
from pipelines.lines.adaptive import Params
from tests.lines import scenes

Bytes = NDArray[np.uint8]


def extract(picture: Bytes, params: Params | None = None) -> Bytes:
    return adaptive.extract(picture, params or Params(), np.random.default_rng(0))


def paper(size: int = 256, colour: scenes.Colour = (255, 255, 255)) -> Bytes:
    return np.full((size, size, 3), colour, np.uint8)


def frame(picture: Bytes, colour: scenes.Colour = (0, 0, 0), stroke: int = 3) -> Bytes:
    """Draw a square frame and a diagonal near one corner, so that the picture has lines."""
    size = len(picture)
    cv2.rectangle(picture, (8, 8), (size - 9, size - 9), colour, stroke)
    cv2.line(picture, (8, size // 4), (size // 4, 8), colour, stroke, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (7, 3), (64, 48), (12, 900)])
def test_output_has_the_size_of_the_picture_and_is_repeatable(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    before = picture.copy()
    lines = extract(picture)
    assert (lines.shape, lines.dtype) == (size, np.uint8)
    assert (lines == extract(picture)).all()
    assert (picture == before).all()


@pytest.mark.parametrize("level", [0, 77, 255])
@pytest.mark.parametrize("size", [(1, 1), (5, 4), (120, 90)])
def test_a_picture_of_one_colour_is_blank_paper(size: tuple[int, int], level: int) -> None:
    assert (extract(np.full((*size, 3), level, np.uint8)) == 255).all()


@pytest.mark.parametrize("ink", [(0, 0, 0), (70, 68, 66), (25, 15, 70), (110, 30, 20)])
@pytest.mark.parametrize("stroke", [1, 3, 9])
def test_outlines_around_flat_fills_are_found(ink: scenes.Colour, stroke: int) -> None:
    if ink == (110, 30, 20):  # brighter than the dark fill of the scene, so that fill must not be there
        picture, lines = (part[:192] for part in scenes.scene(384, stroke=stroke, ink=ink))
    else:
        picture, lines = scenes.scene(384, stroke=stroke, ink=ink)
    assert scenes.f_measure(extract(picture), lines) >= 0.98


@pytest.mark.parametrize("fill", [(45, 40, 45), (30, 25, 70), (90, 20, 20), (25, 60, 35)])
def test_a_dark_fill_is_left_out_and_its_outline_is_found(fill: scenes.Colour) -> None:
    picture, truth = paper(), np.full((256, 256), 255, np.uint8)
    cv2.circle(picture, (128, 128), 80, fill, -1, cv2.LINE_AA)
    cv2.circle(picture, (128, 128), 80, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.circle(truth, (128, 128), 80, 0, 4, cv2.LINE_AA)
    assert scenes.f_measure(extract(picture), truth) >= 0.98


def test_a_small_dark_fill_is_not_ink_either() -> None:
    picture = frame(paper())
    cv2.rectangle(picture, (120, 120), (131, 200), (70, 50, 90), -1)  # narrower than the window
    assert not (extract(picture)[118:203, 118:134] < 128).any()


@pytest.mark.parametrize("radius", [24, 60, 110])
def test_a_dark_disc_without_outline_is_no_ink(radius: int) -> None:
    inside = scenes.disc(256, radius)
    alone = paper()
    alone[inside] = (35, 30, 60)
    assert (extract(alone) == 255).all()
    among_lines = frame(paper())
    among_lines[inside] = (35, 30, 60)
    assert not (extract(among_lines)[scenes.disc(256, radius - 1)] < 128).any()


def test_small_areas_in_ink_colour_stay_solid_and_wide_ones_keep_an_outline() -> None:
    for radius, filled in ((20, True), (90, False)):
        picture = frame(paper())
        picture[scenes.disc(256, radius)] = 0
        lines = extract(picture)
        assert (lines[scenes.disc(256, radius - 10)] < 128).all() == filled
        rim = scenes.disc(256, radius) & ~scenes.disc(256, radius - 2)
        assert (lines[rim] < 128).mean() > 0.95


def test_solid_sets_how_wide_an_area_stays_solid() -> None:
    picture = frame(paper())
    picture[scenes.disc(256, 90)] = 0
    assert (extract(picture, Params(solid=1.0))[scenes.disc(256, 85)] < 128).all()
    picture = frame(paper())
    picture[scenes.disc(256, 30)] = 0
    assert not (extract(picture, Params(solid=0.05))[scenes.disc(256, 20)] < 128).any()


def test_a_black_background_is_no_ink() -> None:
    picture, _ = scenes.scene(256, stroke=4, paper=(0, 0, 0))
    lines = extract(picture)
    assert (lines[:6] == 255).all()
    assert (lines[124:132, 124:132] == 255).all()
    assert (lines < 128).mean() > 0.02


@pytest.mark.parametrize("ground", [(250, 240, 215), (120, 160, 110), (75, 80, 110)])
def test_lines_are_found_on_coloured_paper(ground: scenes.Colour) -> None:
    picture, lines = scenes.scene(384, stroke=4, paper=ground)
    assert scenes.f_measure(extract(picture), lines) >= 0.98


@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
def test_the_size_of_the_picture_does_not_matter(size: int) -> None:
    picture, lines = scenes.scene(size, stroke=max(1, size // 96))
    assert scenes.f_measure(extract(picture), lines, tolerance=max(1.0, size / 256)) >= 0.98


def test_lines_of_one_pixel_survive_in_a_picture_beyond_the_working_size() -> None:
    picture, truth = paper(2600), np.full((2600, 2600), 255, np.uint8)
    cv2.circle(picture, (1300, 1300), 900, (120, 170, 220), -1)
    for canvas, black in ((picture, (0, 0, 0)), (truth, (0,))):
        cv2.circle(canvas, (1300, 1300), 900, black, 1)
        cv2.line(canvas, (900, 1000), (1700, 1500), black, 7)
    assert scenes.f_measure(extract(picture), truth) >= 0.98


@pytest.mark.parametrize("quality", [85, 40])
def test_jpeg_does_no_harm(quality: int) -> None:
    picture, lines = scenes.scene(384, stroke=4)
    assert scenes.f_measure(extract(scenes.as_jpeg(picture, quality)), lines) >= 0.98


def test_grain_does_no_harm() -> None:
    picture, lines = scenes.scene(384, stroke=4)
    grain = np.random.default_rng(1).normal(0, 8, picture.shape)
    assert scenes.f_measure(extract(np.clip(picture + grain, 0, 255).astype(np.uint8)), lines) >= 0.97


def test_faded_contrast_does_no_harm() -> None:
    picture, lines = scenes.scene(384, stroke=4)
    assert scenes.f_measure(extract((picture * 0.35 + 160).astype(np.uint8)), lines) >= 0.98


def test_shading_inside_a_fill_is_no_line() -> None:
    picture, lines = scenes.scene(384, stroke=4)
    slope = np.linspace(0.55, 1.0, 384)[None, :, None]
    shaded = np.where((picture == 255).all(axis=2, keepdims=True), picture, picture * slope).astype(np.uint8)
    assert scenes.f_measure(extract(shaded), lines) >= 0.98


def test_outlines_in_a_darker_shade_of_each_fill_are_found() -> None:
    fills = [(250, 210, 120), (150, 220, 160), (160, 190, 250), (250, 170, 180)]
    picture, truth = paper(), np.full((256, 256), 255, np.uint8)
    for place, fill in enumerate(fills):
        centre = (64 + place % 2 * 128, 64 + place // 2 * 128)
        cv2.circle(picture, centre, 50, fill, -1)
        cv2.circle(picture, centre, 50, tuple(level * 3 // 5 - 40 * place for level in fill), 4)
        cv2.circle(truth, centre, 50, 0, 4)
    assert scenes.f_measure(extract(picture), truth) >= 0.95


def test_a_half_covered_pixel_comes_out_half_dark() -> None:
    picture = paper(64)
    picture[:, 30:33] = 0
    picture[:, 29] = 128  # e / c = 128 / 255, which the curve around the middle leaves at the middle
    picture[:, 33] = 204  # e / c = 0.8, above 0.7: paper
    lines = extract(picture)
    assert abs(int(lines[32, 29]) - 128) <= 1
    assert (lines[:, 30:33] == 0).all()
    assert (lines[:, 33] == 255).all()


def test_coverage_is_measured_against_the_fill_that_the_line_lies_on() -> None:
    picture = paper(64, (100, 100, 100))
    picture[:, 30:33] = 20
    picture[:, 29] = 60  # half way from ink (20) to fill (100)
    assert abs(int(extract(picture)[32, 29]) - 128) <= 2


def test_soft_edges_keep_the_area_of_a_line_and_can_be_turned_off() -> None:
    picture, lines = scenes.scene(256, stroke=5)
    soft = extract(picture)
    assert len(np.unique(soft)) > 20
    assert abs((255.0 - soft).sum() / (255.0 - lines).sum() - 1) < 0.04
    hard = extract(picture, Params(soft=False))
    assert set(np.unique(hard)) == {0, 255}
    assert ((hard == 0) == (soft < 128)).all()


def test_ink_is_measured_on_lines_not_on_the_dark_fill_that_covers_more() -> None:
    picture = frame(paper(), (60, 20, 30), stroke=3)
    picture[60:220, 60:220] = (15, 10, 40)
    ink = adaptive.measure_ink(picture, Params())
    assert ink is not None
    assert np.abs(np.subtract(ink.colour, (60, 20, 30))).max() <= 2
    assert ink.spread <= 3


def test_no_lines_no_ink() -> None:
    picture = paper()
    picture[:, 128:] = (90, 90, 90)
    assert adaptive.measure_ink(picture, Params()) is None


@pytest.mark.parametrize(
    "wrong", [{"window": 0.0}, {"window": 0.9}, {"tolerance": -1}, {"contrast": 0}, {"solid": 1.5}, {"solid": np.nan}]
)
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))) as caught:
        Params(**wrong)  # type: ignore[arg-type]
    assert "from" in caught.value.hint


def test_a_shadow_that_is_commoner_than_ink_is_not_taken_for_it() -> None:
    picture = paper(256, (243, 239, 232))
    for left in range(20, 220, 24):
        picture[20:236, left : left + 9] = (97, 95, 116)
        picture[60:200, left - 2 : left] = (14, 12, 18)
    ink = adaptive.measure_ink(picture, Params())
    assert ink is not None
    assert np.abs(np.subtract(ink.colour, (14, 12, 18))).max() <= 2
    assert ink.spread <= 3
