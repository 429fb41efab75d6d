"""Lists of paths from programs of every kind."""

import io
import sys
from pathlib import Path

import pytest

from colorize_cli.path_lists import read_list
from pipelines.core.errors import UsageError


def listed(tmp_path: Path, data: bytes) -> list[str]:
    (tmp_path / "list.txt").write_bytes(data)
    return read_list(str(tmp_path / "list.txt"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_of_windows_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    assert listed(tmp_path, f"a.png{end}art/Größe.png{end}{end}".encode(encoding)) == ["a.png", "art/Größe.png"]


def test_lists_of_several_programs_put_together_keep_their_names(tmp_path: Path) -> None:
    assert listed(tmp_path, "\ufeffa.png\n\ufeffb.png\n".encode()) == ["a.png", "b.png"]


def test_names_with_anything_in_them_come_ended_by_nul(tmp_path: Path) -> None:
    assert listed(tmp_path, b"new\nline.png\0caf\xe9.png\0\x1b[31m.png\0") == [
        "new\nline.png",
        "caf\udce9.png",
        "\x1b[31m.png",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfea\0b", "damaged UTF-16"),
        ("\ufeff\ud800.png".encode("utf-16-le", "surrogatepass"), "damaged UTF-16"),
        ("ドラゴン画像一覧.png\r\n".encode("utf-16-le"), "UTF-16 without its mark"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\x01\xff\0.\0", "no text"),
    ],
)
def test_what_is_no_list_is_refused_with_the_way_out(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=rf"list\.txt cannot be read: .*{reason}.*Save it as UTF-8"):
        listed(tmp_path, data)


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(UsageError, match=r"cannot read the list .*Check --files-from"):
            read_list(str(place))


def test_an_endless_list_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorize_cli.path_lists._MOST_BYTES", 1 << 20)
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        read_list("/dev/zero")


def test_standard_input_is_read_or_said_to_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a.png\n".encode("utf-16"))))
    assert read_list("-") == ["a.png"]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        read_list("-")
