"""Tells how the outputs of an earlier run stand: as they were left, changed by somebody, or broken."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.core.batch.journal import JournalEntry, stamp
from pipelines.core.batch.wholeness import is_broken
from pipelines.core.files import fingerprint


class Standing(NamedTuple):
    """How the outputs of one job stand."""

    stamps: tuple[str, ...] = ()  # of all, now
    changed: tuple[Path, ...] = ()  # whole, and not as they were written
    is_broken: bool = False  # whether one is no whole file, so that it has to be made again


def look_at(outputs: Sequence[Path | None], entry: JournalEntry, *, trusting: bool = True) -> Standing:
    """Compare outputs with what is known of them; one whose stamp is as it was is read only where there is no trust.

    Raises OSError for one that is missing.
    """
    paths = [path for path in outputs if path is not None]
    stamps = tuple(stamp(path) for path in paths)
    if trusting and stamps == entry.stamps:
        return Standing(stamps)
    if len(paths) != len(entry.output_digests):
        return Standing(stamps, is_broken=True)
    contents = [(path, path.read_bytes()) for path in paths]
    pairs = zip(contents, entry.output_digests, strict=True)
    changed = [(path, data) for (path, data), digest in pairs if fingerprint(data) != digest]
    broken = any(is_broken(data, path.suffix) for path, data in changed)
    return Standing(stamps, tuple(path for path, _ in changed), broken)
