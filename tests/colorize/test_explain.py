"""Facts about the picture that explains a result."""

import numpy as np
import pytest

from pipelines.colorize.explain import draw_explanation
from pipelines.colorize.facts import Account, take_account
from pipelines.colorize.hint_use import HintMark
from pipelines.core.imaging.arrays import U8
from pipelines.flatting.open_gaps import OpenGap
from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorGuide, ColorResult, Drawing
from pipelines.models import flat
from tests import drawings


def scene(size: int = 320) -> tuple[Account, Drawing, ColorResult]:
    """Two circles, a hint in the left one."""
    hints = drawings.two_hints(size)
    hints[:, size // 2 :] = 0
    reading = LineReading(drawings.two_circles(size))
    filled = flat.fill_reading(reading, hints, None, flat.Params(), np.random.default_rng(0))
    result = ColorResult(filled.colour, filled.colour, filled.background, filled.areas)
    guide = ColorGuide(hints)
    return take_account(reading, result, guide), Drawing(reading, {"fills": guide}, np.random.default_rng(0)), result


def explained(*, gaps: tuple[OpenGap, ...] = (), marks: tuple[HintMark, ...] = ()) -> U8:
    account, drawing, result = scene()
    return draw_explanation(account._replace(gaps=gaps, marks=marks), drawing, result)


def is_red(picture: U8) -> int:
    return int((np.abs(picture.astype(int) - (220, 20, 30)).max(axis=2) < 30).sum())


def colours_at(picture: U8, x: int, y: int) -> int:
    """How many colours there are around a place."""
    return len(np.unique(picture[y - 15 : y + 15, x - 15 : x + 15].reshape(-1, 3), axis=0))


def test_hinted_is_plain_guessed_is_striped_and_ground_is_checkered() -> None:
    picture = explained()
    assert colours_at(picture, 190, 350) == 1
    assert tuple(picture[350, 190]) == drawings.RED
    assert colours_at(picture, 480, 350) == 2
    assert colours_at(picture, 60, 60) == 2
    assert picture[40:80, 40:80].min() > 200, "the ground is pale"


@pytest.mark.parametrize(("size", "width"), [(90, 720), (320, 640), (700, 700), (3000, 2048)])
def test_small_drawings_are_enlarged_and_large_ones_shrunk(size: int, width: int) -> None:
    picture = draw_explanation(*scene(size))
    assert picture.shape[1] == width
    assert width < picture.shape[0] <= width + 96, "with the legend"


def test_lines_are_pale() -> None:
    account, drawing, result = scene()
    picture = draw_explanation(account, drawing, result)[:640]
    ink = np.kron(drawing.lines == 0, np.ones((2, 2), bool))
    assert 100 < picture[ink].mean() < 190


def test_gaps_are_ringed_in_red_with_their_width() -> None:
    plain, ringed = explained(), explained(gaps=(OpenGap(30, 40, 12.0),))
    changed = np.argwhere((plain != ringed).any(axis=2)[:640])
    assert is_red(ringed[:640]) > is_red(plain[:640]) + 50
    assert np.abs(changed - (80, 60)).max() < 100, "and nothing far from it"


def test_unused_hints_are_crossed_out() -> None:
    used, unused = HintMark(30, 40, drawings.GREEN, 9), HintMark(30, 40, drawings.GREEN, 9, "too faint")
    assert is_red(explained(marks=(unused,))[:640]) > is_red(explained(marks=(used,))[:640]) + 30


def test_marks_at_the_rim_do_no_harm() -> None:
    explained(marks=(HintMark(319, 319, drawings.RED, 1, "on ink alone"), HintMark(0, 0, drawings.RED, 1, "overruled")))
    explained(gaps=(OpenGap(0, 319, 3.0), OpenGap(319, 0, 3.0)))
