"""Finds pairs of coloured picture and line art in the ways in which people keep them.

    pictures   coloured pictures; line art of the same names in another folder, where one is given, or by a rule of
               names, in the same folders or another
    AB, BA     both side by side in one picture: A, the line art, on the left or on the right
    pairs      a corpus of two kinds of folders side by side: SET/color/NAME and SET/line/NAME, trainB/ and trainA/ ...

What does not match, a picture without partner or line art of another shape, is found before any work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from pipelines.core.batch.folders import walk
from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, natural_key
from pipelines.core.data.name_rules import NameRule, PartnersByName
from pipelines.core.errors import MethodError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.picture import Picture, decode_part, picture_size

InputLayout = Literal["pictures", "AB", "BA", "pairs"]

_COLOUR_FOLDERS = ("color", "colour", "colors", "colours", "b")
_LINE_FOLDERS = ("line", "lines", "lineart", "line_art", "line-art", "sketch", "sketches", "a")
_PHASES = ("train", "val", "test", "display")  # trainA and trainB, testA and testB ...
_NO_LINES = "no line art has its name"
_NO_PICTURE = "no coloured picture has its name"
_OTHER_SHAPE = "its line art has another shape"
_ODD_WIDTH = "an odd number of columns makes no two halves"
_NOT_READ = "the folder of line art cannot be read"
_NO_RULE = "its name fits neither pattern of --pair"
_NO_FOLDER = "its folder is neither of colour nor of lines"


@dataclass(frozen=True, slots=True)
class Pair:
    """One coloured picture and its line art."""

    name: PurePosixPath  # relative path of the picture; without its suffix, the name of everything made from it
    picture: Path
    lines: Path | None = None  # its own line art in a file of its own


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A picture that has no partner, or none that fits."""

    path: Path
    name: PurePosixPath
    kind: str  # in a few words, the same for all of a kind
    detail: str = ""

    @property
    def reason(self) -> str:
        """Why it does not match, in one sentence."""
        return f"{self.kind} ({self.detail})" if self.detail else self.kind


@dataclass
class PairingResult:
    """What was found: pairs in natural order, and what matches nothing."""

    pairs: list[Pair] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)

    def add(self, pair: Pair, place: str) -> None:
        """Take a pair; where its line art, looked for in `place`, is missing or of another shape, without it."""
        if pair.lines is None:
            self.mismatches.append(Mismatch(pair.picture, pair.name, _NO_LINES, f"looked for in {place}"))
            self.pairs.append(pair)
            return
        size, line_size = picture_size(pair.picture), picture_size(pair.lines)
        if size and line_size and not same_aspect(size, line_size):
            shapes = f"{line_size[0]}x{line_size[1]}, the picture {size[0]}x{size[1]}"
            self.mismatches.append(Mismatch(pair.picture, pair.name, _OTHER_SHAPE, shapes))
            pair = Pair(pair.name, pair.picture)
        self.pairs.append(pair)

    def limited(self, limit: int) -> "PairingResult":
        """The first pairs, and the mismatches among them."""
        pairs = self.pairs[:limit]
        paths = {pair.picture for pair in pairs}
        return PairingResult(pairs, [item for item in self.mismatches if item.path in paths])


def find_pairs(
    sources: Sequence[Source],
    reading: InputLayout,
    *,
    lines: Path | None = None,
    rule: NameRule | None = None,
    selection: Selection | None = None,
) -> PairingResult:
    """Match the pictures found with their line art, at most as many pairs as `selection` says.

    A mismatched picture keeps its place among the pairs, without line art, where it could still be used with lines
    that are extracted. `lines` is the folder of line art for "pictures", `rule` how line art and colour are called
    there. Raises UsageError for pictures from standard input and for `lines` or `rule` with another way of reading.
    """
    selection = selection or Selection()
    if any(source.path is None for source in sources):
        raise UsageError("a dataset is not made from standard input", hint="Name pictures or folders")
    for option, value in (("--lines", lines), ("--pair", rule)):
        if value is not None and reading != "pictures":
            raise UsageError(f"{option} and --read {reading} contradict each other", hint="Leave one of them out")
    if reading in ("AB", "BA"):
        result = _pair_halves(sources)
    elif reading == "pairs":
        result = _pair_corpus(sources)
    elif rule is not None:
        result = _pair_by_rule(sources, rule, lines, selection)
    else:
        result = _pair_by_name(sources, lines, selection)
    return result if selection.limit is None else result.limited(selection.limit)


def read_pair(files: Mapping[str, bytes], reading: InputLayout) -> tuple[Picture, Picture | None]:
    """Decode a picture and its own line art, None where it has none, from the files of a job.

    Raises PictureError for files that are no pictures, MethodError for line art that does not lie over the picture.
    """
    picture = decode_part(files, "picture")
    if reading in ("AB", "BA"):
        left, right = _halves(picture)
        return (right, left) if reading == "AB" else (left, right)
    if "lines" not in files:
        return picture, None
    lines = decode_part(files, "lines")
    if not same_aspect((picture.width, picture.height), (lines.width, lines.height)):
        raise MethodError(
            f"the line art is {lines.width}x{lines.height}, the picture {picture.width}x{picture.height}",
            hint="Give line art that lies over the picture",
        )
    return picture, lines


def _halves(picture: Picture) -> tuple[Picture, Picture]:
    half = picture.width // 2
    if picture.width % 2:
        raise MethodError(f"its {picture.width} columns cannot be two halves", hint="Check --read")

    def cut(columns: slice) -> Picture:
        alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[:, columns])
        return Picture(np.ascontiguousarray(picture.rgb[:, columns]), alpha)

    return cut(slice(0, half)), cut(slice(half, None))


def _pair_by_name(sources: Iterable[Source], folder: Path | None, selection: Selection) -> PairingResult:
    """Pairs of pictures and line art of the same names in `folder`, where there is one."""
    if folder is None:
        return PairingResult([Pair(source.relative, _path_of(source)) for source in sources])
    companions = CompanionFiles(folder, "--lines")
    if companions.single:
        raise UsageError(f"--lines {show_path(folder)} is one file", hint="Give a folder of line art, by name")
    result = PairingResult()
    for source in sources:
        result.add(Pair(source.relative, _path_of(source), companions.of(source.relative)), show_path(folder))
    if selection == Selection(recursive=selection.recursive):  # else the partner may have been left out on purpose
        for path in companions.unused():
            result.mismatches.append(Mismatch(path, PurePosixPath(path.relative_to(folder).as_posix()), _NO_PICTURE))
        for relative, entry in companions.unread(unused=True):
            result.mismatches.append(Mismatch(entry.path, relative, _NOT_READ))
    return result


def _pair_by_rule(
    sources: Sequence[Source], rule: NameRule, folder: Path | None, selection: Selection
) -> PairingResult:
    """Pairs of pictures and line art told apart by their names; those of pairs are what both have in common."""
    result = PairingResult()
    pictures: dict[str, tuple[PurePosixPath, Source]] = {}
    drawings: list[tuple[PurePosixPath, Source]] = []
    for source in sources:
        drawn, coloured = (
            rule.sides_of(source.relative) if folder is None else (None, rule.colour.match(source.relative))
        )
        if coloured is not None:
            pictures[str(source.path)] = (coloured, source)
        elif drawn is not None:
            drawings.append((drawn, source))
        else:
            result.mismatches.append(Mismatch(_path_of(source), source.relative, _NO_RULE))
    if folder is not None:
        drawings = _drawings_below(folder, rule)
    partners = PartnersByName(drawings).of({key: common for key, (common, _) in pictures.items()})
    for key, (common, source) in pictures.items():
        own = partners.get(key)
        name = common.with_name(common.name + source.relative.suffix)
        place = f"names like '{rule.lines.text}'"
        result.add(Pair(name, _path_of(source), None if own is None else own.path), place)
    paired = {id(source) for source in partners.values()}
    if folder is None or selection == Selection(recursive=selection.recursive):
        unpaired = [source for _, source in drawings if id(source) not in paired]
        result.mismatches += [Mismatch(_path_of(source), source.relative, _NO_PICTURE) for source in unpaired]
    return result


def _drawings_below(folder: Path, rule: NameRule) -> list[tuple[PurePosixPath, Source]]:
    """The line art in a folder of its own, by what its names have in common with those of pictures."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {show_path(folder)}", hint="Check --lines")
    entries = sorted(walk(folder, recursive=True), key=lambda entry: natural_key(str(entry.path)))
    unread = next((entry.problem for entry in entries if entry.problem is not None), None)
    if unread is not None:  # which pictures have no partner is then not known
        raise unread
    sources = [Source(path, PurePosixPath(path.relative_to(folder).as_posix())) for path, _ in entries]
    named = [(rule.lines.match(source.relative), source) for source in sources]
    return [(common, source) for common, source in named if common is not None]


def _pair_halves(sources: Iterable[Source]) -> PairingResult:
    """Pairs that lie side by side in one picture."""
    result = PairingResult()
    for source in sources:
        path = _path_of(source)
        size = picture_size(path)
        if size is not None and size[0] % 2:
            result.mismatches.append(Mismatch(path, source.relative, _ODD_WIDTH, f"{size[0]} columns"))
        else:
            result.pairs.append(Pair(source.relative, path))
    return result


def _pair_corpus(sources: Sequence[Source]) -> PairingResult:
    """Pairs from folders of colour and folders of lines, side by side; the names of pairs leave these folders out."""
    result = PairingResult()
    companions: dict[Path, CompanionFiles | None] = {}  # folder of coloured pictures -> its line art
    paired: set[Path] = set()
    drawings: list[Source] = []
    for source in sources:
        path = _path_of(source)
        folder, role = _role_of(path, source.relative)
        if role == "lines":
            drawings.append(source)
        elif folder is None:
            result.mismatches.append(Mismatch(path, source.relative, _NO_FOLDER))
        else:
            if folder not in companions:
                companions[folder] = _line_folder(folder)
            line_files = companions[folder]
            own = line_files.of(PurePosixPath(path.absolute().relative_to(folder).as_posix())) if line_files else None
            if own is not None:
                paired.add(own.absolute())
            place = show_path(line_files.place if line_files else folder.parent / "line")
            result.add(Pair(_without_role(source.relative, path, folder), path, own), place)
    for drawing in drawings:
        if _path_of(drawing).absolute() not in paired:
            result.mismatches.append(Mismatch(_path_of(drawing), drawing.relative, _NO_PICTURE))
    result.pairs.sort(key=lambda pair: natural_key(str(pair.name)))
    return result


def _role_of(path: Path, relative: PurePosixPath) -> tuple[Path | None, Literal["colour", "lines", ""]]:
    """The nearest folder above a picture, up to the one that was given as input, that says what it holds."""
    for folder in list(path.absolute().parents)[: len(relative.parts)]:
        name = folder.name.lower()
        if _without_phase(name, "b") in _COLOUR_FOLDERS:
            return folder, "colour"
        if _without_phase(name, "a") in _LINE_FOLDERS:
            return folder, "lines"
    return None, ""


def _line_folder(colour: Path) -> CompanionFiles | None:
    """The folder of line art beside a folder of coloured pictures."""
    name = colour.name.lower()
    phase = next((phase for phase in _PHASES if name == f"{phase}b"), "")
    names = (f"{phase}a",) if phase or name == "b" else _LINE_FOLDERS[:-1]
    try:
        folders = [folder for folder in sorted(colour.parent.iterdir()) if folder.name.lower() in names]
        return next((CompanionFiles(folder, "--read pairs") for folder in folders if folder.is_dir()), None)
    except (OSError, UsageError):  # it cannot be read, which is a row of its own
        return None


def _without_phase(name: str, letter: str) -> str:
    """`b` for `trainb` and the letter b; any other name as it is."""
    return letter if name in {f"{phase}{letter}" for phase in _PHASES} else name


def _without_role(relative: PurePosixPath, path: Path, folder: Path) -> PurePosixPath:
    """The relative path without the folder that tells colour from lines; `trainB` leaves `train`."""
    inside = len(path.absolute().relative_to(folder).parts)
    parts = list(relative.parts)
    if len(parts) > inside:
        phase = folder.name[:-1].lower()
        parts[-inside - 1 : -inside] = [phase] if phase in _PHASES else []
    return PurePosixPath(*parts)


def _path_of(source: Source) -> Path:
    assert source.path is not None
    return source.path
