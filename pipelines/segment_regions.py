"""Stage: line art -> label maps, one 16-bit PNG each, and a false-colour preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pipelines.core import families, registry
from pipelines.core.batch.plan import BatchSettings, Plan, find, job_for
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.imaging.arrays import U8, Labels
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import decode_picture, encode_labels, encode_png
from pipelines.core.settings import plain, resolve
from pipelines.segmentation.line_art import LineArt


@dataclass(frozen=True)
class SegmentTask:
    """The work on one line drawing: decode, segment, encode."""

    method: str
    params: Any
    preview: bool
    clean: bool | None = None  # whether paper is whitened; None: where it is not white

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` in; the label map, and with `preview` the same in false colours under the lines, out."""
        picture = decode_picture(files["picture"])
        line_art = LineArt(picture, clean=self.clean)
        regions = families.load("regions", self.method).segment(line_art.drawing, self.params)
        labels = encode_labels(regions)
        if not self.preview:
            return Produced((labels,))
        return Produced((labels, encode_png(composite(line_art.layer, false_colours(regions)))))


def false_colours(regions: Labels) -> U8:
    """Return regions, int32 (H, W), as uint8 RGB (H, W, 3): to a level, a label always has one colour; 0 is white."""
    index = np.arange(1, int(regions.max(initial=0)) + 1)
    hue = (index * 0.618034) % 1.0  # steps of the golden ratio keep neighbours in number far apart in hue
    hsv = np.column_stack([hue * 180, 90 + 60 * (index % 3), 255 - 35 * (index % 2)]).astype(np.uint8)
    colours = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0] if len(index) else hsv
    return np.asarray(np.vstack([np.full((1, 3), 255, np.uint8), colours]), np.uint8)[regions]


def segment_regions(
    inputs: Sequence[str],
    output: str | None,
    *,
    method: str = "trapped_ball",
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    preview: bool = True,
    clean: bool | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Label the regions of every line drawing in `inputs`, written to the folder (or file, or "-") `output`.

    With `preview` a picture in false colours is written too, as NAME.preview.png (never to standard output). clean:
    whether paper is whitened first; None: where it is not white.
    Raises UsageError and SettingsError before any work.
    """
    settings = batch or BatchSettings()
    sources, destination = find(inputs, output, settings)
    shown = preview and destination.folder is not None
    task = SegmentTask(method, resolve(registry.load("regions", method), values or {}, preset=preset), shown, clean)
    suffixes = (".png", ".preview.png") if shown else (".png",)
    jobs = tuple(
        job_for(source, tuple(destination.place(source.relative, suffix) for suffix in suffixes)) for source in sources
    )
    plan = Plan("regions", jobs, destination.folder, plain(task), passed_over=sources.passed_over)
    return run(plan, task, settings, observer=observer)
