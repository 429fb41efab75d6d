"""Finds files that earlier runs left in a dataset and that it no longer holds, and removes them when asked to.

Some are removed without being asked for: those that contradict what the dataset says now. They are the files of a
picture that is in another split now, and, in layouts that other programs read by folder or by pattern, whatever an
earlier run put where these look: nobody is to learn from a picture on which he is tested, nor twice from one.

Only files that an earlier manifest or the journal names, and that still have the content which these say, are ever
removed, and none that lies outside of the dataset's folder, by its path or through a link. Leftovers that stay are
remembered, since the next manifest no longer names them.
"""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pipelines.core.batch.journal import Journal
from pipelines.core.data.layout import Format, Row, files_of, is_inside
from pipelines.core.data.manifest import MANIFEST, write_rows
from pipelines.core.data.splits import SPLITS
from pipelines.core.files import STATE_FOLDER, fingerprint, sha256_of_file
from pipelines.core.json_text import parse_object

_LEFTOVERS = f"{STATE_FOLDER}/leftovers.jsonl"
_SHARD = re.compile(f"({'|'.join(SPLITS)})-[0-9]{{6,}}\\.tar")
_SIDES = {"own": ("",), "aligned": ("",), "unaligned": ("A", "B"), "webdataset": ()}  # of the folders of splits

_Fate = Literal["removed", "kept", "changed"]


@dataclass(frozen=True)
class Contents:
    """What a dataset holds now."""

    layout: Format
    files: AbstractSet[str]  # paths in its folder
    splits: Mapping[str, str]  # name of everything made from a picture -> its split


@dataclass(frozen=True)
class StaleFiles:
    """How many files earlier runs left: removed, still there, and changed by somebody since (also still there)."""

    removed: int = 0
    kept: int = 0
    changed: int = 0
    damaged: int = 0  # lines of the manifests before that cannot be read
    misleading: tuple[str, ...] = ()  # of those that are still there: paths which other programs would read as pairs

    def notes(self) -> list[str]:
        """What the user should know of them."""
        notes = []
        if self.removed:
            notes.append(f"{self.removed} files of earlier runs removed")
        if self.kept:
            notes.append(f"{self.kept} files of earlier runs are no longer part of the dataset: --prune removes them")
        if self.changed:
            notes.append(f"{self.changed} files of earlier runs were changed since and stay")
        if self.damaged:
            lines = "1 line" if self.damaged == 1 else f"{self.damaged} lines"
            notes.append(f"{lines} of the manifest before could not be read: files that only they name stay")
        return notes


@dataclass(frozen=True, slots=True)
class _StaleFile:
    """A file of an earlier run."""

    path: str
    digest: str | None = None  # sha256 that it had, where that is known
    name: str | None = None  # of everything made from its picture
    split: str | None = None
    superseded: bool = False  # the dataset holds the same file in another split


def clear_stale(folder: Path, contents: Contents, *, prune: bool) -> StaleFiles:
    """Deal with what the old manifest and the journal name and the dataset no longer holds.

    Call it before a new manifest is written.
    """
    search = _StaleSearch(folder, contents)
    counts: Counter[_Fate] = Counter()
    leftovers: list[Row] = []
    misleading: list[str] = []
    for file in search.files():
        contradicts = search.contradicts(file)
        fate: _Fate = search.remove(file) if prune or contradicts else "kept"
        counts[fate] += 1
        if fate != "removed":
            leftovers.append({"path": file.path, "sha256": file.digest, "name": file.name, "split": file.split})
            if contradicts and contents.layout != "own" and not _is_hidden(file.path):
                misleading.append(file.path)
    if leftovers or (folder / _LEFTOVERS).exists():
        write_rows(folder, _LEFTOVERS, leftovers)
    return StaleFiles(counts["removed"], counts["kept"], counts["changed"], search.damaged, tuple(misleading))


class _StaleSearch:
    """Finds the files of earlier runs in a dataset's folder."""

    def __init__(self, folder: Path, contents: Contents) -> None:
        self.damaged = 0
        self._folder, self._contents, self._journal = folder, contents, Journal(folder)
        self._home = os.path.realpath(folder)

    def files(self) -> Iterator[_StaleFile]:
        """Each file once, those first of which most is known."""
        seen: set[str] = set()
        for find in (self._named, self._from_unfinished_runs, self._shards):
            for file in find():
                if is_inside(file.path) and file.path not in self._contents.files and file.path not in seen:
                    seen.add(file.path)
                    if self._is_there(file.path):
                        yield file

    def contradicts(self, file: _StaleFile) -> bool:
        """Whether a file says something else than the manifest does, to those who do not read it."""
        if self._contents.layout != "own" and not _is_hidden(file.path):
            return True
        return file.superseded or file.split != self._contents.splits.get(file.name or "", file.split)

    def remove(self, file: _StaleFile) -> _Fate:
        """Remove a file where it is ours; whether it was removed, kept, or changed by somebody."""
        place = self._folder / file.path
        try:
            if not self._is_ours(file):
                return "changed"
            place.unlink()
        except OSError:
            return "kept"
        with contextlib.suppress(OSError):  # the first folder that is not empty ends it
            for parent in PurePosixPath(file.path).parents[:-1]:
                (self._folder / parent).rmdir()
        return "removed"

    def _is_ours(self, file: _StaleFile) -> bool:
        """Whether it has the content that an earlier run gave it; raises OSError."""
        digest = sha256_of_file(self._folder / file.path)
        if digest == file.digest:
            return True
        twin = self._twin(file.path)  # an unfinished run may have made it anew
        if twin is not None and digest == sha256_of_file(self._folder / twin):
            return True
        entry = self._journal.get(file.path)
        return entry is not None and fingerprint((self._folder / file.path).read_bytes()) in entry.output_digests

    def _is_there(self, path: str) -> bool:
        """Whether there is such a file, and in the folder itself, not behind a link in it."""
        place = os.path.join(self._home, *path.split("/"))
        try:
            return os.path.realpath(place) == place and Path(place).is_file()
        except OSError:  # such as a name that is too long
            return False

    def _named(self) -> Iterator[_StaleFile]:
        """What the old manifest, and the leftovers of before, name."""
        for row in self._rows(MANIFEST):
            try:
                files = [*files_of(row)]
                digests, name, split = row["sha256"], str(row["name"]), str(row["split"])
                named = [_StaleFile(path, _text(digests.get(role)), name, split) for role, path in files]
            except (KeyError, TypeError, AttributeError):
                self.damaged += 1
                continue
            yield from [_StaleFile(row["shard"], None, name, split)] if "shard" in row else []
            yield from named
        for row in self._rows(_LEFTOVERS):
            digest, picture, of_split = (_text(row.get(key)) for key in ("sha256", "name", "split"))
            yield _StaleFile(row.get("path", ""), digest, picture, of_split)

    def _rows(self, file: str) -> Iterator[Row]:
        """The rows of a file that can be read, whatever became of the others."""
        path = self._folder / file
        if not path.exists():
            return
        try:
            with path.open("rb") as lines:
                for line in lines:
                    try:
                        row = parse_object(line)
                    except ValueError:
                        self.damaged += 1
                        continue
                    yield row
        except OSError:
            self.damaged += 1

    def _from_unfinished_runs(self) -> Iterator[_StaleFile]:
        """Files in another split that have the name of one of the dataset's: no manifest need name them."""
        for side in _SIDES[self._contents.layout]:
            for split in SPLITS:
                for path in self._below(f"{split}{side}"):
                    if path not in self._contents.files and self._twin(path) is not None:
                        yield _StaleFile(path, split=split, superseded=True)

    def _below(self, start: str) -> Iterator[str]:
        """The pictures below a folder, linked folders aside, as paths in the dataset's folder."""
        for place, _, names in os.walk(os.path.join(self._home, start)):
            parent = os.path.relpath(place, self._home).replace(os.sep, "/")
            yield from (f"{parent}/{name}" for name in names if name.endswith(".png"))

    def _twin(self, path: str) -> str | None:
        """The dataset's own file, in another split, that is the same but for its split."""
        split = next((split for split in SPLITS if re.match(f"{split}[AB]?/", path)), "")
        others = (f"{other}{path[len(split) :]}" for other in SPLITS if split and other != split)
        return next((other for other in others if other in self._contents.files), None)

    def _shards(self) -> Iterator[_StaleFile]:
        """Shards that the dataset does not hold, whichever run they are of."""
        if self._contents.layout == "webdataset":
            for path in sorted(place.name for place in Path(self._home).iterdir()):
                if _SHARD.fullmatch(path):
                    yield _StaleFile(path)


def _is_hidden(path: str) -> bool:
    return path.startswith(f"{STATE_FOLDER}/")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
