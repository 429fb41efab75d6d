"""How colourful pictures are, and how they become more so."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.colourfulness import COLOURFUL, colourfulness, saturate, saturation_factor


def test_colourfulness_by_hand() -> None:
    assert colourfulness(np.full((8, 8, 3), 90, np.uint8)) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200  # rg = 200, yb = 100, no deviation: 0.3 sqrt(200^2 + 100^2)
    assert colourfulness(red) == pytest.approx(0.3 * 223.607, abs=1e-3)
    red[:, 4:] = 0  # half of it black: means and deviations are half of that
    assert colourfulness(red) == pytest.approx(1.3 * 111.803, abs=1e-3)
    assert colourfulness(red, np.arange(8)[None].repeat(8, 0) < 4) == pytest.approx(0.3 * 223.607, abs=1e-3)


def test_dull_pictures_are_boosted_most() -> None:
    factors = [saturation_factor(value, 0.5) for value in (0, 30, 60, COLOURFUL, 150)]
    assert factors == sorted(factors, reverse=True)
    assert (factors[0], factors[-2:]) == (1.5, [1, 1])


def test_saturation_is_multiplied_and_hue_and_value_stay() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    before = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    after = cv2.cvtColor(saturate(rgb, 1.4).astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    clear = (before[..., 1] > 0.2) & (before[..., 2] > 0.5)  # where a rounded level is little
    turn = np.abs((after[..., 0] - before[..., 0] + 180) % 360 - 180)
    assert turn[clear].max() < 4
    assert (after[..., 2] == before[..., 2]).all()
    assert np.abs(after[..., 1] - np.minimum(before[..., 1] * 1.4, 1))[clear].max() < 0.01
    grey = np.full((2, 2, 3), 77, np.uint8)
    assert (saturate(grey, 2.0) == grey).all()
    assert (saturate(np.zeros((2, 2, 3), np.uint8), 2.0) == 0).all()
