"""What is said of pictures beside them."""

import json
import os
from pathlib import Path

import pytest

from pipelines.core.data.attribution import Attributions


def test_sidecars_are_found_beside_and_above(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "color"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text('{"license": "CC0", "artist": "Ann", "frames": [1], "scale": 2}')
    (folder / "b.png.json").write_text('{"licence": "MIT"}')
    rows = [{"color": "set/color/c.png", "licence": "CC BY 4.0", "split": "val"}, {"file_name": "set/color/a.png"}]
    (tmp_path / "manifest.jsonl").write_text("not json\n" + "\n".join(map(json.dumps, rows)))
    attributions = Attributions()
    assert attributions.of(folder / "a.png") == {"licence": "CC0", "author": "Ann", "scale": 2}
    assert attributions.of(folder / "b.png") == {"licence": "MIT"}
    assert attributions.of(folder / "c.png") == rows[0]
    assert attributions.of(folder / "d.png") == {}
    assert attributions.problems == []


def test_a_broken_sidecar_is_named_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1]")
    attributions = Attributions()
    assert (
        attributions.of(tmp_path / "a.png")
        == attributions.of(tmp_path / "b.png")
        == attributions.of(tmp_path / "a.png")
        == {}
    )
    assert [problem.split(" is no JSON")[0][-6:] for problem in attributions.problems] == ["a.json", "b.json"]


def said_of(tmp_path: Path, sidecar: bytes) -> tuple[dict[str, object], list[str]]:
    (tmp_path / "a.json").write_bytes(sidecar)
    attributions = Attributions()
    return attributions.of(tmp_path / "a.png"), attributions.problems


@pytest.mark.parametrize(
    ("written", "licence"),
    [("4", "4"), ("1.5", "1.5"), ("true", "true"), ('"CC0"', "CC0"), ('["CC0", 4]', "CC0, 4"), (r'"\ud800x"', "?x")],
)
def test_a_licence_is_a_text_however_it_was_written(tmp_path: Path, written: str, licence: str) -> None:
    assert said_of(tmp_path, f'{{"License": {written}}}'.encode()) == ({"licence": licence}, [])


@pytest.mark.parametrize("written", ["NaN", '{"name": "CC0"}', "[]", "[[1]]", "1e999", json.dumps("x" * 3000)])
def test_a_licence_that_is_no_text_is_named(tmp_path: Path, written: str) -> None:
    values, problems = said_of(tmp_path, f'{{"license": {written}, "author": null}}'.encode())
    assert values == {}
    assert [problem.split("a.json ")[1] for problem in problems] == [
        'has a licence that is no text. Write it as one, such as "CC-BY-4.0"'
    ]


def test_what_no_strict_reader_reads_is_left_out(tmp_path: Path) -> None:
    assert said_of(tmp_path, b'{"x": NaN, "y": 1e999, "z": -Infinity, "n": 3, "ok": true}') == (
        {"n": 3, "ok": True},
        [],
    )


@pytest.mark.parametrize("damaged", [b'{"a":' + b"[" * 100_000, b'{"a": "\xff"}', b"", b" " * (17 << 20)])
def test_a_sidecar_of_any_damage_is_named(tmp_path: Path, damaged: bytes) -> None:
    values, problems = said_of(tmp_path, damaged)
    assert values == {}
    assert problems == [f"{tmp_path / 'a.json'} is no JSON object and says nothing of its picture: mend or remove it"]


def test_what_cannot_be_opened_is_named_and_what_is_no_file_is_no_sidecar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "a.json")  # reading it would wait for ever
    assert said_of_none(tmp_path) == ({}, [])
    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json").mkdir()
    assert said_of_none(tmp_path) == ({}, [])
    (tmp_path / "manifest.jsonl").write_text('{"file": "a.png", "licence": "CC0"}')

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    problem = "manifest.jsonl cannot be read (permission denied) and says nothing of its picture: mend or remove it"
    assert said_of_none(tmp_path) == ({}, [f"{tmp_path}/{problem}"])


def said_of_none(tmp_path: Path) -> tuple[dict[str, object], list[str]]:
    attributions = Attributions()
    attributions.of(tmp_path / "b.png")
    return attributions.of(tmp_path / "a.png"), attributions.problems
