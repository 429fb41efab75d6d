"""Faint dabs count as much as strong ones; soft edges do not, and neither does what an eraser left."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.hint_alpha import counted_pixels
from tests.flatting.scenes import BLUE, RED, Bytes, blank, discs


def faint(hints: Bytes, alpha: int) -> Bytes:
    painted = hints.copy()
    painted[..., 3] = np.where(hints[..., 3] > 0, alpha, 0)
    return painted


def soft(hints: Bytes, sigma: float) -> Bytes:
    """Blur the alpha of hints; colours reach as far as it does."""
    blurred = hints.copy()
    blurred[..., :3] = cv2.dilate(hints[..., :3], np.ones((25, 25), np.uint8))
    blurred[..., 3] = cv2.GaussianBlur(hints[..., 3], (0, 0), sigma)
    return blurred


@pytest.mark.parametrize("alpha", [26, 77, 127, 128, 255])
def test_a_dab_counts_at_any_opacity_that_can_be_seen(alpha: int) -> None:
    hints = discs(blank(), (64, 64, RED), radius=6)
    assert np.array_equal(counted_pixels(faint(hints, alpha)), hints[..., 3] > 0)


@pytest.mark.parametrize("alpha", [0, 1, 15])
def test_what_can_hardly_be_seen_does_not_count(alpha: int) -> None:
    assert not counted_pixels(faint(discs(blank(), (64, 64, RED), radius=6), alpha)).any()


@pytest.mark.parametrize("sigma", [1, 3, 6])
def test_the_soft_edge_of_a_strong_dab_does_not_count(sigma: float) -> None:
    hints = soft(discs(blank(), (64, 64, RED), radius=16), sigma)
    assert np.array_equal(counted_pixels(hints), hints[..., 3] >= 128)


def test_a_soft_faint_dab_counts_to_half_of_its_own_alpha() -> None:
    hints = soft(faint(discs(blank(), (64, 64, RED), radius=16), 80), 3)
    assert np.array_equal(counted_pixels(hints), hints[..., 3] >= 40)


def test_faint_and_strong_dabs_stand_beside_each_other() -> None:
    hints = discs(blank(), (30, 64, RED), (90, 64, BLUE), radius=6)
    mixed = hints.copy()
    mixed[:, :60] = faint(hints, 70)[:, :60]
    assert np.array_equal(counted_pixels(mixed), hints[..., 3] > 0)


def test_a_faint_dab_that_touches_a_strong_one_of_another_colour_counts() -> None:
    hints = discs(blank(), (50, 64, RED), (80, 64, BLUE), radius=16)
    mixed = hints.copy()
    mixed[(hints[..., :3] == RED).all(axis=2), 3] = 70
    counted = counted_pixels(mixed)
    assert counted[64, 36:62].all() and counted[64, 65:96].all()


def test_specks_that_scaling_leaves_do_not_count() -> None:
    hints = discs(blank(), (64, 64, RED), radius=6)
    hints[40, 40:60, 3] = 30
    assert np.array_equal(counted_pixels(hints), hints[..., 3] >= 128)
