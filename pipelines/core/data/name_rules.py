"""Matches pictures with their line art by a rule of names, such as `{name}_color` and `{name}_line`.

A rule is two patterns, of the line art and of the coloured picture, in which `{name}` stands for what both have in
common. They are held against the end of the path without its suffix, folder by folder: `{name}_line` looks at a file's
name, and both lie in one folder then; `ink/{name}` at its folder, too. A pattern that ends in a suffix of pictures asks
for it. Capitals and Unicode forms make no difference, but where names differ in them alone, each goes with its own.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.core.batch.inputs import Source
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

_FIELD = "{name}"


@dataclass(frozen=True)
class NamePattern:
    """One side of a rule."""

    text: str

    def __post_init__(self) -> None:
        """Refuse patterns without `{name}`, and those that lead anywhere else."""
        parts = self.text.split("/")
        if self.text.count(_FIELD) != 1 or any(part in ("", ".", "..") for part in parts):
            raise SettingsError(
                f"'{show_path(self.text)}' is no pattern of names: {_FIELD} must stand in it once",
                hint=f"Write --pair '{_FIELD}_line' '{_FIELD}_color', first the line art, then the coloured picture",
            )

    def match(self, relative: PurePosixPath) -> PurePosixPath | None:
        """What both sides of a pair have in common, the folder above and the name; None for a path of another form."""
        asks_suffix = PurePosixPath(self.text).suffix.lower() in PICTURE_SUFFIXES
        path = relative if asks_suffix else relative.with_suffix("")
        count = self.text.count("/") + 1
        if len(path.parts) < count:
            return None
        found = self._expression().fullmatch(unicodedata.normalize("NFC", "/".join(path.parts[-count:])))
        return None if found is None else PurePosixPath(*path.parts[:-count], found[1])

    def _expression(self) -> re.Pattern[str]:
        before, after = (re.escape(unicodedata.normalize("NFC", part)) for part in self.text.split(_FIELD))
        return re.compile(f"{before}([^/]+){after}", re.IGNORECASE)


@dataclass(frozen=True)
class NameRule:
    """How line art and coloured pictures are called."""

    lines: NamePattern
    colour: NamePattern

    def __post_init__(self) -> None:
        """Refuse a rule that cannot tell the two apart."""
        if _folded(self.lines.text) == _folded(self.colour.text):
            raise SettingsError(
                f"--pair '{show_path(self.lines.text)}' twice tells no line art from colour",
                hint=f"Write --pair '{_FIELD}_line' '{_FIELD}_color', or give --lines DIR for line art of equal names",
            )

    def sides_of(self, relative: PurePosixPath) -> tuple[PurePosixPath | None, PurePosixPath | None]:
        """The common part of a path as line art and as a coloured picture; the pattern that says more goes first."""
        lines, colour = self.lines.match(relative), self.colour.match(relative)
        if lines is not None and colour is not None:
            return (lines, None) if len(self.lines.text) >= len(self.colour.text) else (None, colour)
        return lines, colour


class PartnersByName:
    """Line art by what its names have in common with those of coloured pictures."""

    def __init__(self, drawings: Iterable[tuple[PurePosixPath, Source]]) -> None:
        """Raises UsageError where two drawings have the same name, capitals included."""
        self._exact: dict[str, Source] = {}
        self._folded: dict[str, list[Source]] = {}
        for common, source in drawings:
            other = self._exact.setdefault(str(common), source)
            if other is not source:
                raise UsageError(
                    f"{show_path(other.path)} and {show_path(source.path)} are line art of one name",
                    hint="Leave one of them, or write a suffix in --pair, such as '{name}_line.png'",
                )
            self._folded.setdefault(_folded(str(common)), []).append(source)

    def of(self, names: Mapping[str, PurePosixPath]) -> dict[str, Source]:
        """The partner of each picture that has one; `names` are the common parts by whatever they are asked for.

        One of exactly its name goes first; else the only one whose name differs in capitals or Unicode form alone.
        """
        partners = {key: self._exact[str(common)] for key, common in names.items() if str(common) in self._exact}
        taken = {id(source) for source in partners.values()}
        for key, common in names.items():
            free = [source for source in self._folded.get(_folded(str(common)), []) if id(source) not in taken]
            if key not in partners and len(free) == 1:
                partners[key] = free[0]
                taken.add(id(free[0]))
        return partners


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
