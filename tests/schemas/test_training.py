"""The summary and the lines of figures of a training run are what their schemas say."""

import json
from pathlib import Path

from tests.conftest import Cli
from tests.pairs import build_pairs
from tests.runs import tiny
from tests.schemas.checking import problems


def test_summary_and_metrics_fit(cli: Cli, tmp_path: Path, one_thread: None) -> None:
    settings = tiny("pix2pix")
    pairs = build_pairs(tmp_path / "pairs", size=settings.size, train=2, val=1)
    values = [word for name, value in settings.values.items() for word in ("--set", f"{name}={value}")]
    often = ("--log-every", 1, "--validate-every", 2, "--device", "cpu", "--threads", 1, "-q", "--json")
    arguments = ("train", pairs, "-o", tmp_path / "run", "--steps", 2, *values, *often)
    estimate = json.loads(cli(*arguments, "--dry-run").out)
    assert problems("train-summary", estimate) == []
    assert estimate["estimate"]
    summary = json.loads(cli(*arguments).out)
    assert problems("train-summary", summary) == []
    assert problems("train-summary", {**summary, "exit_code": 1})
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"val_psnr" in row for row in rows} == {True, False}
    assert [problem for row in rows for problem in problems("train-metrics", row)] == []
    assert problems("train-metrics", {"step": 1})
