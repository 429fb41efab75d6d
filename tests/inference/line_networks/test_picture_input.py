"""What a line network reads of a picture: channels, values, what is taken off, windows beyond the edge."""

import cv2
import numpy as np
import pytest

from pipelines.inference.line_networks.picture_input import PictureInput, Values, Window

PICTURE = np.random.default_rng(4).integers(0, 256, (7, 9, 3), np.uint8)
WHOLE = Window(0, 0, 7, 9)


def fed(feeding: PictureInput, window: Window = WHOLE) -> list[np.ndarray]:
    arranged = feeding.arranged(PICTURE)
    return [np.asarray(part) for part in feeding.fed(arranged, window, feeding.level(arranged))]


def test_channels_are_those_asked_for() -> None:
    (rgb,), (bgr,), (grey,) = (fed(PictureInput(name)) for name in ("rgb", "bgr", "grey"))
    assert rgb.dtype == np.float32
    assert np.allclose(rgb[0], PICTURE.transpose(2, 0, 1) / 255)
    assert (bgr == rgb[:, ::-1]).all()
    assert np.allclose(grey[0, 0], cv2.cvtColor(PICTURE, cv2.COLOR_RGB2GRAY) / 255)
    each = fed(PictureInput("each"))
    assert [part.shape for part in each] == [(1, 1, 7, 9)] * 3
    assert all((part == rgb[:, [channel]]).all() for channel, part in enumerate(each))


@pytest.mark.parametrize(("values", "black", "white"), [("unit", 0, 1), ("signed", -1, 1), ("bytes", 0, 255)])
def test_values_span_what_is_said(values: Values, black: float, white: float) -> None:
    feeding = PictureInput("grey", values)
    ends = np.zeros((1, 2, 3), np.uint8)
    ends[0, 1] = 255
    (planes,) = feeding.fed(feeding.arranged(ends), Window(0, 0, 1, 2), np.zeros(1, np.float32))
    assert planes[0, 0, 0].tolist() == [black, white]


def test_mean_and_deviation_standardise_the_scaled_values_channel_by_channel() -> None:
    (plain,) = fed(PictureInput("rgb"))
    (planes,) = fed(PictureInput("rgb", mean=(0.5, 0.4, 0.3), deviation=(0.1, 0.2, 0.4)))
    for channel, (mean, deviation) in enumerate([(0.5, 0.1), (0.4, 0.2), (0.3, 0.4)]):
        assert np.allclose(planes[0, channel], (plain[0, channel] - mean) / deviation, atol=1e-5)


def test_the_mean_of_the_whole_picture_is_taken_off_each_of_its_windows() -> None:
    (whole,) = fed(PictureInput("rgb", subtracted="mean"))
    assert np.abs(whole.mean(axis=(2, 3))).max() < 1e-6
    (window,) = fed(PictureInput("rgb", subtracted="mean"), Window(2, 3, 4, 5))
    assert (window == whole[:, :, 2:6, 3:8]).all()


def test_surroundings_are_a_blur_of_three_pixels_and_the_largest_becomes_one() -> None:
    (whole,) = fed(PictureInput("rgb", subtracted="surroundings"))
    blurred = cv2.GaussianBlur(PICTURE, (0, 0), 3, borderType=cv2.BORDER_REPLICATE)
    expected = PICTURE.astype(int) - blurred
    assert np.allclose(whole[0], (expected / expected.max()).transpose(2, 0, 1), atol=1e-6)
    (window,) = fed(PictureInput("rgb", subtracted="surroundings"), Window(1, 2, 3, 4))
    assert (window == whole[:, :, 1:4, 2:6]).all()


def test_a_flat_picture_has_no_surroundings_to_divide_by() -> None:
    feeding = PictureInput("rgb", subtracted="surroundings")
    flat = np.full((5, 5, 3), 90, np.uint8)
    (planes,) = feeding.fed(flat, Window(0, 0, 5, 5), feeding.level(flat))
    assert (planes == 0).all()


def test_beyond_the_edge_the_last_pixels_go_on() -> None:
    (whole,), (window,) = fed(PictureInput("grey")), fed(PictureInput("grey"), Window(5, 7, 6, 5))
    assert (window[0, 0] == np.pad(whole[0, 0, 5:, 7:], ((0, 4), (0, 3)), mode="edge")).all()
