"""Mixes the line art of several methods: the samples of one picture are its kinds of lines, drawn by shares.

A mix is written KIND=SHARE,..., such as "own=.4,adaptive=.5,xdog:paintstorch=.1"; KIND is what `build-dataset` was
given as --line-method. An epoch then counts pictures, not samples.

Source: M. Yuan, E. Simo-Serra, "Line Art Colorization with Concatenated Spatial Attention", CVPR Workshops 2021
(several extractors, mixed at fixed shares); how it is written here is this project's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.core.data.manifest import Sample
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging.arrays import F64

_EXAMPLE = "own=.4,adaptive=.5,xdog:paintstorch=.1"
_ROUNDING = 1e-6  # by which the sum of shares may differ from 1


@dataclass(frozen=True)
class PictureSamples:
    """The samples of one picture, and how likely each is to be drawn."""

    numbers: tuple[int, ...]  # of the samples, in the order in which they were given
    chances: F64  # (n,), their sum is 1


@dataclass(frozen=True)
class MixedPictures:
    """Pictures with their samples, and what people should know of them."""

    pictures: tuple[PictureSamples, ...]
    notes: tuple[str, ...] = ()


def parse_line_mix(text: str) -> dict[str, float]:
    """The share of each kind of lines, as a manifest names it, from "KIND=SHARE,..."; {} from an empty text.

    Raises SettingsError for what is no such text, shares of 0 or less, and those that do not add up to 1.
    """
    shares: dict[str, float] = {}
    for part in filter(None, (item.strip() for item in text.split(","))):
        kind, equals, share = part.partition("=")
        label = kind.strip().replace(":", "-")
        try:
            value = float(share)
        except ValueError:
            value = 0.0
        if not equals or not label or not value > 0:
            raise SettingsError(f"'{part}' is no kind of lines with its share", hint=f"Write it like {_EXAMPLE}")
        if label in shares:
            raise SettingsError(f"the line mix names {label} twice", hint="Give each kind one share")
        shares[label] = value
    total = sum(shares.values())
    if shares and abs(total - 1) > _ROUNDING:
        raise SettingsError(f"the shares of the line mix add up to {total:g}, not to 1", hint=f"Such as {_EXAMPLE}")
    return shares


def single_samples(count: int) -> MixedPictures:
    """So many samples, each for itself."""
    return MixedPictures(tuple(PictureSamples((number,), np.ones(1)) for number in range(count)))


def mix_lines(samples: Sequence[tuple[int, Sample]], shares: Mapping[str, float]) -> MixedPictures:
    """Group samples, each with the number of its dataset, by picture, to be drawn by the shares of their lines.

    Where a picture lacks a kind, the shares of those that it has are raised in proportion; a picture with none of the
    kinds is left out. Several hint maps of one kind of lines share its chance.
    """
    groups: dict[tuple[int, str], list[int]] = {}
    for number, (dataset, sample) in enumerate(samples):
        groups.setdefault((dataset, sample.name), []).append(number)
    pictures, lacking, left_out = [], 0, 0
    for numbers in groups.values():
        kinds = [samples[number][1].line_method for number in numbers]
        weights = np.array([shares.get(kind, 0.0) / kinds.count(kind) for kind in kinds])
        if not weights.any():
            left_out += 1
            continue
        lacking += not set(shares) <= set(kinds)
        drawn = np.flatnonzero(weights)
        pictures.append(PictureSamples(tuple(numbers[at] for at in drawn), weights[drawn] / weights.sum()))
    return MixedPictures(tuple(pictures), _notes(len(groups), lacking, left_out, shares))


def check_kinds(samples: Iterable[Sample], shares: Mapping[str, float]) -> None:
    """Raise UsageError that names those that are there where a mix asks for a kind of lines that no sample has."""
    kinds = sorted({sample.line_method for sample in samples})
    missing = [kind for kind in shares if kind not in kinds]
    if kinds and missing:
        raise UsageError(
            f"the dataset has no lines of the kind {' or '.join(missing)}: it has {', '.join(kinds)}",
            hint=f"Mix those, or build it again with --line-method {missing[0].replace('-', ':', 1)}",
        )


def _notes(count: int, lacking: int, left_out: int, shares: Mapping[str, float]) -> tuple[str, ...]:
    notes = []
    if lacking:
        notes.append(f"{lacking} of {count} pictures lack a kind of the line mix: their other kinds take its share")
    if left_out:
        notes.append(f"{left_out} of {count} pictures have none of {', '.join(shares)}: they are left out")
    return tuple(notes)
