"""Pages on any ground: negatives of light on dark, tones of dots, scans cleaned up; and art that is left alone."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.lines import adaptive
from pipelines.segmentation.pages import dark_on_light, grey_on_white, without_dots
from pipelines.segmentation.polarity import exchange_light_and_dark, has_light_lines_alone
from tests.lines import scenes

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]


def drawing(size: int = 400, stroke: int = 4) -> Bytes:
    """A pot with a face: grey line art."""
    page = np.full((size, size), 255, np.uint8)
    middle = size // 2
    cv2.circle(page, (middle, middle), size // 3, 0, stroke, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.circle(page, (middle + side * size // 9, middle - size // 12), size // 40, 0, -1, cv2.LINE_AA)
    cv2.line(page, (size // 3, 3 * size // 5), (2 * size // 3, 3 * size // 5), 0, stroke, cv2.LINE_AA)
    return page


def drawn_on(lines: Bytes, paper: Colour, ink: Colour, *, fall_off: float = 0.0, tooth: float = 0.0) -> Bytes:
    """The drawing on paper of a colour, darker towards a corner and rough."""
    share = lines[..., None] / 255.0
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.normal(0, 1, lines.shape), (0, 0), 1.2)
    sheet = np.array(paper) * (1 + tooth * grain / grain.std())[..., None]
    rows, columns = np.mgrid[: len(lines), : len(lines)] / len(lines)
    light = 1 - fall_off * np.hypot(rows, columns)[..., None] / np.sqrt(2)
    page = (sheet * share + np.array(ink) * (1 - share)) * light
    return np.asarray(np.clip(page, 0, 255).round(), np.uint8)


def extract(picture: Bytes) -> Bytes:
    return adaptive.extract(picture, adaptive.Params(), np.random.default_rng(0))


DARK_PAGES = {
    "black": ((12, 12, 14), (245, 245, 240)),
    "slate": ((40, 60, 50), (200, 200, 190)),
    "blueprint": ((28, 60, 140), (230, 240, 250)),
}


@pytest.mark.parametrize("size", [300, 1000])
@pytest.mark.parametrize("name", DARK_PAGES)
def test_light_lines_on_a_dark_ground_are_lines(name: str, size: int) -> None:
    lines = drawing(size, stroke=max(2, size // 150))
    page = drawn_on(lines, *DARK_PAGES[name], fall_off=0.1, tooth=0.04)
    assert has_light_lines_alone(page)
    assert scenes.f_measure(extract(page), lines) >= 0.98
    assert np.array_equal(dark_on_light(page), exchange_light_and_dark(page))


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (20, 20, 40)])
def test_art_with_fills_is_no_page_of_light_lines(paper: Colour) -> None:
    picture, _ = scenes.scene(384, stroke=4, paper=paper)
    assert dark_on_light(picture) is picture


def test_a_night_scene_and_a_flat_tone_are_left_alone() -> None:
    night = np.full((300, 300, 3), (20, 22, 50), np.uint8)
    cv2.circle(night, (90, 90), 40, (240, 235, 190), -1, cv2.LINE_AA)
    cv2.rectangle(night, (0, 200), (300, 300), (8, 10, 14), -1)
    assert not has_light_lines_alone(night)
    assert not has_light_lines_alone(np.full((40, 40, 3), 9, np.uint8))


def test_dots_of_one_bit_become_tones_and_lines_are_found_among_them() -> None:
    lines = drawing(600, stroke=6)
    tones = drawn_on(lines, (225, 225, 225), (60, 60, 60))[..., 0] / 255.0
    dots = np.where(np.random.default_rng(1).random(tones.shape) < tones, np.uint8(255), np.uint8(0))
    page = np.dstack([dots] * 3)
    assert scenes.f_measure(extract(page), lines, tolerance=3) >= 0.95
    clean = np.dstack([lines] * 3)
    assert without_dots(clean) is clean


PAPERS = {"cream": ((250, 242, 222), 0.012), "grey": ((150, 150, 152), 0.01), "kraft": ((176, 138, 98), 0.02)}


@pytest.mark.parametrize("name", PAPERS)
def test_a_scan_is_cleaned_up_to_grey_on_pure_white(name: str) -> None:
    paper, tooth = PAPERS[name]
    lines = drawing(600, stroke=6)
    pencil = tuple(round(0.55 * level) for level in paper)
    grey = grey_on_white(drawn_on(lines, paper, pencil, fall_off=0.16, tooth=tooth))  # type: ignore[arg-type]
    far = scenes.distance_to(lines < 250) > 6
    assert (grey[far] == 255).mean() > 0.999
    assert np.median(grey[lines < 40]) == pytest.approx(0.55 * 255, abs=14), "the pencil's tone, light taken out"


def test_paper_that_is_nearly_white_becomes_white_and_white_paper_stays_as_it_is() -> None:
    lines = drawing()
    assert np.array_equal(grey_on_white(np.dstack([lines] * 3)), lines)
    dull = np.dstack([np.minimum(lines, 252)] * 3)
    assert grey_on_white(dull)[0, 0] == 255


def test_light_on_dark_is_cleaned_up_to_dark_on_white() -> None:
    lines = drawing()
    grey = grey_on_white(drawn_on(lines, *DARK_PAGES["black"]))
    assert grey[0, 0] == 255
    assert grey[lines == 0].max() < 60
