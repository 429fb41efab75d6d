"""What later runs know of earlier ones, killed ones included."""

import errno
import json
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.batch import journal as journals
from pipelines.core.batch.journal import Journal, JournalEntry, files_beside, note_intent
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


def test_what_lies_beside_a_result_and_its_source_come_back_where_they_are_asked_for(tmp_path: Path) -> None:
    whole = replace(ENTRY, stamps=("1:2:3", "4:5:6"), source="../in/a.png", beside=("steps/a.png",), results=1)
    journal = Journal(tmp_path)
    journal.add("a.png", whole)
    assert journal.remembered() == {"a.png": whole}
    assert journal.get("a.png") == Journal(tmp_path).get("a.png") == replace(whole, source="", beside=())
    assert files_beside(tmp_path) == {str(tmp_path / "steps" / "a.png")}
    journal.add("b.png", replace(whole, beside=(), results=0))
    journal.add("c.png", replace(whole, results=None))
    assert files_beside(tmp_path) == {str(tmp_path / "steps" / "a.png"), str(tmp_path / "b.png")}
    assert files_beside(tmp_path / "elsewhere") == frozenset()


def test_what_is_forgotten_is_gone_for_good(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for key in "abc":
        journal.add(key, ENTRY)
    journal.forget(["a", "c", "never there"])
    assert journal.get("a") is None
    assert list(Journal(tmp_path).remembered()) == ["b"]


@pytest.mark.parametrize(
    "damage",
    [
        "{}\n",
        "[1\n",
        "null\n",
        "\x00\n",
        '["short"]\n',
        "\n\n",
        '[["a"], "b", "c", "d"]\n',
        '["a", "b", "c", 4]\n',
        '["a", "b", "c", {"from": "d"}]\n',
        "[" * 100_000 + "\n",
    ],
)
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


def test_details_of_the_wrong_kind_are_not_known(tmp_path: Path) -> None:
    Journal(tmp_path).add("a", ENTRY)
    with (tmp_path / STATE_FOLDER / "state.jsonl").open("a") as file:
        file.write('["b", "upper", "i", "s", "o", {"from": 5, "beside": "x", "stamps": [1], "results": true}]\n')
    assert Journal(tmp_path).remembered()["b"] == JournalEntry("upper", "i", "s", ("o",))


# several runs at once


def test_a_run_that_rewrites_the_journal_keeps_what_another_one_added(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    Journal(tmp_path).add("of the second", ENTRY)
    for number in range(60):
        first.add("of the first", JournalEntry("upper", str(number), "", ()))
    first.close(tmp_path / "nothing")
    assert len(lines_of(tmp_path)) == 2
    assert Journal(tmp_path).get("of the second") == ENTRY


def test_runs_that_add_and_rewrite_at_once_lose_nothing(tmp_path: Path) -> None:
    def work(name: str) -> None:
        for number in range(100):
            journal = Journal(tmp_path)
            journal.add("of all", JournalEntry("upper", str(number), "", ()))
            journal.add(f"{name} {number}", ENTRY)
            journal._rewrite(lambda entries, _: entries)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, "abc"))
    assert len(Journal(tmp_path).remembered()) == 301


def test_a_lock_that_is_never_given_back_does_not_stop_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_PATIENCE", 0.05)
    Journal(tmp_path).add("a", ENTRY)
    with journals._locked(tmp_path / STATE_FOLDER / "state.jsonl"):
        Journal(tmp_path).add("b", ENTRY)
    assert Journal(tmp_path).get("b") == ENTRY


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


def test_a_note_of_other_bytes_makes_both_replaceable_and_none_current(tmp_path: Path) -> None:
    journal, scratch = Journal(tmp_path), scratch_folder(tmp_path)
    journal.add("a", ENTRY)
    note_intent(scratch, "a", "upper", ("made later",))
    journal.close(scratch)
    assert Journal(tmp_path).get("a") == JournalEntry("upper", "", "", ("made later", "of one", "of another"))


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


def test_leftovers_of_strange_shapes_are_no_stumbling_block(tmp_path: Path) -> None:
    dead = scratch_of_the_dead(tmp_path)
    huge = dead.with_name(dead.name + "9" * 30)
    huge.mkdir(parents=True)
    (dead / "made-1").mkdir(parents=True)
    note_intent(dead, "a", "upper", ("made",))
    dead.with_name(f"unfinished-{platform.node()}-abc-2").write_text("a file")
    journal = Journal(tmp_path)
    journal.recover()
    assert journal.get("a") == JournalEntry("upper", "", "", ("made",))
    assert not dead.exists()
    assert not huge.exists()


def test_an_empty_folder_in_place_of_the_journal_is_removed(tmp_path: Path) -> None:
    (tmp_path / STATE_FOLDER / "state.jsonl").mkdir(parents=True)
    journal = Journal(tmp_path)
    journal.recover()
    journal.add("a", ENTRY)
    assert Journal(tmp_path).get("a") == ENTRY


def test_notes_that_cannot_be_taken_over_wait_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Journal, key: str, entry: JournalEntry) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    note_intent(scratch_of_the_dead(tmp_path), "a", "upper", ("made",))
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", full)
        Journal(tmp_path).recover()
    journal = Journal(tmp_path)
    journal.recover()
    assert journal.get("a") == JournalEntry("upper", "", "", ("made",))


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
