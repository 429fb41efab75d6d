"""How a dataset is written and read back."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.data.manifest import (
    DESCRIPTION,
    MANIFEST,
    check_folder,
    open_dataset,
    write_lines,
)
from pipelines.core.errors import ColorizeError, PictureError, UsageError
from tests import drawings
from tests.core.data.datasets import make_dataset


def test_a_dataset_is_read_back(tmp_path: Path) -> None:
    read = open_dataset(make_dataset(tmp_path))
    assert {split: len(samples) for split, samples in read.samples.items()} == {
        "train": 2,
        "val": 0,
        "test": 0,
        "display": 0,
    }
    sample = read.samples["train"][1]
    assert (sample.name, sample.line_method, sample.hint_method) == ("b", "own", "points")
    loaded = read.load(sample)
    assert (loaded.colour == drawings.two_circles_coloured(32)).all()
    assert (loaded.lines == drawings.two_circles(32)).all()
    assert (loaded.hints == drawings.two_hints(32)).all()
    assert loaded.composite.shape == (32, 32, 3)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    read = open_dataset(make_dataset(tmp_path))
    first, second = read.samples["train"]
    (tmp_path / first.lines).write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"lines/own/a\.png: it is not a picture"):
        read.load(first)
    drawings.write(tmp_path / second.hints, drawings.two_hints(16))
    with pytest.raises(PictureError, match=r"b\.png is 16x16, its picture 32x32"):
        read.load(second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"complete": False}, "is not finished"),
        ({"layout": "aligned"}, "layout 'aligned'"),
        ({"kind": "other"}, "is no dataset"),
        ({"version": 99}, "another version"),
        ({"names": ()}, "has no pairs"),
    ],
)
def test_what_is_no_dataset_to_read_says_so(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    names = change.pop("names", ("a",))
    make_dataset(tmp_path, names)
    about = json.loads((tmp_path / DESCRIPTION).read_text())
    (tmp_path / DESCRIPTION).write_text(json.dumps({**about, **change}))
    with pytest.raises(UsageError, match=message):
        open_dataset(tmp_path)


def test_missing_and_damaged_manifests_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is no dataset"):
        open_dataset(tmp_path)
    make_dataset(tmp_path)
    manifest = tmp_path / MANIFEST
    lines = manifest.read_text().splitlines()
    manifest.write_text(f"{lines[0]}\n{lines[1][:40]}")
    with pytest.raises(UsageError, match=r"line 2 of .*manifest\.jsonl is damaged"):
        open_dataset(tmp_path)
    manifest.write_text(f'{lines[0]}\n{{"split": "train"}}\n')
    with pytest.raises(UsageError, match="line 2 of"):
        open_dataset(tmp_path)
    manifest.unlink()
    with pytest.raises(UsageError, match="is not finished"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"colour": "../secret.png"}, "`colour` leads out of the dataset"),
        ({"lines": "/etc/motd"}, "`lines` leads out of the dataset"),
        ({"hints": "train/../../x.png"}, "`hints` leads out of the dataset"),
        ({"composite": "a\0.png"}, "`composite` leads out of the dataset"),
        ({"composite": "\ud800.png"}, "`composite` leads out of the dataset"),
        ({"colour": 5}, "`colour` is no text"),
        ({"name": ["a"]}, "`name` is no text"),
        ({"line_method": "\x1b[31mred"}, "`line_method` holds characters that cannot be shown"),
        ({"split": "nowhere"}, ""),
        ({"split": ["train"]}, ""),
    ],
)
def test_a_row_of_another_shape_is_damaged(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    make_dataset(tmp_path, ("a", "b"))
    first, second = map(json.loads, (tmp_path / MANIFEST).read_text().splitlines())
    (tmp_path / MANIFEST).write_text("\n".join(map(json.dumps, (first, {**second, **change}))))
    with pytest.raises(UsageError, match=r"line 2 of .*manifest\.jsonl is damaged") as caught:
        open_dataset(tmp_path)
    assert caught.value.message.endswith(f"is damaged: {reason}" if reason else "is damaged")


@pytest.mark.parametrize("line", [b"5", b"[]", b'"a"', b"{", b'{"a": "\xff"}', b'{"a":' * 100_000])
def test_a_line_that_is_no_object_is_damaged(tmp_path: Path, line: bytes) -> None:
    manifest = make_dataset(tmp_path, ("a",)) / MANIFEST
    manifest.write_bytes(manifest.read_bytes() + line)
    with pytest.raises(UsageError, match=r"line 2 of .*manifest\.jsonl is damaged"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("size", [5, [64], [64, 0], [64, "64"], [64.5, 64], [True, 1], {"w": 1}, [1 << 40, 1]])
def test_a_description_with_another_size_is_refused(tmp_path: Path, size: object) -> None:
    with pytest.raises(UsageError, match="`size` is not"):
        open_dataset(make_dataset(tmp_path, size=size))


def test_a_pipe_in_the_place_of_a_picture_is_no_picture(tmp_path: Path) -> None:
    read = open_dataset(make_dataset(tmp_path))
    sample = read.samples["train"][0]
    (tmp_path / sample.colour).unlink()
    os.mkfifo(tmp_path / sample.colour)  # opening it would wait for ever
    with pytest.raises(PictureError, match=r"a\.png is no file"):
        read.load(sample)


@pytest.mark.parametrize("damaged", [b"", b'{"kind": "colorize-cli da', b"\xff", b'{"a":' * 100_000])
def test_a_damaged_description_of_ours_is_replaced_and_no_other(tmp_path: Path, damaged: bytes) -> None:
    make_dataset(tmp_path)
    (tmp_path / DESCRIPTION).write_bytes(damaged)
    with pytest.raises(UsageError, match="is in the way"):
        check_folder(tmp_path)
    (tmp_path / ".colorize-cli" / "rows").mkdir(parents=True)
    check_folder(tmp_path)
    (tmp_path / DESCRIPTION).write_text('{"kind": "other"}')
    with pytest.raises(UsageError, match="is in the way"):
        check_folder(tmp_path)


def test_files_of_somebody_else_are_not_taken_for_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="is in the way"):
        check_folder(tmp_path)
    make_dataset(tmp_path / "ours")
    check_folder(tmp_path / "ours")
    check_folder(tmp_path / "new")


def test_writing_lines_leaves_the_old_file_where_it_fails(tmp_path: Path) -> None:
    write_lines(tmp_path, "list", ["old\n"])
    (tmp_path / "list").with_name("folder").mkdir()
    with pytest.raises(ColorizeError, match="cannot be written"):
        write_lines(tmp_path, "folder", ["new\n"])

    def broken() -> Iterator[str]:
        yield "new\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lines(tmp_path, "list", broken())
    assert (tmp_path / "list").read_text() == "old\n"
    assert not list((tmp_path / ".colorize-cli").glob("unfinished*"))
