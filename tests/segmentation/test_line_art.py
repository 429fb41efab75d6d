"""Line art of any ink on any paper becomes a drawing, and a layer that over white is the picture."""

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.core.imaging.compositing import composite, join_alpha
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.segmentation.line_art import ink_layer, line_drawing
from tests.core.imaging.samples import WHITE, noise, saved


def doodle(size=200, width=5):
    """Soft lines on paper, uint8: 0 = ink, 255 = paper; about a twentieth is ink."""
    canvas = np.full((4 * size, 4 * size), 255, np.uint8)
    cv2.circle(canvas, (400, 380), 260, 0, 4 * width)
    cv2.line(canvas, (120, 700), (690, 640), 0, 4 * width)
    cv2.ellipse(canvas, (400, 420), (140, 60), 20, 0, 360, 0, 4 * width)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def tinted(grey, ink, paper=(255, 255, 255)):
    """The doodle in coloured ink on coloured paper."""
    share = (grey / 255.0)[..., None]
    return np.rint(np.asarray(paper) * share + np.asarray(ink) * (1 - share)).astype(np.uint8)


def agreement(lines, truth):
    found, wanted = lines < 128, truth < 128
    return (found & wanted).sum() / (found | wanted).sum()


def test_clean_line_art_passes_unchanged():
    grey = doodle()
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


@pytest.mark.parametrize(
    "ink",
    [(60, 60, 60), (255, 255, 0), (173, 216, 230), (255, 0, 0), (0, 0, 255), (190, 190, 190), (90, 40, 10)],
    ids=["dark grey", "yellow", "light blue", "red", "blue", "faint pencil", "brown"],
)
def test_ink_of_any_colour_becomes_black(ink):
    lines = line_drawing(Picture(tinted(doodle(), ink)))
    assert np.abs(lines.astype(int) - doodle()).max() <= 4


@pytest.mark.parametrize("paper", [(235, 235, 235), (250, 244, 220), (205, 170, 120), (255, 220, 10), (60, 90, 160)])
@pytest.mark.parametrize("ink", [(20, 20, 20), (0, 0, 0)])
def test_paper_of_any_colour_becomes_white(paper, ink):
    lines = line_drawing(Picture(tinted(doodle(), ink, paper)))
    assert np.abs(lines.astype(int) - doodle()).max() <= 6


@pytest.mark.parametrize("ink, paper", [(0, 255), (40, 235), (190, 240), (150, 190)])
def test_scans_with_noise_and_jpeg(ink, paper):
    rng = np.random.default_rng(1)
    grey = ink + (paper - ink) * (doodle() / 255.0) + rng.normal(0, 2.5, (200, 200))
    scan = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    picture = decode_picture(saved(Image.fromarray(scan), "JPEG", quality=75))
    lines = line_drawing(picture)
    assert agreement(lines, doodle()) > 0.93
    assert np.median(lines) == 255
    assert lines[doodle() == 255].mean() > 250
    assert lines[doodle() == 0].mean() < 15


@pytest.mark.parametrize("ink, paper", [((255, 255, 255), (0, 0, 0)), ((200, 210, 205), (30, 45, 40))])
def test_light_lines_on_a_dark_ground_are_exchanged(ink, paper):
    lines = line_drawing(Picture(tinted(doodle(), ink, paper)))
    assert agreement(lines, doodle()) > 0.97
    assert np.median(lines) == 255


def test_blueprint():
    lines = line_drawing(Picture(tinted(doodle(), (240, 245, 255), (20, 50, 140))))
    assert agreement(lines, doodle()) > 0.97


def test_large_black_areas_are_still_ink():
    """More than half of the picture is black, but the paper reaches the border and is thick."""
    grey = doodle()
    grey[20:180, 20:180] = np.minimum(grey[20:180, 20:180], 0)
    grey[60:64, 60:140] = 255
    assert (grey < 128).mean() > 0.5
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


def test_black_ground_behind_a_light_figure_is_ink():
    """A night scene: the border is black, the figure is white and thicker than its black lines."""
    grey = np.zeros((200, 200), np.uint8)
    cv2.circle(grey, (100, 100), 85, 255, -1)
    cv2.circle(grey, (100, 100), 40, 0, 3)
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 50, 40), (0, 90, 200)])
def test_ink_alone_on_a_transparent_ground(ink):
    rgb = np.full((200, 200, 3), ink, np.uint8)
    lines = line_drawing(Picture(rgb, 255 - doodle()))
    assert np.abs(lines.astype(int) - doodle()).max() <= 3


@pytest.mark.parametrize("ink", [(255, 255, 255), (240, 238, 250)])
@pytest.mark.parametrize("matte", [0, 255])
def test_light_ink_on_a_transparent_ground(ink, matte):
    """Whatever colour is hidden where alpha is 0."""
    rgb = np.full((200, 200, 3), ink, np.uint8)
    rgb[doodle() == 255] = matte
    assert np.array_equal(line_drawing(Picture(rgb, 255 - doodle())), doodle())


def test_opaque_paper_in_a_silhouette():
    alpha = np.zeros((200, 200), np.uint8)
    cv2.circle(alpha, (100, 95), 80, 255, -1)
    lines = line_drawing(Picture(tinted(doodle(), (0, 0, 0)), alpha))
    assert np.array_equal(lines[alpha == 255], doodle()[alpha == 255])
    assert (lines[alpha == 0] == 255).all()


@pytest.mark.parametrize("tone, expected", [(255, 255), (0, 0), (240, 255), (30, 0), (128, 255), (127, 0)])
def test_one_flat_tone_is_paper_or_ink(tone, expected):
    lines = line_drawing(Picture(np.full((20, 30, 3), tone, np.uint8)))
    assert (lines == expected).all()


def test_blank_scan_stays_blank():
    scan = np.clip(np.random.default_rng(2).normal(240, 4, (200, 200, 1)), 0, 255).astype(np.uint8)
    assert (line_drawing(Picture(scan.repeat(3, axis=2))) == 255).all()


def test_fully_transparent_picture_is_paper():
    picture = Picture(noise(9, 9, 3), np.zeros((9, 9), np.uint8))
    assert (line_drawing(picture) == 255).all()
    assert (ink_layer(picture)[..., 3] == 0).all()


def art(ink=(0, 0, 0), paper=(255, 255, 255)):
    return Picture(tinted(doodle(), ink, paper))


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120), (200, 30, 30), (255, 255, 0), (173, 216, 230)])
@pytest.mark.parametrize("paper", [(255, 255, 255), (240, 240, 240), (250, 246, 230)])
def test_layer_over_white_is_the_picture(ink, paper):
    picture = art(ink, paper)
    assert np.array_equal(composite(ink_layer(picture, clean=False), WHITE), picture.rgb)


def test_layer_over_white_is_any_picture():
    picture = Picture(noise(64, 64, 3) | 128)
    assert np.array_equal(composite(ink_layer(picture), WHITE), picture.rgb)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120), (200, 30, 30), (255, 255, 0), (173, 216, 230)])
def test_solid_ink_is_opaque_and_keeps_its_colour(ink):
    layer = ink_layer(art(ink))
    solid = doodle() == 0
    assert (layer[solid] == (*ink, 255)).all()
    assert (layer[doodle() == 255][:, 3] == 0).all()
    for colour in [(255, 0, 0), (0, 0, 0), (20, 200, 90)]:
        assert (composite(layer, colour)[solid] == ink).all()


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120)])
@pytest.mark.parametrize("colour", [(255, 120, 0), (10, 10, 60), (128, 128, 128)])
def test_soft_edges_have_no_halo(ink, colour):
    """An edge pixel lies on the straight line between the ink and the colour below, as if drawn there."""
    result = composite(ink_layer(art(ink)), colour)
    expected = tinted(doodle(), ink, colour)
    assert np.abs(result.astype(int) - expected).max() <= 2


def test_noisy_ink_is_solid():
    """Ink that varies by a few levels, as in a JPEG, is opaque all the same."""
    rng = np.random.default_rng(3)
    grey = 60 + 195 * (doodle() / 255.0) + rng.normal(0, 2, (200, 200))
    picture = Picture(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2))
    layer = ink_layer(picture)
    assert np.percentile(layer[doodle() == 0][:, 3], 5) > 245
    assert np.array_equal(composite(layer, WHITE), picture.rgb)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (0, 90, 200), (173, 216, 230)])
def test_layer_of_ink_alone_is_that_ink(ink):
    picture = Picture(np.full((200, 200, 3), ink, np.uint8), 255 - doodle())
    layer = ink_layer(picture)
    assert np.array_equal(layer[..., 3], picture.alpha)
    assert (layer[picture.alpha > 0][:, :3] == ink).all()


def test_layer_of_light_ink_alone_is_that_ink():
    picture = Picture(np.full((200, 200, 3), 255, np.uint8), 255 - doodle())
    assert np.array_equal(ink_layer(picture), join_alpha(picture.rgb, picture.alpha))


def test_layer_of_a_silhouette_loses_its_paper_and_keeps_its_outline():
    alpha = np.zeros((200, 200), np.uint8)
    cv2.circle(alpha, (100, 95), 80, 255, -1, cv2.LINE_AA)
    picture = Picture(tinted(doodle(), (60, 60, 60)), alpha)
    layer = ink_layer(picture)
    assert np.array_equal(composite(layer, WHITE), picture.over_white())
    assert (layer[doodle() == 255][:, 3] == 0).all()
    solid = (doodle() == 0) & (alpha == 255)
    assert (layer[solid] == (60, 60, 60, 255)).all()
    assert (layer[..., 3] <= alpha).all()


def test_layer_with_alpha_is_lossless_over_white_for_any_picture():
    picture = Picture(noise(80, 80, 3) | 64, noise(80, 80, seed=5))
    assert np.array_equal(composite(ink_layer(picture), WHITE), picture.over_white())


def test_layer_of_light_lines_on_a_dark_ground_is_dark_ink():
    layer = ink_layer(art((255, 255, 255), (0, 0, 0)))
    assert (layer[doodle() == 0] == (0, 0, 0, 255)).all()
    assert (layer[doodle() == 255][:, 3] == 0).all()


def test_hue_of_coloured_lines_survives_the_exchange():
    layer = ink_layer(art((255, 60, 60), (0, 0, 0)))
    red, green, blue, alpha = layer[doodle() == 0][0].tolist()
    assert alpha == 255
    assert red > green + 150
    assert green == blue


def test_layer_of_a_coloured_sheet_drops_the_sheet():
    layer = ink_layer(art((10, 10, 10), (205, 170, 120)))
    assert np.median(layer[doodle() == 255][:, 3]) == 0
    assert layer[doodle() == 0][:, 3].min() == 255


@pytest.mark.parametrize("tone, alpha", [(255, 0), (0, 255), (30, 255)])
def test_layer_of_one_flat_tone(tone, alpha):
    layer = ink_layer(Picture(np.full((9, 9, 3), tone, np.uint8)))
    assert (layer[..., 3] == alpha).all()


def test_inputs_are_left_alone():
    picture = Picture(tinted(doodle(), (0, 0, 0)), 255 - doodle())
    rgb, alpha = picture.rgb.copy(), picture.alpha.copy()
    line_drawing(picture)
    ink_layer(picture)
    picture.over_white()
    assert np.array_equal(picture.rgb, rgb)
    assert np.array_equal(picture.alpha, alpha)
