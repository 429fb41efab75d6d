"""Stage: coloured pictures -> colour hints, one RGBA PNG each, and the composite input of F3 on request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core import families, registry
from pipelines.core.batch.inputs import CompanionFiles, Source
from pipelines.core.batch.plan import BatchSettings, Destination, Job, Plan, find, job_for, rows_of_unread
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.imaging import compositing
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture, decode_part, encode_png
from pipelines.core.settings import plain, resolve


@dataclass(frozen=True)
class HintTask:
    """The task of one picture: decode, place hints, encode; with `composite` also painted on the line art."""

    method: str
    params: Any
    composite: bool
    lines_method: str = "adaptive"

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in; the hints, and with `composite` the painted line art, out."""
        picture = decode_part(files, "picture")
        hints = families.load("hints", self.method).place(picture.over_white(), picture.alpha, self.params, rng)
        if not self.composite:
            return Produced((encode_png(hints),))
        lines = self._lines(files, picture, rng)
        if lines.shape[:2] != hints.shape[:2]:
            raise MethodError(
                f"the line art is {lines.shape[1]}x{lines.shape[0]}, the picture {hints.shape[1]}x{hints.shape[0]}",
                hint="Give line art of the picture's size, or leave out --lines",
            )
        return Produced((encode_png(hints), encode_png(compositing.composite(hints, lines))))

    def _lines(self, files: Mapping[str, bytes], picture: Picture, rng: np.random.Generator) -> U8:
        """The line art as RGB: the one given, or else extracted."""
        if "lines" in files:
            return decode_part(files, "lines").over_white()
        extractor = families.load("lines", self.lines_method)
        return np.dstack([extractor.extract(picture.over_white(), extractor.Params(), rng)] * 3)


def make_hints(
    inputs: Sequence[str],
    output: str | None,
    *,
    method: str = "kmedoids",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    composite: bool = False,
    lines: str | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Place colour hints for every picture in `inputs`, written to the folder (or file, or "-") `output`.

    With `composite` the hints painted on the line art are written too, as NAME.composite.png; the line art is the
    picture of the same name in the folder `lines`, or is extracted. Raises UsageError and SettingsError before work.
    """
    settings = batch or BatchSettings()
    task = HintTask(method, resolve(registry.load("hints", method), values or {}, preset=preset), composite)
    if lines is not None and not composite:
        raise UsageError("--lines is for --composite alone", hint="Add --composite, or leave out --lines")
    sources, destination = find(inputs, output, settings, exclude=(lines,))
    line_files = CompanionFiles(Path(lines), "--lines") if lines is not None else None
    jobs = tuple(_job(source, destination, line_files, composite=composite) for source in sources)
    jobs += rows_of_unread({"lines": line_files}, settings)
    passed_over, results = sources.passed_over, 0  # hints are no pictures to work on
    plan = Plan("make-hints", jobs, destination.folder, plain(task), results=results, passed_over=passed_over)
    return run(plan, task, settings, observer=observer)


def _job(source: Source, destination: Destination, line_files: CompanionFiles | None, *, composite: bool) -> Job:
    suffixes = (".png", ".composite.png") if composite else (".png",)
    more = []
    problem = None
    if line_files is not None:
        lines = line_files.of(source.relative)
        if lines is None:
            problem = line_files.missing(source.relative)
        else:
            more.append(("lines", lines))
    outputs = tuple(destination.place(source.relative, suffix) for suffix in suffixes)
    return job_for(source, outputs, more=more, problem=problem)
