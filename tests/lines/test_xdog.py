from math import erf, sqrt, tanh

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.lines import _ranges, xdog
from pipelines.lines.xdog import PRESETS, Formula, Params
from tests.lines import scenes

Bytes = NDArray[np.uint8]


def extract(picture: Bytes, params: Params | None = None, seed: int = 0) -> Bytes:
    return xdog.extract(picture, params or Params(), np.random.default_rng(seed))


def step_edge(dark: int, bright: int, size: int = 64) -> Bytes:
    picture = np.full((size, size, 3), bright, np.uint8)
    picture[:, : size // 2] = dark
    return picture


def blurred_step(dark: float, bright: float, place: float, sigma: float) -> float:
    """A step at 0 after a Gaussian, at `place` px right of it."""
    return dark + (bright - dark) * 0.5 * (1 + erf(place / (sigma * sqrt(2))))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 3), (64, 48)])
@pytest.mark.parametrize("params", [Params(), *PRESETS.values()])
def test_output_has_the_size_of_the_picture_and_is_repeatable(size: tuple[int, int], params: Params) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    before = picture.copy()
    lines = extract(picture, params)
    assert (lines.shape, lines.dtype) == (size, np.uint8)
    assert (lines == extract(picture, params)).all()
    assert (picture == before).all()


@pytest.mark.parametrize("params", [Params(), *PRESETS.values()])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_picture_of_one_colour_is_blank_paper(params: Params, level: int) -> None:
    assert (extract(np.full((40, 30, 3), level, np.uint8), params) == 255).all()


def test_the_formula_at_a_step_edge() -> None:
    dark, bright, formula = 0.2, 0.9, Formula(sigma=2.0, k=1.6, gamma=0.9, epsilon=0.05, phi=8.0)
    luminance = np.full((5, 128), bright, np.float32)
    luminance[:, :64] = dark
    found = xdog.thresholded_difference(luminance, formula)[2]
    inked = 0
    for column in range(50, 78):
        place = column - 63.5
        difference = blurred_step(dark, bright, place, 2.0) - 0.9 * blurred_step(dark, bright, place, 2.0 * 1.6)
        expected = 1.0 if difference >= 0.05 else 1 + tanh(8.0 * (difference - 0.05))
        inked += expected < 1
        assert found[column] == pytest.approx(expected, abs=0.01)
    assert 3 < inked < 28


def test_ink_lies_on_the_dark_side_of_an_edge() -> None:
    lines = extract(step_edge(90, 220))
    assert (lines[:, 31] == 0).all()
    assert (lines[:, 32:] == 255).all()
    assert (lines[:, :24] == 255).all()


def test_a_steep_curve_gives_ink_and_paper_only_and_a_gentle_one_greys() -> None:
    picture, _ = scenes.scene(128, stroke=3)
    assert set(np.unique(extract(picture))) == {0, 255}
    assert len(np.unique(extract(picture, Params(phi=20.0)))) > 20


def test_a_higher_epsilon_inks_darker_areas_first() -> None:
    flat = [int(extract(np.full((9, 9, 3), level, np.uint8), Params(epsilon=0.02))[4, 4]) for level in (50, 150)]
    assert flat == [0, 255]  # D = (1 - gamma) level / 255 = .0098 and .0294, on either side of epsilon


def test_numbers_draw_nothing_and_ranges_draw_their_own_values() -> None:
    picture, _ = scenes.scene(128, stroke=3)
    rng = np.random.default_rng(7)
    before = rng.bit_generator.state
    xdog.extract(picture, Params(), rng)
    assert rng.bit_generator.state == before
    varied = Params(sigma=(0.4, 3.0))
    drawn = {extract(picture, varied, seed).tobytes() for seed in range(4)}
    assert len(drawn) == 4
    assert extract(picture, varied, 1).tobytes() in drawn


@pytest.mark.parametrize("name", ["k", "gamma", "epsilon"])
def test_every_range_changes_the_drawing(name: str) -> None:
    picture, _ = scenes.scene(128, stroke=3)
    ends = {"k": (1.2, 9.0), "gamma": (0.8, 0.99), "epsilon": (-0.1, 0.02)}[name]
    drawn = {extract(picture, Params(**{name: ends}), seed).tobytes() for seed in range(6)}  # type: ignore[arg-type]
    assert len(drawn) > 1


def test_a_step_draws_only_the_values_on_the_grid() -> None:
    rng = np.random.default_rng(0)
    assert {round(_ranges.draw((0.3, 0.5), rng, step=0.1), 9) for _ in range(60)} == {0.3, 0.4, 0.5}
    assert _ranges.draw(0.4, rng) == 0.4
    free = [_ranges.draw((2.0, 5.0), rng) for _ in range(200)]
    assert 2.0 <= min(free) < 2.2
    assert 4.8 < max(free) <= 5.0


def test_presets_hold_the_published_numbers() -> None:
    paintstorch, salac = PRESETS["paintstorch"], PRESETS["salac"]
    assert (paintstorch.sigma, paintstorch.sigma_step, paintstorch.k, paintstorch.gamma) == ((0.3, 0.5), 0.1, 4.5, 0.95)
    assert paintstorch.epsilon == pytest.approx(-0.1 / 255)
    assert (salac.sigma, salac.k, salac.gamma, salac.upscale) == ((0.3, 0.7), (2, 5), (0.94, 0.96), 4)
    assert salac.epsilon == pytest.approx(-0.5 / 255)
    assert {params.phi for params in PRESETS.values()} == {1e9}


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_draws_every_outline(name: str) -> None:
    picture, lines = scenes.scene(256, stroke=3)
    found = extract(picture, PRESETS[name]) < 255
    assert (scenes.distance_to(found)[lines < 128] <= 3).mean() > 0.97


def test_late_resizing_draws_thinner_lines_and_soft_ones() -> None:
    picture, _ = scenes.scene(256, stroke=5)
    plain, late = extract(picture, Params()), extract(picture, Params(upscale=4))
    assert (255.0 - late).sum() < 0.7 * (255.0 - plain).sum()
    assert len(np.unique(late)) > 4


def test_strips_give_what_the_whole_picture_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, _ = scenes.scene(200, stroke=3)
    params = Params(sigma=0.7, k=5.0, upscale=3)
    whole = extract(picture, params)
    monkeypatch.setattr(xdog, "_STRIP", 200 * 9 * 16)
    assert (extract(picture, params) == whole).all()


def test_clean_fills_thick_lines() -> None:
    picture = np.full((300, 300, 3), 255, np.uint8)
    cv2.line(picture, (20, 100), (180, 100), (0, 0, 0), 11)
    assert extract(picture)[100, 100] == 255
    assert (extract(picture, Params(clean=True))[97:104, 30:170] == 0).all()


def test_clean_drops_borders_between_tones_and_specks() -> None:
    picture = step_edge(120, 240, 200)
    cv2.line(picture, (20, 20), (180, 20), (0, 0, 0), 3)
    picture[150, 40] = 0
    raw, clean = extract(picture), extract(picture, Params(clean=True))
    assert (raw[60:140, 99] == 0).all()
    assert (clean[60:140, 90:110] == 255).all()
    assert raw[150, 40] == 0
    assert clean[150, 40] == 255
    assert (clean[20, 30:170] == 0).all()


def test_clean_empties_a_filled_area_and_keeps_its_outline() -> None:
    picture = np.full((200, 200, 3), 255, np.uint8)
    picture[scenes.disc(200, 60)] = 12
    cv2.line(picture, (10, 10), (190, 10), (10, 10, 10), 3)
    filled = Params(epsilon=0.02)
    assert (extract(picture, filled)[scenes.disc(200, 40)] == 0).all()
    clean = extract(picture, Params(clean=True))
    assert (clean[scenes.disc(200, 40)] == 255).all()
    assert (clean[scenes.disc(200, 60) & ~scenes.disc(200, 58)] < 128).mean() > 0.8


@pytest.mark.parametrize("preset", ["paintstorch", "salac"])
def test_clean_comes_nearer_to_the_drawn_lines(preset: str) -> None:
    picture, lines = scenes.scene(384, stroke=20)
    raw, clean = (scenes.f_measure(extract(picture, PRESETS[name]), lines) for name in (preset, f"{preset}-clean"))
    assert clean > max(raw + 0.05, 0.97)


@pytest.mark.parametrize(
    "wrong", [{"sigma": 0.0}, {"sigma": (0.7, 0.3)}, {"k": (0.5, 2.0)}, {"gamma": 3.0}, {"phi": 0.0}, {"upscale": 0}]
)
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Params(**wrong)  # type: ignore[arg-type]
