"""Facts about telling finished pictures from line art."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.painted import find_painted, painted_mask
from tests.drawings import BLUE, RED, Bytes

Rgb = tuple[int, int, int]
WHITE: Rgb = (255, 255, 255)
PALE_SKIN: Rgb = (250, 224, 195)


def face(size: int = 240, *, paper: Rgb = WHITE, fills: tuple[Rgb, ...] = (), ink: Rgb = (20, 20, 20)) -> Bytes:
    """A face with a hat and a mouth, in lines on paper; fills: of face, hat and mouth, as many as there are."""
    picture = np.full((size, size, 3), paper, np.uint8)
    x, y, radius, thick = size // 2, size * 11 // 20, size * 3 // 10, max(2, size // 120)
    colours = [*fills, *[paper] * (3 - len(fills))]
    for colour, filled in ((colours, True), ([ink] * 3, False)):
        thickness = cv2.FILLED if filled else thick
        cv2.circle(picture, (x, y), radius, colour[0], thickness, cv2.LINE_AA)
        cv2.ellipse(picture, (x, y - radius), (radius, radius // 3), 0, 0, 360, colour[1], thickness, cv2.LINE_AA)
        cv2.rectangle(
            picture, (x - radius // 2, y + radius // 4), (x + radius // 2, y + radius // 2), colour[2], thickness
        )
    return picture


def lit(picture: Bytes, *, blue_shadow: bool = False) -> Bytes:
    """The same as a photo: light falls off towards a corner, with grain, and a bluish shadow with a hard edge."""
    height, width = picture.shape[:2]
    light = 1 - 0.35 * np.linspace(0, 1, height)[:, None, None] * np.linspace(0, 1, width)[None, :, None]
    photo = picture * light
    if blue_shadow:
        photo[:, width * 6 // 10 :] *= (0.5, 0.56, 0.66)
    photo += np.random.default_rng(0).normal(0, 3, (height, width, 1))
    return np.clip(photo, 0, 255).astype(np.uint8)


def is_finished(rgb: Bytes, alpha: Bytes | None = None) -> bool:
    return find_painted(Picture(rgb, alpha)).is_finished


@pytest.mark.parametrize("size", [120, 240, 900])
@pytest.mark.parametrize("fills", [(RED, BLUE, (240, 200, 60)), (PALE_SKIN, RED, RED), ((240, 150, 60),) * 3])
def test_a_picture_with_coloured_areas_is_finished(size: int, fills: tuple[Rgb, ...]) -> None:
    assert is_finished(face(size, fills=fills))


@pytest.mark.parametrize("paper", [(250, 240, 215), (196, 160, 116), (150, 200, 240)])
def test_so_it_is_on_paper_or_ground_of_any_colour(paper: Rgb) -> None:
    assert is_finished(lit(face(300, paper=paper, fills=(RED, BLUE, (240, 200, 60)))))


@pytest.mark.parametrize("paper", [WHITE, (250, 240, 215), (196, 160, 116), (30, 60, 150)])
@pytest.mark.parametrize("ink", [(20, 20, 20), (120, 60, 40), (60, 90, 200), (240, 240, 240)])
def test_lines_of_any_colour_on_paper_of_any_colour_are_line_art(paper: Rgb, ink: Rgb) -> None:
    for page in (face(300, paper=paper, ink=ink), lit(face(300, paper=paper, ink=ink))):
        assert not is_finished(page)
        assert not find_painted(Picture(page)).is_partly


def test_a_shadow_with_a_hard_edge_is_no_colour() -> None:
    assert not is_finished(lit(face(300, paper=(250, 240, 225)), blue_shadow=True))


def test_a_desk_around_the_page_is_no_colour() -> None:
    photo = np.full((300, 300, 3), (120, 80, 50), np.uint8)
    photo[30:-30, 30:-30] = face(240)
    assert not is_finished(photo)


def test_tones_of_grey_are_line_art_on_tinted_paper_too() -> None:
    page = face(300, fills=((190, 190, 190), (120, 120, 120), (90, 90, 90)))
    assert find_painted(Picture(page)) == (0, 0)
    assert not is_finished(lit(page * np.array([0.98, 0.94, 0.84])))


def test_coloured_hatching_is_line_art() -> None:
    page = face(300, ink=(60, 90, 200))
    for left in range(80, 220, 7):
        cv2.line(page, (left, 130), (left + 30, 190), (60, 90, 200), 2, cv2.LINE_AA)
    assert not is_finished(page)


def test_one_coloured_area_of_several_is_partly_coloured() -> None:
    found = find_painted(Picture(face(300, fills=(WHITE, RED))))
    assert found.is_partly and not found.is_finished
    assert 0.12 < found.share < 0.5


def test_what_is_painted_is_found_up_to_the_lines() -> None:
    page = face(300, fills=(WHITE, RED))
    paper = (page.min(axis=2) > 128).astype(np.uint8)
    painted = painted_mask(Picture(page), paper)
    red = np.abs(page.astype(int) - RED).max(axis=2) < 4
    assert painted[red].mean() > 0.97
    assert painted[(page == 255).all(axis=2)].mean() < 0.01


def test_a_cut_out_is_judged_by_what_is_opaque() -> None:
    coloured = face(240, fills=(RED, BLUE, RED))
    outside = (coloured == 255).all(axis=2)
    coloured[outside] = (0, 200, 0)  # hidden
    assert is_finished(coloured, np.where(outside, 0, 255).astype(np.uint8))
    ink = 255 - face(240)[..., 0]
    assert not is_finished(np.full((240, 240, 3), RED, np.uint8), ink)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_page_is_not_painted(level: int) -> None:
    assert find_painted(Picture(np.full((40, 50, 3), level, np.uint8))) == (0, 0)
    assert find_painted(Picture(np.full((1, 1, 3), (level, 0, 0), np.uint8))).share == 0
