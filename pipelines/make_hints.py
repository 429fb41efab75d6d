"""Stage: coloured pictures -> colour hints, one RGBA PNG each, and the composite input of F3 on request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core import families, registry
from pipelines.core.batch.inputs import CompanionFiles, Source
from pipelines.core.batch.plan import BatchSettings, Destination, Job, Plan, find
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.imaging.compositing import composite as lay_over
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.core.settings import plain, resolve


@dataclass(frozen=True)
class HintTask:
    """The work on one picture: decode, place hints, encode; with `composite` also painted on the line art."""

    method: str
    params: Any
    composite: bool
    lines_method: str = "adaptive"

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in; the hints, and with `composite` the painted line art, out."""
        picture = decode_picture(files["picture"])
        hints = families.load("hints", self.method).place(picture.over_white(), picture.alpha, self.params, rng)
        if not self.composite:
            return Produced((encode_png(hints),))
        if "lines" in files:
            lines = decode_picture(files["lines"]).over_white()
        else:
            extractor = families.load("lines", self.lines_method)
            grey = extractor.extract(picture.over_white(), extractor.Params(), rng)
            lines = np.dstack([grey] * 3)
        if lines.shape[:2] != hints.shape[:2]:
            raise MethodError(
                f"the line art is {lines.shape[1]}x{lines.shape[0]}, the picture {hints.shape[1]}x{hints.shape[0]}",
                hint="Give line art of the picture's size, or leave out --lines",
            )
        return Produced((encode_png(hints), encode_png(lay_over(hints, lines))))


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
    work = HintTask(method, resolve(registry.load("hints", method), values or {}, preset=preset), composite)
    if lines is not None and not composite:
        raise UsageError("--lines is for --composite alone", hint="Add --composite, or leave out --lines")
    sources, destination = find(inputs, output, settings, exclude=(lines,))
    partners = CompanionFiles(Path(lines), "--lines") if lines is not None else None
    jobs = tuple(_job(source, destination, partners, composite=composite) for source in sources)
    plan = Plan("make-hints", jobs, destination.folder, plain(work))
    return run(plan, work, settings, observer=observer)


def _job(source: Source, destination: Destination, partners: CompanionFiles | None, *, composite: bool) -> Job:
    suffixes = (".png", ".composite.png") if composite else (".png",)
    reads = [("picture", source.path)]
    partner = partners.of(source.relative) if partners else None
    if partner is not None:
        reads.append(("lines", partner))
    problem = partners.missing(source.relative) if partners and partner is None else None
    outputs = tuple(destination.place(source.relative, suffix) for suffix in suffixes)
    return Job(tuple(reads), outputs, source.relative, problem)
