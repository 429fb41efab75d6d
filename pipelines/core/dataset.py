"""Declares how a dataset of pairs lies on disk, how it is split, and how it is read back.

    DATASET/dataset.json                              what this is, how it was made, what was counted
    DATASET/manifest.jsonl                            a line per sample
    DATASET/SPLIT/colour/NAME.png                     the target, RGB
    DATASET/SPLIT/lines/LINES/NAME.png                line drawing, 8-bit grey
    DATASET/SPLIT/hints/HINTS/NAME.png                hints, RGBA
    DATASET/SPLIT/composite/LINES+HINTS/NAME.png      hints painted on the line drawing, RGB

SPLIT is train, val, test or display; LINES is a line method, METHOD-PRESET, or "own" for the designer's line art; HINTS
is a hint method, METHOD-PRESET, with "-1", "-2" ... for further draws. A *sample* is one choice of LINES and HINTS for
one picture. Other layouts, made for other programs, hold the same in other places: `Place`.
"""

import contextlib
import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import ColorizeError, PictureError, SettingsError, UsageError
from pipelines.core.images import Picture, read_picture
from pipelines.core.inputs import STATE_FOLDER, show_path
from pipelines.core.state import scratch_folder

Bytes = NDArray[np.uint8]
Format = Literal["own", "aligned", "unaligned", "webdataset"]
Domain = Literal["composite", "lines"]
Row = dict[str, Any]

SPLITS = ("train", "val", "test", "display")
ABOUT, MANIFEST = "dataset.json", "manifest.jsonl"
KIND, VERSION = "colorize-cli dataset", 1
OWN_LINES = "own"

_SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
_SPLIT_NAMES |= {"test": "test", "testing": "test", "display": "display"}


# how it is split --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shares:
    """How much of the pictures goes to each split, in percent; the rest is for training."""

    val: float = 10.0
    test: float = 10.0
    display: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that are no shares."""
        shares = (self.val, self.test, self.display)
        if min(shares) < 0 or sum(shares) > 100:
            raise SettingsError(
                f"val {self.val:g}, test {self.test:g} and display {self.display:g} percent leave nothing to train on",
                hint="Give shares that add up to less than 100",
            )


def split_of(key: str, seed: int, shares: Shares) -> str:
    """The split of a picture: the same for the same key, seed and shares, whatever other pictures there are.

    The key's BLAKE2b digest is a number in [0, 100); test lies at the bottom, then val, and display at the top.
    """
    text = f"{seed}\n{unicodedata.normalize('NFC', key)}".encode("utf-8", "surrogateescape")
    number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / 2**64 * 100
    if number < shares.test:
        return "test"
    if number < shares.test + shares.val:
        return "val"
    return "display" if number >= 100 - shares.display else "train"


def split_named(text: str) -> str | None:
    """The split that a word or a path's folders name, such as "valid" or "train/hero"; None where they name none."""
    named = (_SPLIT_NAMES.get(part.lower()) for part in text.split("/"))
    return next((split for split in named if split), None)


# where everything lies --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """One file that is made from a picture."""

    role: Literal["colour", "lines", "hints", "composite", "pair"]
    lines: str = ""  # LINES, where the file depends on it
    hints: str = ""  # HINTS, where the file depends on it

    @property
    def key(self) -> str:
        """The piece as rows name it, such as "composite/adaptive+kmedoids"."""
        return "/".join(part for part in (self.role, "+".join(filter(None, (self.lines, self.hints)))) if part)


@dataclass(frozen=True)
class Place:
    """Which files a layout has for a picture and where they lie in the dataset's folder.

    own          as this module says
    aligned      SPLIT/NAME.png, the input A left of the target B, as pix2pix trainers read it
    unaligned    SPLITA/NAME.png and SPLITB/NAME.png, as CycleGAN trainers read it
    webdataset   SPLIT-000000.tar ..., packed from files in the own layout that are kept in the hidden state folder

    `domain` is what A is in the aligned and unaligned layouts. Where there are several samples of a picture, their
    names differ: NAME.LINES+HINTS.png.
    """

    layout: Format = "own"
    domain: Domain = "composite"
    several: bool = False

    def pieces(self, lines: Sequence[str], hints: Sequence[str]) -> list[Piece]:
        """The files of a picture that has these kinds of lines and hints, in the order in which they are made."""
        if self.layout in ("own", "webdataset"):
            both = [Piece("composite", one, other) for one in lines for other in hints]
            return [
                Piece("colour"),
                *(Piece("lines", one) for one in lines),
                *(Piece("hints", "", one) for one in hints),
                *both,
            ]
        inputs = self._inputs(lines, hints)
        if self.layout == "aligned":
            return [Piece("pair", piece.lines, piece.hints) for piece in inputs]
        return [Piece("colour"), *inputs]

    def file_of(self, piece: Piece, split: str, name: str) -> str:
        """A piece's path in the dataset's folder."""
        kind = "+".join(filter(None, (piece.lines, piece.hints)))
        if self.layout in ("own", "webdataset"):
            path = "/".join(filter(None, (split, piece.role, kind, f"{name}.png")))
            return path if self.layout == "own" else f"{STATE_FOLDER}/parts/{path}"
        side = {"aligned": "", "unaligned": "B" if piece.role == "colour" else "A"}[self.layout]
        return f"{split}{side}/{name}{f'.{kind}' if kind and self.several else ''}.png"

    def samples(self, split: str, name: str, lines: Sequence[str], hints: Sequence[str]) -> Iterator[Row]:
        """The beginnings of a picture's rows: name, split, kinds, and the files by role."""
        for piece in self._inputs(lines, hints):
            one, other = piece.lines, piece.hints
            if self.layout in ("own", "webdataset"):
                pieces = [Piece("colour"), Piece("lines", one), Piece("hints", "", other), piece]
            elif self.layout == "aligned":
                pieces = [Piece("pair", one, other)]
            else:
                pieces = [piece, Piece("colour")]
            files: Row = {item.role: self.file_of(item, split, name) for item in pieces}
            yield {"name": name, "split": split, "line_method": one, "hint_method": other or None, **files}

    def keys(self, row: Row) -> dict[str, str]:
        """The pieces' keys of a sample's files, by role."""
        both = {"lines": row["line_method"], "hints": row["hint_method"] or ""}
        pieces = {
            "colour": Piece("colour"),
            "lines": Piece("lines", both["lines"]),
            "hints": Piece("hints", "", both["hints"]),
            "composite": Piece("composite", both["lines"], both["hints"]),
            "pair": Piece("pair", both["lines"], both["hints"]),
        }
        return {role: pieces[role].key for role in ROLES if role in row}

    def _inputs(self, lines: Sequence[str], hints: Sequence[str]) -> list[Piece]:
        if self.domain == "lines" and self.layout in ("aligned", "unaligned"):
            return [Piece("lines", one) for one in lines]
        return [Piece("composite", one, other) for one in lines for other in hints]


ROLES = ("colour", "lines", "hints", "composite", "pair")


def row_file(name: str) -> str:
    """The hidden file, in the dataset's folder, that remembers what was made from a picture."""
    return f"{STATE_FOLDER}/rows/{name}.json"


def sha256(data: bytes) -> str:
    """The digest by which rows name a file's content: `sha256sum FILE` prints the same."""
    return hashlib.sha256(data).hexdigest()


# written ----------------------------------------------------------------------------------------------------


def check_folder(folder: Path) -> None:
    """Refuse a folder whose manifest or description are somebody else's; raises UsageError."""
    for name in (ABOUT, MANIFEST):
        if (folder / name).exists() and not _is_ours(folder):
            raise UsageError(
                f"{show_path(folder / name)} is in the way: colorize-cli did not make it",
                hint="Give another folder after -o",
            )


def write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the description of a dataset: what the reader needs to know before it reads a line of the manifest."""
    text = json.dumps({"kind": KIND, "version": VERSION, **about}, indent=2)
    write_lines(folder, ABOUT, [f"{text}\n"])


def write_rows(folder: Path, file: str, rows: Iterable[Row]) -> None:
    """Write rows as JSON Lines, ASCII only so that any file name survives, to a file in the dataset's folder."""
    write_lines(folder, file, (json.dumps(row) + "\n" for row in rows))


def write_lines(folder: Path, file: str, lines: Iterable[str]) -> None:
    """Write a text line by line aside, then move it into place: nobody ever sees half of it, nor is all in memory."""
    path, scratch = folder / file, scratch_folder(folder)
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        aside = scratch / path.name
        with aside.open("w", encoding="ascii", newline="\n") as text:
            text.writelines(lines)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(aside, path)
    except OSError as error:
        raise ColorizeError(
            f"{show_path(path)} cannot be written: {(error.strerror or str(error)).lower()}",
            hint="Make room or mend its permissions, then run the same command again: it goes on where it was",
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def rows_of(folder: Path, file: str = MANIFEST) -> Iterator[Row]:
    """The rows of a dataset's manifest, or of another such file of its, one at a time; none where there is no file."""
    with contextlib.suppress(FileNotFoundError), (folder / file).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def files_of(row: Row) -> Iterator[tuple[str, str]]:
    """The files of a row, as (role, path in the dataset's folder); of a packed sample, those it was packed from."""
    if "shard" in row:
        kinds = [row["line_method"]], [row["hint_method"]]
        row = next(Place("webdataset").samples(row["split"], row["name"], *kinds))
    return ((role, row[role]) for role in ROLES if role in row)


# read -------------------------------------------------------------------------------------------------------


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
class Loaded:
    """A sample's pictures, all of one height and width."""

    colour: Bytes  # (H, W, 3), RGB, the target
    lines: Bytes  # (H, W), 0 = ink, 255 = paper
    hints: Bytes  # (H, W, 4), RGBA, alpha 0 = no hint
    composite: Bytes  # (H, W, 3), RGB, hints painted on the lines


@dataclass(frozen=True)
class Dataset:
    """A dataset that was read: what it says of itself and its samples by split, in the manifest's order."""

    folder: Path
    about: Mapping[str, Any]
    samples: Mapping[str, tuple[Sample, ...]]

    def load(self, sample: Sample) -> Loaded:
        """Read the files of a sample; PictureError, which names the file, where one is missing or damaged."""
        colour = self._rgb(sample.colour)
        lines = np.ascontiguousarray(self._rgb(sample.lines)[..., 0])
        hints = _read(self.folder / sample.hints).layer()
        composite = self._rgb(sample.composite)
        for array, path in ((lines, sample.lines), (hints, sample.hints), (composite, sample.composite)):
            if array.shape[:2] != colour.shape[:2]:
                raise PictureError(
                    f"{show_path(path)} is {array.shape[1]}x{array.shape[0]}, its picture "
                    f"{colour.shape[1]}x{colour.shape[0]}",
                    hint="Build the dataset again",
                )
        return Loaded(colour, lines, hints, composite)

    def _rgb(self, path: str) -> Bytes:
        return _read(self.folder / path).over_white()


def open_dataset(folder: str | os.PathLike[str]) -> Dataset:
    """Read the description and the manifest of a dataset in the own layout; pictures are read by `Dataset.load`.

    Raises UsageError for a folder that is no dataset, one that was not finished, one in a layout for other programs,
    and one without a single pair.
    """
    place = Path(folder)
    about = _about(place)
    samples: dict[str, list[Sample]] = {split: [] for split in SPLITS}
    for number, row in enumerate(_checked_rows(place), start=1):
        try:
            samples[row["split"]].append(Sample(**{name: row[name] for name in Sample.__slots__}))
        except (KeyError, TypeError) as error:
            raise _damaged(place, number) from error
    if not any(samples.values()):
        raise UsageError(f"{show_path(place)} has no pairs", hint="Build it from pictures: colorize-cli build-dataset")
    return Dataset(place, about, {split: tuple(found) for split, found in samples.items()})


def _about(folder: Path) -> dict[str, Any]:
    hint = "Build one: colorize-cli build-dataset PICTURES -o DATASET"
    if not folder.is_dir():
        raise UsageError(f"there is no folder {show_path(folder)}", hint=hint)
    if not _is_ours(folder):
        raise UsageError(f"{show_path(folder)} is no dataset: {ABOUT} is missing or of another kind", hint=hint)
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    if about.get("version") != VERSION:
        raise UsageError(f"{show_path(folder)} was made by another version", hint="Build it again")
    if not about.get("complete") or not (folder / MANIFEST).exists():
        raise UsageError(
            f"{show_path(folder)} is not finished", hint="Run its build-dataset command again: it goes on where it was"
        )
    if about.get("layout") != "own":
        raise UsageError(
            f"{show_path(folder)} has the layout '{about.get('layout')}', which is for other programs",
            hint="Build it without --layout",
        )
    return about


def _checked_rows(folder: Path) -> Iterator[Row]:
    read = 0
    try:
        for row in rows_of(folder):
            read += 1
            yield row
    except ValueError as error:
        raise _damaged(folder, read + 1) from error


def _damaged(folder: Path, number: int) -> UsageError:
    return UsageError(f"line {number} of {show_path(folder / MANIFEST)} is damaged", hint="Build the dataset again")


def _is_ours(folder: Path) -> bool:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and about.get("kind") == KIND


def _read(path: Path) -> Picture:
    try:
        return read_picture(path)
    except PictureError as error:
        raise PictureError(f"{show_path(path)}: {error.message}", hint=error.hint) from error
