"""What lies in a folder: pictures, what is passed over beside them, and folders that cannot be read."""

import contextlib
import glob
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipelines.core.batch.journal import files_beside
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import STATE_FOLDER, show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

POINTERS = "Git LFS pointers"
"""What is passed over that has a picture's name: a few lines of text that stand for the picture in a repository."""

NO_FILES = "pipes and devices"
"""What is passed over that has a picture's name and is no file, nor a link to one."""

_AUXILIARY = ".colorize-cli-beside"  # a file in folders of pictures that are no results, such as panels
_SYSTEM = "@eadir @tmp @recycle @recently-snapshot #recycle #snapshot __macosx $recycle.bin"
_SYSTEM_FOLDERS = frozenset((*_SYSTEM.split(), "system volume information"))  # thumbnails, bins, snapshots of servers
_UNREAD = (  # what painters and cameras keep pictures in and no command reads
    "psd psb svg svgz heic heif kra krz clip xcf ora ai eps pdf sai sai2 csp mdp procreate afphoto afdesign aseprite "
    "ase jxl exr hdr dng cr2 cr3 nef arw raf"
)
_UNREAD_SUFFIXES = frozenset(f".{suffix}" for suffix in _UNREAD.split())
_POINTER_START = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024  # a pointer is smaller, says its specification

PassOver = Callable[[Path, str], object]
"""Told of a file that is passed over, and of which kind it is, such as ".psd"."""


class FolderEntry(NamedTuple):
    """A picture file, or, with a problem, a folder whose content is not known."""

    path: Path
    problem: ColorizeError | None = None


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
    folder: Path,
    *,
    recursive: bool,
    excluded: frozenset[str] = frozenset(),
    with_beside: bool = False,
    pass_over: PassOver | None = None,
) -> Iterator[FolderEntry]:
    """Picture files below a folder, and with their problem the folders, itself too, that cannot be read.

    Names that begin with a dot, pipes, devices and links to them are passed over, and so are the folders of
    thumbnails, bins and snapshots that file servers keep; linked folders are entered once, and folders whose real path
    is in `excluded` not at all; nor are folders below it that `mark_auxiliary` marked and, unless they are wanted
    (`with_beside`), hints, composites and the like that some run wrote there. `pass_over` is told of files that are
    passed over although they hold pictures; Git LFS pointers are told from pictures only where it is given.
    """
    entered = {os.path.realpath(folder)}
    pending = [folder]
    beside: frozenset[str] = frozenset()
    while pending:
        current = pending.pop()
        try:
            entries = _entries(current)
        except OSError as error:
            yield FolderEntry(current, _unreadable(current, error))
            continue
        if current is not folder and any(entry.name == _AUXILIARY for entry in entries):
            continue
        if not with_beside and current is not folder and any(entry.name == STATE_FOLDER for entry in entries):
            beside |= files_beside(current)
        for entry in entries:
            if entry.name.startswith(".") or entry.path in beside:
                continue
            if not _is_folder(entry):
                kind = _kind_of_entry(entry, finds_pointers=pass_over is not None)
                if kind is None:
                    yield FolderEntry(Path(entry.path))
                elif kind and pass_over is not None:
                    pass_over(Path(entry.path), kind)
            elif recursive and entry.name.lower() not in _SYSTEM_FOLDERS:
                real = os.path.realpath(entry.path)
                if real not in entered and real not in excluded:
                    entered.add(real)
                    pending.append(Path(entry.path))


class BesideResults:
    """Tells which files below a folder no pattern means, as no walk finds them: what runs wrote beside results."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[Path, frozenset[str] | None] = {}  # folder -> files that are beside; None: all

    def __call__(self, path: Path) -> bool:
        """Whether a file is one of them."""
        beside = self._beside_in(path.parent)
        return beside is None or str(path) in beside

    def _beside_in(self, folder: Path) -> frozenset[str] | None:
        if folder == self._root or folder.parent == folder:
            return frozenset()
        if folder not in self._files:
            above = self._beside_in(folder.parent)
            is_marked = above is None or os.path.lexists(folder / _AUXILIARY)
            self._files[folder] = None if is_marked else (above or frozenset()) | files_beside(folder)
        return self._files[folder]


def unread_of_pattern(pattern: str, root: Path, excluded: frozenset[str]) -> Iterator[FolderEntry]:
    """The folders that a glob pattern would look into below its fixed part `root` and that cannot be read."""
    above, is_deep = str(Path(pattern).parent), "**" in Path(pattern).parts
    pending = [str(root)] if is_deep else list(glob.iglob(above)) if glob.has_magic(above) else [above]
    while pending:
        name = pending.pop()
        try:
            with os.scandir(name) as entries:
                if is_deep:
                    pending += [
                        entry.path
                        for entry in entries
                        if entry.is_dir(follow_symlinks=False)
                        and not entry.name.startswith(".")
                        and not is_system_folder(entry.name)
                    ]
        except (NotADirectoryError, FileNotFoundError):
            continue
        except OSError as error:
            if os.path.realpath(name) not in excluded:
                yield FolderEntry(Path(name), _unreadable(Path(name), error))


def is_system_folder(name: str) -> bool:
    """Whether a file server or a system keeps thumbnails, deleted files or snapshots in folders of this name."""
    return name.lower() in _SYSTEM_FOLDERS


def passed_over_note(passed_over: Mapping[str, int]) -> str:
    """How many files of which kinds were passed over, in one line with the way out; nothing for nothing."""
    if not passed_over:
        return ""
    kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(passed_over.items()))
    ways = ["git lfs pull fetches what pointers stand for"] * (POINTERS in passed_over)
    ways += ["save what should be read as PNG"] * any(kind.startswith(".") for kind in passed_over)
    return "; ".join([f"passed over: {kinds}", *ways])


def kind_of(path: Path, status: os.stat_result | None, *, finds_pointers: bool = True) -> str | None:
    """The kind as which a file that is no folder is passed over: "" for nothing worth telling, None: it is a picture.

    What cannot be looked at (status None) is what its name says, and reading it says what is wrong.
    """
    suffix = path.suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        return suffix if suffix in _UNREAD_SUFFIXES else ""
    if status is None:
        return None
    if not stat.S_ISREG(status.st_mode):
        return NO_FILES
    return POINTERS if finds_pointers and status.st_size < _POINTER_BYTES and _is_pointer(path) else None


def _kind_of_entry(entry: os.DirEntry[str], *, finds_pointers: bool) -> str | None:
    """The same of an entry, whose status is asked for only where its name does not tell."""
    suffix = Path(entry.name).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        return suffix if suffix in _UNREAD_SUFFIXES else ""
    try:
        if not finds_pointers and entry.is_file(follow_symlinks=False):
            return None
        status = entry.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size >= _POINTER_BYTES:  # as most are
            return None
        return kind_of(Path(entry.path), status, finds_pointers=finds_pointers)
    except OSError:  # such as a link to nothing: reading it will say so, as one row of the report
        return None


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_POINTER_START)) == _POINTER_START
    except OSError:
        return False


def _unreadable(folder: Path, error: OSError) -> ColorizeError:
    return UsageError(
        f"the folder cannot be read ({(error.strerror or type(error).__name__).lower()})",
        hint=f"Check its permissions, or leave it out: --exclude '{show_path(folder.name)}'",
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points at itself: reading it will say so, as one row of the report
        return False
