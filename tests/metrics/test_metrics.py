"""Metrics against cases worked out by hand and against scikit-image."""

import math
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipelines.core import registry
from pipelines.core.imaging.line_art import ink_layer, line_drawing
from pipelines.core.imaging.picture import Picture
from pipelines.metrics import (
    bleed_rate,
    consistency,
    delta_e,
    delta_e_fill,
    delta_e_p95,
    hint_obedience,
    histogram,
    line_exactness,
    line_f1,
    ms_ssim,
    palette_error,
    psnr,
    region_purity,
    ssim,
)
from pipelines.metrics.base.case import Case
from pipelines.regions import trapped_ball
from tests.drawings import BLUE, GREEN, RED, WHITE

Bytes = NDArray[np.uint8]

WEIGHT_FREE = [
    name for name in registry.names("metrics") if "weights" not in getattr(registry.load("metrics", name), "NEEDS", ())
]


def flat(colour: tuple[int, int, int], size: int = 32) -> Bytes:
    return np.full((size, size, 3), colour, np.uint8)


def noise(size: int = 48, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (size, size + 5, 3), np.uint8)


def two_rooms(left: tuple[int, int, int], right: tuple[int, int, int]) -> Bytes:
    """A frame with a wall in the middle, both rooms filled: RGB (40, 60, 3); lines are 2 px wide."""
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[2:38, 2:29] = left
    picture[2:38, 31:58] = right
    return picture


def case(result: Bytes, truth: Bytes, *, hints: Bytes | None = None, lines: Bytes | None = None) -> Case:
    """A case of the two rooms, unless other lines are given."""
    art = Picture(two_rooms(WHITE, WHITE) if lines is None else np.dstack([lines] * 3))
    drawing = line_drawing(art)
    regions = trapped_ball.segment(drawing, trapped_ball.Params(gap=0, sliver=0))
    return Case("walk/1", result, truth, drawing, ink_layer(art), hints, regions)


def pair(result: Bytes, truth: Bytes) -> Case:
    return Case("a", result, truth)


# the contract


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_every_metric_says_what_it_is(name: str) -> None:
    module: ModuleType = registry.load("metrics", name)
    assert isinstance(module.UNIT, str)
    assert isinstance(module.HIGHER_IS_BETTER, bool)
    assert set(getattr(module, "NEEDS", ())) <= {"lines", "hints", "regions", "frames", "weights"}
    words = (module.__doc__ or "").replace("\n", " ")
    better = "higher is better" if module.HIGHER_IS_BETTER else "lower is better"
    assert better in words
    assert "Source: " in words
    assert math.isnan(module.Metric().value()), "nothing was taken in"


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_the_truth_itself_is_never_worse_than_noise(name: str) -> None:
    module = registry.load("metrics", name)
    truth = cv2.resize(two_rooms(RED, BLUE), (240, 200), interpolation=cv2.INTER_NEAREST)
    lines = cv2.resize(two_rooms(WHITE, WHITE), (240, 200), interpolation=cv2.INTER_NEAREST)[..., 0]
    hints = np.zeros((200, 240, 4), np.uint8)
    hints[50:60, 50:60] = (*RED, 255)
    values = []
    for result in (truth, np.random.default_rng(0).integers(0, 256, truth.shape, np.uint8)):
        metric = module.Metric()
        for frame, shift in (("walk/1", 0), ("walk/2", 1)):  # the second frame is other noise
            shown = case(
                np.roll(result, shift, axis=0) if result is not truth else truth, truth, hints=hints, lines=lines
            )
            metric.take(frame, metric.measure(shown))
        values.append(metric.value())
    better, worse = values if module.HIGHER_IS_BETTER else (-values[0], -values[1])
    assert better > worse


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_pictures_of_one_pixel_are_measured_or_left_out(name: str) -> None:
    one = np.full((1, 1, 3), 200, np.uint8)
    hints = np.full((1, 1, 4), 255, np.uint8)
    figure = (
        registry.load("metrics", name)
        .Metric()
        .measure(case(one, one, hints=hints, lines=np.full((1, 1), 255, np.uint8)))
    )
    assert figure is None or isinstance(figure, list) or not math.isnan(figure)


# PSNR


def test_psnr_of_one_level_is_that_of_an_error_of_one() -> None:
    figure = psnr.Metric().measure(pair(flat((101, 101, 101)), flat((100, 100, 100))))
    assert figure == pytest.approx(10 * math.log10(255**2))


def test_psnr_is_that_of_skimage() -> None:
    first, second = noise(seed=1), noise(seed=2)
    assert psnr.Metric().measure(pair(first, second)) == pytest.approx(
        peak_signal_noise_ratio(second, first, data_range=255)
    )


def test_identical_pictures_have_infinite_psnr_and_count_for_100_in_the_mean() -> None:
    metric = psnr.Metric()
    assert metric.add(pair(flat(RED), flat(RED))) == math.inf
    metric.add(pair(flat((101, 101, 101)), flat((100, 100, 100))))
    assert metric.value() == pytest.approx((100 + 10 * math.log10(255**2)) / 2)


# SSIM and MS-SSIM


def test_ssim_is_that_of_skimage() -> None:
    truth = noise(seed=3)
    for result in (noise(seed=4), cv2.GaussianBlur(truth, (0, 0), 1.2), np.clip(truth + 9, 9, 255).astype(np.uint8)):
        theirs = structural_similarity(
            truth, result, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert ssim.Metric().measure(pair(result, truth)) == pytest.approx(theirs, abs=1e-9)


def test_ssim_of_two_flat_greys_is_their_luminance_term() -> None:
    figure = ssim.Metric().measure(pair(flat((100, 100, 100)), flat((50, 50, 50))))
    c1 = (0.01 * 255) ** 2
    assert figure == pytest.approx((2 * 100 * 50 + c1) / (100**2 + 50**2 + c1))


def test_ssim_of_identical_pictures_is_one_at_any_size() -> None:
    for size in (1, 3, 10, 11, 40):
        assert ssim.Metric().measure(pair(noise(size), noise(size))) == pytest.approx(1)


def test_ms_ssim_of_identical_pictures_is_one_and_small_ones_are_not_measured() -> None:
    assert ms_ssim.Metric().measure(pair(noise(180), noise(180))) == pytest.approx(1)
    assert ms_ssim.Metric().measure(pair(noise(170), noise(170))) is None


def test_ms_ssim_of_two_flat_greys_is_the_luminance_of_the_coarsest_scale() -> None:
    figure = ms_ssim.Metric().measure(pair(flat((100, 100, 100), 200), flat((50, 50, 50), 200)))
    c1 = (0.01 * 255) ** 2
    assert figure == pytest.approx(((2 * 100 * 50 + c1) / (100**2 + 50**2 + c1)) ** 0.1333)


def test_ms_ssim_is_that_of_torchmetrics() -> None:
    image = pytest.importorskip("torchmetrics.functional.image", reason="torchmetrics is not installed")
    torch = pytest.importorskip("torch")
    truth = cv2.GaussianBlur(noise(200, seed=5), (0, 0), 2)
    result = np.clip(truth.astype(int) + noise(200, seed=6) // 8, 0, 255).astype(np.uint8)
    tensors = [torch.from_numpy(one.transpose(2, 0, 1)[None].astype(np.float64)) for one in (result, truth)]
    theirs = float(image.multiscale_structural_similarity_index_measure(*tensors, data_range=255.0))
    # torchmetrics counts mirrored windows at the border in the luminance of the coarsest scale, the paper does not
    assert ms_ssim.Metric().measure(pair(result, truth)) == pytest.approx(theirs, abs=1e-4)


# colour difference


def test_delta_e_is_that_of_skimage() -> None:
    first, second = noise(seed=7), noise(seed=8)
    theirs = deltaE_ciede2000(rgb2lab(first), rgb2lab(second))
    shown = pair(first, second)
    assert delta_e.Metric().measure(shown) == pytest.approx(theirs.mean(), abs=0.01)
    assert delta_e_p95.Metric().measure(shown) == pytest.approx(np.percentile(theirs, 95), abs=0.05)


def test_a_wrong_area_of_a_tenth_is_a_tenth_in_the_mean_and_all_of_the_percentile() -> None:
    truth, result = flat(RED, 40), flat(RED, 40)
    result[:4] = BLUE
    whole = delta_e.Metric().measure(pair(flat(BLUE), flat(RED)))
    assert delta_e.Metric().measure(pair(result, truth)) == pytest.approx(whole / 10)
    assert delta_e_p95.Metric().measure(pair(result, truth)) == pytest.approx(whole)


def test_ink_is_left_out_of_the_fills() -> None:
    truth = two_rooms(RED, RED)
    result = truth.copy()
    result[:2] = (90, 90, 90)  # wrong on ink alone
    shown = case(result, truth)
    assert delta_e.Metric().measure(shown) > 0
    assert delta_e_fill.Metric().measure(shown) == 0


# lines


def test_exact_lines_have_no_change_whatever_lies_beside_them() -> None:
    assert line_exactness.Metric().measure(case(two_rooms(RED, BLUE), two_rooms(GREEN, GREEN))) == 0


def test_the_largest_change_on_ink_is_found_lighter_or_in_another_colour() -> None:
    result = two_rooms(RED, BLUE)
    result[0, 7] = (0, 13, 2)
    assert line_exactness.Metric().measure(case(result, result)) == 13


def test_soft_ink_may_be_darkened_by_colour_but_not_made_lighter() -> None:
    lines = np.full((20, 20), 255, np.uint8)
    lines[:, 9:12] = 0
    lines[:, 12] = 128
    darker, lighter = (np.dstack([lines] * 3) for _ in range(2))
    darker[:, 12] = (128, 20, 20)
    lighter[:, 12] = (160, 128, 128)
    assert line_exactness.Metric().measure(case(darker, darker, lines=lines)) == 0
    assert line_exactness.Metric().measure(case(lighter, lighter, lines=lines)) == 32


def test_without_ink_there_is_no_line_to_change() -> None:
    blank = np.full((20, 20), 255, np.uint8)
    shown = case(flat(RED, 20), flat(RED, 20), lines=blank)
    assert line_exactness.Metric().measure(shown) is None
    assert line_f1.Metric().measure(shown) is None


def test_line_f_measure_counts_what_is_missing_and_what_is_too_much() -> None:
    lines = np.full((64, 64), 255, np.uint8)
    lines[:, 20:22] = 0
    lines[:, 40:42] = 0
    whole = np.dstack([lines] * 3)
    half = whole.copy()
    half[:, 40:42] = 255
    assert line_f1.Metric().measure(case(whole, whole, lines=lines)) == 1
    assert line_f1.Metric().measure(case(half, whole, lines=lines)) == pytest.approx(2 / 3)  # P 1, R 1/2
    assert line_f1.Metric().measure(case(np.full_like(whole, 255), whole, lines=lines)) == 0


# regions


def test_a_stain_of_a_tenth_of_the_fills_lowers_purity_by_a_tenth() -> None:
    result = two_rooms(RED, BLUE)
    shown = case(result, result)
    assert region_purity.Metric().measure(shown) == 1
    fills = np.argwhere(shown.fill)
    for y, x in fills[: len(fills) // 10]:
        result[y, x] = GREEN
    assert region_purity.Metric().measure(case(result, result)) == pytest.approx(0.9, abs=1e-3)


def test_colour_that_ran_across_the_wall_is_bled_and_a_wrong_colour_is_not() -> None:
    truth = two_rooms(RED, BLUE)
    assert bleed_rate.Metric().measure(case(truth, truth)) == 0
    assert bleed_rate.Metric().measure(case(two_rooms(RED, RED), truth)) == 0.5  # the right room has the left's colour
    assert bleed_rate.Metric().measure(case(two_rooms(RED, GREEN), truth)) == 0  # wrong, but no neighbour's
    assert bleed_rate.Metric().measure(case(two_rooms(GREEN, GREEN), truth)) == 1
    assert bleed_rate.Metric().measure(case(two_rooms(GREEN, BLUE), two_rooms(RED, RED))) is None  # nothing at risk


def test_a_leak_of_part_of_a_room_is_counted_by_its_pixels() -> None:
    truth = two_rooms(RED, BLUE)
    result = truth.copy()
    result[2:20, 31:58] = RED
    shown = case(result, truth)
    leaked = shown.fill[2:20, 31:58].sum() / shown.fill.sum()
    assert bleed_rate.Metric().measure(shown) == pytest.approx(leaked)


# hints and palettes


def test_hints_are_obeyed_or_not() -> None:
    hints = np.zeros((40, 60, 4), np.uint8)
    hints[10:14, 10:14] = (*RED, 255)
    hints[10:14, 40:44] = (*BLUE, 255)
    hints[0, 0] = (*GREEN, 255)  # on ink: left out
    truth = two_rooms(RED, BLUE)
    assert hint_obedience.Metric().measure(case(truth, truth, hints=hints)) == 0
    one_wrong = hint_obedience.Metric().measure(case(two_rooms(RED, GREEN), truth, hints=hints))
    apart = delta_e.Metric().measure(pair(flat(GREEN), flat(BLUE)))
    assert one_wrong == pytest.approx(apart / 2)
    assert hint_obedience.Metric().measure(case(truth, truth, hints=np.zeros_like(hints))) is None


def test_palette_error_does_not_ask_where_colours_lie() -> None:
    assert palette_error.Metric().measure(case(two_rooms(BLUE, RED), two_rooms(RED, BLUE))) == 0
    both = palette_error.Metric().measure(case(two_rooms(RED, RED), two_rooms(RED, BLUE)))
    apart = delta_e.Metric().measure(pair(flat(RED), flat(BLUE)))
    assert both == pytest.approx(apart / 4)  # half of the truth lacks its colour, nothing of the result does


def test_histograms_of_one_hue_are_equal_and_of_pure_colours_far_apart() -> None:
    distance = histogram.Metric().measure
    assert distance(pair(flat((200, 100, 50)), flat((100, 50, 25)))) == pytest.approx(0, abs=0.02)
    assert distance(pair(flat((255, 0, 0)), flat((0, 0, 255)))) > 0.9
    half = flat((255, 0, 0))
    half[:16] = (0, 0, 255)
    # equal intensities, so that half of each mass is shared: sqrt(1 - sum sqrt(H/2 H)) = sqrt(1 - sqrt(1/2))
    assert distance(pair(half, flat((255, 0, 0)))) == pytest.approx(math.sqrt(1 - math.sqrt(0.5)), abs=0.05)


def test_the_histogram_is_the_kernel_sum_of_its_source() -> None:
    picture = np.array([[[200, 120, 40], [30, 60, 90]], [[128, 128, 128], [250, 20, 60]]], np.uint8)
    bins = np.linspace(-3, 3, 64)
    total = np.zeros((3, 64, 64))
    for pixel in picture.reshape(-1, 3) / 255:
        log, weight = np.log(pixel + 1e-6), np.linalg.norm(pixel)
        for plane, (first, second) in enumerate(((1, 2), (0, 2), (0, 1))):
            u, v = (1 / (1 + ((log[plane] - log[other] - bins) / 0.02) ** 2) for other in (first, second))
            total[plane] += weight * np.outer(u, v)
    ours = histogram.log_chroma_histogram(picture)
    assert np.abs(ours - total / total.sum()).max() < 1e-5


# frames


def test_a_part_that_flickers_is_measured_over_the_frames_of_its_sequence() -> None:
    truth = two_rooms(RED, BLUE)
    metric = consistency.Metric()
    for name, right in (("walk/1", BLUE), ("walk/2", GREEN), ("run/1", RED)):
        metric.take(name, metric.measure(case(two_rooms(RED, right), truth)))
    middle = (rgb2lab(flat(BLUE, 1)) + rgb2lab(flat(GREEN, 1))) / 2
    away = [float(deltaE_ciede2000(rgb2lab(flat(colour, 1)), middle).mean()) for colour in (BLUE, GREEN)]
    assert metric.value() == pytest.approx(np.mean(away) / 2, abs=0.05)  # the left room is as large and steady


def test_single_pictures_have_no_consistency() -> None:
    metric = consistency.Metric()
    metric.add(case(two_rooms(RED, BLUE), two_rooms(RED, BLUE)))
    assert math.isnan(metric.value())
