"""What varies while a network learns: mirroring, size, hues, which hints it is given, how its lines are drawn."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError, UsageError
from pipelines.training import augmentation
from pipelines.training.augmentation import (
    Augmentation,
    augment,
    choose_hints,
    hint_drawing,
    resample_hints,
    restyle_lines,
    rotate_hue,
)
from pipelines.training.pair_dataset import Example
from tests import drawings

Bytes = NDArray[np.uint8]
TIMES = 400


def scene(size: int = 64) -> tuple[Bytes, Bytes, Bytes]:
    return drawings.two_circles_coloured(size), drawings.two_circles(size), drawings.two_hints(size)


def colours_of(pixels: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in pixels.reshape(-1, pixels.shape[-1]).tolist()}


# hints ------------------------------------------------------------------------------------------------------


def kind_of(varied: Bytes, hints: Bytes) -> str:
    if not varied.any():
        return "none"
    if np.array_equal(varied, hints):
        return "all"
    mine = varied[..., 3] > 0
    return "some" if np.array_equal(varied[mine], hints[mine]) and not (varied[~mine]).any() else "dabs"


def test_hints_are_none_all_some_or_dabs_in_about_the_shares_that_are_said() -> None:
    colour, lines, _ = scene()
    hints = np.zeros((64, 64, 4), np.uint8)
    for row in range(4, 64, 10):
        hints[row : row + 3, 12:15] = (*drawings.GREEN, 255)  # a colour that no dab can have
    found = Counter(
        kind_of(resample_hints(colour, lines, hints, np.random.default_rng(n)), hints) for n in range(TIMES)
    )
    shares = {name: count / TIMES for name, count in found.items()}
    expected = {"none": 0.2, "all": 0.4 + 0.2 / 6, "some": 0.2 - 0.2 / 6, "dabs": 0.2}  # some may be all of the six
    assert shares == pytest.approx(expected, abs=0.08)  # four deviations of such a count


def test_some_hints_are_whole_spots() -> None:
    colour, lines, hints = scene()
    counts = Counter()  # type: ignore[var-annotated]
    for seed in range(TIMES):
        varied = resample_hints(colour, lines, hints, np.random.default_rng(seed))
        left, right = ((varied[:, part, 3] > 0).sum() / 49 for part in (slice(0, 32), slice(32, 64)))
        if kind_of(varied, hints) == "some":
            assert {left > 0, right > 0} == {True, False}
            assert np.array_equal(varied[varied[..., 3] > 0], hints[varied[..., 3] > 0])
            counts["left" if left else "right"] += 1
    assert set(counts) == {"left", "right"}


def test_dabs_have_the_true_colours_and_lie_all_over() -> None:
    colour, lines, _ = scene()
    true = colours_of(colour[lines >= 235])
    covered, spots = np.zeros((64, 64), bool), []
    for seed in range(TIMES):
        varied = resample_hints(colour, lines, np.zeros((64, 64, 4), np.uint8), np.random.default_rng(seed))
        mine = varied[..., 3] > 0
        assert set(np.unique(varied[..., 3])) <= {0, 255}
        assert not varied[~mine].any()
        assert colours_of(varied[mine][:, :3]) <= true
        covered |= mine
        spots.append(np.count_nonzero(mine))
    figure = (colour.min(axis=2) < 235) & (lines >= 235)
    assert covered[figure].mean() > covered[~figure].mean() > 0.2  # paper now and then
    assert np.mean(np.array(spots) > 0) == pytest.approx(0.2, abs=0.08)
    assert len(set(spots)) > 20


def test_each_stroke_stays_on_its_colour() -> None:
    """Strips of colour without lines between them: a stroke that left its strip would cover most of the next."""
    strips = np.repeat(np.array([[drawings.RED], [drawings.BLUE], [drawings.GREEN]], np.uint8), 32, axis=0)
    colour = np.ascontiguousarray(np.broadcast_to(strips, (96, 96, 3)))
    lines = np.full((96, 96), 255, np.uint8)
    on, off = 0, 0
    for seed in range(100):
        varied = augmentation._draw_dabs(colour, lines, np.random.default_rng(seed))
        mine = varied[..., 3] > 0
        right = (varied[mine][:, :3] == colour[mine]).all(axis=1)
        on, off = on + int(right.sum()), off + int((~right).sum())
    assert off < 0.1 * on  # no more than the width of strokes along the edges


def test_hints_for_a_drawing_without_paper_are_none() -> None:
    black = np.zeros((32, 32), np.uint8)
    for seed in range(40):
        none = np.zeros((32, 32, 4), np.uint8)
        assert not resample_hints(np.dstack([black] * 3), black, none, np.random.default_rng(seed)).any()


def test_what_is_given_is_not_changed() -> None:
    given = scene()
    kept = [array.copy() for array in given]
    for seed in range(60):
        resample_hints(*given, np.random.default_rng(seed))
        restyle_lines(given[1], np.random.default_rng(seed))
    assert all(np.array_equal(one, other) for one, other in zip(given, kept, strict=True))


# lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(64, 64), (1, 40), (40, 1), (33, 57)])
@pytest.mark.parametrize("level", [0, 255, None])
def test_lines_keep_their_shape_and_range(shape: tuple[int, int], level: int | None) -> None:
    lines = np.full(shape, 255 if level is None else level, np.uint8)
    if level is None:
        lines[shape[0] // 2] = 90
    for seed in range(30):
        varied = restyle_lines(lines, np.random.default_rng(seed))
        assert varied.shape == shape
        assert varied.dtype == np.uint8


def test_lines_are_varied_but_stay_where_they_are() -> None:
    lines = drawings.two_circles(96)
    ink = lines < 128
    near = np.lib.stride_tricks.sliding_window_view(np.pad(ink, 3), (7, 7)).any(axis=(2, 3))
    results = [restyle_lines(lines, np.random.default_rng(seed)) for seed in range(60)]
    assert len({result.tobytes() for result in results}) == 60
    for result in results:
        assert (result[~near] > 200).all()  # paper is paper, if noisy
        assert np.mean(result[ink] < 200) > 0.5  # and most of the ink is ink


@pytest.mark.parametrize(
    ("way", "holds"),
    [
        (
            augmentation._tear_gaps,
            lambda lines, varied: (varied >= lines).all() and set(varied[varied != lines]) == {255},
        ),
        (augmentation._make_paler, lambda lines, varied: (varied >= lines).all() and varied.min() > 5),
        (augmentation._add_noise, lambda lines, varied: (varied <= lines).all() and varied.mean() > lines.mean() - 12),
        (augmentation._soften, lambda lines, varied: abs(varied.mean() - lines.mean()) < 2),
    ],
)
def test_each_way_does_what_it_says(
    way: Callable[[Bytes, np.random.Generator], Bytes], holds: Callable[[Bytes, Bytes], bool]
) -> None:
    lines = drawings.two_circles(96)
    for seed in range(10):
        varied = way(lines, np.random.default_rng(seed))
        assert not np.array_equal(varied, lines)
        assert holds(lines, varied)


def test_lines_become_thicker_more_often_than_thinner() -> None:
    lines = drawings.two_circles(96)
    darker = sum(augmentation._change_width(lines, np.random.default_rng(n)).mean() < lines.mean() for n in range(100))
    assert 55 <= darker <= 85


# mirroring, size, hues ---------------------------------------------------------------------------------------


def example_of(size: int = 64, *, picture: Bytes | None = None) -> Example:
    arrays = drawings.two_circles_coloured(size), drawings.two_circles(size), drawings.two_hints(size)
    return Example(*arrays, picture, domain=3)


def arrays_of(example: Example) -> list[Bytes]:
    return [array for array in example[:4] if array is not None]


def test_flipping_mirrors_all_three_half_of_the_time() -> None:
    example, flips = example_of(), 0
    example.colour[:, :9] = 0  # so that it differs from its mirror image
    for seed in range(60):
        varied = augment(example, Augmentation(flip=True), np.random.default_rng(seed))
        flipped = not np.array_equal(varied.colour, example.colour)
        flips += flipped
        expected = [array[:, ::-1] if flipped else array for array in arrays_of(example)]
        assert all(np.array_equal(one, other) for one, other in zip(arrays_of(varied), expected, strict=True))
        assert all(array.flags["C_CONTIGUOUS"] for array in arrays_of(varied))
    assert 15 < flips < 45


def centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)


def test_jitter_enlarges_and_keeps_lines_hints_and_colour_in_register() -> None:
    example = example_of(96)
    moved = 0
    for seed in range(20):
        varied = augment(example, Augmentation(flip=False, jitter=0.3), np.random.default_rng(seed))
        assert [array.shape for array in arrays_of(varied)] == [array.shape for array in arrays_of(example)]
        reds = varied.hints[(varied.hints[..., 3] == 255) & (varied.hints[..., 0] > 200)]
        assert set(map(tuple, reds)) == {(*drawings.RED, 255)}  # hints keep their very colours
        hint = centre((varied.hints[..., :3] == drawings.RED).all(axis=2) & (varied.hints[..., 3] == 255))
        row, column = hint.round().astype(int)
        assert tuple(varied.colour[row, column]) == drawings.RED
        ink, dark = varied.lines < 100, varied.colour.max(axis=2) < 100
        assert (ink & dark).sum() > 0.85 * max(ink.sum(), dark.sum())
        moved += int(not np.array_equal(varied.lines, example.lines))
    assert moved == 20


def test_jitter_cuts_from_inside_the_picture() -> None:
    ramp = np.linspace(10, 245, 64).astype(np.uint8)[None].repeat(64, axis=0)
    example = Example(np.dstack([ramp] * 3), ramp, np.zeros((64, 64, 4), np.uint8))
    for seed in range(20):
        lines = augment(example, Augmentation(flip=False, jitter=0.5), np.random.default_rng(seed)).lines.astype(int)
        assert (np.diff(lines[0]) >= 0).all()
        assert (lines == lines[0]).all()
        assert lines[0, -1] - lines[0, 0] >= 235 / 1.5 - 4  # at least 1/1.5 of the width is still there


@pytest.mark.parametrize("turn", [-0.5, -0.2, 0.01, 1 / 3, 0.5])
def test_a_hue_turn_keeps_greys(turn: float) -> None:
    greys = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    assert np.array_equal(rotate_hue(greys, turn), greys)


def test_a_third_of_the_circle_swaps_the_channels() -> None:
    colour = np.array([[[200, 30, 90]]], np.uint8)
    assert rotate_hue(colour, 1 / 3).tolist() == [[[90, 200, 30]]]
    assert rotate_hue(colour, -1 / 3).tolist() == [[[30, 90, 200]]]
    assert rotate_hue(colour, 0).tolist() == colour.tolist()


def test_hints_and_picture_turn_together_and_lines_stay() -> None:
    example = example_of()
    seen = set()
    for seed in range(8):
        varied = augment(example, Augmentation(flip=False, hue=0.5), np.random.default_rng(seed))
        assert np.array_equal(varied.lines, example.lines)
        assert np.array_equal(varied.hints[..., 3], example.hints[..., 3])
        hinted = (example.hints[..., 3] == 255) & (example.colour == example.hints[..., :3]).all(axis=2)
        assert hinted.sum() > 20
        assert np.array_equal(varied.hints[hinted][:, :3], varied.colour[hinted])
        seen.add(varied.colour[32, 16].tobytes())
    assert len(seen) == 8


# hints drawn anew, none at all ------------------------------------------------------------------------------


def test_hints_are_drawn_on_the_picture_as_it_is_seen() -> None:
    example, maps = example_of(96), set()
    drawing = hint_drawing("strokes")
    for seed in range(12):
        varied = augment(example, Augmentation(jitter=0.3, redraw=drawing), np.random.default_rng(seed))
        placed = varied.hints[..., 3] == 255
        maps.add(varied.hints.tobytes())
        starts = {tuple(colour) for colour in varied.hints[placed][:, :3].tolist()}
        assert starts <= colours_of(varied.colour)
        share = (varied.hints[..., :3] == varied.colour).all(axis=2)[placed].mean() if placed.any() else 1.0
        assert share > 0.5, "strokes lie on their colour: they were mirrored with the picture"
    assert len(maps) == 12


def test_the_same_chance_draws_the_same_hints() -> None:
    example, augmentation = example_of(), Augmentation(redraw=hint_drawing("points"), hintless=0.3)
    one, other = (augment(example, augmentation, np.random.default_rng(8)) for _ in range(2))
    assert np.array_equal(one.hints, other.hints)


def test_a_share_of_the_pictures_has_no_hint() -> None:
    example = example_of()
    for some in (Augmentation(hintless=0.25), Augmentation(hintless=0.25, redraw=hint_drawing("points"))):
        empty = [not choose_hints(example, some, np.random.default_rng(seed)).hints.any() for seed in range(TIMES)]
        assert np.mean(empty) == pytest.approx(0.25, abs=0.07)
    none = Augmentation(hintless=1.0)
    assert not any(choose_hints(example, none, np.random.default_rng(seed)).hints.any() for seed in range(20))


def test_nothing_is_drawn_for_what_is_off() -> None:
    rng, untouched = np.random.default_rng(1), np.random.default_rng(1)
    same = augment(example_of(), Augmentation(flip=False), rng)
    assert rng.random() == untouched.random()
    assert np.array_equal(same.hints, example_of().hints) and same.domain == 3


def test_a_preset_of_a_hint_method_may_be_named_and_an_unknown_one_is_refused() -> None:
    picture = drawings.two_circles_coloured(64)
    paper, plain = (hint_drawing(name)(picture, np.random.default_rng(0)) for name in ("kmedoids:paper", "kmedoids"))
    assert not np.array_equal(paper, plain)
    with pytest.raises(UsageError, match="brushes"):
        hint_drawing("brushes")
    with pytest.raises(SettingsError, match="no preset 'wild'"):
        hint_drawing("strokes:wild")


# pictures that are no line art, frames ----------------------------------------------------------------------


def test_a_picture_that_is_no_line_art_stays_in_register() -> None:
    example = example_of(64, picture=drawings.two_circles_coloured(64))
    for seed in range(10):
        varied = augment(example, Augmentation(jitter=0.3, hue=0.4), np.random.default_rng(seed))
        assert varied.picture is not None and varied.domain == 3
        assert np.array_equal(varied.picture, varied.colour)
        assert varied.picture.flags["C_CONTIGUOUS"]


def test_the_input_alone_gets_brighter_and_darker() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)
    example = Example(grey, grey[..., 0], np.zeros((8, 8, 4), np.uint8), grey)
    levels = set()
    for seed in range(60):
        varied = augment(example, Augmentation(input_jitter=0.1), np.random.default_rng(seed))
        assert varied.picture is not None
        assert np.array_equal(varied.colour, grey) and np.array_equal(varied.lines, grey[..., 0])
        levels |= set(np.unique(varied.picture).tolist())
    assert min(levels) in (90, 91) and max(levels) in (109, 110)
    drawing = example._replace(picture=None)
    lines = [augment(drawing, Augmentation(input_jitter=0.5), np.random.default_rng(n)).lines for n in range(9)]
    assert len({int(each[0, 0]) for each in lines}) > 5, "without such a picture the line art is the input"


def test_frames_that_are_no_squares_stay_in_register() -> None:
    whole = example_of(96)
    wide = Example(*(array[20:80] for array in whole[:3]))
    for seed in range(10):
        varied = augment(wide, Augmentation(jitter=0.3, hints=True, hue=0.2), np.random.default_rng(seed))
        assert [array.shape[:2] for array in varied[:3]] == [(60, 96)] * 3
        ink, dark = varied.lines < 100, varied.colour.max(axis=2) < 100
        assert (ink & dark).sum() > 0.85 * max(ink.sum(), dark.sum()) > 50
        assert restyle_lines(varied.lines, np.random.default_rng(seed)).shape == (60, 96)
    upright = Example(*(array[:, 20:60] for array in whole[:3]))
    varied = augment(upright, Augmentation(jitter=0.3, redraw=hint_drawing("strokes")), np.random.default_rng(0))
    assert varied.hints.shape == (96, 40, 4)
