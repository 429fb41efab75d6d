"""Dabs with grain, soft edges or of another scale are one colour each; plain ones and pictures stay as they are."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.flatting.hint_cleaning import GRAIN, clean_hints
from tests.flatting.scenes import BLUE, GREEN, RED, YELLOW, Bytes, blank, discs


def colours(hints: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(hints[hints[..., 3] > 0][:, :3], axis=0).tolist()}


def grainy(hints: Bytes, sigma: float, *, channels: int = 3, blur: float = 0.0) -> Bytes:
    """Scatter the colours of hints by normal noise of `sigma` levels, `blur` px wide."""
    noise = np.random.default_rng(5).normal(0, 1, (*hints.shape[:2], channels))
    if blur:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), blur), np.float64).reshape(*hints.shape[:2], channels)
    scattered = hints.copy()
    scattered[..., :3] = np.clip(np.rint(hints[..., :3] + noise * sigma / noise.std()), 0, 255)
    return scattered


def resampled(hints: Bytes, factor: float) -> Bytes:
    """Scale hints as painting programs do, colours weighted by alpha."""
    weight = hints[..., 3:].astype(np.float64) / 255
    size = round(hints.shape[1] * factor), round(hints.shape[0] * factor)
    colour = cv2.resize(hints[..., :3] * weight, size, interpolation=cv2.INTER_CUBIC)
    alpha = cv2.resize(weight, size, interpolation=cv2.INTER_CUBIC)
    straight = colour / np.maximum(alpha, 1e-6)[..., None]
    return np.clip(np.rint(np.dstack([straight, alpha * 255])), 0, 255).astype(np.uint8)


def near(hints: Bytes, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    apart = np.abs(hints[..., :3].astype(int) - colour).max(axis=2)
    return np.asarray((apart <= GRAIN // 2) & (hints[..., 3] > 0))


@pytest.mark.parametrize(("channels", "blur"), [(3, 0.0), (1, 0.0), (3, 2.0)])
@pytest.mark.parametrize("radius", [4, 12, 40])
def test_a_dab_with_grain_is_one_of_the_colours_it_was_painted_in(radius: int, channels: int, blur: float) -> None:
    hints = grainy(discs(blank(), (64, 64, YELLOW), radius=radius), 3, channels=channels, blur=blur)
    cleaned = clean_hints(hints)
    assert len(colours(cleaned)) == 1
    assert colours(cleaned) <= colours(hints)
    assert near(cleaned, YELLOW).sum() == (hints[..., 3] > 0).sum()


def test_two_dabs_that_touch_stay_two_whatever_their_grain() -> None:
    hints = grainy(discs(blank(), (52, 64, GREEN), (74, 64, RED), radius=12), 4)
    cleaned = clean_hints(hints)
    assert len(colours(cleaned)) == 2
    assert near(cleaned, GREEN)[64, 40:60].all() and near(cleaned, RED)[64, 66:86].all()


@pytest.mark.parametrize("factor", [0.5, 0.6, 1.7])
def test_a_change_of_scale_mixes_nothing(factor: float) -> None:
    hints = discs(blank(), (52, 64, GREEN), (74, 64, RED), (30, 20, BLUE), (100, 20, YELLOW), radius=11)
    assert colours(clean_hints(resampled(hints, factor))) == {GREEN, RED, BLUE, YELLOW}


def test_dabs_of_one_brush_agree() -> None:
    hints = grainy(discs(blank(), (30, 30, RED), (90, 30, RED), (30, 90, RED), (90, 90, BLUE), radius=6), 3)
    assert len(colours(clean_hints(hints))) == 2


def test_a_plain_dab_decides_for_a_grainy_one() -> None:
    hints = grainy(discs(blank(), (30, 30, RED), (90, 30, RED), radius=6), 3)
    hints[:, :60] = discs(blank(), (30, 30, RED), radius=6)[:, :60]
    assert colours(clean_hints(hints)) == {RED}


def test_plain_dabs_stay_as_they_are_however_alike_or_small() -> None:
    alike = tuple(level + 5 for level in RED)
    hints = discs(blank(), (52, 64, RED), (74, 64, alike), (20, 20, BLUE), radius=12)  # type: ignore[arg-type]
    hints[18:20, 18:20, :3] = YELLOW
    cv2.line(hints, (10, 90), (120, 100), (*GREEN, 255), 1)
    cv2.line(hints, (60, 40), (64, 120), (*BLUE, 255), 2)
    assert np.array_equal(clean_hints(hints), hints)


def test_holes_of_chalk_are_filled() -> None:
    hints = discs(blank(), (64, 64, RED), radius=20)
    holes = np.random.default_rng(2).random(hints.shape[:2]) < 0.3
    chalk = grainy(hints, 3)
    chalk[holes, 3] = 0
    cleaned = clean_hints(chalk)
    assert cv2.connectedComponents((cleaned[..., 3] > 0).view(np.uint8), connectivity=4)[0] == 2
    assert len(colours(cleaned)) == 1


def test_a_picture_for_a_hint_map_keeps_its_colours() -> None:
    rows, columns = np.mgrid[0:128, 0:128]
    picture = np.dstack([2 * rows, 2 * columns, np.full_like(rows, 90), np.full_like(rows, 255)]).astype(np.uint8)
    noise = np.random.default_rng(3).integers(0, 256, (128, 128, 4)).astype(np.uint8)
    noise[..., 3] = 255
    assert np.array_equal(clean_hints(picture), picture)
    assert np.array_equal(clean_hints(noise), noise)


def test_alpha_comes_out_as_none_or_all() -> None:
    hints = discs(blank(), (30, 30, RED), (90, 90, BLUE), radius=6)
    hints[..., 3] = np.where(hints[..., 3] > 0, 200, 0)
    cleaned = clean_hints(hints)
    assert set(np.unique(cleaned[..., 3]).tolist()) == {0, 255}
    assert np.array_equal(cleaned[..., 3] > 0, hints[..., 3] > 0)


def test_single_pixels_of_pixel_art_are_meant():
    hints = np.zeros((64, 96, 4), np.uint8)
    for x, y, colour in ((15, 4, (250, 215, 185)), (13, 7, (255, 255, 255)), (18, 7, (255, 255, 255))):
        hints[y, x] = (*colour, 255)
    assert np.array_equal(clean_hints(hints), hints)
