"""Finds files that earlier runs left in a dataset and that it no longer holds, and removes them when asked to.

Only files that an earlier manifest names, and that still have the content it says, are ever removed. Leftovers that
stay are remembered, since the next manifest no longer names them.
"""

import contextlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.core.batch.journal import Journal
from pipelines.core.data.layout import Row, files_of
from pipelines.core.data.manifest import read_rows, write_rows
from pipelines.core.files import STATE_FOLDER, fingerprint, sha256

_LEFTOVERS = f"{STATE_FOLDER}/leftovers.jsonl"


@dataclass(frozen=True)
class StaleFiles:
    """How many files earlier runs left: removed, still there, and changed by somebody since (also still there)."""

    removed: int = 0
    kept: int = 0
    changed: int = 0

    def notes(self) -> list[str]:
        """What the user should know of them."""
        notes = []
        if self.removed:
            notes.append(f"{self.removed} files of earlier runs removed")
        if self.kept:
            notes.append(f"{self.kept} files of earlier runs are no longer part of the dataset: --prune removes them")
        if self.changed:
            notes.append(f"{self.changed} files of earlier runs were changed since and stay")
        return notes


def clear_stale(folder: Path, current: Container[str], *, prune: bool) -> StaleFiles:
    """Deal with what the old manifest names and `current`, paths in the folder, does not hold.

    Call it before a new manifest is written.
    """
    counts = {"removed": 0, "kept": 0, "changed": 0}
    leftovers: list[Row] = []
    journal = Journal(folder)
    seen: set[str] = set()
    for path, digest in _named_files(folder):
        if path in current or path in seen or not (folder / path).is_file():
            continue
        seen.add(path)
        fate = _fate(folder, path, digest, journal, prune=prune)
        counts[fate] += 1
        if fate != "removed":
            leftovers.append({"path": path, "sha256": digest})
    if leftovers or (folder / _LEFTOVERS).exists():
        write_rows(folder, _LEFTOVERS, leftovers)
    return StaleFiles(**counts)


def _named_files(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Paths and digests that the old manifest, and the leftovers of before, name."""
    for row in read_rows(folder):
        if "shard" in row:
            yield row["shard"], None
        for role, path in files_of(row):
            yield path, row["sha256"][role]
    for row in read_rows(folder, _LEFTOVERS):
        yield row["path"], row["sha256"]


def _fate(folder: Path, path: str, digest: str | None, journal: Journal, *, prune: bool) -> str:
    """Remove a file where that is wanted and it is ours; whether it was removed, kept or (by somebody) changed."""
    if not prune:
        return "kept"
    data = (folder / path).read_bytes()
    entry = journal.get(path)
    is_ours = sha256(data) == digest if digest else entry is not None and fingerprint(data) in entry.output_digests
    if not is_ours:
        return "changed"
    (folder / path).unlink()
    with contextlib.suppress(OSError):  # the first folder that is not empty ends it
        for parent in PurePosixPath(path).parents[:-1]:
            (folder / parent).rmdir()
    return "removed"
