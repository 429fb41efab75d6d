"""Chooses which pictures are worth learning from: no near-duplicates, not the least colourful ones.

Both compare a picture with the others, so all are measured before any is chosen: in parallel, and what was measured is
remembered in a small hidden file each, so that a second run measures only what changed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import StopReason
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.near_duplicates import BITS, PictureHash, find_duplicates, hash_from_json, picture_hash
from pipelines.core.data.pairing import InputLayout, Pair, read_pair
from pipelines.core.errors import SettingsError
from pipelines.core.files import STATE_FOLDER
from pipelines.core.imaging.colourfulness import colourfulness
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.framing import Foreground, find_foreground
from pipelines.core.imaging.picture import Picture
from pipelines.core.json_text import is_finite, parse_object

_SIDE = 256  # px, the longer side at which pictures are measured


@dataclass(frozen=True)
class Curation:
    """Which pictures are left out."""

    drop_duplicates: bool = False  # all but one of pictures that are nearly the same, or mirrored
    duplicate_bits: int = 6  # of the 256 bits of the perceptual hash, how many may differ in a duplicate
    duplicate_levels: float = 6.0  # 0..255, how much the coarse colours may differ on average in a duplicate
    drop_dull: float = 0.0  # percent of the pictures, the least colourful ones
    least_colourfulness: float = 0.0  # below which a picture is left out, whatever the others are

    def __post_init__(self) -> None:
        """Refuse shares and distances that make no sense."""
        if not 0 <= self.drop_dull < 100:
            raise SettingsError(f"{self.drop_dull:g} percent cannot be left out", hint="Use --drop-dull 0 to 99")
        if not 0 <= self.duplicate_bits <= BITS // 4:
            raise SettingsError(
                f"pictures that differ in {self.duplicate_bits} of {BITS} bits are not alike",
                hint=f"Use --duplicate-bits 0 to {BITS // 4}",
            )

    @property
    def needs_measures(self) -> bool:
        """Whether pictures have to be measured at all."""
        return self.drop_duplicates or self.drop_dull > 0 or self.least_colourfulness > 0


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """What one picture's choice depends on."""

    colourfulness: float
    pixels: int
    hash: PictureHash


@dataclass(frozen=True)
class PictureMeasureTask:
    """The task of the first pass: a picture in, a line of JSON out."""

    reading: InputLayout

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in, what `PictureMeasures` holds out."""
        picture, _ = read_pair(files, self.reading)
        hashed = picture_hash(picture.over_white())
        values = {
            "colourfulness": foreground_colourfulness(picture, find_foreground(picture)),
            "pixels": picture.width * picture.height,
            "hash": hashed.as_json(),
        }
        return Produced((json.dumps(values).encode(),))


@dataclass
class CurationResult:
    """What was left out: a reason for each index, and what the options did, in numbers and in words."""

    reasons: dict[int, str] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stopped_by: StopReason = ""  # the measuring

    def leave_out(self, reasons: Mapping[int, str], rule: str, count: object, note: str) -> None:
        """Take in what a rule leaves out."""
        self.reasons |= reasons
        self.counts[rule] = count
        self.notes.append(note)


def foreground_colourfulness(picture: Picture, foreground: Foreground) -> float:
    """The colourfulness of what is drawn, or of the whole picture where nothing tells it from its background."""
    small = fit(picture.over_white(), _SIDE)
    if foreground.mask is None or not foreground.mask.any():
        return round(colourfulness(small), 2)
    mask = fit(foreground.mask.astype(np.uint8) * 255, _SIDE) >= 128
    return round(colourfulness(small, mask if mask.any() else None), 2)


def curate(
    pairs: Sequence[Pair],
    curation: Curation,
    *,
    reading: InputLayout,
    folder: Path,
    settings: BatchSettings,
    attributions: Attributions | None = None,
) -> CurationResult:
    """Measure all pictures, where that is needed, and choose; `folder` is the dataset's, which remembers measures.

    attributions: what sidecars say of the pictures; of duplicates the one stays of which most is known.
    """
    if not curation.needs_measures:
        return CurationResult()
    if settings.dry_run:
        return CurationResult(notes=["a dry run measures nothing: no picture is left out for what it looks like"])
    measures, stopped_by = measure(pairs, reading, folder, settings)
    return replace(choose(pairs, measures, curation, attributions), stopped_by=stopped_by)


def measure(
    pairs: Sequence[Pair], reading: InputLayout, folder: Path, settings: BatchSettings
) -> tuple[list[PictureMeasures | None], StopReason]:
    """Measure every picture; None for one that cannot be read, of which the second pass will say why.

    Also returns what stopped it. Pictures and settings that did not change are not measured again, but where what was
    remembered of one is damaged.
    """
    home = folder / STATE_FOLDER / "measured"
    paths = [home / f"{pair.name}.json" for pair in pairs]
    jobs = tuple(Job((("picture", pair.picture),), (path,), pair.name) for pair, path in zip(pairs, paths, strict=True))
    every = replace(settings, fail_fast=False, overwrite=False)
    task = PictureMeasureTask(reading)
    report = run(Plan("measure", jobs, home, {"reading": reading}, trusting=False), task, every)
    outcomes = zip(paths, report.records, strict=True)
    measures = [_read_measures(path) if record.status != "failed" else None for path, record in outcomes]
    damaged = [index for index, path in enumerate(paths) if measures[index] is None and path.is_file()]
    if not damaged or report.stopped_by:
        return measures, report.stopped_by
    again = run(
        Plan("measure", tuple(jobs[index] for index in damaged), home, {"reading": reading}),
        task,
        replace(every, overwrite=True),
    )
    for index in damaged:
        measures[index] = _read_measures(paths[index])
    return measures, again.stopped_by


def choose(
    pairs: Sequence[Pair],
    measures: Sequence[PictureMeasures | None],
    curation: Curation,
    attributions: Attributions | None = None,
) -> CurationResult:
    """Leave out near-duplicates first, then the least colourful of what is left."""
    result = CurationResult()
    if curation.drop_duplicates:
        _leave_out_duplicates(result, pairs, measures, curation, attributions or Attributions())
    if curation.least_colourfulness > 0:
        _leave_out_below(result, measures, curation.least_colourfulness)
    if curation.drop_dull > 0:
        _leave_out_dullest(result, measures, curation.drop_dull)
    return result


def _leave_out_duplicates(
    result: CurationResult,
    pairs: Sequence[Pair],
    measures: Sequence[PictureMeasures | None],
    curation: Curation,
    attributions: Attributions,
) -> None:
    """Of several that one stays whose licence and author are known, else the largest, else the first by its name."""
    known = [_known_of(pair.picture, attributions) for pair in pairs]
    measured = [(index, item) for index, item in enumerate(measures) if item is not None]
    measured.sort(key=lambda entry: (-known[entry[0]], -entry[1].pixels, entry[0]))
    originals = find_duplicates(
        [item.hash for _, item in measured], max_bits=curation.duplicate_bits, max_levels=curation.duplicate_levels
    )
    order = [index for index, _ in measured]
    result.leave_out(
        {order[copy]: f"nearly the same as {pairs[order[original]].name}" for copy, original in originals.items()},
        "near_duplicates",
        len(originals),
        f"near-duplicates: {len(originals)} of {len(order)} pictures left out (at most {curation.duplicate_bits} of "
        f"{BITS} bits and {curation.duplicate_levels:g} levels apart)",
    )


def _known_of(picture: Path, attributions: Attributions) -> int:
    """How much is known of whose a picture is, the licence before the author."""
    attribution = attributions.of(picture)
    return 2 * bool(attribution.get("licence")) + bool(attribution.get("author"))


def _leave_out_below(result: CurationResult, measures: Sequence[PictureMeasures | None], least: float) -> None:
    dull = [index for index, value in _remaining(result, measures) if value < least]
    result.leave_out(
        dict.fromkeys(dull, f"its colourfulness is below {least:g}"),
        "below_least_colourfulness",
        len(dull),
        f"colourfulness below {least:g}: {len(dull)} pictures left out",
    )


def _leave_out_dullest(result: CurationResult, measures: Sequence[PictureMeasures | None], percent: float) -> None:
    remaining = sorted(_remaining(result, measures), key=lambda entry: (entry[1], entry[0]))
    dull = remaining[: round(len(remaining) * percent / 100)]
    greatest = dull[-1][1] if dull else None
    reach = "" if greatest is None else f", colourfulness up to {greatest:.1f}"
    result.leave_out(
        {index: f"among the {percent:g} % least colourful ({value:.1f})" for index, value in dull},
        "least_colourful",
        {"left_out": len(dull), "of": len(remaining), "greatest_colourfulness": greatest},
        f"least colourful {percent:g} %: {len(dull)} of {len(remaining)} pictures left out{reach}",
    )


def _remaining(result: CurationResult, measures: Sequence[PictureMeasures | None]) -> list[tuple[int, float]]:
    """(index, colourfulness) of the pictures that were measured and not left out yet."""
    remaining = ((index, item) for index, item in enumerate(measures) if index not in result.reasons)
    return [(index, item.colourfulness) for index, item in remaining if item is not None]


def _read_measures(path: Path) -> PictureMeasures | None:
    try:
        values = parse_object(path.read_bytes())
        measures = PictureMeasures(values["colourfulness"], values["pixels"], hash_from_json(values["hash"]))
    except (OSError, ValueError, KeyError, TypeError):  # not reached, or damaged
        return None
    is_sound = isinstance(measures.colourfulness, int | float) and isinstance(measures.pixels, int)
    return measures if is_sound and is_finite(measures.colourfulness) else None
