"""How metrics are found by name, and the mean of pictures."""

import math

import pytest

from pipelines.core import registry
from pipelines.core.errors import MissingPackageError, UsageError
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import (
    Metric,
    PictureMetric,
    check_packages,
    create_metric,
    describe,
    load_metric,
    mean,
    needs_of,
)


class Capped(PictureMetric):
    """A metric by which no picture counts for more than 10."""

    ceiling = 10.0

    def measure(self, case: Case) -> float | None:
        return float(case.result.mean())


def test_the_value_is_the_mean_of_what_was_measured_up_to_the_ceiling() -> None:
    metric = Capped()
    assert math.isnan(metric.compute())
    for name, score in (("a", 4.0), ("b", None), ("c", math.inf), ("d", 1)):
        metric.update(name, score)
    assert metric.compute() == pytest.approx((4 + 10 + 1) / 3)
    assert metric.caution() == ""


def test_the_mean_of_nothing_is_not_a_number() -> None:
    assert math.isnan(mean([]))
    assert mean([1.0, 2.0]) == 1.5


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_a_metric_is_made_by_its_name(name: str) -> None:
    assert isinstance(create_metric(name), Metric)


def test_metrics_say_what_they_need() -> None:
    assert needs_of("psnr") == frozenset()
    assert needs_of("consistency") == {"lines", "regions", "frames"}
    assert needs_of("lpips") == {"weights"}


def test_a_metric_is_described_by_the_beginning_of_its_docstring() -> None:
    info = describe("psnr")
    assert (info.name, info.unit, info.higher_is_better) == ("psnr", "dB", True)
    assert info.meaning == "Peak signal-to-noise ratio of the result, in dB"


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="there is no method 'psnrr'") as caught:
        load_metric("psnrr")
    assert "Did you mean 'psnr'?" in caught.value.hint


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check_packages("psnr")
    with pytest.raises(MissingPackageError, match="fid needs torchmetrics") as caught:
        check_packages("fid")
    assert "pip install" in caught.value.hint
