"""Distributions drawn to scale."""

import re

import numpy as np
import pytest

from pipelines.metrics.base.metric import describe
from pipelines.reports._plots import _thinned, _ticks, distribution
from tests.reports.pages import HtmlPage


def xs(svg: str) -> list[float]:
    return [float(value) for value in re.findall(r'<circle cx="([^"]+)"', svg)]


def test_points_lie_to_scale_from_the_least_to_the_greatest() -> None:
    svg = distribution(describe("psnr"), {"a": [30.0, 10.0, 20.0], "b": [15.0]})
    page = HtmlPage(svg)
    first, middle, last, other = xs(svg)
    assert middle - first == pytest.approx(last - middle, abs=0.2)
    assert other - first == pytest.approx((last - first) / 4, abs=0.2)
    assert "n = 3" in page.words
    assert "n = 1" in page.words
    assert "higher is better" in page.words
    assert "median 20.00, half of all from 15.00 to 25.00" in page.words


def test_methods_keep_their_colour_where_another_has_nothing_to_draw() -> None:
    metric = describe("psnr")
    both = distribution(metric, {"a": [1.0], "b": [2.0]})
    alone = distribution(metric, {"a": [], "b": [2.0]})
    colours = re.findall(r'<g fill="([^"]+)"', both)
    assert re.findall(r'<g fill="([^"]+)"', alone) == colours[1:]


def test_equal_scores_can_be_drawn_and_none_are_no_plot() -> None:
    assert len(xs(distribution(describe("psnr"), {"a": [5.0, 5.0]}))) == 2
    assert distribution(describe("psnr"), {"a": []}) == ""


def test_names_are_shown_and_not_obeyed() -> None:
    svg = distribution(describe("psnr"), {"<b>": [1.0, 2.0]})
    assert "<b>:" not in svg
    assert "<b>" in HtmlPage(svg).words


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.2, 0.7), (-3, 40), (99.1, 99.2), (0, 25500)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = _ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert low <= ticks[0]
    assert ticks[-1] <= high
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0])
    assert f"{steps[0]:e}"[0] in "125"


def test_of_many_scores_evenly_spread_ones_are_drawn() -> None:
    values = [float(value) for value in range(1000)]
    thinned = _thinned(values)
    assert len(thinned) == 300
    assert (thinned[0], thinned[-1]) == (0.0, 999.0)
    assert max(np.diff(thinned)) <= 4
    assert _thinned(values[:300]) == values[:300]
