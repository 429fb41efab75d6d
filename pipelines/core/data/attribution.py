"""Finds what is said of pictures beside them: licence, author, split, group, in a JSON file or a manifest.

For `art/hero.png` these are looked at, and the first that is there counts: `art/hero.json`, `art/hero.png.json`, then
a line for the picture in `manifest.jsonl` or `metadata.jsonl` in its folder or up to two folders above. A line belongs
to the picture whose path, from the manifest's folder, is one of the line's values, whatever the value is called.
A sidecar that cannot be read is named once and says nothing of its picture; the picture itself is none the worse.
"""

from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES
from pipelines.core.json_text import is_finite, parse_object

Attribution = dict[str, Any]
"""The plain values of one picture's sidecar."""

MANIFESTS = ("manifest.jsonl", "metadata.jsonl")
_LEVELS = 3  # folders in which a manifest is looked for: the picture's own and two above
_MAX_TEXT = 2000  # characters of a text that is kept
_MAX_BYTES = 16 << 20  # of a sidecar: more is no sidecar
_TEXTS = ("licence", "author")  # values that are texts, whatever they were written as
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
            if _is_file(sidecar):
                return self._read(sidecar)
        for manifest in self._manifests_above(picture.parent):
            span = self._index(manifest).get(_relative(picture, manifest.parent))
            if span is not None:
                return self._read(manifest, *span)
        return {}

    def _index(self, manifest: Path) -> dict[str, tuple[int, int]]:
        """Of each picture that a manifest names: where its line begins and how long it is."""
        spans = self._line_spans.get(manifest)
        if spans is None:
            spans = self._line_spans[manifest] = {}
            try:
                _collect_spans(manifest, spans)
            except OSError as error:
                self._tell(manifest, f"cannot be read ({(error.strerror or str(error)).lower()})")
        return spans

    def _read(self, sidecar: Path, start: int = 0, length: int | None = None) -> Attribution:
        """What a sidecar, or one line of a manifest, says; empty, and a problem more, where it cannot be read."""
        try:
            values = parse_object(_read_bytes(sidecar, start, length))
        except OSError as error:
            self._tell(sidecar, f"cannot be read ({(error.strerror or str(error)).lower()})")
            return {}
        except ValueError:
            self._tell(sidecar, "is no JSON object")
            return {}
        kept, unusable = _plain(values)
        for name in unusable:
            self._tell(sidecar, f"has a {name} that is no text", 'Write it as one, such as "CC-BY-4.0"')
        return kept

    def _tell(self, sidecar: Path, problem: str, way_out: str = "") -> None:
        """Note a problem, once."""
        end = f". {way_out}" if way_out else " and says nothing of its picture: mend or remove it"
        sentence = f"{show_path(sidecar)} {problem}{end}"
        if sentence not in self.problems:
            self.problems.append(sentence)


def _manifests_above(folder: Path) -> tuple[Path, ...]:
    """The manifests that may name pictures of a folder, the nearest first."""
    folders = [folder.absolute(), *folder.absolute().parents][:_LEVELS]
    return tuple(path / name for path in folders for name in MANIFESTS if _is_file(path / name))


def _plain(values: dict[str, Any]) -> tuple[Attribution, list[str]]:
    """The values that fit a line, with the usual names for licence and author; and which of these two are unusable."""
    kept: Attribution = {}
    unusable = []
    for written, value in values.items():
        name = _clean(_SYNONYMS.get(written.lower(), written))
        plain = _text_of(value) if name in _TEXTS else value
        if isinstance(plain, bool | int | float) and is_finite(plain):
            kept.setdefault(name, plain)
        elif isinstance(plain, str) and len(plain) <= _MAX_TEXT:
            kept.setdefault(name, _clean(plain))
        elif name in _TEXTS and value is not None:
            unusable.append(name)
    return kept, [name for name in unusable if name not in kept]


def _text_of(value: Any) -> str | None:
    """A licence or an author as a text: a number as it is written, several of them in a row; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value) if is_finite(value) else None
    if isinstance(value, list) and value:
        texts = [_text_of(item) for item in value if not isinstance(item, list)]
        return ", ".join(text for text in texts if text) if all(texts) and len(texts) == len(value) else None
    return None


def _clean(text: str) -> str:
    """A text that can be written in UTF-8: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _collect_spans(manifest: Path, spans: dict[str, tuple[int, int]]) -> None:
    """Note the place of each line that names a picture, the first of several; raises OSError."""
    with manifest.open("rb") as lines:
        start = 0
        for line in lines:
            for path in _paths_in(line):
                spans.setdefault(path, (start, len(line)))
            start += len(line)


def _paths_in(line: bytes) -> list[str]:
    try:
        values = parse_object(line)
    except ValueError:
        return []
    texts = [value for value in values.values() if isinstance(value, str)]
    return [str(PurePosixPath(text)) for text in texts if PurePosixPath(text).suffix.lower() in PICTURE_SUFFIXES]


def _relative(picture: Path, folder: Path) -> str:
    return picture.absolute().relative_to(folder).as_posix()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long with `.json` behind it
        return False


def _read_bytes(path: Path, start: int, length: int | None) -> bytes:
    """A file's bytes from `start`; raises OSError, and ValueError where it is too large for a sidecar."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(_MAX_BYTES + 1 if length is None else length)
    if len(data) > _MAX_BYTES:
        raise ValueError("it is too large")
    return data
