"""Which inputs a list of changed files touches: a drawing's own file, its hints, or something on which all depend."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.core.batch.plan import Job

_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")  # in names as git quotes them
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}


@dataclass(frozen=True)
class ChangedFiles:
    """A list of changed files, such as `git diff --name-only` prints, and what a run as a whole depends on."""

    paths: tuple[str, ...]  # as listed: from the working folder or the root of the checkout; deleted ones too
    decisive: tuple[str, ...] = ()  # files and folders that decide about every result, such as a palette

    def touched(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """Those of the jobs of which a file is in the list, in their order; all where a decisive file is.

        Of a file that is deleted it is not known whose partner it was: it touches every job of its name.
        """
        places = [place for path in self.paths for place in _places(path)]
        changed = {os.path.realpath(place) for place in places}
        if any(_is_below(place, decisive) for place in changed for decisive in map(os.path.realpath, self.decisive)):
            return tuple(jobs)
        deleted = {tail for place in places if not os.path.lexists(place) for tail in _tails(place)}
        return tuple(job for job in jobs if _is_touched(job, changed, deleted))


def _is_touched(job: Job, changed: set[str], deleted: set[PurePosixPath]) -> bool:
    reads = [path for _, path in job.reads]
    is_read = any(path is None or os.path.realpath(path) in changed for path in reads)
    return is_read or job.relative.with_suffix("") in deleted


def _places(path: str) -> Iterator[Path]:
    """Where a listed file may lie: below the working folder, and below the root of the checkout around it."""
    plain = Path(_unquoted(path))
    if "\0" in str(plain):  # which no file's name holds, but an escape may mean
        return
    yield plain.absolute()
    working = Path.cwd()
    root = next((folder for folder in (working, *working.parents) if (folder / ".git").exists()), None)
    if root is not None and root != working and not plain.is_absolute():
        yield root / plain


def _unquoted(path: str) -> str:
    """A name as it is, where git put it into quotes with escapes."""
    if len(path) < 2 or path[0] != '"' or path[-1] != '"':
        return path
    return os.fsdecode(_ESCAPED.sub(_letter, os.fsencode(path[1:-1])))


def _letter(match: re.Match[bytes]) -> bytes:
    text = match[1]
    return bytes([int(text, 8) & 255]) if len(text) == 3 else _LETTERS.get(text, text)


def _tails(path: Path) -> Iterator[PurePosixPath]:
    """Every relative path without suffix that a partner of this place could have."""
    parts = path.with_suffix("").parts
    return (PurePosixPath(*parts[at:]) for at in range(1, len(parts)))


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(place + os.sep)
