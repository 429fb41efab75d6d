"""Which pictures a command works on: files, folders, globs and lists, each with the relative path its output keeps."""

import contextlib
import fnmatch
import glob
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.core.batch.journal import files_beside
from pipelines.core.errors import ColorizeError, NothingMatchedError, UsageError
from pipelines.core.files import STATE_FOLDER, show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

_AUXILIARY = ".colorize-cli-beside"  # a file in folders of pictures that are no results, such as panels


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
    listed: Sequence[str] | None = None,
    root: Path | None = None,
    exclude: Sequence[Path] = (),
) -> list[Source]:
    """All pictures that `inputs` name, in natural order, each once.

    An input is a file, a folder, a glob pattern (quoted, so that it is expanded here) or "-" for standard input.
    `listed` are paths read from a list: a relative one keeps its folders in the output, below `root` where it is given.
    Pictures below the folders `exclude` (the output, hints) are not taken. Raises UsageError for a path that does not
    exist and NothingMatchedError where no picture is left.
    """
    selection = selection or Selection()
    excluded = frozenset(os.path.realpath(folder) for folder in exclude)
    candidates = itertools.chain(
        *[_expand(text, recursive=selection.recursive, excluded=excluded) for text in inputs],
        *[_expand_listed(text, root, recursive=selection.recursive, excluded=excluded) for text in listed or ()],
    )
    sources: dict[str, Source] = {}
    for source in candidates:
        key = "-" if source.path is None else _real_name(source.path)
        if key not in sources and _is_selected(source.relative, selection):
            sources[key] = source
    if not sources:
        raise NothingMatchedError(
            f"no picture found in {', '.join(map(show_path, inputs)) or 'the list'}",
            hint="Name a folder, a file or a quoted pattern such as 'art/**/*.png'",
        )
    in_order = sorted(sources.values(), key=lambda source: natural_key(str(source.relative)))
    return in_order[: selection.limit]


class CompanionFiles:
    """Files that belong to inputs: one file for all, or a folder in which they are found by relative path."""

    def __init__(self, place: Path, option: str) -> None:
        """`option` is the option's name for messages; raises UsageError where `place` does not exist."""
        if not place.exists():
            raise UsageError(f"{show_path(place)} does not exist", hint=f"Check {option}")
        self.place, self.option = place, option
        self.single = not place.is_dir()
        self._by_stem: dict[PurePosixPath, Path] = {}  # relative path without suffix -> file
        self._ambiguous: dict[PurePosixPath, Path] = {}  # the same of another file with that name
        self._used: set[PurePosixPath] = set()  # stems that inputs have asked for
        if not self.single:
            self._index()

    def _index(self) -> None:
        for path in sorted(walk(self.place, recursive=True, with_beside=True), key=lambda path: natural_key(str(path))):
            if path == self.place:
                raise UsageError(f"the folder {show_path(self.place)} cannot be read", hint=f"Check {self.option}")
            stem = PurePosixPath(path.relative_to(self.place).as_posix()).with_suffix("")
            if self._by_stem.setdefault(stem, path) != path:
                self._ambiguous[stem] = path

    def of(self, relative: PurePosixPath) -> Path | None:
        """The companion of the input at `relative`: the one of the same relative path, whatever its suffix.

        Raises UsageError where two files could be meant.
        """
        stem = relative.with_suffix("")
        if stem in self._ambiguous:
            raise UsageError(
                f"{show_path(self._by_stem[stem])} and {show_path(self._ambiguous[stem])} have the same name",
                hint=f"Leave one of them in {self.option}",
            )
        self._used.add(stem)
        return self.place if self.single else self._by_stem.get(stem)

    def unused(self) -> list[Path]:
        """The files of the folder that no input has asked for."""
        return [path for stem, path in self._by_stem.items() if stem not in self._used]

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


def mark_auxiliary(folder: Path) -> None:
    """Mark a folder in an output folder as no results, such as of panels: it is read only where it is named itself.

    On a full disk, of which the pictures tell, it stays as it is.
    """
    with contextlib.suppress(OSError):
        if folder.is_dir():
            (folder / _AUXILIARY).touch()


def remove_if_empty(folder: Path) -> bool:
    """Remove a folder that holds nothing, but the mark of `mark_auxiliary`; whether it is gone."""
    try:
        if [path.name for path in folder.iterdir()] == [_AUXILIARY]:
            (folder / _AUXILIARY).unlink()
        folder.rmdir()
    except OSError:
        return False
    return True


def walk(
    folder: Path, *, recursive: bool, excluded: frozenset[str] = frozenset(), with_beside: bool = False
) -> Iterator[Path]:
    """Picture files below a folder, and the folder itself where it cannot be read.

    Names that begin with a dot, pipes and devices are passed over, linked folders are entered once, and folders whose
    real path is in `excluded` not at all; nor are folders below it that `mark_auxiliary` marked and, unless they are
    wanted (`with_beside`), hints, composites and the like that some run wrote there.
    """
    entered = {os.path.realpath(folder)}
    pending = [folder]
    beside: frozenset[str] = frozenset()
    while pending:
        current = pending.pop()
        entries = _entries(current)
        if entries is None:  # reading it like a picture will say what is wrong, as one row of the report
            yield current
            continue
        if not with_beside and current != folder and any(entry.name == STATE_FOLDER for entry in entries):
            beside |= files_beside(current)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not _is_folder(entry):
                is_picture = Path(entry.name).suffix.lower() in PICTURE_SUFFIXES and _is_file_or_link(entry)
                if is_picture and entry.path not in beside:
                    yield Path(entry.path)
            elif recursive and not (Path(entry.path) / _AUXILIARY).exists():
                real = os.path.realpath(entry.path)
                if real not in entered and real not in excluded:
                    entered.add(real)
                    pending.append(Path(entry.path))


def _expand_listed(text: str, root: Path | None, *, recursive: bool, excluded: frozenset[str]) -> Iterator[Source]:
    """A path of a list, a folder with all below it; what does not exist will fail as one input."""
    path = Path(text)
    relative = _relative_of_listed(path, root)
    if not os.path.isdir(path):
        yield Source(path, relative or PurePosixPath(path.name or "unnamed"))
        return
    for source in _below(path, path, recursive=recursive, excluded=excluded):
        yield Source(source.path, (relative or PurePosixPath()) / source.relative)


def _relative_of_listed(path: Path, root: Path | None) -> PurePosixPath | None:
    """The path below the root, or as it is written; None where it leads out of there."""
    if root is None:
        return None if path.is_absolute() or ".." in path.parts else PurePosixPath(path.as_posix())
    if not path.absolute().is_relative_to(root.absolute()):
        return None
    return PurePosixPath(path.absolute().relative_to(root.absolute()).as_posix())


def _real_name(path: Path) -> str:
    """The place of a file, with links resolved in its folders but not in itself: a link is a picture of its own."""
    return os.path.realpath(path.parent) + os.sep + path.name


def _expand(text: str, *, recursive: bool, excluded: frozenset[str]) -> Iterator[Source]:
    if not text:
        raise UsageError("an input is empty", hint="Check the variables in the command")
    if text == "-":
        yield Source(None, PurePosixPath("stdin"))
        return
    path = Path(text)
    if os.path.isdir(path):
        yield from _below(path, path, recursive=recursive, excluded=excluded)
    elif os.path.lexists(path):
        yield Source(path, PurePosixPath(path.name))
    elif glob.has_magic(text):
        yield from _from_glob(text, recursive=recursive, excluded=excluded)
    else:
        raise UsageError(f"{show_path(text)} does not exist", hint="Check the path and the permissions of its folders")


def _below(folder: Path, root: Path, *, recursive: bool, excluded: frozenset[str]) -> Iterator[Source]:
    for path in walk(folder, recursive=recursive, excluded=excluded):
        relative = path.relative_to(root) if path != root else Path(path.absolute().name or "unnamed")
        yield Source(path, PurePosixPath(relative.as_posix()))


def _from_glob(pattern: str, *, recursive: bool, excluded: frozenset[str]) -> Iterator[Source]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed]) if fixed else Path()
    above = os.path.join(os.path.realpath(root), "")
    excluded_folders = [os.path.join(folder, "") for folder in excluded]
    hidden = _BesideResults(root)
    for name in glob.iglob(pattern, recursive=True):
        path = Path(name)
        if any(
            os.path.realpath(path).startswith(folder) and not above.startswith(folder) for folder in excluded_folders
        ):
            continue
        if os.path.isdir(path):
            if "**" not in parts:
                yield from _below(path, root, recursive=recursive, excluded=excluded)
        elif path.suffix.lower() in PICTURE_SUFFIXES and not hidden(path):
            yield Source(path, PurePosixPath(path.relative_to(root).as_posix()))


class _BesideResults:
    """Tells which files below a folder no pattern means, as no walk finds them: what runs wrote beside results."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[Path, frozenset[str] | None] = {}  # folder -> files that are beside; None: all

    def __call__(self, path: Path) -> bool:
        beside = self._beside_in(path.parent)
        return beside is None or str(path) in beside

    def _beside_in(self, folder: Path) -> frozenset[str] | None:
        if folder == self._root or folder.parent == folder:
            return frozenset()
        if folder not in self._files:
            above = self._beside_in(folder.parent)
            is_marked = above is None or (folder / _AUXILIARY).exists()
            self._files[folder] = None if is_marked else (above or frozenset()) | files_beside(folder)
        return self._files[folder]


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


def _is_file_or_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() or entry.is_file()
    except OSError:
        return True


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
