"""How a dataset is written and read back."""

import json
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
