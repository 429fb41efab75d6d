"""Stage: two folders of pictures, matched by name, blended as a painting program blends two layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from pipelines.core.batch.inputs import CompanionFiles, Selection
from pipelines.core.batch.plan import BatchSettings, Job, Plan, find, job_for, rows_of_unread
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MethodError, SettingsError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging import blend_modes
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.picture import Picture, decode_part, encode_png
from pipelines.core.registry import suggestion
from pipelines.core.settings import plain


@dataclass(frozen=True)
class BlendTask:
    """The task on one pair: decode, bring to one size, blend, encode."""

    mode: str
    opacity: float

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`base` and `top` in, the blended picture out: RGB, or RGBA where the base has alpha."""
        base, top = (decode_part(files, name) for name in ("base", "top"))
        below, above, warnings = _at_one_size(_array(base), _array(top))
        blended = blend_modes.blend(below, above, self.mode, opacity=self.opacity)
        return Produced((encode_png(blended, metadata=base.metadata),), warnings)


def blend(
    base: str,
    top: str,
    output: str | None,
    *,
    mode: str = "normal",
    opacity: float = 1.0,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Blend the pictures of `top` over those of the same name of `base` into the folder (or file, or "-") `output`.

    `base` and `top` are two folders or two files; pictures without a partner in either are reported as failed.
    Opacity, 0..1, is the top layer's. Raises SettingsError for an unknown mode and UsageError for unusable paths.
    """
    if mode not in blend_modes.MODES:
        raise SettingsError(f"there is no blend mode '{mode}'", hint=suggestion(mode, tuple(blend_modes.MODES)))
    settings, task = batch or BatchSettings(), BlendTask(mode, opacity)
    tops = CompanionFiles(Path(top), "--top")
    if not Path(base).exists():
        raise UsageError(f"{show_path(base)} does not exist", hint="Check --base")
    if tops.single == Path(base).is_dir():
        raise UsageError("one of --base and --top is a file, the other a folder", hint="Give two files or two folders")
    sources, destination = find([base], output, settings)
    jobs = []
    for source in sources:
        top_path = tops.of(source.relative)
        problem = None if top_path else tops.missing(source.relative)
        outputs, more = (destination.place(source.relative, ".png"),), [("top", top_path)] if top_path else []
        jobs.append(job_for(source, outputs, name="base", more=more, problem=problem))
    jobs += _jobs_without_base(base, tops, {source.relative.with_suffix("") for source in sources}, settings)
    jobs += rows_of_unread({"top": tops}, settings)
    plan = Plan("blend", tuple(jobs), destination.folder, plain(task), passed_over=sources.passed_over)
    return run(plan, task, settings, observer=observer)


def _jobs_without_base(
    base: str, tops: CompanionFiles, base_stems: set[PurePosixPath], settings: BatchSettings
) -> list[Job]:
    """A failed job for each top picture that no base picture of the whole folder asks for."""
    if tops.single or settings.selection != Selection():
        return []
    bases = CompanionFiles(Path(base), "--base")
    return [
        Job((("top", path),), (), stem, bases.missing(stem))
        for stem, path in zip(tops.stems(), tops.files(), strict=True)
        if stem not in base_stems and bases.of(stem) is None
    ]


def _array(picture: Picture) -> U8:
    return picture.rgb if picture.alpha is None else picture.layer()


def _at_one_size(base: U8, top: U8) -> tuple[U8, U8, tuple[str, ...]]:
    """Both pictures at the base's size; raises MethodError where that would stretch the top."""
    (height, width), (top_height, top_width) = base.shape[:2], top.shape[:2]
    if (height, width) == (top_height, top_width):
        return base, top, ()
    if not same_aspect((width, height), (top_width, top_height)):
        raise MethodError(
            f"base is {width}x{height}, top {top_width}x{top_height}: not the same shape",
            hint="Crop or pad one of them first",
        )
    method = cv2.INTER_AREA if top_width > width else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(top, (width, height), interpolation=method), np.uint8)
    return base, resized, (f"top was resized from {top_width}x{top_height} to {width}x{height}",)
