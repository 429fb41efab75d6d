"""Stage: pictures -> line drawings, one 8-bit grey PNG each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.core import families, registry
from pipelines.core.batch.plan import BatchSettings, Job, Plan, find
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.core.settings import plain, resolve


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


def extract_lines(
    inputs: Sequence[str],
    output: str | None,
    *,
    method: str = "adaptive",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Extract the lines of every picture in `inputs` into the folder (or file, or "-") `output`.

    `values` are settings of the method, as texts or typed. Raises UsageError and SettingsError before any work.
    """
    settings = batch or BatchSettings()
    task = ExtractTask(method, resolve(registry.load("lines", method), values or {}, preset=preset))
    sources, destination = find(inputs, output, settings)
    jobs = tuple(
        Job((("picture", source.path),), (destination.place(source.relative, ".png"),), source.relative)
        for source in sources
    )
    plan = Plan("extract-lines", jobs, destination.folder, plain(task))
    return run(plan, task, settings, observer=observer)
