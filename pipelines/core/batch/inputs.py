"""Which pictures a command works on: files, folders, globs and lists, each with the relative path its output keeps."""

import fnmatch
import glob
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.core.batch.folders import (
    BesideResults,
    FolderEntry,
    is_system_folder,
    kind_of,
    passed_over_note,
    unread_of_pattern,
    walk,
)
from pipelines.core.errors import ColorizeError, NothingMatchedError, UsageError
from pipelines.core.files import show_path


@dataclass(frozen=True, slots=True)
class Source:
    """One input picture: where it lies (None = standard input) and the relative path that its output mirrors."""

    path: Path | None
    relative: PurePosixPath
    problem: ColorizeError | None = None  # why nothing can be made of it: it becomes a failed row of the report


class Sources(list[Source]):
    """The inputs of a run, and how many files of which kinds were passed over on the way, such as 2 of ".psd"."""

    def __init__(self, sources: Sequence[Source] = (), passed_over: Mapping[str, int] | None = None) -> None:
        super().__init__(sources)
        self.passed_over = dict(sorted((passed_over or {}).items()))


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
    listed: Sequence[str] | None = None,
    root: Path | None = None,
    exclude: Sequence[Path] = (),
) -> Sources:
    """All pictures that `inputs` name, in natural order, each once.

    An input is a file, a folder, a glob pattern (quoted, so that it is expanded here) or "-" for standard input.
    `listed` are paths read from a list: a relative one keeps its folders in the output, below `root` where it is given;
    one that is not below it has a problem. Pictures below the folders `exclude` (the output, hints) are not taken.
    Raises UsageError for a path that does not exist and NothingMatchedError where no picture is left.
    """
    search = _Search(selection or Selection(), frozenset(os.path.realpath(folder) for folder in exclude))
    for text in inputs:
        search.add(search.named(text))
    for text in listed or ():
        search.add(search.listed(text, root))
    if not search.sources:
        note = passed_over_note(search.passed_over).replace("passed", "Passed", 1)
        raise NothingMatchedError(
            f"no picture found in {', '.join(map(show_path, inputs)) or 'the list'}",
            hint=note or "Name a folder, a file or a quoted pattern such as 'art/**/*.png'",
        )
    in_order = sorted(search.sources.values(), key=lambda source: natural_key(str(source.relative)))
    return Sources(in_order[: search.selection.limit], search.passed_over)


class CompanionFiles:
    """Files that belong to inputs: one file for all, or a folder in which they are found by relative path."""

    def __init__(self, place: Path, option: str) -> None:
        """`option` is the option's name for messages; raises UsageError where `place` is neither file nor folder."""
        status = _status(place)
        if status is None:
            raise UsageError(f"{show_path(place)} does not exist", hint=f"Check {option}")
        if _is_device(status):
            raise UsageError(f"{show_path(place)} is a device, not a file", hint=f"Check {option}")
        self.place, self.option = place, option
        self.single = not stat.S_ISDIR(status.st_mode)
        self._by_stem: dict[PurePosixPath, Path] = {}  # relative path without suffix -> file
        self._ambiguous: dict[PurePosixPath, Path] = {}  # the same of another file with that name
        self._stem_of_form: dict[str, PurePosixPath] = {}  # composed name that is not ASCII -> relative path
        self._unread: dict[PurePosixPath, FolderEntry] = {}  # folders in it whose content is not known
        self._used: set[PurePosixPath] = set()  # stems that inputs have asked for
        if not self.single:
            self._index()

    def _index(self) -> None:
        entries = walk(self.place, recursive=True, with_beside=True)
        for entry in sorted(entries, key=lambda entry: natural_key(str(entry.path))):
            relative = PurePosixPath(entry.path.relative_to(self.place).as_posix())
            if entry.path == self.place:
                raise UsageError(f"the folder {show_path(self.place)} cannot be read", hint=f"Check {self.option}")
            if entry.problem is not None:
                self._unread[relative] = entry
                continue
            stem = relative.with_suffix("")
            if self._by_stem.setdefault(stem, entry.path) != entry.path:
                self._ambiguous[stem] = entry.path
            if not str(stem).isascii():
                self._stem_of_form.setdefault(_composed(stem), stem)

    def of(self, relative: PurePosixPath) -> Path | None:
        """The companion of the input at `relative`: the one of the same relative path, whatever its suffix.

        Names that differ only in Unicode form (NFC, NFD) are one name where nothing else matches. Where the companion
        may lie in a folder that cannot be read, it is that folder: reading it says what is wrong. Raises UsageError
        where two files could be meant.
        """
        stem = self._stem_of(relative.with_suffix(""))
        if stem in self._ambiguous:
            raise UsageError(
                f"{show_path(self._by_stem[stem])} and {show_path(self._ambiguous[stem])} have the same name",
                hint=f"Leave one of them in {self.option}",
            )
        self._used.add(stem)
        if self.single:
            return self.place
        return self._by_stem.get(stem) or (self._unread[stem].path if stem in self._unread else None)

    def _stem_of(self, stem: PurePosixPath) -> PurePosixPath:
        """The name in this folder that stands for an input's: as it is, in another form, or of a folder above it."""
        if stem in self._by_stem:
            return stem
        if self._stem_of_form and not str(stem).isascii():
            stem = self._stem_of_form.get(_composed(stem), stem)
        return next((folder for folder in stem.parents if folder in self._unread), stem) if self._unread else stem

    def unused(self) -> list[Path]:
        """The files of the folder that no input has asked for."""
        return [path for stem, path in self._by_stem.items() if stem not in self._used]

    def unread(self, *, unused: bool = False) -> list[tuple[PurePosixPath, FolderEntry]]:
        """The folders in it that cannot be read, by relative path; unused: of which no input has asked for anything."""
        return [(place, entry) for place, entry in self._unread.items() if not unused or place not in self._used]

    def missing(self, relative: PurePosixPath) -> ColorizeError:
        """The error that says that there is no companion for the input at `relative`."""
        name = show_path(relative.with_suffix(""))
        return UsageError(f"there is no picture '{name}' in {show_path(self.place)}", hint=f"Check {self.option}")

    def stems(self) -> list[PurePosixPath]:
        """The relative paths without suffix of all companions in the folder, in natural order."""
        return list(self._by_stem)

    def files(self) -> list[Path]:
        """The files of the folder, in the order of `stems`."""
        return list(self._by_stem.values())


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort key in which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", text)
    return [_number_key(part) if part.isdigit() and part.isascii() else (1, 0, part) for part in parts if part]


def _number_key(digits: str) -> tuple[int, int, str]:
    """Compares as the number does, without its leading zeros, however long it is."""
    significant = digits.lstrip("0")
    return (0, len(significant), significant)


class _Search:
    """Collects the pictures of a run, and counts what is passed over."""

    def __init__(self, selection: Selection, excluded: frozenset[str]) -> None:
        self.selection, self.excluded = selection, excluded
        self.sources: dict[str, Source] = {}  # by real name
        self.passed_over: Counter[str] = Counter()

    def add(self, sources: Iterator[Source]) -> None:
        """Take those that are selected, each once."""
        for source in sources:
            key = "-" if source.path is None else _real_name(source.path)
            if key not in self.sources and _is_selected(source.relative, self.selection):
                self.sources[key] = source

    def named(self, text: str) -> Iterator[Source]:
        """What an input of the command line means."""
        if not text:
            raise UsageError("an input is empty", hint="Check the variables in the command")
        if text == "-":
            if "-" in self.sources:
                raise UsageError("standard input is named twice and holds one picture", hint="Name files or folders")
            yield Source(None, PurePosixPath("stdin"))
            return
        path = Path(text)
        status = _status(path)
        if status is not None and stat.S_ISDIR(status.st_mode):
            yield from self._below(path)
        elif status is not None or os.path.lexists(path):
            is_device = status is not None and _is_device(status)
            yield Source(path, PurePosixPath(path.name), _no_file("device") if is_device else None)
        elif glob.has_magic(text):
            yield from self._from_glob(text)
        else:
            hint = "Check the path and the permissions of its folders"
            raise UsageError(f"{show_path(text)} does not exist", hint=hint)

    def listed(self, text: str, root: Path | None) -> Iterator[Source]:
        """A path of a list, a folder with all below it; what does not exist will fail as one input."""
        path = Path(text)
        name = PurePosixPath(path.name if path.name not in ("", "..") else "unnamed")
        relative = None if root is None and path.is_absolute() else _relative_below(path, root or Path())
        status = _status(path)
        if root is not None and relative is None:
            hint = "Leave it out of the list, or give a folder above it after --root"
            yield Source(path, name, UsageError(f"it is not below --root {show_path(root)}", hint=hint))
        elif status is not None and stat.S_ISDIR(status.st_mode):
            for source in self._below(path):
                yield Source(source.path, (relative or PurePosixPath()) / source.relative, source.problem)
        else:
            is_file = status is None or stat.S_ISREG(status.st_mode)
            place = relative if relative is not None and relative.name else name
            yield Source(path, place, None if is_file else _no_file("pipe or device"))

    def _below(self, folder: Path, root: Path | None = None) -> Iterator[Source]:
        """What lies below a folder, by its path below `root`, which is the folder itself where it is not given."""
        place = PurePosixPath() if root is None else _relative_below(folder, root) or PurePosixPath()

        def pass_over(path: Path, kind: str) -> None:
            self._pass_over(place / path.relative_to(folder).as_posix(), kind)

        entries = walk(folder, recursive=self.selection.recursive, excluded=self.excluded, pass_over=pass_over)
        for path, problem in entries:
            relative = place / path.relative_to(folder).as_posix()
            yield Source(path, relative if relative.name else PurePosixPath(path.absolute().name or "unnamed"), problem)

    def _pass_over(self, relative: PurePosixPath, kind: str) -> None:
        if kind and _is_selected(relative, self.selection):
            self.passed_over[kind] += 1

    def _from_glob(self, pattern: str) -> Iterator[Source]:
        parts = Path(pattern).parts
        fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
        root = Path(*parts[:fixed]) if fixed else Path()
        above = os.path.join(os.path.realpath(root), "")
        folders = [os.path.join(folder, "") for folder in self.excluded]
        folders = [folder for folder in folders if not above.startswith(folder)]
        for path, problem in unread_of_pattern(pattern, root, self.excluded):
            yield Source(path, _relative_below(path, root) or PurePosixPath(path.name or "unnamed"), problem)
        hidden = BesideResults(root)
        for name in glob.iglob(pattern, recursive=True):
            path = Path(name)
            status = _status(path)
            if any(map(is_system_folder, path.parts[fixed:])) and not any(map(is_system_folder, parts[fixed:])):
                continue
            if folders and os.path.realpath(path).startswith(tuple(folders)):
                continue
            if status is not None and stat.S_ISDIR(status.st_mode):
                if "**" not in parts:
                    yield from self._below(path, root)
                continue
            relative = _relative_below(path, root) or PurePosixPath(path.name)
            kind = kind_of(path, status)
            if kind is not None:
                self._pass_over(relative, kind)
            elif not hidden(path):
                yield Source(path, relative)


def _relative_below(path: Path, root: Path) -> PurePosixPath | None:
    """The path below `root`, `..` resolved as the system does; None where it leads out of there."""
    if path.is_relative_to(root) and ".." not in (inside := path.relative_to(root)).parts:
        return PurePosixPath(inside.as_posix())
    ways = [(path.absolute(), root.absolute())] if ".." not in path.parts else []
    ways.append((Path(_real_name(path)), Path(os.path.realpath(root))))
    below = (place.relative_to(folder) for place, folder in ways if place.is_relative_to(folder))
    return next((PurePosixPath(relative.as_posix()) for relative in below), None)


def _real_name(path: Path) -> str:
    """The place of a file, with links resolved in its folders but not in itself: a link is a picture of its own."""
    if path.name in ("", ".."):
        return os.path.realpath(path)
    return os.path.realpath(path.parent) + os.sep + path.name


def _composed(stem: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(stem))


def _status(path: Path) -> os.stat_result | None:
    """What a path leads to, None for nothing that can be reached."""
    try:
        return path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in it
        return None


def _is_device(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)


def _no_file(kind: str) -> ColorizeError:
    return UsageError(f"it is a {kind}, not a file", hint="Name a picture file")


def _is_selected(relative: PurePosixPath, selection: Selection) -> bool:
    if selection.include and not _matches(relative, selection.include):
        return False
    return not _matches(relative, selection.exclude)


def _matches(relative: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern matches the path, the name, or a folder above; `**/` matches no folder, too."""
    paths = [relative, *relative.parents[:-1]]
    candidates = {text for path in paths for text in (str(path), path.name)}
    forms = [form for pattern in patterns for form in (pattern.rstrip("/"), pattern.removeprefix("**/").rstrip("/"))]
    return any(fnmatch.fnmatch(text, form) for form in forms for text in candidates)
