"""Writes what a dataset holds: the rows of its manifest, their counts, and the shards in which samples are packed."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.build_dataset.candidates import Candidate
from pipelines.build_dataset.records import FACTS, Look, look_of, read_record
from pipelines.build_dataset.sample import SampleTask
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Report
from pipelines.core.batch.runner import run
from pipelines.core.data import shards
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.layout import ROLES, Row, files_of
from pipelines.core.data.manifest import read_rows, write_rows
from pipelines.core.data.splits import SPLITS, Shares
from pipelines.core.files import STATE_FOLDER
from pipelines.core.settings import plain

_UNKNOWN = "not known"


# rows


@dataclass(frozen=True)
class RowReader:
    """Gives a manifest's rows, a picture at a time, from the records that the jobs left in the dataset's folder."""

    folder: Path
    task: SampleTask
    attributions: Attributions
    looks: dict[str, Look] = field(default_factory=dict)  # of the pictures whose rows were given, by their names

    def rows_of(self, candidate: Candidate) -> Iterator[Row]:
        """The rows of one picture, in full."""
        layout = self.task.place
        record = read_record(self.folder, candidate, layout, self.task.hint_labels)
        self.looks[candidate.name] = look_of(record)
        attribution = self.attributions.of(candidate.pair.picture)
        for row in layout.sample_rows(candidate.split, candidate.name, candidate.lines, self.task.hint_labels):
            yield {
                **row,
                "sha256": {role: record["sha256"][key] for role, key in layout.keys_of(row).items()},
                "source": {"path": str(candidate.pair.name), **record["source"]},
                **{name: record[name] for name in FACTS},
                "settings": self._settings_of(row, record["drawn"]),
                "licence": attribution.get("licence"),
                "author": attribution.get("author"),
                "credit": attribution,
            }

    def _settings_of(self, row: Row, drawn_params: Mapping[str, Any]) -> dict[str, Any]:
        """The methods and settings of a sample, with those that were drawn for its picture."""
        settings = {}
        for family, specs, label in (
            ("lines", self.task.lines, row["line_method"]),
            ("hints", self.task.hints, row["hint_method"]),
        ):
            for spec in specs:
                if spec.label == label:
                    params = plain(spec.params) or {}
                    settings[family] = {"method": spec.method, **params, **drawn_params.get(label, {})}
        return settings


# shards

ShardMembers = Mapping[str, Sequence[tuple[int, int]]]
"""Name of a shard -> its samples, as (index of the picture, number of its sample)."""


def group_into_shards(candidates: Sequence[Candidate], hints: Sequence[str], size: int) -> ShardMembers:
    """Which samples each shard of at most `size` holds: mixed, yet the same in every run."""
    order = []
    for index, candidate in enumerate(candidates):
        for number in range(len(candidate.lines) * len(hints)):
            text = f"{candidate.name}\n{number}".encode("utf-8", "surrogateescape")
            order.append((candidate.split, hashlib.blake2b(text, digest_size=8).digest(), index, number))
    order.sort()
    members: dict[str, list[tuple[int, int]]] = {}
    counts: Counter[str] = Counter()
    for split, _, index, number in order:
        members.setdefault(f"{split}-{counts[split] // size:06}.tar", []).append((index, number))
        counts[split] += 1
    return members


def write_shard_rows(reader: RowReader, members: ShardMembers, candidates: Sequence[Candidate]) -> None:
    """Write the rows of each shard's samples into a hidden file, from which it is packed and the manifest is made."""
    for shard, samples in members.items():
        write_rows(reader.folder, _rows_file(shard), _packed_rows(reader, shard, samples, candidates))


def read_shard_rows(folder: Path, names: Iterable[str]) -> Iterator[Row]:
    """The rows of all shards, one after the other."""
    return (row for shard in names for row in read_rows(folder, _rows_file(shard)))


def pack_shards(folder: Path, names: Iterable[str], settings: BatchSettings) -> Report:
    """Pack the shards whose rows were written, a job per shard."""
    jobs = tuple(Job(ShardInputs(folder, shard), (folder / shard,), PurePosixPath(shard)) for shard in names)
    return run(Plan("pack-dataset", jobs, folder, {}), shards.PackTask(), settings)


@dataclass(frozen=True, slots=True)
class ShardInputs:
    """What the job of a shard reads, from its rows each time anew: the rows, and the files of its samples."""

    folder: Path
    shard: str

    def __iter__(self) -> Iterator[tuple[str, Path]]:
        """Names, as `PackTask` knows them, and paths."""
        yield "rows", self.folder / _rows_file(self.shard)
        for row in read_rows(self.folder, _rows_file(self.shard)):
            for role, file in files_of(row):
                yield f"{row['key']}/{role}", self.folder / file


def _packed_rows(
    reader: RowReader, shard: str, samples: Sequence[tuple[int, int]], candidates: Sequence[Candidate]
) -> Iterator[Row]:
    """The rows of a shard: instead of its files, a row names the shard and the key of its sample."""
    for index, number in samples:
        row = list(reader.rows_of(candidates[index]))[number]
        facts = {name: value for name, value in row.items() if name not in ROLES}
        yield {"shard": shard, "key": shards.key_of(row), **facts}


def _rows_file(shard: str) -> str:
    return f"{STATE_FOLDER}/shards/{shard}.jsonl"


# counts


class Tally:
    """Counts what is in a dataset, from the rows of its manifest as they pass."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()  # of each split
        self.pictures: Counter[str] = Counter()  # of each split
        self.licences: Counter[str] = Counter()  # pictures of each
        self.figures = 0  # pictures in which figure and background were told apart
        self._boosts = 0  # pictures whose saturation was raised, the sum of their factors, and the greatest
        self._factor_sum = self._greatest_factor = 0.0
        self._seen: set[int] = set()

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Let rows pass and count them."""
        for row in rows:
            self.samples[row["split"]] += 1
            name = hash(row["name"])
            if name not in self._seen:
                self._seen.add(name)
                self._count_picture(row)
            yield row

    def _count_picture(self, row: Row) -> None:
        self.pictures[row["split"]] += 1
        self.licences[row["licence"] or _UNKNOWN] += 1
        self.figures += row["figure"]
        factor = row["saturation_factor"]
        if factor > 1:
            self._boosts += 1
            self._factor_sum += factor
            self._greatest_factor = max(self._greatest_factor, factor)

    def as_json(self) -> dict[str, Any]:
        """The counts, for the description of the dataset."""
        mean = round(self._factor_sum / self._boosts, 3) if self._boosts else None
        greatest = self._greatest_factor or None
        return {
            "pictures": {split: self.pictures[split] for split in SPLITS},
            "samples": {split: self.samples[split] for split in SPLITS},
            "licences": dict(sorted(self.licences.items())),
            "saturation": {"boosted": self._boosts, "mean_factor": mean, "greatest_factor": greatest},
        }

    def notes(self, task: SampleTask, shares: Shares) -> list[str]:
        """The counts in words."""
        total = sum(self.pictures.values())
        splits = ", ".join(f"{split} {self.pictures[split]}" for split in SPLITS)
        notes = [f"{total} pictures in {sum(self.samples.values())} samples; pictures: {splits}"]
        empty = [split for split in ("val", "test", "display") if getattr(shares, split) and not self.pictures[split]]
        if empty and total:
            notes.append(f"no picture fell to {' or '.join(empty)}: few pictures, or a share that is small")
        if task.saturation_boost:
            notes.append(f"saturation raised in {self._boosts} of {total} pictures{self._reach()}")
        if task.framing.centre != "off":
            rest = "" if self.figures == total else "; in the others no plain ground shows the figure"
            notes.append(f"centred: {self.figures} of {total} pictures{rest}")
        unknown = self.licences[_UNKNOWN]
        if 0 < unknown < total:
            notes.append(f"the licence of {unknown} of {total} pictures is not known")
        return notes

    def _reach(self) -> str:
        if not self._boosts:
            return ""
        return f", by {self._factor_sum / self._boosts:.2f} on average and {self._greatest_factor:.2f} at most"
