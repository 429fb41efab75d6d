"""Tiny training runs: how tests start and watch them, and what they leave behind to be compared."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.core import registry
from pipelines.core.errors import ColorizeError
from pipelines.core.settings import describe, resolve
from pipelines.train import train
from pipelines.train.report import TrainReport
from pipelines.training.callbacks import NullCallback, Stop

_WITHOUT_VGG = {"hint_features": "learned", "perceptual": "off", "l1_weight": "10"}
VALUES: dict[str, dict[str, str]] = {
    "pix2pix": {"generator": "unet_128", "ngf": "4", "ndf": "4", "layers_d": "1"},
    "cyclegan": {"generator": "resnet_6blocks", "ngf": "4", "ndf": "4", "layers_d": "1", "size": "32", "pool": "3"},
    "fillnet": {"size": "64", "width": "8", "tokens": "16"},
    "paintstorch": {"size": "64", "width": "4", "blocks": "1", "features": "none", "content": "pixels"},
    "csa": {"size": "32", "width": "2", "blocks": "2", "ndf": "2", "layers_d": "1", **_WITHOUT_VGG},
}
_TINY = {"ngf": (4,), "ndf": (4,), "width": (4, 8, 16), "pool": (3,), "size": (32, 64, 128), "tokens": (16,)}
"""Settings that make networks tiny, where a model has them: the first that its `Params` and its networks take."""
LEARNING = registry.names_with("models", "build_task")
OFTEN = {"log_every": 4, "validate_every": 6, "validate_pictures": 2, "ema": 0.9}
TIMING = ("pictures_a_second", "data_share", "seconds")


class Tiny(NamedTuple):
    """A model as tests train it in seconds."""

    preset: str | None
    values: Mapping[str, str]
    size: int  # px of the pictures that it learns from


def tiny(model: str) -> Tiny:
    """The settings above, or for a model that is not among them its smallest preset, made as narrow as it can be."""
    if model not in VALUES:
        return _narrowest(model)
    module = registry.load("models", model)
    return Tiny(None, VALUES[model], module.network_spec(resolve(module, VALUES[model])).size)


@cache
def _narrowest(model: str) -> Tiny:
    module = registry.load("models", model)
    preset = "small" if "small" in getattr(module, "PRESETS", {}) else None
    for values in _narrow({field.name for field in describe(module)} & set(_TINY)):
        try:
            params = resolve(module, values, preset=preset)
            module.build_task(params)
        except (ValueError, RuntimeError, AssertionError, ZeroDivisionError, ColorizeError):
            continue
        return Tiny(preset, values, module.network_spec(params).size)
    raise AssertionError(f"add {model} to VALUES in tests/runs.py: nothing there makes it tiny")


def _narrow(names: set[str]) -> Iterator[dict[str, str]]:
    """All choices of tiny settings, the smallest first, and at last none of them."""
    ordered = sorted(names)
    choices = sorted(product(*(_TINY[name] for name in ordered)), key=sum)
    yield from ({name: str(value) for name, value in zip(ordered, choice, strict=True)} for choice in choices)
    yield {}


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
        self.notes: list[str] = []

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        self.about, self.first = about, step

    def noted(self, note: str) -> None:
        self.notes.append(note)

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
    start: str | None = None,
    **settings: Any,
) -> TrainReport:
    small = tiny(model)
    return train(
        [dataset],
        out,
        model=model,
        preset=small.preset,
        values={**small.values, **(values or {})},
        settings={**OFTEN, **settings},
        device="cpu",
        dry_run=dry_run,
        start=start,
        callback=watcher,
    )
