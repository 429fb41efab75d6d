"""Reads what the jobs left of each picture in the dataset's folder, finds what is damaged, and compares pictures."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any

from pipelines.build_dataset.candidates import Candidate
from pipelines.core.data.curation import Curation
from pipelines.core.data.layout import DatasetLayout, record_path
from pipelines.core.data.near_duplicates import PictureHash, hash_from_json
from pipelines.core.data.split_copies import find_split_copies
from pipelines.core.files import show_path
from pipelines.core.json_text import parse_object

FACTS: Mapping[str, type | UnionType] = {
    "view": list,
    "covers": list,
    "figure": bool,
    "colourfulness": int | float,
    "saturation_factor": int | float,
}
"""What a record says of its picture's frame, and the types of it."""

_LISTED = 3  # pictures that a note names


def read_record(folder: Path, candidate: Candidate, layout: DatasetLayout, hints: Sequence[str]) -> dict[str, Any]:
    """What was made from a picture; raises OSError, and ValueError where the record is damaged."""
    record = parse_object((folder / record_path(candidate.name)).read_bytes())
    source, digests = record.get("source"), record.get("sha256")
    if not isinstance(source, dict) or not isinstance(source.get("sha256"), str):
        raise ValueError("it does not say what it was made from")
    if not isinstance(digests, dict) or not isinstance(record.get("drawn"), dict):
        raise ValueError("it does not say what was made")
    if any(not isinstance(digests.get(item.key), str) for item in layout.artifacts(candidate.lines, hints)):
        raise ValueError("it does not say all that was made")
    if any(not isinstance(record.get(name), kind) for name, kind in FACTS.items()):
        raise ValueError("it does not say how the picture was framed")
    try:
        record["hash"] = hash_from_json(record["hash"])
    except (KeyError, TypeError) as error:
        raise ValueError("it does not say what the picture looks like") from error
    return record


def remove_damaged(folder: Path, candidates: Iterable[Candidate], layout: DatasetLayout, hints: Sequence[str]) -> None:
    """Remove the damaged records of earlier runs, so that their pictures are made again."""
    for candidate in candidates:
        with contextlib.suppress(OSError):  # none yet, or one that the job will say more of
            try:
                read_record(folder, candidate, layout, hints)
            except ValueError:
                (folder / record_path(candidate.name)).unlink()


@dataclass(frozen=True, slots=True)
class Look:
    """What of a picture is compared with others."""

    hash: PictureHash
    digest: str  # sha256 of its file


def look_of(record: Mapping[str, Any]) -> Look:
    """What a record, as `read_record` gave it, says of a picture's look."""
    return Look(record["hash"], record["source"]["sha256"])


def compare_splits(candidates: Sequence[Candidate], looks: Mapping[str, Look]) -> tuple[Mapping[str, int], list[str]]:
    """Find the pictures that have a copy in another split: counts for the description, and notes for people.

    looks: by the name of everything made from a picture.
    """
    hashes = [looks[item.name].hash for item in candidates]
    digests = [looks[item.name].digest for item in candidates]
    splits = [item.split for item in candidates]
    limits = Curation()
    copies = find_split_copies(hashes, splits, max_bits=limits.duplicate_bits, max_levels=limits.duplicate_levels)
    if not copies:
        return {}, []
    equal = sum(digests[index] == digests[copy] for index, copy in copies.items())
    shown = [(index, copy) for index, copy in copies.items() if candidates[index].split != "train"]
    names = [
        f"{_shown(candidates[index])} like {_shown(candidates[copy])}"
        for index, copy in (shown or [*copies.items()])[:_LISTED]
    ]
    note = (
        f"{len(copies)} pictures have a copy in another split ({equal} byte for byte, the others nearly the same or "
        f"mirrored): {', '.join(names)}{' and more' if len(copies) > 2 * len(names) else ''}. --drop-duplicates leaves "
        "copies out, --group PATTERN keeps pictures of one name together"
    )
    return {"split_copies": len(copies), "equal_split_copies": equal}, [note]


def _shown(candidate: Candidate) -> str:
    return f"{candidate.split}/{show_path(candidate.name)}"
