"""Writes and reads a dataset's description and manifest, and opens it to learn from.

The description, `dataset.json`, says whether the dataset is complete; the manifest has a line per sample.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core.data.layout import Row, is_inside
from pipelines.core.data.splits import SPLITS
from pipelines.core.errors import ColorizeError, PictureError, UsageError
from pipelines.core.files import STATE_FOLDER, replace_file, scratch_folder, show_path
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture, read_picture
from pipelines.core.json_text import parse_object

DESCRIPTION, MANIFEST = "dataset.json", "manifest.jsonl"
KIND, VERSION = "colorize-cli dataset", 1

_FILES = ("colour", "lines", "hints", "composite")
_LABELS = ("line_method", "hint_method")
_GREATEST_SIDE = 1 << 15  # px of a frame


def check_folder(folder: Path) -> None:
    """Refuse a folder whose manifest or description are somebody else's; raises UsageError.

    A description of ours that was damaged is written anew: what the builds before left in the state folder tells.
    """
    for name in (DESCRIPTION, MANIFEST):
        if (folder / name).exists() and not _may_be_replaced(folder):
            raise UsageError(
                f"{show_path(folder / name)} is in the way: colorize-cli did not make it",
                hint="Give another folder after -o",
            )


def write_description(folder: Path, description: Mapping[str, Any]) -> None:
    """Write the description of a dataset: what the reader needs to know before it reads a line of the manifest."""
    text = json.dumps({"kind": KIND, "version": VERSION, **description}, indent=2)
    write_lines(folder, DESCRIPTION, [f"{text}\n"])


def write_rows(folder: Path, file: str, rows: Iterable[Row]) -> None:
    """Write rows as JSON Lines, ASCII only so that any file name survives, to a file in the dataset's folder."""
    write_lines(folder, file, (json.dumps(row) + "\n" for row in rows))


def write_lines(folder: Path, file: str, lines: Iterable[str]) -> None:
    """Write a text line by line aside, then move it into place: nobody ever sees half of it, nor is all in memory."""
    path, scratch = folder / file, scratch_folder(folder)
    try:
        replace_file(path, lines, scratch=scratch)
    except OSError as error:
        raise ColorizeError(
            f"{show_path(path)} cannot be written: {(error.strerror or str(error)).lower()}",
            hint="Make room or mend its permissions, then run the same command again: it goes on where it was",
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_rows(folder: Path, file: str = MANIFEST) -> Iterator[Row]:
    """The rows of a dataset's manifest, or of another such file of its, one at a time; none where there is no file.

    Raises ValueError at the first line that is no JSON object, and OSError.
    """
    with contextlib.suppress(FileNotFoundError), (folder / file).open("rb") as lines:
        for line in lines:
            yield parse_object(line)


@dataclass(frozen=True, slots=True)
class Sample:
    """One pair to learn from: paths of its files, relative to the dataset's folder."""

    name: str
    line_method: str
    hint_method: str
    colour: str
    lines: str
    hints: str
    composite: str


@dataclass(frozen=True)
class SampleArrays:
    """A sample's pictures, all of one height and width."""

    colour: U8  # (H, W, 3), RGB, the target
    lines: U8  # (H, W), 0 = ink, 255 = paper
    hints: U8  # (H, W, 4), RGBA, alpha 0 = no hint
    composite: (
        U8 | None
    )  # (H, W, 3), RGB, hints painted on the lines, or the picture that is no line art; None: not read


@dataclass(frozen=True)
class Dataset:
    """A dataset that was read: what it says of itself and its samples by split, in the manifest's order."""

    folder: Path
    description: Mapping[str, Any]
    samples: Mapping[str, tuple[Sample, ...]]

    @property
    def has_pictures(self) -> bool:
        """Whether what is to be coloured is pictures that are no line art, such as maps: they are its composites."""
        return self.description.get("input") == "picture"

    @property
    def frame(self) -> tuple[int, int] | None:
        """Width and height of all its pictures, px; None where each has its own."""
        size = self.description.get("size")
        return (int(size[0]), int(size[1])) if size else None

    def load(self, sample: Sample, *, composite: bool = True) -> SampleArrays:
        """Read the files of a sample, that of the composite if it is wanted.

        Raises PictureError, which names the file, where one is missing, damaged or of another size than its picture.
        """
        colour = self._load_rgb(sample.colour)
        lines = np.ascontiguousarray(self._load_rgb(sample.lines)[..., 0])
        hints = _read_artifact(self.folder / sample.hints).layer()
        painted = self._load_rgb(sample.composite) if composite else None
        for array, path in ((lines, sample.lines), (hints, sample.hints), (painted, sample.composite)):
            if array is not None and array.shape[:2] != colour.shape[:2]:
                raise PictureError(
                    f"{show_path(path)} is {array.shape[1]}x{array.shape[0]}, its picture "
                    f"{colour.shape[1]}x{colour.shape[0]}",
                    hint="Build the dataset again",
                )
        return SampleArrays(colour, lines, hints, painted)

    def _load_rgb(self, path: str) -> U8:
        return _read_artifact(self.folder / path).over_white()


def open_dataset(folder: str | os.PathLike[str]) -> Dataset:
    """Read the description and the manifest of a dataset in the own layout; pictures are read by `Dataset.load`.

    Raises UsageError for a folder that is no dataset, one that was not finished, one in a layout for other programs,
    and one without a single pair.
    """
    home = Path(folder)
    description = _read_description(home)
    samples: dict[str, list[Sample]] = {split: [] for split in SPLITS}
    for number, row in enumerate(_read_checked_rows(home), start=1):
        try:
            samples[row["split"]].append(_sample(row))
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(home, number, str(error) if isinstance(error, ValueError) else "") from error
    if not any(samples.values()):
        raise UsageError(f"{show_path(home)} has no pairs", hint="Build it from pictures: colorize-cli build-dataset")
    return Dataset(home, description, {split: tuple(rows) for split, rows in samples.items()})


def _read_description(folder: Path) -> dict[str, Any]:
    hint = "Build one: colorize-cli build-dataset PICTURES -o DATASET"
    if not folder.is_dir():
        raise UsageError(f"there is no folder {show_path(folder)}", hint=hint)
    description = _parse_description(folder)
    if description is None or description.get("kind") != KIND:
        raise UsageError(f"{show_path(folder)} is no dataset: {DESCRIPTION} is missing or of another kind", hint=hint)
    if description.get("version") != VERSION:
        raise UsageError(f"{show_path(folder)} was made by another version", hint="Build it again")
    if not description.get("complete") or not (folder / MANIFEST).exists():
        raise UsageError(
            f"{show_path(folder)} is not finished", hint="Run its build-dataset command again: it goes on where it was"
        )
    if description.get("layout") != "own":
        raise UsageError(
            f"{show_path(folder)} has the layout {show_path(repr(description.get('layout')))[:40]}, which is for other "
            "programs",
            hint="Build it without --layout",
        )
    if not _is_size(description.get("size")):
        raise UsageError(
            f"in {show_path(folder / DESCRIPTION)} `size` is not [width, height] in px, nor null",
            hint="Run its build-dataset command again",
        )
    return description


def _is_size(size: object) -> bool:
    """Whether it is a frame's width and height, or None for pictures of sizes of their own."""
    if not isinstance(size, list):
        return size is None
    return len(size) == 2 and all(type(side) is int and 0 < side <= _GREATEST_SIDE for side in size)


def _read_checked_rows(folder: Path) -> Iterator[Row]:
    count = 0
    try:
        for row in read_rows(folder):
            count += 1
            yield row
    except ValueError as error:
        raise _damaged(folder, count + 1) from error
    except OSError as error:
        raise UsageError(
            f"{show_path(folder / MANIFEST)} cannot be read ({(error.strerror or str(error)).lower()})",
            hint="Mend its permissions, or build the dataset again",
        ) from error


def _sample(row: Row) -> Sample:
    """The sample of a row; raises KeyError, and ValueError with the reason where a value is not what it should be."""
    values = {name: row[name] for name in Sample.__slots__}
    for name, value in values.items():
        if not isinstance(value, str):
            raise ValueError(f"`{name}` is no text")
        if name in _FILES and not is_inside(value):
            raise ValueError(f"`{name}` leads out of the dataset")
        if name in _LABELS and not value.isprintable():
            raise ValueError(f"`{name}` holds characters that cannot be shown")
    return Sample(**values)


def _damaged(folder: Path, number: int, reason: str = "") -> UsageError:
    more = f": {reason}" if reason else ""
    return UsageError(
        f"line {number} of {show_path(folder / MANIFEST)} is damaged{more}", hint="Build the dataset again"
    )


def _may_be_replaced(folder: Path) -> bool:
    """Whether description and manifest are ours, or were, before they were damaged."""
    description = _parse_description(folder)
    if description is not None:
        return description.get("kind") == KIND
    return (folder / STATE_FOLDER / "rows").is_dir()


def _parse_description(folder: Path) -> dict[str, Any] | None:
    """What the description says; None where there is none, or none that can be read."""
    try:
        return parse_object((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return None


def _read_artifact(path: Path) -> Picture:
    if path.exists() and not path.is_file():
        raise PictureError(f"{show_path(path)} is no file", hint="Build the dataset again")
    try:
        return read_picture(path)
    except PictureError as error:
        raise PictureError(f"{show_path(path)}: {error.message}", hint=error.hint) from error
