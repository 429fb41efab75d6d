"""Declares how a dataset of pairs lies on disk.

    DATASET/dataset.json                              what this is, how it was made, what was counted
    DATASET/manifest.jsonl                            a line per sample
    DATASET/SPLIT/colour/NAME.png                     the target, RGB
    DATASET/SPLIT/lines/LINES/NAME.png                line drawing, 8-bit grey
    DATASET/SPLIT/hints/HINTS/NAME.png                hints, RGBA
    DATASET/SPLIT/composite/LINES+HINTS/NAME.png      hints painted on the line drawing, RGB

SPLIT is train, val, test or display; LINES is a line method, METHOD-PRESET, or "own" for the designer's line art; HINTS
is a hint method, METHOD-PRESET, with "-1", "-2" ... for further draws. A *sample* is one choice of LINES and HINTS for
one picture. Where the input is no line art but a picture of another kind, such as a map, LINES is "picture": the
composite is that picture, the lines are its grey, and there are no hints. Other layouts, made for other programs, hold
the same in other places: `DatasetLayout`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from pipelines.core.files import STATE_FOLDER

Format = Literal["own", "aligned", "unaligned", "webdataset"]
Domain = Literal["composite", "lines"]
Role = Literal["colour", "lines", "hints", "composite", "pair"]
Row = dict[str, Any]
"""A line of a manifest."""

ROLES: tuple[Role, ...] = ("colour", "lines", "hints", "composite", "pair")
OWN_LINES = "own"
"""LINES of the designer's own line art."""

PICTURE_LINES = "picture"
"""LINES of pictures that are no line art, to be turned into others."""

InputKind = Literal["drawing", "picture"]
"""What the coloured pictures are made of: line art, or pictures of another kind."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file that is made from a picture."""

    role: Role
    lines: str = ""  # LINES, where the file depends on it
    hints: str = ""  # HINTS, where the file depends on it

    @property
    def kind(self) -> str:
        """LINES, HINTS or LINES+HINTS, as far as the file depends on them; empty where it does not."""
        return "+".join(filter(None, (self.lines, self.hints)))

    @property
    def key(self) -> str:
        """The artifact as records name it, such as "composite/adaptive+kmedoids"."""
        return "/".join(filter(None, (self.role, self.kind)))


@dataclass(frozen=True)
class DatasetLayout:
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

    def artifacts(self, lines: Sequence[str], hints: Sequence[str]) -> list[Artifact]:
        """The files of a picture that has these LINES and HINTS, in the order in which they are made."""
        inputs = self._inputs(lines, hints)
        if self.layout == "aligned":
            return [Artifact("pair", item.lines, item.hints) for item in inputs]
        if self.layout == "unaligned":
            return [Artifact("colour"), *inputs]
        drawings = [Artifact("lines", lines=label) for label in lines]
        return [Artifact("colour"), *drawings, *(Artifact("hints", hints=label) for label in hints), *inputs]

    def path_of(self, artifact: Artifact, split: str, name: str) -> str:
        """An artifact's path in the dataset's folder."""
        if self.layout in ("own", "webdataset"):
            path = "/".join(filter(None, (split, artifact.role, artifact.kind, f"{name}.png")))
            return path if self.layout == "own" else f"{STATE_FOLDER}/parts/{path}"
        side = {"aligned": "", "unaligned": "B" if artifact.role == "colour" else "A"}[self.layout]
        ending = f".{artifact.kind}" if artifact.kind and self.several else ""
        return f"{split}{side}/{name}{ending}.png"

    def sample_rows(self, split: str, name: str, lines: Sequence[str], hints: Sequence[str]) -> Iterator[Row]:
        """The beginnings of a picture's rows: name, split, LINES, HINTS, and the files by role."""
        for artifact in self._inputs(lines, hints):
            files: Row = {item.role: self.path_of(item, split, name) for item in self._sample(artifact)}
            kinds = {"line_method": artifact.lines, "hint_method": artifact.hints or None}
            yield {"name": name, "split": split, **kinds, **files}

    def keys_of(self, row: Row) -> dict[str, str]:
        """The keys of a sample's artifacts, by role."""
        lines, hints = row["line_method"], row["hint_method"] or ""
        artifacts = (
            Artifact("colour"),
            Artifact("lines", lines),
            Artifact("hints", hints=hints),
            Artifact("composite", lines, hints),
            Artifact("pair", lines, hints),
        )
        return {artifact.role: artifact.key for artifact in artifacts if artifact.role in row}

    def _inputs(self, lines: Sequence[str], hints: Sequence[str]) -> list[Artifact]:
        """What networks learn to colour: one artifact a sample."""
        if self.domain == "lines" and self.layout in ("aligned", "unaligned"):
            return [Artifact("lines", label) for label in lines]
        return [Artifact("composite", line_label, hint_label) for line_label in lines for hint_label in hints]

    def _sample(self, artifact: Artifact) -> list[Artifact]:
        """The artifacts of the sample whose input is `artifact`."""
        if self.layout == "aligned":
            return [Artifact("pair", artifact.lines, artifact.hints)]
        if self.layout == "unaligned":
            return [artifact, Artifact("colour")]
        parts = [Artifact("lines", artifact.lines), Artifact("hints", hints=artifact.hints)]
        return [Artifact("colour"), *parts, artifact]


def is_inside(path: object) -> bool:
    """Whether a path that a manifest names stays in the dataset's folder, written in the one way in which we write it.

    Folders that are links are another question: where files are removed, it is put to the disk.
    """
    if not isinstance(path, str) or any(part in ("", ".", "..") for part in path.split("/")):
        return False
    if os.name == "nt" and (PurePath(path).drive or "\\" in path):
        return False
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def record_path(name: str) -> str:
    """The hidden file, in the dataset's folder, that remembers what was made from a picture."""
    return f"{STATE_FOLDER}/rows/{name}.json"


def files_of(row: Row) -> Iterator[tuple[Role, str]]:
    """The files of a row, as (role, path in the dataset's folder); of a packed sample, those it was packed from."""
    if "shard" in row:
        labels = [row["line_method"]], [row["hint_method"]]
        row = next(DatasetLayout("webdataset").sample_rows(row["split"], row["name"], *labels))
    return ((role, row[role]) for role in ROLES if role in row)
