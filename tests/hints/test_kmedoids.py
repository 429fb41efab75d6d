"""Hints by k-medoids in two stages: fills alone, exact colours, distances by hand."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.core.imaging.colours import pack_rgb
from pipelines.hints import kmedoids
from pipelines.hints.base.fills import find_fills, find_hintable
from pipelines.hints.kmedoids import PRESETS, Params, place

Bytes = NDArray[np.uint8]
RED, BLUE, SKIN, WHITE, BLACK = (220, 40, 30), (30, 60, 200), (250, 210, 170), (255, 255, 255), (0, 0, 0)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def hints_of(image: Bytes, alpha: Bytes | None = None, params: Params | None = None) -> Bytes:
    hints = place(image, alpha, params or Params(), rng())
    assert (hints.dtype, hints.shape) == (np.uint8, (*image.shape[:2], 4))
    assert set(np.unique(hints[..., 3])) <= {0, 255}
    assert not hints[hints[..., 3] == 0].any(), "colour where there is no hint"
    return hints


def colours_in(hints: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(hints[hints[..., 3] == 255][:, :3], axis=0).tolist()}


def figure(size: int = 256) -> tuple[Bytes, Bytes]:
    """A red head on a blue body with black outlines, all antialiased, on transparency that hides magenta."""
    image = np.full((size, size, 3), (255, 0, 255), np.uint8)
    alpha = np.zeros((size, size), np.uint8)
    unit = size // 16
    for centre, radius, colour in (((8, 11), 4, BLUE), ((8, 4), 3, RED)):
        at = (centre[0] * unit, centre[1] * unit)
        cv2.circle(alpha, at, radius * unit + 3, 255, -1)
        cv2.circle(image, at, radius * unit, colour, -1, cv2.LINE_AA)
        cv2.circle(image, at, radius * unit, BLACK, 6, cv2.LINE_AA)
    return image, alpha


def over_white(image: Bytes, alpha: Bytes) -> Bytes:
    return np.where(alpha[..., None] > 0, image, np.uint8(255))


def disc_pixels(radius: int) -> int:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return int((rows**2 + columns**2 <= radius**2).sum())


def test_discs_have_exact_fill_colours_and_no_ink_edge_or_hidden_colour() -> None:
    assert colours_in(hints_of(*figure())) == {RED, BLUE}


def test_the_letter_of_the_paper_takes_ink_and_paper_too() -> None:
    image, alpha = figure()
    found = colours_in(hints_of(over_white(image, alpha), params=PRESETS["paper"]))
    assert {WHITE, BLUE, RED} <= found


def test_ten_separate_fills_get_a_disc_each_in_their_own_colour() -> None:
    image = np.full((256, 256, 3), 255, np.uint8)
    for number in range(10):
        row, column = divmod(number, 4)
        cv2.circle(image, (40 + 58 * column, 45 + 80 * row), 22, (20 * number, 255 - 20 * number, 90), -1)
    hints = hints_of(image, params=Params(radius=5))
    assert colours_in(hints) == {(20 * number, 255 - 20 * number, 90) for number in range(10)}
    assert (hints[..., 3] > 0).sum() == 10 * disc_pixels(5)


def test_the_same_picture_gives_the_same_bytes_whatever_the_generator() -> None:
    image, alpha = figure()
    first = place(image, alpha, Params(), np.random.default_rng(1))
    assert (first == place(image, alpha, Params(), np.random.default_rng(2))).all()


def test_a_disc_keeps_to_the_opaque_part_or_to_its_fill_when_asked() -> None:
    image, alpha = figure()
    whole, opaque, fill = (
        hints_of(image, alpha, Params(radius=40.0, clip=clip)) for clip in ("circle", "opaque", "fill")
    )
    assert (whole[alpha == 0, 3] > 0).any(), "the discs are too small for this test"
    assert not opaque[alpha == 0].any()
    assert (opaque[alpha > 0] == whole[alpha > 0]).all()
    covered = fill[..., 3] > 0
    assert np.abs(image[covered].astype(int) - fill[covered, :3]).max() <= Params().edge
    assert covered.sum() < (opaque[..., 3] > 0).sum()


@pytest.mark.parametrize("colour", [RED, BLACK, (255, 255, 254)])
def test_one_flat_colour_has_hints_of_that_colour_only(colour: tuple[int, int, int]) -> None:
    hints = hints_of(np.full((64, 48, 3), colour, np.uint8), params=Params(skip_paper=False))
    assert colours_in(hints) == {colour}


def test_fewer_points_than_discs() -> None:
    image = np.array([[RED, BLUE, SKIN]], np.uint8)
    assert (hints_of(image)[0, :, :3] == image[0]).all()


def test_transparency_and_blank_paper_have_no_hint() -> None:
    image, alpha = figure(64)
    assert not hints_of(image, np.zeros_like(alpha)).any()
    assert not hints_of(np.full((40, 60, 3), 255, np.uint8)).any()


def test_paper_around_a_figure_is_skipped_but_white_inside_it_is_not() -> None:
    image = np.full((128, 128, 3), 255, np.uint8)
    cv2.circle(image, (64, 64), 50, RED, -1)
    cv2.circle(image, (64, 64), 25, WHITE, -1)
    hints = hints_of(image, params=Params(radius=4))
    rows, columns = np.nonzero(hints[..., 3] > 0)
    assert colours_in(hints) == {RED, WHITE}
    assert np.hypot(rows - 64, columns - 64).max() < 50 + 4
    kept = hints_of(image, params=Params(radius=4, skip_paper=False))
    assert kept[:20, :20, 3].any() or kept[-20:, -20:, 3].any()


def test_a_plain_ground_of_another_colour_is_skipped_but_by_fills() -> None:
    sky = (170, 205, 235)
    image = np.full((128, 128, 3), sky, np.uint8)
    cv2.circle(image, (64, 64), 40, RED, -1, cv2.LINE_AA)
    cv2.circle(image, (64, 64), 15, WHITE, -1, cv2.LINE_AA)
    assert colours_in(hints_of(image)) == {RED, WHITE}
    assert sky in colours_in(hints_of(image, params=Params(skip_ground=False)))
    assert sky in colours_in(hints_of(image, params=PRESETS["fills"]))


def test_a_figure_that_is_cut_by_the_border_is_no_paper() -> None:
    image = np.full((128, 128, 3), 255, np.uint8)
    image[60:, 40:90] = RED
    assert colours_in(hints_of(image)) == {RED}


def test_what_a_jpeg_smears_over_the_paper_is_no_hint() -> None:
    image = np.full((128, 128, 3), 255, np.uint8)
    cv2.circle(image, (64, 64), 40, RED, -1)
    cv2.circle(image, (64, 64), 25, (236, 240, 238), -1)
    cv2.circle(image, (64, 64), 46, (240, 246, 242), 6)
    assert colours_in(hints_of(image)) == {RED, (236, 240, 238)}


def test_thin_dark_strokes_are_ink_and_wide_dark_areas_are_fills() -> None:
    image = np.full((256, 256, 3), SKIN, np.uint8)
    image[:, 60:70] = BLACK
    everywhere = Params(skip_ground=False)
    assert colours_in(hints_of(image, params=everywhere)) == {SKIN}
    image[:, 150:200] = BLACK
    assert colours_in(hints_of(image, params=everywhere)) == {SKIN, BLACK}
    assert colours_in(hints_of(image, params=replace(everywhere, ink_width=60.0))) == {SKIN}


def test_half_transparent_pixels_do_not_count_beside_opaque_ones() -> None:
    image = np.full((64, 64, 3), RED, np.uint8)
    image[:, 32:] = BLUE
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:, 32:] = 120
    assert colours_in(hints_of(image, alpha)) == {RED}
    assert colours_in(hints_of(image, np.minimum(alpha, 120))) == {RED, BLUE}


def test_a_disc_lies_well_inside_its_area() -> None:
    image = np.full((256, 256, 3), SKIN, np.uint8)
    image[100:140, 20:60] = RED
    hints = hints_of(image, params=Params(radius=8.0, skip_ground=False))
    rows, columns = np.nonzero((hints[..., :3] == RED).all(axis=2))
    assert len(rows) == disc_pixels(8)
    assert (rows.min() >= 100, rows.max() < 140, columns.min() >= 20, columns.max() < 60) == (True,) * 4


def test_centring_trades_depth_for_distance_within_cluster_and_fill() -> None:
    columns = np.array([1, 10, 20, 30, 40])
    areas, depth = np.ones((9, 50), np.int32), np.zeros((9, 50), np.float32)
    areas[:, 25:] = 2  # another fill
    depth[:, columns] = [0, 4, 8, 99, 99]
    points = kmedoids._Points(np.full(5, 5), columns, np.zeros(5, np.int32), np.ones(5))
    palette = np.array([RED], np.uint8)
    one = kmedoids.Medoids(np.array([0]), np.zeros(5, np.intp), 0.0)
    assert kmedoids._centred(points, one, palette, areas, depth).tolist() == [2]  # 8 - 19 / 4 > 4 - 9 / 4
    depth[:, 20] = 5
    assert kmedoids._centred(points, one, palette, areas, depth).tolist() == [1]  # 5 - 19 / 4 < 4 - 9 / 4
    two = kmedoids.Medoids(np.array([0, 1]), np.array([0, 1, 1, 1, 1]), 0.0)
    assert kmedoids._centred(points, two, palette, areas, depth).tolist() == [0, 1]


def test_centring_moves_the_medoid_of_a_dumbbell_from_its_bar_into_a_weight() -> None:
    image = np.full((256, 256, 3), 255, np.uint8)
    image[100:140, 60:100] = image[100:140, 112:152] = image[117:123, 100:112] = RED
    bare, centred = (
        np.argwhere(hints_of(image, params=Params(hints=1, radius=0.0, centring=centring))[..., 3]).tolist()
        for centring in (False, True)
    )
    assert 100 <= bare[0][1] < 112
    assert not 100 - 7 < centred[0][1] < 112 + 7


def test_radius_grows_with_the_picture() -> None:
    for size, radius in ((128, 5), (256, 10), (512, 20), (1024, 40)):
        image = np.full((size, size, 3), SKIN, np.uint8)
        hints = hints_of(image, params=Params(hints=1, radius=10.0))
        assert (hints[..., 3] > 0).sum() == disc_pixels(radius)


def test_a_big_picture_has_the_hints_of_the_small_one() -> None:
    image, alpha = figure(256)
    big = image.repeat(4, axis=0).repeat(4, axis=1), alpha.repeat(4, axis=0).repeat(4, axis=1)
    assert colours_in(hints_of(*big)) == colours_in(hints_of(image, alpha))


def stage_one(*colours: tuple[int, int, int], **weights: float) -> NDArray[np.float64]:
    """Stage 1's distances in levels."""
    return kmedoids._hue_and_saturation(np.array(colours, np.uint8), replace(Params(), **weights)) / 16  # type: ignore[arg-type]


def test_hue_distance_by_hand() -> None:
    red_green = stage_one((255, 0, 0), (0, 255, 0))[0, 1]  # chroma and value equal, 120 degrees apart
    assert red_green == pytest.approx((2 * 255**2 * 1.5) ** 0.5, abs=1 / 16)
    assert stage_one((0, 255, 0), (0, 0, 255))[0, 1] == red_green
    black_white = stage_one(BLACK, WHITE)[0, 1]  # no chroma: value alone
    assert black_white == pytest.approx(0.5 * 255, abs=1 / 16)
    assert stage_one(BLACK, WHITE, value_weight=2.0)[0, 1] == 2 * 255
    red_white = stage_one((255, 0, 0), WHITE)[0, 1]  # equal value: chroma alone
    assert red_white == pytest.approx(255, abs=1 / 16)
    assert stage_one((255, 0, 0), (0, 255, 0), hue_weight=0.0)[0, 1] == 0


def test_hue_wraps_at_360_degrees() -> None:
    below, above, further = (255, 0, 8), (255, 8, 0), (255, 0, 40)  # about 358, 2 and 351 degrees
    distances = stage_one(below, above, further)
    assert distances[0, 1] < distances[0, 2]
    half = np.array([below, above] * 2000, np.uint8).reshape(50, 80, 3)
    image = np.vstack([half, np.full((50, 80, 3), (0, 255, 255), np.uint8)])
    labels = kmedoids._quantise(pack_rgb(image), np.ones((100, 80), np.bool_), Params(colours=2))[1]
    assert len(np.unique(labels[:50])) == 1


def test_hue_noise_of_greys_decides_nothing() -> None:
    noise = rng().integers(-2, 3, (40, 80, 3))
    grey = np.clip(128 + noise, 0, 255).astype(np.uint8)
    image = np.vstack([grey, np.full((40, 80, 3), (150, 110, 110), np.uint8)])
    palette, labels = kmedoids._quantise(pack_rgb(image), np.ones((80, 80), np.bool_), Params(colours=2))
    assert len(np.unique(labels[:40])) == 1
    assert sorted(np.ptp(palette, axis=1) > 20) == [False, True]


@pytest.mark.parametrize("limit", [8, 100, 1000])
def test_the_palette_is_made_of_exact_colours_however_many_there_are(limit: int) -> None:
    image = rng().integers(0, 256, (60, 60, 3), np.uint8)
    packed = pack_rgb(image)
    fills = np.ones((60, 60), np.bool_)
    fills[:10] = False
    palette, labels = kmedoids._quantise(packed, fills, Params(max_points=limit))
    assert len(palette) == min(35, len(np.unique(labels)) - 1)
    assert np.isin(pack_rgb(palette[None]), packed[fills]).all()
    assert (labels[:10] == -1).all()
    assert (labels[10:] >= 0).all()


def test_colours_are_joined_under_the_one_with_most_pixels() -> None:
    values, counts = np.array([0x000000, 0x010101, 0xFFFFFF], np.int32), np.array([1, 9, 5])
    group, heaviest = kmedoids._grouped(values, counts, 2)
    assert (group.tolist(), heaviest.tolist()) == ([0, 0, 1], [0x010101, 0xFFFFFF])


def test_a_colour_weighs_as_many_as_its_pixels() -> None:
    image = np.full((20, 20, 3), RED, np.uint8)
    image[0, :3] = (BLUE, (30, 60, 204), (30, 60, 196))
    palette, _ = kmedoids._quantise(pack_rgb(image), np.ones((20, 20), np.bool_), Params(colours=1))
    assert palette.tolist() == [list(RED)]


def test_the_heaviest_colour_of_a_noisy_fill_is_its_hint() -> None:
    image = np.full((100, 100, 3), RED, np.uint8)
    spots = rng().random((100, 100)) < 0.3
    image[spots] = (223, 43, 33)
    assert colours_in(hints_of(image)) == {RED}


def test_grid_points_keep_every_pixel_and_stay_within_the_limit() -> None:
    labels = rng().integers(-1, 3, (90, 70), np.int32)
    areas, depth = kmedoids._areas(np.array([RED, BLUE, SKIN], np.uint8), labels)
    points = kmedoids._points(labels, depth, Params(max_points=200))
    assert len(points.weights) <= 200
    assert points.weights.sum() == (labels >= 0).sum()
    assert (labels[points.rows, points.columns] == points.labels).all()
    assert areas.max() == len(np.unique(areas)) - 1


def test_colours_count_as_their_pixels_to_the_power() -> None:
    weights, labels = np.array([300, 600, 100]), np.array([0, 0, 1], np.int32)
    assert kmedoids._levelled(weights, labels, 1.0).tolist() == [300, 600, 100]
    levelled = kmedoids._levelled(weights, labels, 0.5)
    assert levelled[:2].sum() / levelled[2] == pytest.approx(3)  # (900 / 100) ** 0.5
    assert levelled[1] / levelled[0] == pytest.approx(2)


def test_a_low_area_power_favours_small_areas() -> None:
    image = np.full((256, 256, 3), SKIN, np.uint8)
    image[100:110, 100:110] = BLUE
    assert BLUE not in colours_in(hints_of(image, params=Params(hints=4, skip_ground=False)))
    assert BLUE in colours_in(hints_of(image, params=Params(hints=4, area_power=0.25, skip_ground=False)))


def test_depth_is_the_distance_to_another_colour() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[:, 5:] = 1
    areas, depth = kmedoids._areas(np.array([RED, BLUE], np.uint8), labels)
    assert depth[4, :].tolist() == pytest.approx([0, 1, 2, 1, 0, 0, 1, 1, 0], abs=0.11)
    assert areas[4].tolist() == [0, 1, 1, 1, 0, 0, 2, 2, 0]
    areas, depth = kmedoids._areas(np.array([RED, (223, 44, 33)], np.uint8), labels)
    assert areas[4].tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 0]  # as near as noise: one fill


def test_pictures_without_flat_parts_still_have_fills() -> None:
    image = rng().integers(0, 256, (32, 32, 3), np.uint8)
    fills = find_fills(image, find_hintable(image, None, skip_paper=True), ink_width=2.0, ink_value=110, edge=32)
    assert fills.any()
    assert hints_of(image)[..., 3].any()


def test_a_picture_of_ink_alone_still_has_hints() -> None:
    image, alpha = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    alpha[30:33, 5:60] = 255
    assert colours_in(hints_of(image, alpha)) == {BLACK}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colours", 0),
        ("hints", 300),
        ("radius", -1.0),
        ("radius", float("nan")),
        ("value_weight", -0.1),
        ("area_power", 1.5),
        ("edge", 256),
        ("ink_value", -1),
        ("max_points", 1_000_000),
    ],
)
def test_settings_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(Params(), **{name: value})
