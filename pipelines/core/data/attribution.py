"""Finds what is said of pictures beside them: licence, author, split, group, in a JSON file or a manifest.

For `art/hero.png` these are looked at, and the first that is there counts: `art/hero.json`, `art/hero.png.json`, then
a line for the picture in `manifest.jsonl` or `metadata.jsonl` in its folder or up to two folders above. A line belongs
to the picture whose path, from the manifest's folder, is one of the line's values, whatever the value is called.
"""

import json
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

Attribution = dict[str, Any]
"""The plain values of one picture's sidecar."""

MANIFESTS = ("manifest.jsonl", "metadata.jsonl")
_LEVELS = 3  # folders in which a manifest is looked for: the picture's own and two above
_MAX_TEXT = 2000  # characters of a text that is kept
_SYNONYMS = {"license": "licence", "artist": "author", "creator": "author", "licence_name": "licence"}


class Attributions:
    """What sidecars say of pictures; each manifest is indexed once and its lines are read when asked for."""

    def __init__(self) -> None:
        self.problems: list[str] = []  # sidecars that cannot be read, one sentence each
        self._line_spans: dict[Path, dict[str, tuple[int, int]]] = {}
        self._manifests_above = lru_cache(maxsize=1024)(_manifests_above)

    def of(self, picture: Path) -> Attribution:
        """The plain values (texts, numbers, true and false) of the picture's sidecar; empty where it has none."""
        for sidecar in (picture.with_suffix(".json"), picture.with_name(picture.name + ".json")):
            if sidecar.is_file():
                return self._parse(sidecar, _read(sidecar))
        for manifest in self._manifests_above(picture.parent):
            span = self._index(manifest).get(_relative(picture, manifest.parent))
            if span is not None:
                return self._parse(manifest, _read(manifest, *span))
        return {}

    def _index(self, manifest: Path) -> dict[str, tuple[int, int]]:
        """Of each picture that a manifest names: where its line begins and how long it is."""
        spans = self._line_spans.get(manifest)
        if spans is None:
            spans = {}
            with manifest.open("rb") as lines:
                start = 0
                for line in lines:
                    for path in _paths_in(line):
                        spans.setdefault(path, (start, len(line)))
                    start += len(line)
            self._line_spans[manifest] = spans
        return spans

    def _parse(self, sidecar: Path, data: bytes) -> Attribution:
        try:
            values = json.loads(data)
        except ValueError:
            values = None
        if isinstance(values, dict):
            return _plain(values)
        problem = f"{show_path(sidecar)} is no JSON object and says nothing of its picture"
        if problem not in self.problems:
            self.problems.append(problem)
        return {}


def _manifests_above(folder: Path) -> tuple[Path, ...]:
    """The manifests that may name pictures of a folder, the nearest first."""
    folders = [folder.absolute(), *folder.absolute().parents][:_LEVELS]
    return tuple(path / name for path in folders for name in MANIFESTS if (path / name).is_file())


def _plain(values: dict[str, Any]) -> Attribution:
    """The values that fit a line, with the usual names for licence and author."""
    kept: Attribution = {}
    for name, value in values.items():
        if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _MAX_TEXT):
            kept.setdefault(_SYNONYMS.get(name.lower(), name), value)
    return kept


def _paths_in(line: bytes) -> list[str]:
    try:
        values = json.loads(line)
    except ValueError:
        return []
    if not isinstance(values, dict):
        return []
    texts = [value for value in values.values() if isinstance(value, str)]
    return [str(PurePosixPath(text)) for text in texts if PurePosixPath(text).suffix.lower() in PICTURE_SUFFIXES]


def _relative(picture: Path, folder: Path) -> str:
    return picture.absolute().relative_to(folder).as_posix()


def _read(path: Path, start: int = 0, length: int | None = None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length if length is not None else -1)
