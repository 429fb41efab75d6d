"""Tiny training runs: how tests start and watch them, and what they leave behind to be compared."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.train import TrainReport, train
from pipelines.training.callbacks import NullCallback, Stop

SIZES = {"pix2pix": 128, "cyclegan": 32, "fillnet": 64, "paintstorch": 64}  # px, of the models below
VALUES: dict[str, dict[str, str]] = {
    "pix2pix": {"generator": "unet_128", "ngf": "4", "ndf": "4", "layers_d": "1"},
    "cyclegan": {"generator": "resnet_6blocks", "ngf": "4", "ndf": "4", "layers_d": "1", "size": "32", "pool": "3"},
    "fillnet": {"size": "64", "width": "8", "tokens": "16"},
    "paintstorch": {"size": "64", "width": "4", "blocks": "1", "features": "none", "content": "pixels"},
}
OFTEN = {"log_every": 4, "validate_every": 6, "validate_pictures": 2, "ema": 0.9}
TIMING = ("pictures_a_second", "data_share", "seconds")


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of figures without what depends on time."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in TIMING} for row in rows]


def content(run: Path) -> dict[str, bytes | dict[str, Any]]:
    """Everything of a run that two of them must have alike."""
    files: dict[str, bytes | dict[str, Any]] = {}
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_file() and name not in ("metrics.jsonl", "run.json"):
            files[name] = path.read_bytes()
    state = json.loads(files["last/training.json"])
    files["last/training.json"] = {name: value for name, value in state.items() if name != "seconds"}
    return files


class Watcher(NullCallback):
    """Asks to stop after a step; remembers what it was told."""

    def __init__(self, stop_after: int | None = None, by: Stop = "interrupt") -> None:
        self.stop_after, self.by = stop_after, by
        self.step, self.rows, self.shares = 0, [], []  # type: ignore[var-annotated]
        self.about: Mapping[str, Any] = {}
        self.first = -1

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        self.about, self.first = about, step

    def stepped(self, step: int, progress: float) -> None:
        self.step = step
        self.shares.append(progress)

    def logged(self, row: Mapping[str, Any]) -> None:
        self.rows.append(dict(row))

    def stop_wanted(self) -> Stop:
        return self.by if self.stop_after is not None and self.step >= self.stop_after else ""


def go(
    dataset: Path,
    out: Path,
    model: str = "pix2pix",
    *,
    watcher: NullCallback | None = None,
    values: Mapping[str, str] | None = None,
    dry_run: bool = False,
    **settings: Any,
) -> TrainReport:
    return train(
        [dataset],
        out,
        model=model,
        values={**VALUES[model], **(values or {})},
        settings={**OFTEN, **settings},
        device="cpu",
        dry_run=dry_run,
        callback=watcher,
    )
