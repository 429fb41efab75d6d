"""An earlier report, as it was written and as it may be damaged."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import UsageError
from pipelines.evaluate.baseline import read_baselines
from pipelines.reports import data
from tests.reports.findings import small_evaluation


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    path.write_bytes(data.write(small_evaluation()))
    return path


def test_values_and_scores_are_those_of_the_report(report: Path) -> None:
    baselines = read_baselines(str(report), ["psnr", "delta_e"], ["near", "far"])
    assert baselines["near"].values == {"psnr": pytest.approx(54.0), "delta_e": 0.5}
    assert baselines["near"].scores["psnr"] == {"a": 30.0, "b": math.inf, "=c": 32.0}
    assert baselines["near"].scores["delta_e"] == {"a": 1.0, "b": 0.0}, "null is no figure"
    assert baselines["far"].scores["psnr"] == {"a": 12.0, "b": 14.0}


def test_the_only_method_stands_for_any_and_of_several_one_has_to_be_named(report: Path) -> None:
    with pytest.raises(UsageError, match="has no method 'mine'") as caught:
        read_baselines(str(report), ["psnr"], ["mine"])
    assert "near, far" in caught.value.hint
    content = json.loads(report.read_bytes())
    del content["methods"]["far"]
    report.write_text(json.dumps(content))
    assert read_baselines(str(report), ["psnr"], ["mine"])["mine"].values["psnr"] == pytest.approx(54.0)


def test_a_metric_that_was_not_measured_is_named(report: Path) -> None:
    with pytest.raises(UsageError, match="has no ssim of near") as caught:
        read_baselines(str(report), ["ssim"], ["near"])
    assert "--metric ssim" in caught.value.hint


def change(*path: str | int, to: object) -> Callable[[Any], None]:
    def apply(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return apply


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (change("kind", to="other"), 'kind is "other", not "colorize-cli evaluation"'),
        (change("methods", to=[]), "methods is a list, not an object"),
        (change("methods", "near", "metrics", "psnr", "value", to="x"), 'methods.near.metrics.psnr.value is "x", not'),
        (change("methods", "near", "metrics", "psnr", to=None), "methods.near.metrics.psnr is null, not an object"),
        (change("pictures", to={}), "pictures is an object, not a list"),
        (change("pictures", 0, to=7), r"pictures\[0\] is 7, not an object"),
        (change("pictures", 0, "figures", "psnr", to=True), r"pictures\[0\].figures.psnr is true, not a number"),
        (change("pictures", 1, "name", to=["b"]), r"pictures\[1\].name is a list, not a text"),
    ],
)
def test_a_wrong_field_is_named(report: Path, damage: Callable[[Any], None], words: str) -> None:
    content = json.loads(report.read_bytes())
    damage(content)
    report.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=words) as caught:
        read_baselines(str(report), ["psnr"], ["near"])
    assert "base.json is no report of evaluate" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\xfd", b"[" * 100_000, b"[]", b"null"])
def test_other_files_are_refused(report: Path, content: bytes) -> None:
    report.write_bytes(content)
    with pytest.raises(UsageError, match="is no report of evaluate"):
        read_baselines(str(report), ["psnr"], ["near"])


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read .*no such file or directory"):
        read_baselines(str(tmp_path / "none.json"), ["psnr"], ["near"])
    with pytest.raises(UsageError, match="cannot be read"):
        read_baselines(str(tmp_path), ["psnr"], ["near"])
