"""What the jobs left of each picture: read, found damaged, compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.build_dataset import Splitting, Storing
from pipelines.core.data.curation import Curation
from pipelines.core.data.splits import Shares
from tests import drawings
from tests.build_dataset.corpora import build, content, picture, rows

DAMAGES: list[Any] = [
    b"",
    b'{"source": {"wid',
    b"\xff\xfe",
    b'{"a":' * 100_000,
    b"[]",
    {"source": 5},
    {"source": {}},
    {"sha256": []},
    {"sha256": {"colour": 5}},
    {"drawn": None},
    {"figure": "yes"},
    {"hash": {}},
    {"hash": None},
    {"saturation_factor": None},
]


@pytest.mark.parametrize("storing", [Storing(), Storing("webdataset")], ids=["own", "webdataset"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: str(damage)[:20])
def test_a_damaged_record_is_made_again(art: Path, tmp_path: Path, damage: Any, storing: Storing) -> None:
    out = tmp_path / "out"
    build(art / "deep", out, storing=storing)
    before = content(out, hidden=True)
    record = out / ".colorize-cli" / "rows" / "a.json"
    record.write_bytes(
        damage if isinstance(damage, bytes) else json.dumps({**json.loads(record.read_bytes()), **damage}).encode()
    )
    again = build(art / "deep", out, storing=storing)
    assert again.counts == {"done": 1, "skipped": 2, "failed": 0}
    after = content(out, hidden=True)
    state = ".colorize-cli/state.jsonl"  # it has a line more
    assert {**after, state: b""} == {**before, state: b""}
    assert build(art / "deep", out, storing=storing).counts == {"done": 0, "skipped": 3, "failed": 0}


def test_a_dry_run_removes_no_damaged_record(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "out")
    record = tmp_path / "out" / ".colorize-cli" / "rows" / "a.json"
    record.write_bytes(b"{")
    build(art, tmp_path / "out", batch={"dry_run": True})
    assert record.read_bytes() == b"{"


def copies_of(folder: Path) -> Path:
    """Pictures of which several are equal, nearly equal or mirrored, and one that is like none."""
    original = picture(1)
    for number in range(6):
        drawings.write(folder / f"equal{number}.png", original)
        noisy = np.clip(original.astype(int) + number % 3 - 1, 0, 255).astype(np.uint8)
        drawings.write(folder / f"near{number}.png", noisy)
        drawings.write(folder / f"mirrored{number}.png", noisy[:, ::-1].copy())
    drawings.write(folder / "other.png", picture(2))
    return folder


def test_copies_in_several_splits_are_named(tmp_path: Path) -> None:
    source = copies_of(tmp_path / "art")
    halves = Splitting(Shares(val=50, test=0))
    report = build(source, tmp_path / "out", splitting=halves)
    assert {row["split"] for row in rows(tmp_path / "out") if row["name"] != "other"} == {"train", "val"}
    notes = [note for note in report.notes if "have a copy in another split" in note]
    assert len(notes) == 1
    assert notes[0].startswith("18 pictures have a copy in another split (")
    assert " and more. --drop-duplicates" in notes[0]
    about = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert about["split_copies"] == 18
    assert 0 < about["equal_split_copies"] <= 18
    together = build(source, tmp_path / "train", splitting=Splitting(Shares(val=0, test=0)))
    dropped = build(source, tmp_path / "dropped", splitting=halves, curation=Curation(drop_duplicates=True))
    assert not any("another split" in note for report in (together, dropped) for note in report.notes)
    assert len(rows(tmp_path / "dropped")) == 2
