"""Packs samples into WebDataset shards: POSIX tar archives in which the files of a sample lie side by side.

A member's name up to its first dot is the sample's key and the rest its field: `hero+adaptive+kmedoids.colour.png`. The
archives are the same bytes wherever and whenever they are written. Source of the convention: "The WebDataset Format",
https://github.com/webdataset/webdataset.
"""

import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.core.batch.workers import Produced
from pipelines.core.data.layout import Row

FIELDS = ("colour", "lines", "hints", "composite")


@dataclass(frozen=True)
class PackTask:
    """The task of one shard: rows and files in, the archive out."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`rows` (JSON Lines with a `key` each) and KEY/FIELD for each field in, one tar out."""
        rows = [json.loads(line) for line in files["rows"].splitlines()]
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for row in rows:
                for name, data in _members(row, files):
                    member = tarfile.TarInfo(name)  # no time, no owner, mode 644: the same bytes everywhere
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
        return Produced((buffer.getvalue(),))


def key_of(row: Row) -> str:
    """A sample's key: its name and kinds without a dot, since a member's field begins at the first dot.

    What of a name is not UTF-8 is escaped too: an archive's names are.
    """
    name = re.sub("[.%\udc80-\udcff]", lambda match: f"%{ord(match[0]) & 0xFF:02X}", row["name"])
    return f"{name}+{row['line_method']}+{row['hint_method']}"


def _members(row: Row, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for field in FIELDS:
        yield f"{row['key']}.{field}.png", files[f"{row['key']}/{field}"]
    yield f"{row['key']}.json", json.dumps(row).encode()
