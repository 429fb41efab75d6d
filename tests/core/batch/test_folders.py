"""What lies in a folder: pictures, what is passed over, and folders that cannot be read."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pipelines.core.batch.folders import FolderEntry, is_system_folder, kind_of, mark_auxiliary, passed_over_note, walk

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"


def refuse_scans_of(name: str, monkeypatch: pytest.MonkeyPatch, *, above: str = "") -> None:
    """Let no folder of this name be read, as permissions do to everybody but root."""
    real = os.scandir

    def guarded(path: str | Path | int) -> object:
        if not isinstance(path, int) and Path(path).name == name and above in ("", Path(path).parent.name):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)


def paths(folder: Path) -> list[str]:
    return [entry.path.relative_to(folder).as_posix() for entry in walk(folder, recursive=True)]


def test_an_unreadable_folder_is_an_entry_with_its_problem(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_scans_of("er", monkeypatch)
    problems = {entry.path: str(entry.problem) for entry in walk(art, recursive=True) if entry.problem}
    assert list(problems) == [art / "deep" / "er"]
    assert "permission denied" in problems[art / "deep" / "er"]
    assert "--exclude 'er'" in problems[art / "deep" / "er"]
    assert FolderEntry(art / "deep" / "a.JPG") in list(walk(art, recursive=True))


def test_nothing_in_an_unreadable_folder_is_asked_for(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.stat

    def guarded(self: Path, **options: bool) -> os.stat_result:
        if "deep" in self.parent.parts[-1:]:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **options)

    monkeypatch.setattr(Path, "stat", guarded)
    refuse_scans_of("deep", monkeypatch)
    assert paths(art)[:1] == ["frame10.png"]


def test_thumbnails_of_file_servers_are_no_pictures_unless_named(art: Path) -> None:
    for name in ("@eaDir", "#recycle", "__MACOSX"):
        (art / "deep" / name / "a.JPG").mkdir(parents=True)
        (art / "deep" / name / "a.JPG" / "SYNOPHOTO_THUMB_M.jpg").write_bytes(b"x")
        assert is_system_folder(name)
    assert not any("THUMB" in path for path in paths(art))
    assert paths(art / "deep" / "@eaDir") == ["a.JPG/SYNOPHOTO_THUMB_M.jpg"]


def test_marked_folders_are_read_only_where_they_are_named(art: Path) -> None:
    mark_auxiliary(art / "deep")
    assert paths(art) == ["frame10.png", "frame2.png"]
    assert "a.JPG" in paths(art / "deep")


def test_kinds_that_are_passed_over_are_told_and_pointers_only_then(art: Path) -> None:
    for name in ("a.psd", "b.PSD", "c.svg", "d.heic", "e.kra", "deep/f.clip", "notes.md"):
        (art / name).write_bytes(b"x")
    (art / "pointer.png").write_bytes(POINTER)
    (art / "link.png").symlink_to(art / "pointer.png")
    (art / "big.png").write_bytes(POINTER + b" " * 1024)
    os.mkfifo(art / "pipe.png")
    kinds: Counter[str] = Counter()
    entries = walk(art, recursive=True, pass_over=lambda _, kind: kinds.update([kind]))
    assert {entry.path.name for entry in entries} & {"pointer.png", "link.png", "pipe.png"} == set()
    assert kinds == {
        ".psd": 2,
        ".svg": 1,
        ".heic": 1,
        ".kra": 1,
        ".clip": 1,
        "Git LFS pointers": 2,
        "pipes and devices": 1,
    }
    assert {"pointer.png", "big.png"} <= set(paths(art))  # partners: reading them says what they are


def test_links_to_pipes_and_devices_are_as_these_and_broken_links_pictures(art: Path) -> None:
    os.mkfifo(art / "pipe")
    (art / "a.png").symlink_to("pipe")
    (art / "b.png").symlink_to("/dev/zero")
    (art / "c.png").symlink_to("nowhere")
    (art / "d.png").symlink_to("d.png")
    assert [path for path in paths(art) if len(path) == 5] == ["c.png", "d.png"]


def test_a_name_says_what_a_file_is_that_cannot_be_looked_at() -> None:
    assert kind_of(Path("a.png"), None) is None
    assert kind_of(Path("a.psd"), None) == ".psd"
    assert kind_of(Path("a.txt"), None) == ""


def test_the_note_counts_each_kind_and_says_the_way_out() -> None:
    assert passed_over_note({}) == ""
    note = passed_over_note({".psd": 2, "Git LFS pointers": 3})
    assert note.startswith("passed over: .psd (2), Git LFS pointers (3); git lfs pull ")
    assert note.endswith("as PNG")
    assert passed_over_note({"pipes and devices": 1}) == "passed over: pipes and devices (1)"


def test_good_files_are_not_looked_at_one_by_one(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened")

    for path in (*art.glob("*.png"), *(art / f"large{number}.png" for number in range(3))):
        path.write_bytes(b"x" * 2000)
    monkeypatch.setattr(Path, "open", refuse)
    large = (entry.path for entry in walk(art, recursive=False, pass_over=lambda _, kind: None))
    assert sum(path.name.startswith("large") for path in large) == 3
