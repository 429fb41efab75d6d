"""The batch floor: what happens to files, whatever the work."""

import errno
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from pipelines.core.batch import journal, workers
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Record, Report
from pipelines.core.batch.runner import Terminated, run
from pipelines.core.batch.workers import Input, Produced
from pipelines.core.errors import MethodError, MissingPackageError, UsageError
from pipelines.core.files import STATE_FOLDER, fingerprint


@dataclass(frozen=True)
class Upper:
    """Upper-cases text; fails for "bad", kills its process for "kill"."""

    tail: str = ""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        data = files["picture"]
        if data == b"bad":
            raise MethodError("it is bad", hint="Be good")
        if data == b"kill":
            os._exit(9)
        return Produced((data.upper() + self.tail.encode() + str(rng.integers(1 << 30)).encode(),))


def make(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)


def plan_for(source: Path, output: Path, tail: str = "") -> Plan:
    files = sorted(source.rglob("*.txt"))
    jobs = tuple(
        Job((("picture", path),), (output / path.relative_to(source),), PurePosixPath(path.relative_to(source)))
        for path in files
    )
    return Plan("upper", jobs, output, {"tail": tail})


def go(source: Path, output: Path, tail: str = "", **settings: object) -> Report:
    chosen = BatchSettings(**{"jobs": 1, **settings})  # type: ignore[arg-type]
    return run(plan_for(source, output, tail), Upper(tail), chosen)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and journal.STATE_FOLDER not in path.parts
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    make(tmp_path / "in", one="a", two="b", three="c")
    make(tmp_path / "in" / "deep", four="d")
    return tmp_path / "in"


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
    assert go(source, tmp_path / "out").counts["skipped"] == 4
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


def test_a_worker_that_dies_is_one_row(source: Path, tmp_path: Path) -> None:
    make(source, two="kill")
    report = go(source, tmp_path / "out", jobs=2)
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert "worker process died" in report.of("failed")[0].reason
    assert report.of("failed")[0].input.endswith("two.txt")


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
    assert not list((out / journal.STATE_FOLDER).glob("unfinished-*"))
    assert go(source, out).counts["failed"] == 0
    go(source, tmp_path / "undisturbed")
    assert bytes_of(out) == bytes_of(tmp_path / "undisturbed")


def test_collisions_are_found_before_any_work(tmp_path: Path) -> None:
    make(tmp_path, a="a", b="b")
    out = tmp_path / "out"
    jobs = tuple(
        Job((("picture", tmp_path / f"{name}.txt"),), (out / "same.txt",), PurePosixPath(name)) for name in "ab"
    )
    with pytest.raises(UsageError, match=r"a\.txt and .*b\.txt would both become .*same\.txt"):
        run(Plan("upper", jobs, out, {}), Upper(), BatchSettings())
    assert not out.exists()


def test_an_output_that_is_an_input_is_refused(tmp_path: Path) -> None:
    make(tmp_path, a="a")
    job = Job((("picture", tmp_path / "a.txt"),), (tmp_path / "a.txt",), PurePosixPath("a"))
    with pytest.raises(UsageError, match="read and would be overwritten"):
        run(Plan("upper", (job,), tmp_path, {}), Upper(), BatchSettings())


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


def test_a_torn_journal_line_costs_one_comparison_and_no_more(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    file = out / STATE_FOLDER / "state.jsonl"
    text = file.read_text()
    file.write_text(text[:-9])
    assert go(source, out).counts == {"done": 1, "skipped": 3, "failed": 0}
    assert go(source, out).counts["skipped"] == 4


def test_the_journal_does_not_grow_for_ever(source: Path, tmp_path: Path) -> None:
    for i in range(30):
        go(source, tmp_path / "out", tail=str(i))
    lines = (tmp_path / "out" / journal.STATE_FOLDER / "state.jsonl").read_text().splitlines()
    assert len(lines) <= 2 * 4 + 16 + 4


def test_what_a_killed_run_left_unfinished_is_swept(source: Path, tmp_path: Path) -> None:
    left = tmp_path / "out" / journal.STATE_FOLDER / f"unfinished-{platform.node()}-abc-999999999"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    go(source, tmp_path / "out")
    assert not left.exists()


def test_files_of_a_killed_run_are_known_although_it_could_not_remember_them(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    (out / journal.STATE_FOLDER / "state.jsonl").unlink()
    left = out / journal.STATE_FOLDER / f"unfinished-{platform.node()}-abc-999999999"
    for path in source.rglob("*.txt"):
        key = path.relative_to(source).as_posix()
        journal.note_intent(left, key, "upper", (fingerprint((out / key).read_bytes()),))
    assert go(source, out, tail="other settings").counts == {"done": 4, "skipped": 0, "failed": 0}


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
    foreseen = go(source, tmp_path / "out", dry_run=True)
    assert foreseen.counts == go(source, tmp_path / "out").counts == {"done": 3, "skipped": 0, "failed": 2}


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


def test_a_file_in_the_place_of_a_folder_is_found_before_any_work(tmp_path: Path) -> None:
    make(tmp_path, a="a", b="b")
    out = tmp_path / "out"
    outputs = (out / "x", out / "x" / "y")
    jobs = tuple(
        Job((("picture", tmp_path / f"{name}.txt"),), (output,), PurePosixPath(name))
        for name, output in zip("ab", outputs, strict=True)
    )
    with pytest.raises(UsageError, match="need as a folder"):
        run(Plan("upper", jobs, out, {}), Upper(), BatchSettings())


def test_a_missing_package_ends_the_run(source: Path, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Missing:
        def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
            raise MissingPackageError("it is not installed", hint="Install it")

    with pytest.raises(MissingPackageError):
        run(plan_for(source, tmp_path / "out"), Missing(), BatchSettings(jobs=1))


def test_randomness_depends_on_seed_and_relative_path_only() -> None:
    def draw(seed: int, name: str) -> int:
        return int(workers.rng_for(seed, PurePosixPath(name)).integers(1 << 62))

    assert draw(0, "a/b.png") == draw(0, "a/b.png")
    assert len({draw(0, "a/b.png"), draw(1, "a/b.png"), draw(0, "b.png"), draw(0, "b/a.png")}) == 4


def test_a_fault_of_ours_says_so() -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError as error:
        assert "fault of colorize-cli" in workers.explain(error)


class Halves:
    """A task on several inputs: notes how many came together."""

    batch_size = 3
    runs_in_threads = False

    def __call__(self, files: Any, rng: np.random.Generator) -> Produced:
        return self.run_batch([Input(files, rng)])[0]

    def prepare(self, workers: int | None) -> "tuple[Halves, int | None]":
        return self, workers

    def run_batch(self, inputs: Any) -> list[Produced]:
        return [Produced((bytes([len(inputs)]) + files["picture"],)) for files, _ in inputs]


def test_the_floor_hands_as_many_inputs_over_together_as_a_work_takes(tmp_path: Path) -> None:
    jobs = []
    for number in range(7):
        (tmp_path / f"{number}.png").write_bytes(bytes([number]))
        source = tmp_path / f"{number}.png"
        jobs.append(Job((("picture", source),), (tmp_path / "out" / f"{number}.bin",), PurePosixPath(source.name)))
    report = run(Plan("test", tuple(jobs), tmp_path / "out", {}), Halves(), BatchSettings(jobs=1))
    assert report.counts["done"] == 7
    assert [(tmp_path / "out" / f"{n}.bin").read_bytes() for n in range(7)] == [
        bytes([c, n]) for n, c in enumerate([3] * 6 + [1])
    ]
