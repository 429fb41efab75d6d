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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.core.files import STATE_FOLDER

Format = Literal["own", "aligned", "unaligned", "webdataset"]
Domain = Literal["composite", "lines"]
Row = dict[str, Any]
OWN_LINES = "own"


# where everything lies --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file that is made from a picture."""

    role: Literal["colour", "lines", "hints", "composite", "pair"]
    lines: str = ""  # LINES, where the file depends on it
    hints: str = ""  # HINTS, where the file depends on it

    @property
    def key(self) -> str:
        """The piece as rows name it, such as "composite/adaptive+kmedoids"."""
        return "/".join(part for part in (self.role, "+".join(filter(None, (self.lines, self.hints)))) if part)


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

    def pieces(self, lines: Sequence[str], hints: Sequence[str]) -> list[Artifact]:
        """The files of a picture that has these kinds of lines and hints, in the order in which they are made."""
        if self.layout in ("own", "webdataset"):
            both = [Artifact("composite", one, other) for one in lines for other in hints]
            return [
                Artifact("colour"),
                *(Artifact("lines", one) for one in lines),
                *(Artifact("hints", "", one) for one in hints),
                *both,
            ]
        inputs = self._inputs(lines, hints)
        if self.layout == "aligned":
            return [Artifact("pair", piece.lines, piece.hints) for piece in inputs]
        return [Artifact("colour"), *inputs]

    def file_of(self, piece: Artifact, split: str, name: str) -> str:
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
                pieces = [Artifact("colour"), Artifact("lines", one), Artifact("hints", "", other), piece]
            elif self.layout == "aligned":
                pieces = [Artifact("pair", one, other)]
            else:
                pieces = [piece, Artifact("colour")]
            files: Row = {item.role: self.file_of(item, split, name) for item in pieces}
            yield {"name": name, "split": split, "line_method": one, "hint_method": other or None, **files}

    def keys(self, row: Row) -> dict[str, str]:
        """The pieces' keys of a sample's files, by role."""
        both = {"lines": row["line_method"], "hints": row["hint_method"] or ""}
        pieces = {
            "colour": Artifact("colour"),
            "lines": Artifact("lines", both["lines"]),
            "hints": Artifact("hints", "", both["hints"]),
            "composite": Artifact("composite", both["lines"], both["hints"]),
            "pair": Artifact("pair", both["lines"], both["hints"]),
        }
        return {role: pieces[role].key for role in ROLES if role in row}

    def _inputs(self, lines: Sequence[str], hints: Sequence[str]) -> list[Artifact]:
        if self.domain == "lines" and self.layout in ("aligned", "unaligned"):
            return [Artifact("lines", one) for one in lines]
        return [Artifact("composite", one, other) for one in lines for other in hints]


ROLES = ("colour", "lines", "hints", "composite", "pair")


def row_file(name: str) -> str:
    """The hidden file, in the dataset's folder, that remembers what was made from a picture."""
    return f"{STATE_FOLDER}/rows/{name}.json"
