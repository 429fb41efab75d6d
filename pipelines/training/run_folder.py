"""Keeps what a training run writes beside its checkpoints: settings, figures as JSON Lines, sample sheets.

RUN/run.json        what this run is: resolved settings, model, dataset digests; the same command goes on with it
RUN/metrics.jsonl   a line every few steps, and one per validation
RUN/samples/        a sheet per validation: lines, with hints, result, truth
RUN/last, RUN/best  checkpoints
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import replace_file, show_path, unfinished_path
from pipelines.core.json_text import to_json
from pipelines.core.settings import plain
from pipelines.inference.checkpoint import TRAINING
from pipelines.inference.checkpoint_info import recover

KIND, VERSION = "colorize-cli run", 1
ABOUT, METRICS, SAMPLES = "run.json", "metrics.jsonl", "samples"
_PARTS: dict[str, type] = {
    "model": str,
    "params": dict,
    "settings": dict,
    "start": dict,
    "weight_files": dict,
    "datasets": list,
    "computed_in": str,
}
_NAMES: dict[type, str] = {dict: "object", str: "text", list: "list"}


class RunFolder:
    """The folder of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def last(self) -> Path:
        """The checkpoint that the run goes on from."""
        return self.folder / "last"

    @property
    def best(self) -> Path:
        """The checkpoint of the best validation."""
        return self.folder / "best"

    def has_last(self) -> bool:
        """Whether there is a checkpoint to go on from; finishes one that a killed process left half done.

        Raises UsageError for one without its state of training: a new beginning would replace it.
        """
        recover(self.last)
        if self.last.exists() and not (self.last / TRAINING).is_file():
            raise UsageError(
                f"{show_path(self.last)} is damaged: it has no {TRAINING}",
                hint=new_run_hint(self.folder),
            )
        return self.last.exists()

    def about(self) -> dict[str, Any] | None:
        """What the run that is there says of itself, None where there is none.

        Raises UsageError for a file that is foreign or damaged.
        """
        path = self.folder / ABOUT
        return _read(path) if path.is_file() else None

    def check(self, about: Mapping[str, Any], *, free: Sequence[str]) -> bool:
        """Find out whether the folder is this run's; returns whether the run is there already.

        free: settings that may differ, since they only say how long. Raises UsageError for another run's folder and
        for one with other things in it.
        """
        before = self.about()
        if before is not None:
            self._check_same(before, _signed(about), free)
            return True
        if self.folder.exists() and (not self.folder.is_dir() or self._has_other_things()):
            raise UsageError(f"{show_path(self.folder)} has other things in it", hint="Give a new folder after -o")
        return False

    def open(self, about: Mapping[str, Any], *, free: Sequence[str]) -> bool:
        """Make the folder, or go on with it where `check` finds the same run; returns whether it was there."""
        was_there = self.check(about, free=free)
        self._replace(self.folder / ABOUT, (to_json(_signed(about), indent=2) + "\n").encode())
        return was_there

    def cut_metrics(self, step: int) -> None:
        """Forget figures of steps after a checkpoint: they are about to be measured again."""
        path = self.folder / METRICS
        if not path.is_file():
            return
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise ColorizeError(
                f"{show_path(path)} cannot be read: {(error.strerror or str(error)).lower()}",
                hint="Mend its permissions, then run the same command again: it goes on",
            ) from error
        self._replace(path, b"".join(line + b"\n" for line in lines if _is_row_until(line, step)))

    def log(self, row: Mapping[str, Any]) -> None:
        """Add a line of figures."""
        try:
            with (self.folder / METRICS).open("a", encoding="utf-8") as file:
                file.write(to_json(row) + "\n")
        except OSError as error:
            raise _unwritable(self.folder / METRICS, error) from error

    def keep_sample(self, step: int, png: bytes) -> None:
        """Keep a sample sheet."""
        self._replace(self.folder / SAMPLES / f"step-{step:08d}.png", png)

    def _has_other_things(self) -> bool:
        """Whether anything is there but what a process left that was killed in its very first write."""
        return any(item != unfinished_path(self.folder / ABOUT) for item in self.folder.iterdir())

    def _check_same(self, before: Mapping[str, Any], now: Mapping[str, Any], free: Sequence[str]) -> None:
        changed = [name for name in _differences(before, now) if name.rsplit(".", 1)[-1] not in free]
        if changed:
            listed = ", ".join(show_path(name.removeprefix("settings.")) for name in changed[:6])
            raise UsageError(
                f"{show_path(self.folder)} is another run: it differs in {listed}",
                hint="Give a new folder after -o, or that run's own settings to go on with it",
            )

    def _replace(self, path: Path, data: bytes) -> None:
        try:
            replace_file(path, data)
        except OSError as error:
            raise _unwritable(path, error) from error


def new_run_hint(run: Path) -> str:
    """What to do where a run cannot go on: begin another one, with the best that it has learned if there is any."""
    best = run / "best"
    with_best = f", and --from {show_path(best)} to begin with the best that it learned" if best.is_dir() else ""
    return f"Give a new folder after -o{with_best}"


def _signed(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": KIND, "version": VERSION, **plain(about)}


def _is_row_until(line: bytes, step: int) -> bool:
    """Whether a line is one of figures, whole, of a step until `step`: a killed process may leave half of one."""
    try:
        return bool(json.loads(line.decode("utf-8"))["step"] <= step)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _read(path: Path) -> dict[str, Any]:
    new = new_run_hint(path.parent)
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{show_path(path)} cannot be read: {reason}", hint="Mend its permissions") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{show_path(path)} is damaged", hint=new) from error
    if not isinstance(about, dict) or (about.get("kind"), about.get("version")) != (KIND, VERSION):
        raise UsageError(f"{show_path(path)} is not of a run of this version", hint="Give a new folder after -o")
    for name, kind in _PARTS.items():
        if name in about and not isinstance(about[name], kind):
            raise UsageError(f"{show_path(path)} is damaged: its {name} is no {_NAMES[kind]}", hint=new)
    return about


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> list[str]:
    """Names, with dots, of the values that differ."""
    names = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            names += _differences(old, new, f"{above}{name}.")
        elif old != new:
            names.append(f"{above}{name}")
    return names


def _unwritable(path: Path, error: OSError) -> ColorizeError:
    return ColorizeError(
        f"{show_path(path)} cannot be written: {(error.strerror or str(error)).lower()}",
        hint="Free some space or mend its permissions, then run the same command again: it goes on",
    )
