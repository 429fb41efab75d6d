"""Chooses which pictures are worth learning from: no near-duplicates, not the least colourful ones.

Both compare a picture with the others, so all are measured before any is chosen: in parallel, and what was measured is
remembered in a small hidden file each, so that a second run measures only what changed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.data.near_duplicates import BITS, PictureHash, duplicates, picture_hash
from pipelines.core.data.pairing import InputLayout, Pair, read_pair
from pipelines.core.errors import SettingsError
from pipelines.core.files import STATE_FOLDER
from pipelines.core.imaging.colourfulness import colourfulness
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.framing import Foreground, find_foreground
from pipelines.core.imaging.picture import Picture

Stop = Literal["", "failure", "interrupt", "termination"]

_SIDE = 256  # px, the longer side at which pictures are measured


@dataclass(frozen=True)
class Curation:
    """Which pictures are left out."""

    drop_duplicates: bool = False  # all but the largest of pictures that are nearly the same
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
    def wanted(self) -> bool:
        """Whether pictures have to be measured at all."""
        return self.drop_duplicates or self.drop_dull > 0 or self.least_colourfulness > 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one picture's choice depends on."""

    colourfulness: float
    pixels: int
    likeness: PictureHash


@dataclass(frozen=True)
class ColourMeasurement:
    """The work of the first pass: a picture in, a line of JSON out."""

    reading: InputLayout

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in, what `Measured` holds out."""
        picture, _ = read_pair(files, self.reading)
        figure = find_foreground(picture)
        seen = picture_hash(picture.over_white())
        values = {
            "colourfulness": measure_colour(picture, figure),
            "pixels": picture.width * picture.height,
            "bits": seen.bits.hex(),
            "colours": seen.colours.hex(),
        }
        return Produced((json.dumps(values).encode(),))


@dataclass
class Choice:
    """What was left out: a reason for each index, and what the options did, in numbers and in words."""

    reasons: dict[int, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def measure_colour(picture: Picture, figure: Foreground) -> float:
    """The colourfulness of what is drawn, or of the whole picture where nothing tells it from its ground."""
    small = fit(picture.over_white(), _SIDE)
    if figure.mask is None or not figure.mask.any():
        return round(colourfulness(small), 2)
    mask = fit(figure.mask.astype(np.uint8) * 255, _SIDE) >= 128
    return round(colourfulness(small, mask if mask.any() else None), 2)


def measure(
    pairs: Sequence[Pair], reading: InputLayout, folder: Path, settings: BatchSettings
) -> tuple[list[Measured | None], Stop]:
    """Measure every picture; None for one that cannot be read, of which the second pass will say why.

    Also returns what stopped it, empty where nothing did. Pictures and settings that did not change are not measured
    again.
    """
    home = folder / STATE_FOLDER / "measured"
    jobs = tuple(Job((("picture", pair.picture),), (home / f"{pair.name}.json",), pair.name) for pair in pairs)
    whole = replace(settings, fail_fast=False, overwrite=False)
    report = run(Plan("measure", jobs, home, {"reading": reading}), ColourMeasurement(reading), whole)
    records = zip(jobs, report.records, strict=True)
    return [_read(job.output) if record.status != "failed" else None for job, record in records], report.stopped_by


def choose(pairs: Sequence[Pair], measured: Sequence[Measured | None], curation: Curation) -> Choice:
    """Leave out near-duplicates first, then the least colourful of what is left."""
    choice = Choice()
    if curation.drop_duplicates:
        _leave_out_duplicates(choice, pairs, measured, curation)
    if curation.least_colourfulness > 0:
        _leave_out_below(choice, measured, curation.least_colourfulness)
    if curation.drop_dull > 0:
        _leave_out_dullest(choice, measured, curation.drop_dull)
    return choice


def _leave_out_duplicates(
    choice: Choice, pairs: Sequence[Pair], measured: Sequence[Measured | None], curation: Curation
) -> None:
    """The largest of several stays, of equally large ones the first in natural order."""
    known = [(item.pixels, index) for index, item in enumerate(measured) if item is not None]
    order = [index for _, index in sorted(known, key=lambda pair: (-pair[0], pair[1]))]
    prints = [item.likeness for item in (measured[index] for index in order) if item is not None]
    found = duplicates(prints, most_bits=curation.duplicate_bits, most_levels=curation.duplicate_levels)
    for later, earlier in found.items():
        choice.reasons[order[later]] = f"nearly the same as {pairs[order[earlier]].name}"
    choice.figures["near_duplicates"] = len(found)
    choice.notes.append(
        f"near-duplicates: {len(found)} of {len(order)} pictures left out (at most {curation.duplicate_bits} of "
        f"{BITS} bits and {curation.duplicate_levels:g} levels apart)"
    )


def _leave_out_below(choice: Choice, measured: Sequence[Measured | None], least: float) -> None:
    dull = [index for index, value in _left(choice, measured) if value < least]
    choice.reasons |= dict.fromkeys(dull, f"its colourfulness is below {least:g}")
    choice.figures["below_least_colourfulness"] = len(dull)
    choice.notes.append(f"colourfulness below {least:g}: {len(dull)} pictures left out")


def _leave_out_dullest(choice: Choice, measured: Sequence[Measured | None], percent: float) -> None:
    left = sorted(_left(choice, measured), key=lambda item: (item[1], item[0]))
    dull = left[: round(len(left) * percent / 100)]
    choice.reasons |= {index: f"among the {percent:g} % least colourful ({value:.1f})" for index, value in dull}
    cut = dull[-1][1] if dull else None
    choice.figures["least_colourful"] = {"left_out": len(dull), "of": len(left), "greatest_colourfulness": cut}
    reach = "" if cut is None else f", colourfulness up to {cut:.1f}"
    choice.notes.append(f"least colourful {percent:g} %: {len(dull)} of {len(left)} pictures left out{reach}")


def _left(choice: Choice, measured: Sequence[Measured | None]) -> list[tuple[int, float]]:
    """(index, colourfulness) of the pictures that were measured and not left out yet."""
    found = ((index, item) for index, item in enumerate(measured) if index not in choice.reasons)
    return [(index, item.colourfulness) for index, item in found if item is not None]


def _read(path: Path | None) -> Measured | None:
    try:
        values = json.loads(path.read_bytes()) if path is not None else None
    except (OSError, ValueError):  # not reached, or of a dry run
        return None
    if values is None:
        return None
    seen = PictureHash(bytes.fromhex(values["bits"]), bytes.fromhex(values["colours"]))
    return Measured(values["colourfulness"], values["pixels"], seen)
