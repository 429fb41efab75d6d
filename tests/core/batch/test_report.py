"""The report of a run: its counts add up, and it survives as JSON."""

import dataclasses
import json

import pytest

from pipelines.core.batch.report import Record, Report, Status, StopReason, sum_up


def record(name: str, status: Status = "done", reason: str = "", warnings: tuple[str, ...] = ()) -> Record:
    return Record(name, (f"out/{name}",), status, reason, 1.5, warnings)


RECORDS = (
    record("a"),
    record("b", "failed", "it is bad. Be good"),
    record("c", "skipped", "unchanged"),
    record("d", warnings=("resized",)),
)
REPORT = Report("upper", {"tail": "!"}, RECORDS, seconds=1.23456, output="out", notes=("a note",))


def test_the_counts_add_up_to_the_inputs() -> None:
    assert REPORT.counts == {"done": 2, "skipped": 1, "failed": 1}
    assert [item.input for item in REPORT.of("done")] == ["a", "d"]
    assert sum(len(REPORT.of(status)) for status in REPORT.counts) == len(RECORDS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("records", "stopped_by", "code"),
    [
        ((), "", 0),
        (RECORDS[2:], "", 0),
        (RECORDS, "", 1),
        (RECORDS, "failure", 1),
        (RECORDS, "interrupt", 130),
        (RECORDS[:1], "termination", 143),
    ],
)
def test_the_exit_code_says_how_it_ended(records: tuple[Record, ...], stopped_by: StopReason, code: int) -> None:
    assert Report("upper", {}, records, stopped_by=stopped_by).exit_code == code


def test_the_summary_tells_of_what_needs_looking_at() -> None:
    summary = REPORT.summary()
    assert summary["inputs"] == summary["done"] + summary["skipped"] + summary["failed"] == 4
    assert summary["failures"] == {"b": "it is bad. Be good"}
    assert summary["warnings"] == {"d": ["resized"]}
    assert (summary["seconds"], summary["notes"], summary["settings"]) == (1.235, ["a note"], {"tail": "!"})
    assert "records" not in summary


def test_the_whole_report_is_json_with_a_line_for_each_record() -> None:
    text = REPORT.as_json()
    value = json.loads(text)
    assert value.pop("records") == [json.loads(item.as_json()) for item in RECORDS]
    assert value == REPORT.summary()
    assert all(item.as_json() in line for item, line in zip(RECORDS, text.splitlines()[-6:], strict=False))
    assert json.loads(Report("upper", {}).as_json())["records"] == []


def test_any_file_name_survives_in_ascii() -> None:
    odd = record("ドラゴン\n\udcff.png")
    assert odd.as_json().isascii()
    assert json.loads(odd.as_json())["input"] == odd.input


def test_nothing_in_it_can_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.notes = ()  # type: ignore[misc]


def test_facts_add_up() -> None:
    first = {"yes": True, "count": 2, "size": 1.5, "by": "hand", "of": {"a": 1}, "places": [1, 2]}
    second = {"yes": False, "count": 3, "size": 0.5, "by": "hand", "of": {"a": 2, "b": 4}, "places": [3]}
    together = {"yes": 1, "count": 5, "size": 1.5, "by": {"hand": 2}, "of": {"a": 3, "b": 4}}
    assert sum_up([first, second]) == together
    assert sum_up([]) == {}


def test_facts_stand_in_the_record_and_summed_up_in_the_summary() -> None:
    records = (dataclasses.replace(RECORDS[0], facts={"areas": 3}), dataclasses.replace(RECORDS[3], facts={"areas": 4}))
    assert json.loads(records[0].as_json())["facts"] == {"areas": 3}
    assert Report("upper", {}, (*records, RECORDS[1])).summary()["facts"] == {"areas": 7}


def test_where_there_are_no_facts_nothing_is_said_of_them() -> None:
    assert "facts" not in json.loads(RECORDS[0].as_json())
    assert "facts" not in REPORT.summary()


def test_what_was_passed_over_stands_in_the_summary_where_there_was_anything() -> None:
    assert "passed_over" not in Report("any", {}).summary()
    assert Report("any", {}, passed_over={".psd": 2}).summary()["passed_over"] == {".psd": 2}
