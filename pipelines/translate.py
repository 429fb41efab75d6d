"""Stage: pictures of one kind -> pictures of another by a trained network, each at its own size.

For what is no line art: photographs from above to maps and back, facades, whatever pairs a network learned from
(`train` on a dataset of `build-dataset --input picture`). The network sees a picture as such a dataset has it, whole,
in its frame; what it makes of it is brought back to the picture's size, nothing is laid on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Plan, find, job_for
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import join_alpha
from pipelines.core.imaging.framing import Framing, Placement, find_foreground, place_in_frame, resized
from pipelines.core.imaging.picture import Picture, decode_picture, encode_png
from pipelines.core.settings import plain
from pipelines.inference.encoding import to_levels
from pipelines.inference.model_source import (
    AskedPrecision,
    ModelSource,
    check_reads,
    device_for,
    find_models,
    pictures_at_once,
)
from pipelines.inference.network import Network


@dataclass(frozen=True)
class FramedInput:
    """A picture in a network's frame."""

    picture: Picture
    placement: Placement
    frame: U8  # RGB (H, W, 3), of the network's size

    @property
    def scale(self) -> float:
        """How many times larger the picture is than the network sees it."""
        rows, columns = self.placement.roi(self.picture.rgb.shape)
        longer = max(rows.stop - rows.start, columns.stop - columns.start)
        return float(max(self.picture.height, self.picture.width) / longer)


@dataclass(frozen=True)
class TranslateTask:
    """The work on pictures: decode, frame, translate together, bring back to size, encode."""

    source: ModelSource
    device: str = "auto"
    chosen_batch_size: int | None = None  # None: 8 on a CPU, 32 on a GPU
    runs_in_threads: bool = True  # networks are large and let go of Python's lock: threads share them

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` in, the translated one out: PNG, RGB, or RGBA where the picture has alpha; `rng` is not used."""
        return self.run_batch([Input(files, rng)])[0]

    @property
    def batch_size(self) -> int:
        """How many pictures are translated together."""
        return self.chosen_batch_size or pictures_at_once(self.device)

    @property
    def settings(self) -> dict[str, Any]:
        """What results depend on: neither where a checkpoint lies, nor where and how many at once it runs."""
        source = self.source
        precision = {} if source.precision == "fp32" else {"precision": source.precision}
        return {"model": source.model, "params": plain(source.params), "weights": source.weights, **precision}

    def prepare(self, workers: int | None) -> tuple[Self, int | None]:
        """With the device that is meant; the network is loaded, which raises UsageError where it is damaged."""
        device = device_for([self.source], self.device)
        self.source.load(device)
        return replace(self, source=self.source.on(device), device=device), workers if device == "cpu" else 1

    def run_batch(self, inputs: Sequence[Input]) -> list[Produced]:
        """The same for several pictures; MethodError where the network gives values that are no numbers."""
        network = self.source.load(self.device)
        framed = [frame_input(decode_picture(files["picture"]), network.spec.frame_size) for files, _ in inputs]
        results = translate_pictures(network, framed)
        return [_produced(item, result, self.source.precision) for item, result in zip(framed, results, strict=True)]


def translate(
    inputs: Sequence[str],
    output: str | None,
    *,
    model: str,
    domain: str | None = None,
    device: str = "auto",
    engine: Literal["torch", "onnx"] = "torch",
    precision: AskedPrecision = "auto",
    batch_size: int | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Translate every picture in `inputs` into the folder (or file, or "-") `output` by a trained network.

    model: a run, checkpoint or FILE.onnx whose network reads pictures; domain: one of those that it learned, None: its
    first; precision: as of `colorize`. Raises UsageError before any work, for a model of line art too.
    """
    settings = batch or BatchSettings()
    sources = find_models([model], engine=engine, precision=precision, domain=domain)
    check_reads(sources, "pictures")
    task = TranslateTask(sources[0], device, batch_size)
    pictures, destination = find(inputs, output, settings)
    jobs = tuple(job_for(source, (destination.place(source.relative, ".png"),)) for source in pictures)
    plan = Plan("translate", jobs, destination.folder, task.settings, passed_over=pictures.passed_over)
    return run(plan, task, settings, observer=observer)


def frame_input(picture: Picture, size: tuple[int, int]) -> FramedInput:
    """A picture as datasets have it: whole, over white, its own ground or white around it, in a frame of `size` px."""
    foreground = find_foreground(picture)
    shape = picture.rgb.shape
    placement = place_in_frame(Framing(size), shape, foreground)
    rows, columns = placement.roi(shape)
    small = resized(picture.over_white(), (columns.stop - columns.start, rows.stop - rows.start))
    return FramedInput(picture, placement, placement.paste(small, shape, foreground.background or (255, 255, 255)))


def translate_pictures(network: Network, framed: Sequence[FramedInput]) -> list[U8]:
    """What a network makes of pictures, all of them together: RGB (H, W, 3), each at the size of its picture."""
    hints = np.zeros((*framed[0].frame.shape[:2], 4), np.uint8)
    inputs = np.stack([network.spec.encoding.encode(item.frame, hints) for item in framed])
    levels = np.rint(to_levels(network.run(inputs)[0])).astype(np.uint8)  # (B, H, W, 3)
    return [
        resized(
            np.ascontiguousarray(result[item.placement.roi(item.picture.rgb.shape)]),
            (item.picture.width, item.picture.height),
        )
        for item, result in zip(framed, levels, strict=True)
    ]


def _produced(item: FramedInput, result: U8, precision: str) -> Produced:
    alpha = item.picture.alpha
    encoded = encode_png(result if alpha is None else join_alpha(result, alpha), metadata=item.picture.metadata)
    return Produced((encoded,), facts={"scale": round(item.scale, 3), "computed_in": precision})
