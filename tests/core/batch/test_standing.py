"""How outputs stand."""

import os
from pathlib import Path

import pytest

from pipelines.core.batch.journal import JournalEntry, stamp
from pipelines.core.batch.standing import look_at
from pipelines.core.files import fingerprint


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text("[1]")
    return tmp_path / "a.json"


def entry_of(*paths: Path) -> JournalEntry:
    digests = tuple(fingerprint(path.read_bytes()) for path in paths)
    return JournalEntry("upper", "", "", digests, tuple(stamp(path) for path in paths))


def test_what_was_not_touched_is_not_read(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = entry_of(output)
    with monkeypatch.context() as patch:
        patch.delattr(Path, "read_bytes")
        assert look_at([output, None], entry) == (entry.stamps, (), False)
        with pytest.raises(AttributeError):
            look_at([output], entry, trusting=False)


def test_what_was_touched_and_is_equal_is_as_it_was(output: Path) -> None:
    entry = entry_of(output)
    os.utime(output, (1, 1))
    standing = look_at([output], entry)
    assert (standing.changed, standing.is_broken) == ((), False)
    assert standing.stamps == (stamp(output),) != entry.stamps


def test_a_change_of_the_same_size_and_time_is_seen(output: Path) -> None:
    entry, before = entry_of(output), output.stat()
    output.write_text("[2]")
    os.utime(output, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look_at([output], entry).changed == (output,)


def test_changed_and_broken_are_told_apart(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.json"
    other.write_text("[3]")
    entry = entry_of(output, other)
    other.write_text("[3, 4]")
    assert look_at([output, other], entry)[1:] == ((other,), False)
    output.write_text("[")
    assert look_at([output, other], entry).is_broken


def test_other_files_than_were_written_are_made_anew(output: Path, tmp_path: Path) -> None:
    entry = entry_of(output)
    (tmp_path / "b").write_text("b")
    assert look_at([output, tmp_path / "b"], entry).is_broken
    with pytest.raises(FileNotFoundError):
        look_at([output, tmp_path / "c"], entry)
