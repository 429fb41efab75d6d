"""Which pictures a command works on: files, folders, globs and lists, each with the relative path its output keeps."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.core.errors import ColorizeError, NothingMatchedError, UsageError
from pipelines.core.images import PICTURE_SUFFIXES

STATE_FOLDER = ".colorize-cli"


@dataclass(frozen=True, slots=True)
class Source:
    """One input picture: where it lies (None = standard input) and the relative path that its output mirrors."""

    path: Path | None
    relative: PurePosixPath


@dataclass(frozen=True)
class Selection:
    """Which of the pictures found are taken."""

    recursive: bool = True  # folders are walked to their leaves
    include: tuple[str, ...] = ()  # glob patterns on the relative path; empty = all
    exclude: tuple[str, ...] = ()  # glob patterns on the relative path
    limit: int | None = None  # at most so many, in natural order


def find_sources(
    inputs: Sequence[str],
    selection: Selection | None = None,
    *,
    listed: Sequence[str] = (),
    leave_out: Path | None = None,
) -> list[Source]:
    """All pictures that `inputs` name, in natural order, each once.

    An input is a file, a folder, a glob pattern (quoted, so that it is expanded here) or "-" for standard input.
    `listed` are paths of files read from a list: a relative one keeps its folders in the output, too.
    Pictures below the folder `leave_out` (the output) are not taken. Raises UsageError for a path that does not
    exist and NothingMatchedError where no picture is left.
    """
    chosen = selection or Selection()
    seen: set[str] = set()
    sources = []
    found = [_expand(text, recursive=chosen.recursive, leave_out=leave_out) for text in inputs]
    for candidates in (*found, [Source(Path(text), _relative_of_listed(text)) for text in listed]):
        for source in candidates:
            key = "-" if source.path is None else os.path.realpath(source.path)
            if key not in seen and _taken(source.relative, chosen):
                seen.add(key)
                sources.append(source)
    sources.sort(key=lambda source: natural_key(str(source.relative)))
    if not sources:
        raise NothingMatchedError(
            f"no picture found in {', '.join(map(show_path, inputs)) or 'the list'}",
            hint="Name a folder, a file or a quoted pattern such as 'art/**/*.png'",
        )
    return sources[: chosen.limit]


class Partners:
    """Files that belong to inputs: one file for all, or a folder in which they are found by relative path or name."""

    def __init__(self, place: Path, option: str) -> None:
        """`option` is the option's name for messages; raises UsageError where `place` does not exist."""
        if not place.exists():
            raise UsageError(f"{show_path(place)} does not exist", hint=f"Check {option}")
        self.place, self.option = place, option
        self.single = not place.is_dir()
        self._by_stem: dict[PurePosixPath, Path] = {}
        if not self.single:
            for path in sorted(walk(place, recursive=True, leave_out=None), key=lambda path: natural_key(str(path))):
                relative = PurePosixPath(path.relative_to(place).as_posix())
                self._by_stem.setdefault(relative.with_suffix(""), path)

    def of(self, relative: PurePosixPath) -> Path | None:
        """The partner of the input at `relative`: the one of the same relative path, whatever its suffix."""
        return self.place if self.single else self._by_stem.get(relative.with_suffix(""))

    def missing(self, relative: PurePosixPath) -> ColorizeError:
        """The error that says that there is no partner for the input at `relative`."""
        wanted = show_path(relative.with_suffix(""))
        return UsageError(f"there is no picture '{wanted}' in {show_path(self.place)}", hint=f"Check {self.option}")

    def stems(self) -> list[PurePosixPath]:
        """The relative paths without suffix of all partners in the folder, in natural order."""
        return list(self._by_stem)

    def files(self) -> list[Path]:
        """The files of the folder, in the order of `stems`."""
        return list(self._by_stem.values())


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key in which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in parts if part]


def show_path(path: object) -> str:
    """A path on one line: control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(path))


def walk(folder: Path, *, recursive: bool, leave_out: Path | None) -> Iterator[Path]:
    """Picture files below a folder; hidden names are passed over, linked folders are entered once."""
    entered = {os.path.realpath(folder)}
    hidden = os.path.realpath(leave_out) if leave_out else None
    pending = [folder]
    while pending:
        current = pending.pop()
        entries = _entries(current)
        if entries is None:  # reading it like a picture will say what is wrong, as one row of the report
            yield current
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not _is_folder(entry):
                if Path(entry.name).suffix.lower() in PICTURE_SUFFIXES:
                    yield Path(entry.path)
            elif recursive:
                real = os.path.realpath(entry.path)
                if real not in entered and real != hidden:
                    entered.add(real)
                    pending.append(Path(entry.path))


def _expand(text: str, *, recursive: bool, leave_out: Path | None) -> Iterator[Source]:
    if text == "-":
        yield Source(None, PurePosixPath("stdin"))
        return
    path = Path(text)
    if path.is_dir():
        yield from _below(path, path, recursive=recursive, leave_out=leave_out)
    elif os.path.lexists(path):
        yield Source(path, PurePosixPath(path.name))
    elif glob.has_magic(text):
        yield from _from_glob(text, recursive=recursive, leave_out=leave_out)
    else:
        raise UsageError(f"{show_path(text)} does not exist", hint="Check the path")


def _below(folder: Path, root: Path, *, recursive: bool, leave_out: Path | None) -> Iterator[Source]:
    for path in walk(folder, recursive=recursive, leave_out=leave_out):
        yield Source(path, PurePosixPath(path.relative_to(root).as_posix()))


def _from_glob(pattern: str, *, recursive: bool, leave_out: Path | None) -> Iterator[Source]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed]) if fixed else Path()
    hidden = os.path.realpath(leave_out) + os.sep if leave_out else None
    for name in glob.iglob(pattern, recursive=True):
        path = Path(name)
        if hidden and os.path.realpath(path).startswith(hidden):
            continue
        if path.is_dir():
            if "**" not in parts:
                yield from _below(path, root, recursive=recursive, leave_out=leave_out)
        elif path.suffix.lower() in PICTURE_SUFFIXES:
            yield Source(path, PurePosixPath(path.relative_to(root).as_posix()))


def _relative_of_listed(text: str) -> PurePosixPath:
    path = Path(text)
    return PurePosixPath(path.name if path.is_absolute() or ".." in path.parts else path.as_posix())


def _taken(relative: PurePosixPath, selection: Selection) -> bool:
    text = str(relative)
    if selection.include and not _matches(text, relative.name, selection.include):
        return False
    return not _matches(text, relative.name, selection.exclude)


def _matches(text: str, name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(text, pattern) or fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points at itself: reading it will say so, as one row of the report
        return False
