"""The summary as plain text."""

from dataclasses import replace

from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Aggregate, Evaluation, MethodResult
from pipelines.reports import table
from tests.reports.findings import small_evaluation


def test_the_best_of_each_column_has_a_star_and_counts_stand_beside() -> None:
    head, near, near_below, far, *_ = table.write(small_evaluation()).splitlines()
    assert head.split() == ["method", "n", "psnr", "dB", "^", "delta_e", "dE00", "v"]
    assert near.split() == ["near", "3", "54.00*", "0.50*"]
    assert "1 inf" in near_below
    assert "n=2" in near_below, "one picture had nothing to measure"
    assert far.split() == ["far", "2", "of", "3", "13.00", "8.00"]


def test_columns_stand_under_each_other() -> None:
    lines = table.write(replace(small_evaluation(), comparisons=(), verdicts=())).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_comparisons_and_verdicts_follow_as_sentences() -> None:
    *_, first, second, near_psnr, far_psnr, _, _ = table.write(small_evaluation()).splitlines()
    assert first.startswith("psnr: ")
    assert second.startswith("delta_e: ")
    assert near_psnr.endswith("is not under 20")
    assert far_psnr.endswith("is under 20: failed (--fail-under)")


def test_one_method_alone_is_not_the_best_and_many_metrics_make_several_blocks() -> None:
    names = ("psnr", "ssim", "ms_ssim", "delta_e", "delta_e_p95", "histogram", "palette_error")
    method = MethodResult("flat", "", {name: Aggregate(0.5, None, 4, 4) for name in names}, 0)
    text = table.write(Evaluation("truth", tuple(map(describe, names)), (method,), ()))
    assert "*" not in text
    first, second = text.split("\n\n")
    assert "histogram" in first
    assert second.split()[2] == "palette_error"
    assert "flat" in second
