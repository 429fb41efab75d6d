"""Facts about trapped-ball segmentation: closed areas, gaps, corridors, slivers, growth under lines, odd sizes."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.regions.trapped_ball import Params, segment

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int32]


def blank(height: int = 120, width: int = 120) -> Bytes:
    return np.full((height, width), 255, np.uint8)


def same_partition(one: Labels, other: Labels) -> bool:
    """Whether two label maps are equal up to the numbers of the labels; 0 is 0."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    zeros = (pairs == 0).sum(axis=0)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1] and set(zeros) <= {0, 2}


def components(paper: NDArray[np.bool_]) -> Labels:
    return np.asarray(cv2.connectedComponents(paper.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)[1], np.int32)


def grid(step: int, thickness: int, size: int = 121) -> Bytes:
    lines = blank(size, size)
    for at in range(step // 2, size, step):
        lines[max(0, at - thickness // 2) : at + (thickness + 1) // 2] = 0
        lines[:, max(0, at - thickness // 2) : at + (thickness + 1) // 2] = 0
    return lines


def circles(thickness: int) -> Bytes:
    """Three rings, one in the other, and a small one beside them; nothing narrower than 12 px between them."""
    lines = blank(240, 240)
    for radius in (80, 55, 25):
        cv2.circle(lines, (120, 120), radius, 0, thickness)
    cv2.circle(lines, (30, 30), 11, 0, thickness)
    return lines


def nested() -> Bytes:
    lines = blank(200, 240)
    cv2.rectangle(lines, (10, 10), (229, 189), 0, 2)
    cv2.ellipse(lines, (80, 100), (50, 70), 20, 0, 360, 0, 3)
    cv2.ellipse(lines, (80, 100), (20, 30), 20, 0, 360, 0, 1)
    cv2.fillPoly(lines, [np.array([[150, 40], [210, 60], [170, 120]])], 0)
    cv2.rectangle(lines, (150, 140), (215, 170), 0, 1)
    return lines


def two_rooms(gap: int, thickness: int = 2) -> Bytes:
    """Two rooms of 50 px with an opening of so many px in the wall between them, in a closed frame."""
    lines = blank(60, 120)
    cv2.rectangle(lines, (2, 2), (117, 57), 0, 1)
    lines[2:58, 60 : 60 + thickness] = 0
    lines[25 : 25 + gap, 60 : 60 + thickness] = 255
    return lines


@pytest.mark.parametrize(
    "lines",
    [grid(20, 1), grid(24, 5), grid(9, 1), circles(1), circles(2), circles(6), nested()],
    ids=["thin grid", "thick grid", "narrow grid", "thin", "middling", "thick", "nested"],
)
@pytest.mark.parametrize("gap", [0.0, 3.0, 9.0, None])
def test_closed_drawings_are_recovered_exactly(lines: Bytes, gap: float | None) -> None:
    assert same_partition(segment(lines, Params(gap=gap)), components(lines > 0))


@pytest.mark.parametrize("darkness", [1.0, 0.55, 0.34])
@pytest.mark.parametrize("sigma", [0.0, 0.8, 1.5])
def test_soft_and_faint_lines_enclose_as_black_ones_do(darkness: float, sigma: float) -> None:
    drawn = circles(3)
    soft = cv2.GaussianBlur(drawn, (0, 0), sigma) if sigma else drawn
    lines = np.rint(255 - darkness * (255.0 - soft)).astype(np.uint8)
    regions = segment(lines, Params())
    assert regions.max() == components(drawn > 0).max() == 5
    assert [regions[120, 120], regions[120, 80], regions[120, 55], regions[0, 80], regions[30, 30]] == [5, 4, 3, 1, 2]


def test_a_pencil_line_beside_a_black_one_is_ink() -> None:
    lines = blank()
    lines[40] = 0
    lines[80] = 170
    assert segment(lines, Params()).max() == 3
    assert segment(lines, Params(ink=100)).max() == 2


def test_grey_paper_with_noise_is_paper() -> None:
    noise = np.random.default_rng(0).normal(225, 6, (240, 240))
    lines = np.minimum(noise, circles(3)).clip(0, 255).astype(np.uint8)
    assert segment(lines, Params()).max() == 5


@pytest.mark.parametrize("gap", [3, 4, 6, 7, 10, 12])
def test_a_gap_leaks_only_if_the_ball_passes(gap: int) -> None:
    lines = two_rooms(gap)
    left, right = (30, 30), (30, 90)
    closed = segment(lines, Params(gap=gap))
    assert closed[left] != closed[right]
    leaking = segment(lines, Params(gap=gap - 2))
    assert leaking[left] == leaking[right]


def test_regions_meet_in_the_gap() -> None:
    regions = segment(two_rooms(10), Params(gap=12))
    left, right = regions[30, 30], regions[30, 90]
    row = regions[30]
    assert (row[4:59] == left).all()
    assert (row[64:116] == right).all()


def test_growth_is_geodesic_and_never_jumps_a_thin_line() -> None:
    lines = np.zeros((90, 200), np.uint8)
    lines[5:45, 120:195] = 255  # a room,
    lines[39:45, 5:120] = 255  # and its corridor to the left, 6 px high,
    lines[46:85, 5:195] = 255  # along a room below, behind a line of one pixel
    regions = segment(lines, Params(gap=25))
    corridor = regions[39:45, 5:120]
    assert (corridor == regions[25, 150]).all()  # up to 115 px from where the ball fits, and that below only 20
    assert (regions[46:85, 5:195] == regions[65, 60]).all()
    assert regions[65, 60] != regions[25, 150]


def test_a_corridor_narrower_than_the_ball_stays_in_one_piece() -> None:
    lines = np.zeros((60, 200), np.uint8)
    lines[25:32, 5:195] = 255  # 7 px wide: the ball of gap 12 fits nowhere
    regions = segment(lines, Params(gap=12))
    assert set(np.unique(regions)) == {0, 1}


def test_an_area_of_wavy_width_stays_in_one_piece_unless_told_otherwise() -> None:
    lines = np.zeros((80, 300), np.uint8)
    x = np.arange(300)
    half = np.rint(7 + np.cos(x / 12)).astype(int)  # 12 to 16 px wide: the ball of gap 14 fits here and there
    for column in range(5, 295):
        lines[40 - half[column] : 40 + half[column], column] = 255
    assert segment(lines, Params(gap=14)).max() == 1
    assert segment(lines, Params(gap=14, neck=1)).max() > 1


def test_slivers_go_to_the_neighbour_with_the_longest_border() -> None:
    lines = blank(60, 60)
    lines[30] = 0
    lines[27:31, 9:20] = 0
    lines[28:30, 10:19] = 255  # 18 px in a swelling of the line, nearly all of it above
    kept = segment(lines, Params(gap=0, sliver=18, under_lines=True))
    assert len({kept[29, 14], kept[0, 0], kept[59, 0]}) == 3
    merged = segment(lines, Params(gap=0, sliver=19, under_lines=True))
    assert merged[29, 14] == merged[0, 0] != merged[59, 0]


def test_a_sliver_over_paper_goes_where_paper_leads() -> None:
    lines = two_rooms(6)
    lines[20:36, 50] = 0
    lines[26, 50] = (
        255  # a closet of 150 px at the opening, joined by one pixel to the left room and by six to the right
    )
    regions = segment(lines, Params(gap=6, neck=1, sliver=400))
    assert regions.max() == 3  # the rooms and what is outside the frame


def test_lines_are_shared_out_to_their_middle() -> None:
    lines = blank(41, 60)
    lines[:, 25:34] = 0  # nine columns: four to the left, four to the right, the middle one to either
    regions = segment(lines, Params(under_lines=True))
    assert set(np.unique(regions)) == {1, 2}
    assert (regions[1:-1, :29] == 1).all()
    assert (regions[1:-1, 30:] == 2).all()


def test_ink_is_zero_and_paper_is_not() -> None:
    lines = nested()
    assert ((segment(lines, Params()) == 0) == (lines == 0)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (10000, 40), (40, 10000)])
def test_any_size_of_paper_or_ink(shape: tuple[int, int]) -> None:
    assert (segment(np.full(shape, 255, np.uint8), Params()) == 1).all()
    assert (segment(np.zeros(shape, np.uint8), Params()) == 0).all()
    assert (segment(np.zeros(shape, np.uint8), Params(under_lines=True)) == 0).all()


def test_long_strips_are_cut_by_their_lines() -> None:
    lines = np.full((10000, 40), 255, np.uint8)
    lines[::1000] = 0
    assert segment(lines, Params()).max() == 10


@pytest.mark.parametrize("turn", range(8))
def test_turned_and_mirrored_drawings_have_the_same_regions(turn: int) -> None:
    lines = nested()
    regions = segment(lines, Params())

    def turned(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.ascontiguousarray(np.rot90(array[:, ::-1] if turn >= 4 else array, turn % 4))

    assert same_partition(segment(turned(lines), Params()), turned(regions))  # type: ignore[arg-type]


def test_regions_are_numbered_by_their_first_pixel_and_repeat() -> None:
    lines = grid(20, 1)
    regions = segment(lines, Params())
    firsts = [int(np.flatnonzero(regions.ravel() == label)[0]) for label in range(1, regions.max() + 1)]
    assert firsts == sorted(firsts)
    assert (segment(lines, Params()) == regions).all()
    assert lines.tobytes() == grid(20, 1).tobytes()


@pytest.mark.parametrize(
    "settings", [{"gap": -1}, {"neck": 0}, {"neck": 1.5}, {"sliver": -1}, {"ink": 0}, {"ink": 256}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        Params(**settings)  # type: ignore[arg-type]
