"""What becomes of files that a dataset no longer holds."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.batch.journal import Journal, JournalEntry
from pipelines.core.data.layout import Format, Row
from pipelines.core.data.manifest import MANIFEST, write_rows
from pipelines.core.data.stale_files import Contents, StaleFiles, clear_stale
from pipelines.core.files import fingerprint, sha256
from tests.core.data.datasets import make_dataset

LEFTOVERS = ".colorize-cli/leftovers.jsonl"


def files_in(folder: Path) -> set[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(".")}


def clear(folder: Path, current: set[str], *, prune: bool = False, **more: Any) -> StaleFiles:
    return clear_stale(folder, Contents(more.get("layout", "own"), current, more.get("splits", {})), prune=prune)


def write(folder: Path, path: str, data: bytes) -> str:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)
    return sha256(data)


def test_only_what_the_manifest_names_and_nobody_changed_is_removed(tmp_path: Path) -> None:
    make_dataset(tmp_path, ("a", "b"))
    (tmp_path / "train" / "colour" / "mine.png").write_bytes(b"mine")
    (tmp_path / "train" / "hints" / "points" / "b.png").write_bytes(b"touched up")
    current = {name for name in files_in(tmp_path) if name.endswith("a.png")}
    kept = clear(tmp_path, current)
    assert (kept.removed, kept.kept, kept.changed) == (0, 4, 0)
    assert "--prune" in kept.notes()[0]
    write_rows(tmp_path, MANIFEST, [])  # the next manifest no longer names them
    pruned = clear(tmp_path, current, prune=True)
    assert (pruned.removed, pruned.kept, pruned.changed) == (3, 0, 1)
    left = {"dataset.json", "manifest.jsonl", "train/colour/mine.png", "train/hints/points/b.png"}
    assert files_in(tmp_path) == current | left


@pytest.mark.parametrize("manifest", [MANIFEST, LEFTOVERS])
@pytest.mark.parametrize(
    "kind", ["above", "absolute", "link", "not as written", "pipe", "folder", "other type", "too long"]
)
def test_nothing_outside_of_the_folder_is_removed(tmp_path: Path, manifest: str, kind: str) -> None:
    folder = make_dataset(tmp_path / "out", ("a",))
    digest = write(tmp_path, "precious.txt", b"precious")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    paths: dict[str, Any] = {
        "above": "../precious.txt",
        "absolute": str(tmp_path / "precious.txt"),
        "link": "elsewhere/precious.txt",
        "not as written": "train/./colour/a.png",
        "pipe": "pipe",
        "folder": "train",
        "other type": ["../precious.txt"],
        "too long": "x" * 300,
    }
    current = files_in(folder) - {"pipe"}
    row = {"path": paths[kind], "name": "x", "split": "val", "colour": paths[kind], "sha256": {"colour": digest}}
    if manifest == LEFTOVERS:
        row["sha256"] = digest
    if kind == "not as written":
        row["sha256"] = sha256((folder / "train/colour/a.png").read_bytes())
        row["sha256"] = row["sha256"] if manifest == LEFTOVERS else {"colour": row["sha256"]}
    write_rows(folder, manifest, [row])
    stale = clear(folder, current, prune=True, splits={"x": "train"})
    assert (stale.removed, stale.kept, stale.changed) == (0, 0, 0)
    assert (tmp_path / "precious.txt").exists()
    assert current <= files_in(folder)


@pytest.mark.parametrize("file", [MANIFEST, LEFTOVERS])
@pytest.mark.parametrize("line", [b"5", b"{", b"\xff", b'{"path": 5, "sha256": []}', b'{"a":' * 100_000])
def test_damaged_lines_are_passed_over_and_the_others_count(tmp_path: Path, file: str, line: bytes) -> None:
    make_dataset(tmp_path, ("a", "b"))
    rows = (tmp_path / MANIFEST).read_bytes().splitlines(keepends=True)
    (tmp_path / MANIFEST).write_bytes(rows[1])
    before = (tmp_path / file).read_bytes() if file == MANIFEST else b""
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(line + b"\n" + before)
    stale = clear(tmp_path, {name for name in files_in(tmp_path) if name.endswith("a.png")}, prune=True)
    assert stale.removed == 4
    assert any("could not be read" in note for note in stale.notes()) == (b"path" not in line or file == MANIFEST)


def test_an_old_manifest_that_may_not_be_read_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_dataset(tmp_path, ("a",))

    opened = Path.open

    def refuse(path: Path, *how: Any, **more: Any) -> Any:
        if path.name == MANIFEST:
            raise PermissionError(13, "Permission denied")
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    assert clear(tmp_path, set(), prune=True) == StaleFiles(damaged=1)


def moved(folder: Path, layout: Format, paths: dict[str, bytes], *, names: str = "named") -> set[str]:
    """A dataset of one picture `a`, which was in `val` and is in `train` now; which files are there."""
    for path, data in paths.items():
        write(folder, path, data)
        write(folder, path.replace("val", "train", 1), data)
    row: Row = {"name": "a", "split": "val", "line_method": "own", "hint_method": "points"}
    roles = {f"colour{number or ''}": path for number, path in enumerate(paths)}
    row |= {"colour": roles["colour"], "sha256": {"colour": sha256(paths[roles["colour"]])}}
    write_rows(folder, MANIFEST, [row] if names == "named" else [])
    return {path.replace("val", "train", 1) for path in paths}


@pytest.mark.parametrize("names", ["named", "of a killed run"])
@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ("own", "val/colour/a.png"),
        ("aligned", "val/deep/a.png"),
        ("unaligned", "valA/a.png"),
        ("unaligned", "valB/a.png"),
    ],
)
def test_files_of_a_picture_that_changed_its_split_go_unasked(
    tmp_path: Path, names: str, layout: Format, path: str
) -> None:
    current = moved(tmp_path, layout, {path: b"picture"}, names=names)
    mine = path.replace("a.png", "mine.png")
    write(tmp_path, mine, b"mine")
    stale = clear(tmp_path, current, layout=layout, splits={"a": "train"})
    assert (stale.removed, stale.misleading) == (1, ())
    assert files_in(tmp_path) == {MANIFEST, mine, *current}


def test_what_somebody_changed_stays_and_is_named_where_others_read_it(tmp_path: Path) -> None:
    current = moved(tmp_path, "aligned", {"val/a.png": b"picture"})
    write(tmp_path, "val/a.png", b"touched up")
    stale = clear(tmp_path, current, layout="aligned", splits={"a": "train"})
    assert (stale.removed, stale.changed, stale.misleading) == (0, 1, ("val/a.png",))
    own = clear(tmp_path, current, layout="own", splits={"a": "train"})
    assert (own.removed, own.changed, own.misleading) == (0, 1, ())


def test_in_layouts_that_others_read_what_left_the_dataset_leaves_the_folder(tmp_path: Path) -> None:
    make_dataset(tmp_path, ("a",))
    hidden = ".colorize-cli/parts/train/colour/b.png"
    row = {"name": "b", "split": "train", "colour": hidden, "sha256": {"colour": write(tmp_path, hidden, b"b")}}
    write_rows(tmp_path, MANIFEST, [json.loads((tmp_path / MANIFEST).read_text()), row])
    stale = clear(tmp_path, {"train/a.png"}, layout="aligned", splits={"a": "train"})
    assert (stale.removed, stale.kept) == (4, 1)
    assert files_in(tmp_path) == {"dataset.json", MANIFEST}


def test_shards_of_earlier_runs_go_and_those_of_others_are_named(tmp_path: Path) -> None:
    write(tmp_path, "train-000000.tar", b"current")
    for name in ("train-000001.tar", "val-000000.tar", "test-000000.tar", "archive.tar", "train-1.tar"):
        write(tmp_path, name, b"old")
    journal = Journal(tmp_path)
    for name in ("train-000001.tar", "val-000000.tar", "archive.tar"):
        journal.add(name, JournalEntry("pack-dataset", "", "", (fingerprint(b"old"),)))
    write(tmp_path, "val-000000.tar", b"changed")
    stale = clear(tmp_path, {"train-000000.tar"}, layout="webdataset")
    assert (stale.removed, stale.changed) == (1, 2)
    assert stale.misleading == ("test-000000.tar", "val-000000.tar")
    assert files_in(tmp_path) == {"train-000000.tar", "val-000000.tar", "test-000000.tar", "archive.tar", "train-1.tar"}
