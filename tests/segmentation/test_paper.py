"""Paper of any tint, light and grain becomes white, strokes stay, and clean pages are left alone."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.line_art import LineArt, line_drawing
from pipelines.segmentation.paper import Paper
from tests.drawings import Bytes

SIZE = 400


def strokes(level: int = 0, width: int = 4) -> Bytes:
    """Closed strokes of one grey on white, (SIZE, SIZE)."""
    page = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.circle(page, (150, 160), 90, level, width, cv2.LINE_AA)
    cv2.rectangle(page, (260, 60), (360, 330), level, width)
    cv2.line(page, (40, 360), (220, 340), level, width, cv2.LINE_AA)
    return page


def on_paper(
    page: Bytes, paper: tuple[int, int, int], *, falloff: float = 0.0, grain: float = 0.0, shadow: float = 0.0
) -> Bytes:
    """A page on paper of a colour, light falling off to a corner, with grain and a shadow over its right half, RGB."""
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    light = 1 - falloff * np.hypot(rows, columns) / np.sqrt(2) - shadow * (columns > 0.62)
    light = cv2.GaussianBlur(light, (0, 0), 3)
    noise = np.random.default_rng(5).normal(0, grain, (SIZE, SIZE))
    picture = (page / 255)[..., None] * light[..., None] * np.array(paper) + noise[..., None]
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def scans() -> dict[str, Bytes]:
    return {
        "cream": on_paper(strokes(), (250, 244, 222), grain=1.5),
        "pencil": on_paper(strokes(150), (240, 232, 214), falloff=0.16, grain=3),
        "kraft": on_paper(strokes(), (190, 150, 100), falloff=0.1, grain=3),
        "photo": on_paper(strokes(60), (225, 222, 215), falloff=0.12, grain=2, shadow=0.25),
        "grey": on_paper(strokes(), (200, 200, 200)),
    }


def agreement(lines: Bytes, truth: Bytes) -> float:
    ink, true_ink = lines < 128, truth < 128
    return float((ink & true_ink).sum() / (ink | true_ink).sum())


@pytest.mark.parametrize("name", list(scans()))
def test_paper_is_white_and_strokes_are_where_they_were(name: str) -> None:
    rgb, truth = scans()[name], strokes()
    assert not Paper(rgb).is_clean
    lines = line_drawing(Picture(rgb))
    assert agreement(lines, truth) > 0.9
    far = cv2.erode(truth, np.ones((15, 15), np.uint8)) == 255
    assert (lines[far] == 255).mean() > 0.9995
    layer = LineArt(Picture(rgb)).layer
    assert (layer[..., 3][far] == 0).mean() > 0.9995, "bare paper takes nothing away"


def test_a_clean_page_is_the_same_array() -> None:
    rgb = np.dstack([strokes()] * 3)
    paper = Paper(rgb)
    assert paper.is_clean and not paper.is_toned and not paper.is_dithered
    assert paper.flat is rgb and paper.cleaned is rgb
    assert not LineArt(Picture(rgb)).is_cleaned


def test_pencil_keeps_its_tone() -> None:
    rgb = scans()["pencil"]
    flat = Paper(rgb).flat
    ink = cv2.dilate(strokes(), np.ones((3, 3), np.uint8)) < 128
    assert abs(float(np.median(flat[ink])) - 150) < 12


def comic_page() -> Bytes:
    """Two panels in grey tones, white gutters, a white balloon, black lines."""
    page = np.full((SIZE, SIZE), 255, np.uint8)
    for left, tone in ((20, 110), (210, 160)):
        cv2.rectangle(page, (left, 20), (left + 170, 380), tone, -1)
        cv2.rectangle(page, (left, 20), (left + 170, 380), 0, 4)
        cv2.circle(page, (left + 85, 220), 60, 0, 3)
        cv2.ellipse(page, (left + 85, 80), (60, 30), 0, 0, 360, 255, -1)
        cv2.ellipse(page, (left + 85, 80), (60, 30), 0, 0, 360, 0, 3)
    return page


def test_tones_of_a_comic_page_stay_but_are_paper_where_lines_are_read() -> None:
    rgb = np.dstack([comic_page()] * 3)
    paper = Paper(rgb)
    assert paper.is_toned
    assert np.array_equal(paper.cleaned, rgb)
    lines = line_drawing(Picture(rgb))
    assert (lines[comic_page() == 110] > 200).mean() > 0.97
    assert (lines[comic_page() == 0] < 128).all()


def test_a_page_of_one_bit_is_read_through_its_dots() -> None:
    grey = np.full((SIZE, SIZE), 190, np.float64)
    dots = np.where(grey > np.tile(np.array([[32, 160], [224, 96]]), (SIZE // 2, SIZE // 2)), 255, 0).astype(np.uint8)
    page = np.minimum(dots, strokes(width=6))
    rgb = np.dstack([page] * 3)
    assert Paper(rgb).is_dithered
    assert np.array_equal(Paper(rgb).cleaned, rgb)
    lines = line_drawing(Picture(rgb))
    assert agreement(lines, strokes(width=6)) > 0.75
    assert not Paper(np.dstack([strokes(width=1)] * 3)).is_dithered


def test_it_can_be_had_or_refused() -> None:
    rgb = scans()["cream"]
    kept = LineArt(Picture(rgb), clean=False)
    assert not kept.is_cleaned
    assert kept.layer[0, 0, 3] > 0
    ink = LineArt(Picture(np.dstack([strokes()] * 3)), clean=True)
    assert not ink.is_cleaned and not ink.is_grey, "there was nothing to clean"


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (9, 9), (40, 30)])
def test_small_pages_are_no_trouble(shape: tuple[int, int]) -> None:
    rgb: NDArray[np.uint8] = np.random.default_rng(0).integers(120, 220, (*shape, 3)).astype(np.uint8)
    assert Paper(rgb).flat.shape == rgb.shape
    assert Paper(rgb).cleaned.shape == rgb.shape
