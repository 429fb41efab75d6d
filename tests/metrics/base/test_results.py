"""Plain facts of an evaluation: what is best, what is shown first, which limits are kept."""

import math

import pytest

from pipelines.metrics.base.results import Aggregate, Evaluation, LimitVerdict, MethodResult, MetricInfo, PictureScores

PSNR = MetricInfo("psnr", "dB", True, "")
DELTA_E = MetricInfo("delta_e", "dE00", False, "")
GRAM = MetricInfo("gram", "", False, "")


def evaluation(values: dict[str, float], metric: MetricInfo = PSNR) -> Evaluation:
    methods = tuple(
        MethodResult(label, "", {metric.name: Aggregate(value, None, 1, 1)}, 0) for label, value in values.items()
    )
    return Evaluation("truth", (metric,), methods, ())


@pytest.mark.parametrize(
    ("metric", "values", "best"),
    [
        (PSNR, {"a": 20.0, "b": 30.0}, ("b",)),
        (DELTA_E, {"a": 20.0, "b": 30.0}, ("a",)),
        (PSNR, {"a": 30.0, "b": 30.0, "c": 1.0}, ("a", "b")),
        (PSNR, {"a": math.nan, "b": 1.0}, ("b",)),
        (PSNR, {"a": math.nan}, ()),
    ],
)
def test_the_best_methods_are_those_with_the_best_value(
    metric: MetricInfo, values: dict[str, float], best: tuple[str, ...]
) -> None:
    assert evaluation(values, metric).best(metric) == best


def test_better_is_higher_or_lower() -> None:
    assert PSNR.better(2, 1)
    assert DELTA_E.better(1, 2)
    assert not PSNR.better(1, 1)
    assert not DELTA_E.better(1, 1)


def test_metrics_of_pictures_come_with_those_seen_at_a_glance_first() -> None:
    consistency = MetricInfo("consistency", "dE00", False, "")
    row = PictureScores("a", "1", {"gram": 1.0, "psnr": None, "delta_e": 2.0})
    found = Evaluation("truth", (GRAM, consistency, PSNR, DELTA_E), (), (row,))
    assert found.per_picture_metrics() == (DELTA_E, PSNR, GRAM), "consistency has no score of single pictures"
    assert found.metric("gram") is GRAM


def test_a_row_gives_numbers_and_features_by_metric() -> None:
    row = PictureScores("a", "1", {"psnr": 3.0, "ssim": None}, features={"fid": "text", "consistency": [[1.0]]})
    assert row.score("psnr") == 3.0
    assert row.score("ssim") is None
    assert row.score("fid") == "text"
    assert row.score("consistency") == [[1.0]]
    assert row.score("gram") is None


@pytest.mark.parametrize(("value", "under", "passed"), [(2.0, True, True), (2.0, False, True), (1.0, True, False)])
def test_a_limit_itself_is_kept(value: float, under: bool, passed: bool) -> None:
    assert LimitVerdict("a", "psnr", value, 2.0, under, 1, 1).passed is passed
