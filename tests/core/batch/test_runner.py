"""Whole runs: what happens to files, whatever the work."""

import dataclasses
import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from pipelines.core.batch import journal
from pipelines.core.batch.backends import processes
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Record, Report
from pipelines.core.batch.runner import Terminated, report_stopped, run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MissingPackageError, UsageError
from pipelines.core.files import STATE_FOLDER
from pipelines.core.imaging.picture import decode_picture, encode_png
from tests.core.batch.texts import Together, Upper, bytes_of, go, make, plan_for


def test_a_file_that_fails_is_a_row_and_the_rest_goes_on(source: Path, tmp_path: Path) -> None:
    make(source, two="bad")
    report = go(source, tmp_path / "out")
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert report.exit_code == 1
    assert report.of("failed")[0].reason == "it is bad. Be good"
    assert set(bytes_of(tmp_path / "out")) == {"one.txt", "three.txt", "deep/four.txt"}


def test_unchanged_inputs_are_skipped_and_changed_ones_made_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert go(source, out).counts["done"] == 4
    assert go(source, out).counts == {"done": 0, "skipped": 4, "failed": 0}
    make(source, one="changed")
    second = go(source, out)
    assert second.counts == {"done": 1, "skipped": 3, "failed": 0}
    assert (out / "one.txt").read_text().startswith("CHANGED")


def test_a_touched_but_equal_input_is_unchanged(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "out")
    os.utime(source / "one.txt", (1, 1))
    assert go(source, tmp_path / "out").counts["skipped"] == 4


@pytest.mark.parametrize("change", [{"tail": "!"}, {"seed": 5}])
def test_other_settings_make_everything_again(source: Path, tmp_path: Path, change: dict[str, object]) -> None:
    go(source, tmp_path / "out")
    assert go(source, tmp_path / "out", **change).counts["done"] == 4  # type: ignore[arg-type]


def test_a_removed_output_is_made_again(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "out")
    (tmp_path / "out" / "two.txt").unlink()
    assert go(source, tmp_path / "out").counts == {"done": 1, "skipped": 3, "failed": 0}


def test_a_foreign_file_is_not_overwritten_unless_asked(source: Path, tmp_path: Path) -> None:
    make(tmp_path / "out", one="precious")
    report = go(source, tmp_path / "out")
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert "--overwrite" in report.of("failed")[0].reason
    assert (tmp_path / "out" / "one.txt").read_text() == "precious"
    assert go(source, tmp_path / "out", overwrite=True).counts["done"] == 4
    assert (tmp_path / "out" / "one.txt").read_text() != "precious"


def test_work_done_by_hand_on_an_output_survives_new_settings(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "out")
    make(tmp_path / "out", one="touched up")
    second = go(source, tmp_path / "out")
    assert second.counts["skipped"] == 4
    (kept,) = (record for record in second.records if record.warnings)
    assert (kept.outputs, kept.reason) == ((str(tmp_path / "out" / "one.txt"),), "changed since: kept")
    assert kept.warnings[0].startswith(f"{tmp_path / 'out' / 'one.txt'} was changed since: kept")
    report = go(source, tmp_path / "out", tail="!")
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert (tmp_path / "out" / "one.txt").read_text() == "touched up"


def test_the_number_of_workers_changes_no_byte(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "one", jobs=1)
    go(source, tmp_path / "two", jobs=2)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_records_keep_the_order_of_the_inputs(source: Path, tmp_path: Path) -> None:
    report = go(source, tmp_path / "out", jobs=2)
    assert [record.input for record in report.records] == [job.input for job in plan_for(source, tmp_path / "out").jobs]


def test_dry_run_writes_nothing_and_says_what_would_be_done(source: Path, tmp_path: Path) -> None:
    report = go(source, tmp_path / "out", dry_run=True)
    assert report.counts["done"] == 4
    assert not (tmp_path / "out").exists()
    go(source, tmp_path / "out")
    assert go(source, tmp_path / "out", dry_run=True).counts["skipped"] == 4


def test_fail_fast_stops_and_every_input_is_accounted_for(source: Path, tmp_path: Path) -> None:
    make(source, one="bad")
    report = go(source, tmp_path / "out", fail_fast=True)
    assert report.stopped_by == "failure"
    assert sum(report.counts.values()) == 4
    assert report.counts["failed"] == 1
    assert {record.reason for record in report.of("skipped")} == {"not reached"}


class Interrupting:
    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.seen = error, 0

    def started(self, total: int) -> None:
        self.total = total

    def recorded(self, record: Record) -> None:
        self.seen += 1
        if self.seen == 2:
            raise self.error


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_finished_files(
    source: Path, tmp_path: Path, error: type[BaseException], code: int, jobs: int
) -> None:
    out = tmp_path / "out"
    report = run(plan_for(source, out), Upper(), BatchSettings(jobs=jobs), observer=Interrupting(error))
    assert report.exit_code == code
    assert sum(report.counts.values()) == 4
    assert len(bytes_of(out)) >= 2
    assert not list((out / STATE_FOLDER).glob("unfinished-*"))
    assert go(source, out).counts["failed"] == 0
    go(source, tmp_path / "undisturbed")
    assert bytes_of(out) == bytes_of(tmp_path / "undisturbed")


def test_a_full_disk_is_a_clear_row_and_leaves_no_half_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        report = go(source, out)
    assert report.counts["failed"] == 4
    assert "disk is full" in report.records[0].reason
    assert bytes_of(out) == {}
    assert go(source, out).counts["done"] == 4


def test_an_unreadable_input_is_a_row(source: Path, tmp_path: Path) -> None:
    (source / "loop.txt").symlink_to(source / "loop.txt")
    report = go(source, tmp_path / "out")
    assert report.counts == {"done": 4, "skipped": 0, "failed": 1}
    assert "loop.txt" in report.of("failed")[0].reason


def test_the_same_bytes_under_another_name_are_a_change(source: Path, tmp_path: Path) -> None:
    def guided(name: str) -> Report:
        jobs = (Job((("picture", source / "one.txt"), (name, source / "two.txt")), (out / "x",), PurePosixPath("x")),)
        return run(Plan("upper", jobs, out, {}), Upper(), BatchSettings(jobs=1))

    out = tmp_path / "out"
    assert guided("hints").counts["done"] == 1
    assert guided("hints").counts["skipped"] == 1
    assert guided("reference").counts["done"] == 1


def test_one_command_does_not_replace_the_work_of_another(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "out")
    plan = plan_for(source, tmp_path / "out", "!")
    other = Plan("lower", plan.jobs, plan.output, plan.settings)
    report = run(other, Upper("!"), BatchSettings(jobs=1))
    assert report.counts["failed"] == 4
    assert "in the way" in report.records[0].reason


def test_an_output_emptied_by_a_crash_is_made_again(source: Path, tmp_path: Path) -> None:
    go(source, tmp_path / "out")
    (tmp_path / "out" / "one.txt").write_bytes(b"")
    assert go(source, tmp_path / "out").counts == {"done": 1, "skipped": 3, "failed": 0}


def test_a_dry_run_foresees_failures(source: Path, tmp_path: Path) -> None:
    make(tmp_path / "out", one="precious")
    (source / "gone.txt").symlink_to(source / "nowhere.txt")
    (tmp_path / "out" / "two.txt").mkdir()
    foreseen = go(source, tmp_path / "out", dry_run=True)
    assert foreseen.counts == go(source, tmp_path / "out").counts == {"done": 2, "skipped": 0, "failed": 3}


def test_a_journal_that_cannot_be_written_is_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: journal.Journal, key: str, entry: journal.JournalEntry) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(journal.Journal, "add", refuse)
    report = go(source, tmp_path / "out")
    assert report.counts["done"] == 4
    assert "journal cannot be written" in report.notes[0]


def test_an_output_folder_that_cannot_be_written_to_ends_the_run_before_any_work(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="nothing can be written to"):
        go(source, tmp_path / "file" / "out")


def test_a_missing_package_ends_the_run(source: Path, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Missing:
        def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
            raise MissingPackageError("it is not installed", hint="Install it")

    with pytest.raises(MissingPackageError):
        run(plan_for(source, tmp_path / "out"), Missing(), BatchSettings(jobs=1))


def test_as_many_inputs_are_handed_over_together_as_a_task_takes(tmp_path: Path) -> None:
    jobs = []
    for number in range(7):
        source = tmp_path / f"{number}.png"
        source.write_bytes(bytes([number]))
        jobs.append(Job((("picture", source),), (tmp_path / "out" / f"{number}.bin",), PurePosixPath(source.name)))
    report = run(Plan("test", tuple(jobs), tmp_path / "out", {}), Together(), BatchSettings(jobs=1))
    assert report.counts["done"] == 7
    assert [(tmp_path / "out" / f"{n}.bin").read_bytes() for n in range(7)] == [
        bytes([c, n]) for n, c in enumerate([3] * 6 + [1])
    ]


def test_what_the_plan_knows_is_in_the_report(source: Path, tmp_path: Path) -> None:
    plan = dataclasses.replace(
        plan_for(source, tmp_path / "out"), reported_settings={"tail": "", "device": "cpu"}, notes=("a note",)
    )
    report = run(plan, Upper(), BatchSettings(jobs=1))
    assert (report.settings, report.notes) == ({"tail": "", "device": "cpu"}, ("a note",))
    elsewhere = dataclasses.replace(plan, reported_settings={"tail": "", "device": "cuda"}, notes=())
    assert run(elsewhere, Upper(), BatchSettings(jobs=1)).counts["skipped"] == 4  # what is only shown makes none stale


def test_outputs_that_others_build_on_are_read_again_and_made_as_they_were(source: Path, tmp_path: Path) -> None:
    plan = dataclasses.replace(plan_for(source, tmp_path / "out"), trusting=False)
    run(plan, Upper(), BatchSettings(jobs=1))
    (tmp_path / "out" / "one.txt").write_text("touched up")
    report = run(plan, Upper(), BatchSettings(jobs=1))
    assert report.counts == {"done": 1, "skipped": 3, "failed": 0}
    assert (tmp_path / "out" / "one.txt").read_text().startswith("A")
    foreign = dataclasses.replace(plan_for(source, tmp_path / "other"), trusting=False)
    make(tmp_path / "other", one="precious")
    assert "in the way" in run(foreign, Upper(), BatchSettings(jobs=1)).of("failed")[0].reason


class Drawn:
    """Makes a picture, and one beside it, of one grey."""

    def __init__(self, grey: int = 0) -> None:
        self.grey = grey

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        return Produced((encode_png(np.full((9, 9), self.grey, np.uint8)), encode_png(np.zeros((5, 5), np.uint8))))


def drawn(folder: Path, grey: int = 0, *, dry_run: bool = False) -> Report:
    (folder / "in.png").write_bytes(b"any")
    outputs = (folder / "out" / "a.png", folder / "out" / "beside" / "a.png")
    job = Job((("picture", folder / "in.png"),), outputs, PurePosixPath("in.png"))
    return run(
        Plan("draw", (job,), folder / "out", {"grey": grey}), Drawn(grey), BatchSettings(jobs=1, dry_run=dry_run)
    )


@pytest.mark.parametrize("name", ["a.png", "beside/a.png"])
@pytest.mark.parametrize("grey", [0, 1])
def test_an_output_that_is_no_whole_picture_is_made_again_whatever_the_settings(
    tmp_path: Path, name: str, grey: int
) -> None:
    drawn(tmp_path)
    path = tmp_path / "out" / name
    path.write_bytes(path.read_bytes()[:40])
    assert drawn(tmp_path, grey, dry_run=True).records[0].reason == "would be written"
    assert drawn(tmp_path, grey).counts == {"done": 1, "skipped": 0, "failed": 0}
    decode_picture(path.read_bytes())
    assert drawn(tmp_path, grey).records[0].reason == "unchanged"


def test_a_picture_that_somebody_painted_on_is_kept_and_named(tmp_path: Path) -> None:
    drawn(tmp_path)
    path = tmp_path / "out" / "a.png"
    path.write_bytes(encode_png(np.full((9, 9), 7, np.uint8)))
    for _ in range(2):
        (record,) = drawn(tmp_path).records
        assert (record.status, len(record.warnings)) == ("skipped", 1)
    assert drawn(tmp_path, 1).counts["failed"] == 1
    assert decode_picture(path.read_bytes()).rgb[0, 0, 0] == 7


def test_outputs_that_were_copied_are_compared_once_and_not_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(source, tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    assert go(source, tmp_path / "copy", dry_run=True).counts["skipped"] == 4
    assert go(source, tmp_path / "copy").counts["skipped"] == 4
    read = []
    plain_read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or plain_read(path))
    assert go(source, tmp_path / "copy").counts["skipped"] == 4
    assert not [path for path in read if path.suffix == ".txt" and source not in path.parents]


def test_a_broken_file_of_somebody_else_stays(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"\x89PNG")
    assert drawn(tmp_path).counts["failed"] == 1
    assert (out / "a.png").read_bytes() == b"\x89PNG"


def test_without_semaphores_all_is_done_in_one_process_and_that_is_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBLIB_MULTIPROCESSING", "0")
    processes.can_start_processes.cache_clear()
    try:
        report = go(source, tmp_path / "out", jobs=2)
    finally:
        processes.can_start_processes.cache_clear()
    assert report.counts["done"] == 4
    assert "no worker processes" in report.notes[0]
    assert go(source, tmp_path / "one", jobs=1).notes == ()
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "one")


def test_a_run_that_was_stopped_before_it_began_accounts_for_every_input(source: Path, tmp_path: Path) -> None:
    report = report_stopped(plan_for(source, tmp_path / "out"), "interrupt")
    assert (report.counts, report.exit_code) == ({"done": 0, "skipped": 4, "failed": 0}, 130)
    assert {record.reason for record in report.records} == {"not reached"}
    assert not (tmp_path / "out").exists()
