"""Names and digests of files, and the one place from which finished files and folders are moved into theirs.

Whatever is written is written aside first, under a hidden name on the same file system, and moved in one step: nobody
ever sees half a file, whenever a process is killed. No other module renames anything.
"""

import contextlib
import errno
import hashlib
import os
import platform
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

STATE_FOLDER = ".colorize-cli"
"""The hidden folder in an output folder that holds what runs remember and what is not finished yet."""

Content = bytes | Iterable[str] | Callable[[Path], object]
"""What a file is to hold: bytes, lines of text with their ends, or a function that writes it to a path."""

# names and digests


def show_path(path: object) -> str:
    """A path on one line: control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(path))


def show_text(text: object) -> str:
    """A text of any source on a screen: what would steer the screen, or cannot be seen or written, is escaped.

    Line feeds stay, and so do spaces of all scripts: what has to stay on one line goes through `show_path`.
    """
    return "".join(
        char if char.isprintable() or char == "\n" or _is_space(char) else show_path(char) for char in str(text)
    )


def _is_space(char: str) -> bool:
    """Whether a character is a space of some script, such as the wide one of Japanese names."""
    return unicodedata.category(char) == "Zs"


def fingerprint(data: bytes) -> str:
    """A digest of one file's bytes."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def fingerprint_all(files: Iterable[tuple[str, bytes]]) -> str:
    """A digest of several files' names and bytes, in order."""
    digest = hashlib.blake2b(digest_size=12)
    for name, data in files:
        digest.update(f"{name}:{len(data)}:".encode("utf-8", "surrogateescape"))  # names hold names of files
        digest.update(data)
    return digest.hexdigest()


def sha256(data: bytes) -> str:
    """The digest by which rows name a file's content: `sha256sum FILE` prints the same."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The same of a file, which need not fit in memory; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# files


def read_bounded(path: Path, most: int = 1 << 28) -> bytes:
    """The bytes of a file that is small by its nature; OSError where there are more than `most`, as in a device."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, "it is too large for such a file")
    return data


def unfinished_path(path: Path, scratch: Path | None = None) -> Path:
    """Where a file or folder is written before it takes its place at `path`.

    Beside it there is one name, so that the next writer replaces what a killed one left. In a folder `scratch`, into
    which files of many folders come, names are of one length and of one process.
    """
    if scratch is None:
        return path.with_name(f".{path.name}.writing")
    place = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
    return scratch / f".{place}-{os.getpid()}.writing"


def scratch_folder(folder: Path) -> Path:
    """The folder of this process's unfinished files, inside the output folder's hidden state folder.

    A name tells of which process on which machine it is, so that a later run can remove it where that was killed.
    """
    return folder / STATE_FOLDER / f"unfinished-{platform.node()}-{secrets.token_hex(4)}-{os.getpid()}"


def replace_file(path: Path, content: Content, *, scratch: Path | None = None) -> None:
    """Write a file aside, in `scratch` or else beside its place, then move it to `path` in one step.

    Folders that are missing are made. Raises OSError, and whatever `content` raises, with the old file still there and
    nothing left aside.
    """
    unfinished = unfinished_path(path, scratch)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.unlink(missing_ok=True)  # which might be a link, through which something else would be written
    try:
        _write(unfinished, content)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def check_replaceable(path: Path) -> None:
    """Find out, by writing an empty file aside, whether `replace_file` could write at `path`; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = unfinished_path(path)
    unfinished.unlink(missing_ok=True)
    unfinished.write_bytes(b"")
    unfinished.unlink()


def _write(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif callable(content):
        content(path)
    else:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(content)


# folders


def replace_folder(folder: Path, fill: Callable[[Path], object], *, last: str) -> None:
    """Have `fill` write a flat folder aside, then put it in the place of `folder`, whole or not at all.

    last: the file that `fill` writes last: where it is, the folder is whole. A folder cannot be replaced in one step:
    where a process is killed between the two that it takes, `recover_folder` ends its work. Raises OSError, and
    whatever `fill` raises, with nothing left aside.
    """
    recover_folder(folder, last=last)  # before anything aside is removed: it may be the only whole one
    unfinished = unfinished_path(folder)
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        fill(unfinished)
        for file in unfinished.iterdir():
            _flush(file)
        _swap(unfinished, folder, last=last)
    except Exception:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def recover_folder(folder: Path, *, last: str) -> None:
    """Finish a `replace_folder` of `folder` that a killed process left half done; nothing happens where none did."""
    if not folder.name:  # "." or "/"
        return
    unfinished, replaced = unfinished_path(folder), _replaced_path(folder)
    with contextlib.suppress(OSError):
        if not folder.exists() and replaced.is_dir():  # killed between the renames: what was written aside is whole
            (unfinished if (unfinished / last).is_file() else replaced).rename(folder)
        if folder.exists() and replaced.is_dir():
            shutil.rmtree(replaced, ignore_errors=True)


def _replaced_path(folder: Path) -> Path:
    """Where the old folder is while the new one takes its place."""
    return folder.with_name(f".{folder.name}.old")


def _swap(unfinished: Path, folder: Path, *, last: str) -> None:
    replaced = _replaced_path(folder)
    if folder.exists():
        folder.rename(replaced)
    try:
        unfinished.rename(folder)
    except FileNotFoundError:
        if not (folder / last).is_file():  # else somebody who reads it was faster: `recover_folder`
            raise
    shutil.rmtree(replaced, ignore_errors=True)


def _flush(path: Path) -> None:
    """Have the disk take a file before its folder is renamed, so that a power cut leaves no empty one."""
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())
