"""Files and folders are whole at any moment, whenever a process is killed."""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.files import (
    STATE_FOLDER,
    check_replaceable,
    fingerprint,
    fingerprint_all,
    read_bounded,
    recover_folder,
    replace_file,
    replace_folder,
    scratch_folder,
    sha256,
    sha256_of_file,
    show_path,
    show_text,
    unfinished_path,
)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# names and digests


def test_paths_are_shown_on_one_line() -> None:
    assert show_path(Path("a/ドラゴン.png")) == "a/ドラゴン.png"
    assert show_path("tab\tline\nbyte\udcff") == r"tab\tline\nbyte\udcff"


def test_texts_are_shown_with_their_lines_and_spaces_and_nothing_that_steers() -> None:
    assert show_text("two\nlines, wide\u3000space") == "two\nlines, wide\u3000space"
    assert show_text("\x1b[31mred\x07\r\t\x9b2J\u202e\udcff") == r"\x1b[31mred\x07\r\t\x9b2J\u202e\udcff"


def test_a_digest_of_several_files_tells_names_and_bounds_apart() -> None:
    different = [
        [("a", b"12"), ("b", b"3")],
        [("a", b"1"), ("b", b"23")],
        [("b", b"3"), ("a", b"12")],
        [("a", b"12"), ("c", b"3")],
        [("a", b"12b:1:3")],
        [],
    ]
    assert len({fingerprint_all(files) for files in different}) == len(different)
    assert fingerprint_all(iter(different[0])) == fingerprint_all(different[0])
    assert fingerprint(b"1") != fingerprint(b"2")


def test_the_digest_of_rows_is_that_of_sha256sum(tmp_path: Path) -> None:
    data = bytes(range(256)) * 999
    (tmp_path / "file").write_bytes(data)
    assert sha256(data) == sha256_of_file(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_unfinished_files_are_hidden_beside_their_place_or_apart_in_scratch() -> None:
    assert unfinished_path(Path("run/run.json")) == Path("run/.run.json.writing")
    apart = {unfinished_path(Path(place), Path("scratch")) for place in ("a/x.png", "b/x.png", "a/" + "x" * 250)}
    assert len(apart) == 3
    assert {path.parent for path in apart} == {Path("scratch")}
    assert all(path.name.startswith(".") and len(path.name) < 64 for path in apart)


def test_each_run_has_a_scratch_folder_of_its_own() -> None:
    first, second = scratch_folder(Path("out")), scratch_folder(Path("out"))
    assert first != second
    assert first.parent == Path("out") / STATE_FOLDER
    assert first.name.endswith(f"-{os.getpid()}")


# files


def lines() -> Iterator[str]:
    yield "first\n"
    yield "ドラゴン\n"


@pytest.mark.parametrize("scratch", [None, "scratch/deep"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda: b"\x00\r\n", b"\x00\r\n"),
        (lines, "first\nドラゴン\n".encode()),
        (lambda: ["a\r\n"], b"a\r\n"),
        (lambda: lambda path: path.write_bytes(b"by itself"), b"by itself"),
    ],
)
def test_bytes_lines_and_writers_are_put_in_place(
    tmp_path: Path, given: Callable[[], object], expected: bytes, scratch: str | None
) -> None:
    path = tmp_path / "new" / "file"
    for _ in range(2):
        replace_file(path, given(), scratch=tmp_path / scratch if scratch else None)  # type: ignore[arg-type]
        assert content(tmp_path) == {"new/file": expected}


def broken_lines() -> Iterator[str]:
    yield "half"
    raise KeyboardInterrupt


def broken_writer(path: Path) -> None:
    path.write_bytes(b"half")
    raise RuntimeError


@pytest.mark.parametrize("scratch", [None, "scratch"])
def test_what_fails_leaves_the_old_file_and_nothing_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scratch: str | None
) -> None:
    def full(path: Path, data: bytes) -> int:
        path.open("wb").close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    path.write_bytes(b"old")
    apart = tmp_path / scratch if scratch else None
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, broken_lines(), scratch=apart)
    with pytest.raises(RuntimeError):
        replace_file(path, broken_writer, scratch=apart)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(Path, "write_bytes", full)
        replace_file(path, b"new", scratch=apart)
    (tmp_path / "folder" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError):
        replace_file(tmp_path / "folder", b"new", scratch=apart)
    assert content(tmp_path) == {"file": b"old"}


def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    replace_file(tmp_path / "file", b"")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / ".file.writing").write_bytes(b"half, and longer than what is to come")
    replace_file(tmp_path / "file", b"whole")
    assert content(tmp_path) == {"file": b"whole"}


def test_whether_a_file_could_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    check_replaceable(tmp_path / "there")
    check_replaceable(tmp_path / "new" / "file")
    assert content(tmp_path) == {"there": b"old"}
    with pytest.raises(OSError):
        check_replaceable(tmp_path / "there" / "file")


# folders


def fill(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "weights").write_text(text)
        (folder / "card").write_text(text)

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "last"
    replace_folder(folder, fill("old"), last="card")
    return folder


def test_a_folder_is_replaced_with_all_that_was_in_it(folder: Path) -> None:
    (folder / "extra").write_text("of the old one")
    replace_folder(folder, fill("new"), last="card")
    assert content(folder.parent) == {"last/weights": b"new", "last/card": b"new"}


def test_a_folder_that_cannot_be_filled_leaves_the_old_one(folder: Path) -> None:
    def broken(unfinished: Path) -> None:
        fill("new")(unfinished)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        replace_folder(folder, broken, last="card")
    assert content(folder.parent) == {"last/weights": b"old", "last/card": b"old"}


class Killed(BaseException):
    """The process ended here."""


def killed_at(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Replace the folder, dying before the `number`-th step of it; returns whether there was such a step."""
    steps = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal steps
            steps += 1
            if steps > number:
                raise Killed
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        for name in ("mkdir", "rename", "write_text"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        try:
            replace_folder(folder, fill("new"), last="card")
        except Killed:
            return True
    return False


@pytest.mark.parametrize("writes_again", [False, True])
def test_killed_at_any_step_one_whole_folder_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, writes_again: bool
) -> None:
    number, seen = 0, []
    while killed_at(number, folder, monkeypatch):
        if writes_again:
            replace_folder(folder, fill("again"), last="card")
            assert content(folder.parent) == {"last/weights": b"again", "last/card": b"again"}
        else:
            recover_folder(folder, last="card")
            found = content(folder)
            assert found["weights"] == found["card"]
            assert not (folder.parent / ".last.old").exists()
            seen.append(found["card"])
        shutil.rmtree(folder.parent)
        replace_folder(folder, fill("old"), last="card")
        number += 1
    assert number >= 8
    assert writes_again or (seen == sorted(seen, reverse=True) and set(seen) == {b"old", b"new"})


def test_recovering_where_nothing_happened_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(folder.parent)
    recover_folder(folder, last="card")
    recover_folder(folder.parent / "never", last="card")
    monkeypatch.chdir(folder)
    recover_folder(Path(), last="card")
    recover_folder(Path("/"), last="card")
    assert content(folder.parent) == before


def test_a_reader_who_recovers_first_does_not_disturb_the_writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, renamed = Path.rename, []

    def with_a_reader(path: Path, target: Path) -> Path:
        result = rename(path, target)
        renamed.append(path.name)
        if len(renamed) == 1:  # the old one is away, the new one not there yet
            recover_folder(folder, last="card")
        return result

    monkeypatch.setattr(Path, "rename", with_a_reader)
    replace_folder(folder, fill("new"), last="card")
    assert renamed == ["last", ".last.writing"]
    assert content(folder.parent) == {"last/weights": b"new", "last/card": b"new"}


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("content", [b"new", ["new\n"], lambda path: path.write_bytes(b"new")])
def test_a_link_in_place_of_the_unfinished_file_is_not_followed(tmp_path: Path, content: Any) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"p")
    unfinished_path(tmp_path / "file").symlink_to(precious)
    check_replaceable(tmp_path / "file")
    unfinished_path(tmp_path / "file").symlink_to(precious)
    replace_file(tmp_path / "file", content)
    assert precious.read_bytes() == b"p"
    assert (tmp_path / "file").read_bytes().startswith(b"new")
    assert not (tmp_path / "file").is_symlink()


def test_names_that_are_no_utf_8_have_a_digest() -> None:
    assert fingerprint_all([("caf\udce9", b"x")]) != fingerprint_all([("caf\udce8", b"x")])


def test_a_device_without_end_is_no_small_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="too large for such a file") as raised:
        read_bounded(tmp_path / "a", 4)
    assert raised.value.errno == errno.EFBIG
