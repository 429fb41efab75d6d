"""The stage as a whole: what comes out for what goes in, whatever the workers and the interruptions."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.build_dataset import Recipe, Splitting, Storing, build_dataset
from pipelines.core.batch.inputs import Selection
from pipelines.core.batch.report import Record
from pipelines.core.data.curation import Curation
from pipelines.core.data.manifest import open_dataset
from pipelines.core.data.splits import Shares
from pipelines.core.errors import SettingsError, UsageError
from tests import drawings
from tests.build_dataset.corpora import build, content, picture, rows, with_lines

LIMITED = {"selection": Selection(limit=2)}


def test_a_missing_partner_is_listed_or_with_strict_an_error_before_work(art: Path, tmp_path: Path) -> None:
    lines = with_lines(art, tmp_path / "lines")
    (lines / "b.png").unlink()
    drawings.write(lines / "ghost.png", np.zeros((9, 9), np.uint8))
    drawings.write(lines / "c.png", np.zeros((9, 90), np.uint8))
    with pytest.raises(UsageError, match=r"3 pictures do not match; no line art has its name: b\.png; its line art"):
        build(art, tmp_path / "out", lines=str(lines), strict=True)
    assert not (tmp_path / "out").exists()
    report = build(art, tmp_path / "out", lines=str(lines))
    assert (report.counts, report.exit_code) == ({"done": 4, "skipped": 3, "failed": 0}, 0)
    reasons = {Path(record.input).name: record.reason for record in report.of("skipped")}
    assert set(reasons) == {"b.png", "c.png", "ghost.png"}
    assert "90x9, the picture 96x72" in reasons["c.png"]
    both = build(art, tmp_path / "both", lines=str(lines), recipe=Recipe(lines=("own", "adaptive")))
    assert both.counts == {"done": 6, "skipped": 1, "failed": 0}
    methods = {row["name"]: [] for row in rows(tmp_path / "both")}  # type: ignore[var-annotated]
    for row in rows(tmp_path / "both"):
        methods[row["name"]].append(row["line_method"])
    assert methods["b"] == methods["c"] == ["adaptive"]
    assert methods["a"] == ["own", "adaptive"]
    assert ["ghost.png", "no coloured picture has its name"] in json.loads(
        (tmp_path / "both" / "dataset.json").read_text()
    )["mismatches"]


@pytest.mark.parametrize("reading", ["AB", "BA"])
def test_pictures_side_by_side_are_read(art: Path, tmp_path: Path, reading: str) -> None:
    lines = np.full((72, 96, 3), 255, np.uint8)
    lines[36:40] = 0
    for path in art.glob("*.png"):
        halves = [lines, drawings.read(path)]
        drawings.write(tmp_path / "both" / path.name, np.hstack(halves if reading == "AB" else halves[::-1]))
    drawings.write(tmp_path / "both" / "odd.png", np.zeros((8, 9, 3), np.uint8))
    report = build(tmp_path / "both", tmp_path / "out", reading=reading)
    assert report.counts == {"done": 3, "skipped": 1, "failed": 0}
    build(art, tmp_path / "plain", batch={"jobs": 1})
    plain = {row["name"]: drawings.read(tmp_path / "plain" / row["colour"]) for row in rows(tmp_path / "plain")}
    for row in rows(tmp_path / "out"):
        assert (drawings.read(tmp_path / "out" / row["colour"]) == plain[row["name"]]).all()
        assert (drawings.read(tmp_path / "out" / row["lines"])[24:26] == 0).all()
    wrong = build(tmp_path / "both", tmp_path / "wrong", reading={"AB": "BA", "BA": "AB"}[reading])
    warned = [record for record in wrong.records if any("wrong way round" in text for text in record.warnings)]
    assert len(warned) == 3


def test_a_limit_counts_pairs(art: Path, tmp_path: Path) -> None:
    for number in range(5):
        for kind in ("color", "line"):
            drawings.write(tmp_path / "corpus" / f"set{number}" / kind / "x.png", picture(number))
    report = build(tmp_path / "corpus", tmp_path / "out", reading="pairs", batch=LIMITED)
    assert report.counts == {"done": 2, "skipped": 0, "failed": 0}
    lines = with_lines(art, tmp_path / "lines")
    drawings.write(lines / "ghost.png", picture(0))
    assert build(art, tmp_path / "two", lines=str(lines), batch=LIMITED).counts == report.counts


def test_duplicates_and_dull_pictures_are_left_out_and_said(art: Path, tmp_path: Path) -> None:
    copy = drawings.read(art / "a.png")
    drawings.write(art / "a-copy.png", cv2.resize(copy, (192, 144)))  # type: ignore[arg-type]
    grey = np.repeat(drawings.read(art / "b.png").mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    drawings.write(art / "grey.png", np.rot90(grey).copy())
    (art / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    report = build(art, out, curation=Curation(drop_duplicates=True, drop_dull=15))
    assert report.counts == {"done": 6, "skipped": 2, "failed": 1}
    reasons = {Path(record.input).name: record.reason for record in report.records if record.reason}
    assert reasons["a.png"] == "nearly the same as a-copy.png"
    assert "least colourful" in reasons["grey.png"]
    assert "it is not a picture" in reasons["broken.png"]
    assert {row["name"] for row in rows(out)} == {"a-copy", "b", "c", "deep/a", "deep/d", "deep/e"}
    assert json.loads((out / "dataset.json").read_text())["left_out"]["near_duplicates"] == 1
    assert any(note.startswith("near-duplicates: 1 of 8") for note in report.notes)
    again = build(art, out, curation=Curation(drop_duplicates=True, drop_dull=15))
    assert again.counts == {"done": 0, "skipped": 8, "failed": 1}


@pytest.mark.parametrize("storing", [Storing(), Storing("webdataset", shard_size=4)])
def test_workers_change_no_byte_and_nothing_is_made_twice(art: Path, tmp_path: Path, storing: Storing) -> None:
    options: dict[str, Any] = {
        "recipe": Recipe(hints=("strokes", "points"), draws=2, saturation_boost=0.5),
        "curation": Curation(drop_duplicates=True, drop_dull=20),
        "storing": storing,
    }
    build(art, tmp_path / "one", **options)
    build(art, tmp_path / "two", batch={"jobs": 2}, **options)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.png")}
    again = build(art, tmp_path / "one", **options)
    assert (again.counts["done"], again.counts["failed"]) == (0, 0)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.png")}
    drawings.write(art / "a.png", picture(77))
    assert build(art, tmp_path / "one", **options).counts["done"] <= 2  # a.png, and what its place among the dull frees


class Interrupting:
    """Presses Ctrl-C after two pictures."""

    def __init__(self) -> None:
        self.seen = 0

    def started(self, total: int) -> None:
        self.total = total

    def recorded(self, record: Record) -> None:
        self.seen += 1
        if self.seen == 2:
            raise KeyboardInterrupt


def test_an_interrupted_build_is_no_dataset_until_it_is_run_again(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = build(art, out, observer=Interrupting())
    assert report.exit_code == 130
    with pytest.raises(UsageError, match="is not finished"):
        open_dataset(out)
    again = build(art, out)
    assert 0 < again.counts["skipped"] < 6
    build(art, tmp_path / "undisturbed")
    assert content(out) == content(tmp_path / "undisturbed")


def test_an_interrupt_while_measuring_stops_all(art: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.core.data.curation.picture_hash", interrupted)
    report = build(art, tmp_path / "out", curation=Curation(drop_duplicates=True))
    assert report.exit_code == 130
    assert report.counts == {"done": 0, "skipped": 6, "failed": 0}
    assert content(tmp_path / "out") == {}


def test_a_dry_run_writes_nothing(art: Path, tmp_path: Path) -> None:
    report = build(art, tmp_path / "out", batch={"dry_run": True}, curation=Curation(drop_dull=50))
    assert report.counts["done"] == 6
    assert "measures nothing" in report.notes[0]
    assert not (tmp_path / "out").exists()


def test_an_unreadable_picture_is_a_row_and_no_part_of_the_dataset(art: Path, tmp_path: Path) -> None:
    (art / "b.png").write_bytes((art / "b.png").read_bytes()[:100])
    report = build(art, tmp_path / "out")
    assert report.counts == {"done": 5, "skipped": 0, "failed": 1}
    assert "b" not in {row["name"] for row in rows(tmp_path / "out")}
    open_dataset(tmp_path / "out")


def test_pictures_that_went_leave_the_manifest_and_on_demand_the_folder(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(art, out)
    (out / "notes.txt").write_text("mine")
    build(art / "deep", tmp_path / "fresh")
    kept = build(art / "deep", out)
    assert {row["name"] for row in rows(out)} == {"a", "d", "e"}
    assert any("no longer part of the dataset: --prune" in note for note in kept.notes)
    assert len(list(out.rglob("c.png"))) == 4
    build(art / "deep", out, storing=Storing(prune=True))
    expected = {**content(tmp_path / "fresh"), "notes.txt": b"mine"}
    assert content(out) == expected


OTHER_SHARES = Splitting(Shares(val=50, test=20))


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("layout", ["own", "aligned", "unaligned", "webdataset"])
def test_other_shares_leave_nothing_in_two_splits(art: Path, tmp_path: Path, layout: Any, interrupted: bool) -> None:
    out, storing = tmp_path / "out", Storing(layout, shard_size=2)
    build(art, out, storing=storing)
    mine = {"notes.txt": b"mine", "val/mine.png": b"mine", "train-mine.tar": b"mine"}
    for name, data in mine.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(data)
    if interrupted:
        build(art, out, storing=storing, splitting=Splitting(Shares(val=0, test=100)), observer=Interrupting())
    report = build(art, out, storing=storing, splitting=OTHER_SHARES)
    assert report.exit_code == 0
    build(art, tmp_path / "fresh", storing=storing, splitting=OTHER_SHARES)
    assert content(out) == {**content(tmp_path / "fresh"), **mine}
    assert any("files of earlier runs removed" in note for note in report.notes)
    fewer = build(art, out, storing=Storing(layout, shard_size=64), splitting=OTHER_SHARES)
    build(art, tmp_path / "larger", storing=Storing(layout, shard_size=64), splitting=OTHER_SHARES)
    assert content(out) == {**content(tmp_path / "larger"), **mine}
    assert fewer.exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes")
def test_a_name_that_is_no_utf8_is_packed_like_any_other(art: Path, tmp_path: Path) -> None:
    (art / "a.png").rename(art / os.fsdecode(b"\xff.png"))
    report = build(art, tmp_path / "out", storing=Storing("webdataset"))
    assert report.counts == {"done": 6, "skipped": 0, "failed": 0}
    assert "\udcff" in {row["name"] for row in rows(tmp_path / "out")}


def test_a_changed_file_that_would_mislead_others_is_a_failure_of_its_own(art: Path, tmp_path: Path) -> None:
    out, storing = tmp_path / "out", Storing("aligned")
    build(art, out, storing=storing, splitting=Splitting(Shares(val=100, test=0)))
    (out / "val" / "a.png").write_bytes(b"touched up")
    report = build(art, out, storing=storing, splitting=Splitting(Shares(val=0, test=0)))
    assert report.exit_code == 1
    failures = {Path(record.input).relative_to(out).as_posix(): record.reason for record in report.of("failed")}
    assert list(failures) == ["val/a.png"]
    assert failures["val/a.png"].endswith("would take it for a pair. Move it away")
    assert (out / "val" / "a.png").read_bytes() == b"touched up"
    assert {row["split"] for row in rows(out)} == {"train"}
    assert json.loads((out / "dataset.json").read_text())["complete"] is True


@pytest.mark.parametrize("file", ["manifest.jsonl", "dataset.json", ".colorize-cli/leftovers.jsonl"])
@pytest.mark.parametrize("damage", [b"", b"x", b"\xff", b"[1]", b'{"a":' * 100_000])
def test_a_damaged_dataset_heals(art: Path, tmp_path: Path, file: str, damage: bytes) -> None:
    out = tmp_path / "out"
    build(art, out)
    before = content(out)
    (out / file).write_bytes(damage)
    if file == "manifest.jsonl" or (file == "dataset.json" and damage != b"[1]"):
        with pytest.raises(UsageError):
            open_dataset(out)
    report = build(art, out)
    assert report.counts == {"done": 0, "skipped": 6, "failed": 0}
    assert content(out) == before
    assert open_dataset(out).samples


def test_a_folder_that_holds_something_else_is_left_alone(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.jsonl").write_text("precious\n")
    with pytest.raises(UsageError, match="is in the way"):
        build(art, out)
    assert content(out) == {"manifest.jsonl": b"precious\n"}
    (out / "manifest.jsonl").unlink()
    drawings.write(out / "train" / "colour" / "a.png", picture(1))
    precious = content(out)
    report = build(art, out)
    failed = {Path(record.input).name for record in report.of("failed")}
    assert failed <= {"a.png"}
    assert all(content(out)[name] == data for name, data in precious.items())


def test_outputs_and_patterns_that_make_no_sense_are_refused(art: Path, tmp_path: Path) -> None:
    for output in ("-", str(tmp_path / "a.png")):
        with pytest.raises(UsageError):
            build_dataset([str(art / "a.png")], output)
    with pytest.raises(UsageError, match="both input and output"):
        build(art, art)
    with pytest.raises(SettingsError, match="is not a regular expression"):
        Splitting(group_pattern="(")
    drawings.write(art / "a.jpg.png", picture(5))
    (art / "a.jpg.png").rename(art / "a.webp")
    with pytest.raises(UsageError, match="would both become"):
        build(art, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert build(art, tmp_path / "out", batch={"keep_extension": True}).counts["done"] == 7
