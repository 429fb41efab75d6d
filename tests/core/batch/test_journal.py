"""What later runs know of earlier ones, killed ones included."""

import json
import os
import platform
from pathlib import Path

import pytest

from pipelines.core.batch.journal import Journal, JournalEntry, note_intent
from pipelines.core.files import STATE_FOLDER, fingerprint, scratch_folder
from tests.core.batch.texts import go

ENTRY = JournalEntry("upper", "of inputs", "of settings", ("of one", "of another"))


def lines_of(folder: Path) -> list[str]:
    return (folder / STATE_FOLDER / "state.jsonl").read_text().splitlines()


def scratch_of_the_dead(folder: Path) -> Path:
    return folder / STATE_FOLDER / f"unfinished-{platform.node()}-abc-999999999"


# entries


def test_what_is_added_is_known_now_and_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.get("a/b.png") is None
    journal.add("a/b.png", ENTRY)
    assert journal.get("a/b.png") == Journal(tmp_path).get("a/b.png") == ENTRY


def test_of_two_entries_the_later_one_holds(tmp_path: Path) -> None:
    later = JournalEntry("upper", "other inputs", "of settings", ("x",))
    journal = Journal(tmp_path)
    journal.add("a", ENTRY)
    journal.add("a", later)
    assert Journal(tmp_path).get("a") == later
    assert len(lines_of(tmp_path)) == 2


def test_names_of_every_kind_come_back(tmp_path: Path) -> None:
    names = ["ドラゴン.png", "new\nline.png", "not UTF-8: \udcff.png", '"quoted".png']
    for name in names:
        Journal(tmp_path).add(name, ENTRY)
    assert all(Journal(tmp_path).get(name) == ENTRY for name in names)


@pytest.mark.parametrize("damage", ["{}\n", "[1\n", "null\n", "\x00\n", '["short"]\n', "\n\n"])
def test_lines_that_are_none_of_ours_are_passed_over(tmp_path: Path, damage: str) -> None:
    Journal(tmp_path).add("a", ENTRY)
    with (tmp_path / STATE_FOLDER / "state.jsonl").open("a") as file:
        file.write(damage)
    Journal(tmp_path).add("b", ENTRY)
    assert Journal(tmp_path).get("a") == Journal(tmp_path).get("b") == ENTRY


def test_after_a_line_that_was_cut_off_a_new_one_begins(tmp_path: Path) -> None:
    Journal(tmp_path).add("a", ENTRY)
    with (tmp_path / STATE_FOLDER / "state.jsonl").open("a") as file:
        file.write('["b", "upp')
    journal = Journal(tmp_path)
    journal.add("c", ENTRY)
    journal.add("d", ENTRY)
    later = Journal(tmp_path)
    assert later.get("b") is None
    assert later.get("c") == later.get("d") == ENTRY


# the end of a run, and runs that had none


def test_closing_recovers_what_was_put_in_place_and_not_added(tmp_path: Path) -> None:
    journal, scratch = Journal(tmp_path), scratch_folder(tmp_path)
    note_intent(scratch, "added", "upper", ENTRY.output_digests)
    journal.add("added", ENTRY)
    note_intent(scratch, "not added", "upper", ("made",))
    journal.close(scratch)
    later = Journal(tmp_path)
    assert later.get("added") == ENTRY
    assert later.get("not added") == JournalEntry("upper", "", "", ("made",))
    assert not scratch.exists()


def test_a_note_of_other_bytes_takes_the_place_of_what_was_known(tmp_path: Path) -> None:
    journal, scratch = Journal(tmp_path), scratch_folder(tmp_path)
    journal.add("a", ENTRY)
    note_intent(scratch, "a", "upper", ("made later",))
    journal.close(scratch)
    assert Journal(tmp_path).get("a") == JournalEntry("upper", "", "", ("made later",))


def test_closing_compacts_and_loses_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(60):
        journal.add(str(number % 3), JournalEntry("upper", str(number), "", ()))
    journal.close(tmp_path / "nothing")
    assert [json.loads(line)[:3] for line in lines_of(tmp_path)] == [
        ["0", "upper", "57"],
        ["1", "upper", "58"],
        ["2", "upper", "59"],
    ]
    journal.add("3", ENTRY)
    assert len(lines_of(tmp_path)) == 4


def test_a_short_journal_is_left_as_it_is(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(18):
        journal.add("a", JournalEntry("upper", str(number), "", ()))
    journal.close(tmp_path / "nothing")
    assert len(lines_of(tmp_path)) == 18


def test_a_dead_run_is_recovered_and_a_living_one_left_alone(tmp_path: Path) -> None:
    dead = scratch_of_the_dead(tmp_path)
    living = dead.with_name(f"unfinished-{platform.node()}-abc-{os.getppid()}")
    elsewhere = dead.with_name("unfinished-another machine-abc-999999999")
    for scratch in (dead, living, elsewhere):
        note_intent(scratch, scratch.name, "upper", ("made",))
    journal = Journal(tmp_path)
    journal.recover()
    assert [scratch.exists() for scratch in (dead, living, elsewhere)] == [False, True, True]
    assert [journal.get(scratch.name) is not None for scratch in (dead, living, elsewhere)] == [True, False, False]


def test_what_another_machine_left_is_removed_after_a_day(tmp_path: Path) -> None:
    left = scratch_of_the_dead(tmp_path).with_name("unfinished-another machine-abc-1")
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    Journal(tmp_path).recover()
    assert not left.exists()


# whole runs


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
    lines = (tmp_path / "out" / STATE_FOLDER / "state.jsonl").read_text().splitlines()
    assert len(lines) <= 2 * 4 + 16 + 4


def test_what_a_killed_run_left_unfinished_is_swept(source: Path, tmp_path: Path) -> None:
    left = scratch_of_the_dead(tmp_path / "out")
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    go(source, tmp_path / "out")
    assert not left.exists()


def test_files_of_a_killed_run_are_known_although_it_could_not_remember_them(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(source, out)
    (out / STATE_FOLDER / "state.jsonl").unlink()
    left = scratch_of_the_dead(out)
    for path in source.rglob("*.txt"):
        key = path.relative_to(source).as_posix()
        note_intent(left, key, "upper", (fingerprint((out / key).read_bytes()),))
    assert go(source, out, tail="other settings").counts == {"done": 4, "skipped": 0, "failed": 0}
