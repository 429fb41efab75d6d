"""Which results are removed, and above all which are not."""

import json
import os
from pathlib import Path, PurePosixPath

import pytest

from pipelines.core.batch.folders import mark_auxiliary
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.pruning import prune
from pipelines.core.batch.report import Report
from pipelines.core.batch.runner import run
from pipelines.core.files import STATE_FOLDER, fingerprint
from tests.core.batch.texts import Upper, bytes_of, go, make, plan_for


def names(folder: Path) -> set[str]:
    return {name for name in bytes_of(folder) if not Path(name).name.startswith(".")}


def pruned(source: Path, output: Path, **settings: object) -> Report:
    return go(source, output, prune=True, **settings)


def test_the_result_of_an_input_that_is_gone_is_removed_and_named(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    (source / "two.txt").unlink()
    (source / "deep" / "four.txt").unlink()
    assert names(out) == {"one.txt", "two.txt", "three.txt", "deep/four.txt"}
    (note,) = pruned(source, out).notes
    assert note == f"of inputs that are gone 2 files removed: {out}/deep/four.txt, {out}/two.txt"
    assert names(out) == {"one.txt", "three.txt"}
    assert not (out / "deep").exists()
    assert pruned(source, out).notes == ()


def test_without_being_asked_nothing_is_removed_and_a_dry_run_says_what_would_be(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    (source / "two.txt").unlink()
    assert go(source, out).notes == ()
    assert "would be removed" in pruned(source, out, dry_run=True).notes[0]
    assert "two.txt" in names(out)


def test_what_was_changed_since_or_was_made_by_somebody_else_stays(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    make(out, two="touched up", own="of somebody")
    (source / "two.txt").unlink()
    for _ in range(2):
        (note,) = pruned(source, out).notes
        assert "kept" in note
        assert str(out / "two.txt") in note
    assert (out / "two.txt").read_text() == "touched up"
    assert (out / "own.txt").exists()


def test_results_of_another_command_and_of_other_folders_stay(source: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    make(other, five="e", six="f")
    go(other, out)
    plan = plan_for(source, out)
    run(Plan("lower", plan.jobs, out, {}), Upper(), BatchSettings(jobs=1))
    (other / "six.txt").unlink()
    (source / "two.txt").unlink()
    make(source, seven="g")
    for path in source.rglob("*.txt"):
        if path.stem != "seven":
            (out / path.relative_to(source)).unlink()
    assert pruned(source, out).notes == ()
    assert {"six.txt", "five.txt", "two.txt"} <= names(out)
    assert "six.txt" in pruned(other, out).notes[0]


def test_an_input_that_is_there_and_was_not_chosen_keeps_its_result(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    plan = plan_for(source, out)
    for change in (plan.jobs[:1], ()):
        assert prune(Plan("upper", change, out, {}), dry_run=False) == ()
    assert len(names(out)) == 4


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_what_cannot_be_looked_for_is_not_gone(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    go(source, out)
    jobs = [job for job in plan_for(source, out).jobs if "deep" not in job.input]

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "lstat", refuse)
    (source / "deep" / "four.txt").unlink()
    assert prune(Plan("upper", tuple(jobs), out, {}), dry_run=False) == ()
    assert "deep/four.txt" in names(out)


def test_files_beside_a_result_go_with_it_and_what_this_run_makes_stays(tmp_path: Path) -> None:
    make(tmp_path / "in", a="a", b="b")
    out = tmp_path / "out"

    class Two(Upper):
        def __call__(self, files, rng):  # type: ignore[no-untyped-def]
            (data,) = super().__call__(files, rng).files
            return type(super().__call__(files, rng))((data, data + b"!"))

    def jobs(*stems: str) -> tuple[Job, ...]:
        return tuple(
            Job(
                (("picture", tmp_path / "in" / f"{stem}.txt"),),
                (out / f"{stem}.txt", out / "steps" / f"{stem}.txt"),
                PurePosixPath(f"{stem}.txt"),
            )
            for stem in stems
        )

    run(Plan("upper", jobs("a", "b"), out, {}), Two(), BatchSettings(jobs=1))
    mark_auxiliary(out / "steps")
    (tmp_path / "in" / "b.txt").unlink()
    run(Plan("upper", jobs("a"), out, {}), Two(), BatchSettings(jobs=1, prune=True))
    assert names(out) == {"a.txt", "steps/a.txt"}
    (tmp_path / "in" / "a.txt").unlink()
    make(tmp_path / "in", c="c")
    run(Plan("upper", jobs("c"), out, {}), Upper(), BatchSettings(jobs=1, prune=True))
    assert not (out / "steps" / "a.txt").exists()


@pytest.mark.parametrize("key", ["../precious.txt", "/precious", "link/precious.txt", "a\0b"])
def test_a_journal_that_leads_out_of_its_folder_removes_nothing(source: Path, tmp_path: Path, key: str) -> None:
    out = tmp_path / "out"
    go(source, out)
    precious = tmp_path / "precious.txt"
    precious.write_text("p")
    (out / "link").symlink_to(tmp_path)
    key = key.replace("/precious", str(tmp_path / "precious.txt")) if key == "/precious" else key
    line = [key, "upper", "i", "s", fingerprint(b"p"), {"from": "../in/gone.txt", "beside": ["../precious.txt"]}]
    with (out / STATE_FOLDER / "state.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert pruned(source, out).counts["failed"] == 0
    assert precious.read_text() == "p"


def test_an_interrupted_run_removes_nothing(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    (source / "two.txt").unlink()
    make(source, one="bad")
    assert pruned(source, out, fail_fast=True).stopped_by == "failure"
    assert "two.txt" in names(out)
