"""Stage: pictures -> line drawings, one 8-bit grey PNG each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipelines.core import families, registry
from pipelines.core.batch.plan import BatchSettings, Plan, find, job_for
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced, SingleTask
from pipelines.core.errors import UsageError
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.core.settings import identity, plain, resolve
from pipelines.segmentation.pages import grey_on_white

_DEFAULT_METHOD = "adaptive"


@dataclass(frozen=True)
class ExtractTask:
    """The task of one picture: decode, extract, encode."""

    method: str
    params: Any

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` in, one grey PNG out."""
        picture = decode_picture(files["picture"])
        lines = families.load("lines", self.method).extract(picture.over_white(), self.params, rng)
        return Produced((encode_png(lines, metadata=picture.metadata),))


@dataclass(frozen=True)
class CleanUpTask:
    """The task of one scan or photo of a drawing: decode, bring its tones onto white paper, encode."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` in, one grey PNG out; `rng` is not used."""
        picture = decode_picture(files["picture"])
        return Produced((encode_png(grey_on_white(picture.over_white()), metadata=picture.metadata),))


def extract_lines(
    inputs: Sequence[str],
    output: str | None,
    *,
    method: str = _DEFAULT_METHOD,
    preset: str | None = None,
    weights: str | None = None,
    keep_tone: bool = False,
    values: Mapping[str, object] | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Extract the lines of every picture in `inputs` into the folder (or file, or "-") `output`.

    `values` are settings of the method, as texts or typed, `weights` the file of a method that has one. With
    `keep_tone` no lines are looked for: pictures are scans or photos of drawings, whose paper is whitened and whose
    strokes keep their tone. Raises UsageError and SettingsError before any work.
    """
    settings = batch or BatchSettings()
    task: ExtractTask | CleanUpTask
    if keep_tone:
        _refuse_settings(method, preset, values, weights)
        task = CleanUpTask()
        single = SingleTask(task)
    else:
        values = {**(values or {}), **_weights_of(method, weights)}
        task = ExtractTask(method, resolve(registry.load("lines", method), values, preset=preset))
        make_ready = partial(families.make_ready, "lines", method, task.params)
        single = SingleTask(task, runs_in_threads=families.has_file("lines", method), make_ready=make_ready)
    sources, destination = find(inputs, output, settings)
    jobs = tuple(job_for(source, (destination.place(source.relative, ".png"),)) for source in sources)
    decisive, shown = ({"keep_tone": True},) * 2 if keep_tone else (identity(task), plain(task))
    plan = Plan(
        "extract-lines",
        jobs,
        destination.folder,
        decisive,
        reported_settings=shown,
        passed_over=sources.passed_over,
    )
    return run(plan, single, settings, observer=observer)


def _weights_of(method: str, weights: str | None) -> dict[str, str]:
    """The setting that names a method's file; raises UsageError for a method without one."""
    if weights is None:
        return {}
    if not families.has_file("lines", method):
        raise UsageError(
            f"{method} finds lines without a network, and --weights names the file of one", hint="Add --method network"
        )
    return {"weights": weights}


def _refuse_settings(method: str, preset: str | None, values: Mapping[str, object] | None, weights: str | None) -> None:
    """Refuse what says how lines are found, where none are looked for."""
    if method != _DEFAULT_METHOD or preset or values or weights:
        raise UsageError(
            "--keep-tone keeps what was drawn as it is, and no method looks for lines.",
            hint="Leave out --method, --weights, --preset and --set, or leave out --keep-tone.",
        )
