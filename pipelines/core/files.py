"""Names, digests and places of files, and the one writer that puts a finished file in its place."""

import hashlib
import os
import platform
import secrets
from collections.abc import Iterable
from pathlib import Path


def sha256(data: bytes) -> str:
    """The digest by which rows name a file's content: `sha256sum FILE` prints the same."""
    return hashlib.sha256(data).hexdigest()


STATE_FOLDER = ".colorize-cli"


def show_path(path: object) -> str:
    """A path on one line: control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in str(path))


def fingerprint(data: bytes) -> str:
    """A digest of one file's bytes."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def fingerprint_all(files: Iterable[tuple[str, bytes]]) -> str:
    """A digest of several files' names and bytes, in order."""
    whole = hashlib.blake2b(digest_size=12)
    for name, data in files:
        whole.update(f"{name}:{len(data)}:".encode())
        whole.update(data)
    return whole.hexdigest()


def scratch_folder(folder: Path) -> Path:
    """The folder of this process's unfinished files, inside the output folder's hidden state folder.

    Being on the same file system, a finished file is moved out of it in one step, and nobody ever sees half a file.
    """
    return folder / STATE_FOLDER / f"unfinished-{platform.node()}-{secrets.token_hex(4)}-{os.getpid()}"


def replace_file(path: Path, data: bytes, *, scratch: Path) -> None:
    """Write a file aside, in `scratch`, then move it to `path` in one step."""
    scratch.mkdir(parents=True, exist_ok=True)
    aside = scratch / f"{hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()}-{os.getpid()}"
    try:
        aside.write_bytes(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def sha256_of_file(path: Path) -> str:
    """The digest of a file, read a piece at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
