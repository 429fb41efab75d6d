"""Remembers what each output was made from, in one journal per output folder, so that unchanged work is skipped.

The journal is `OUT/.colorize-cli/state.jsonl`: a line per finished input, appended after its outputs are in place.
A line cut off by a crash is ignored; the work it stood for is then done again with the same result. Several runs may
write it at once: each locks it for a line, and whoever rewrites it reads it again first.

A worker puts files in place before the main process can add a line for them. So each notes its intent first, in the
scratch folder of its run; at the end of the run, or in the next one if it was killed, the journal recovers the notes.
"""

import contextlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.files import STATE_FOLDER, replace_file

if sys.platform != "win32":
    import fcntl

_FILE = "state.jsonl"
_NOTES = "made-"  # and the process: the files of noted intents
_PATIENCE = 5.0  # seconds that a run waits for another one's lock before it goes on without


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one output was made from, as digests, and where it went."""

    command: str  # that made it
    inputs_digest: str  # of the names and bytes of every file read, in order; empty: not known
    settings_digest: str  # of command, version and settings; empty: not known
    output_digests: tuple[str, ...]  # of the bytes of every file written
    stamps: tuple[str, ...] = ()  # of the same files as they were left (`stamp`); fewer: not known
    source: str = ""  # the input as a path from the folder; empty: not known, or not kept in memory
    beside: tuple[str, ...] = ()  # the same of the files written beside the first
    results: int | None = None  # so many of the files, from the first, are pictures for further work; None: all


class Journal:
    """The journal of one output folder."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; raises OSError."""
        self._home = folder / STATE_FOLDER
        self._file = self._home / _FILE
        lines = _read(self._file).splitlines()
        self._entries = {key: replace(entry, source="", beside=()) for key, entry in _parse(lines)}
        self._line_count = len(lines)

    def get(self, key: str) -> JournalEntry | None:
        """What is known of the output `key` (its path relative to the folder), but source and files beside it."""
        return self._entries.get(key)

    def add(self, key: str, entry: JournalEntry) -> None:
        """Remember that `key` was made, now and for later runs; raises OSError."""
        self._entries[key] = replace(entry, source="", beside=())
        self._home.mkdir(parents=True, exist_ok=True)
        with _locked(self._file) as file:
            file.write(b"\n" * _is_torn(file) + _line(key, entry).encode("ascii"))
        self._line_count += 1

    def remembered(self) -> dict[str, JournalEntry]:
        """All that is known by now, also by runs that go on beside this one, with sources; raises OSError."""
        return dict(_parse(_read(self._file).splitlines()))

    def forget(self, keys: Collection[str]) -> None:
        """Remember these no more; raises OSError."""
        self._rewrite(lambda entries, _: {key: entry for key, entry in entries.items() if key not in keys})
        for key in keys:
            self._entries.pop(key, None)

    def recover(self) -> None:
        """Take over what killed runs left and remove what they did not finish; living processes keep theirs."""
        with contextlib.suppress(OSError):
            if self._file.is_dir():  # which a container makes where it is to mount a file that is not there
                self._file.rmdir()
        for scratch in self._home.glob("unfinished-*"):
            with contextlib.suppress(OSError):  # such as a full disk: the next run tries again
                if scratch.is_dir() and not _in_use(scratch):
                    self._recover_notes(scratch)
                    shutil.rmtree(scratch, ignore_errors=True)

    def close(self, scratch: Path) -> None:
        """End a run: recover what was put in place and not added, since the run was interrupted, and tidy up."""
        with contextlib.suppress(OSError):
            self._recover_notes(scratch)
            if self._line_count > _most_lines(self._entries):
                self._rewrite(_compacted)
        shutil.rmtree(scratch, ignore_errors=True)

    def _recover_notes(self, scratch: Path) -> None:
        """Add files that were put in place without an entry.

        Their settings are unknown, so they are made again; their bytes are known, so they may be replaced. Of several
        files some may not have been put in place: what was there before may be replaced as well.
        """
        for note in sorted(scratch.glob(f"{_NOTES}*")):
            for key, entry in _parse(_read(note).splitlines()):
                known = self._entries.get(key)
                before = known.output_digests if known is not None and known.command == entry.command else ()
                if known is None or known.output_digests != entry.output_digests:
                    digests = dict.fromkeys((*entry.output_digests, *before))
                    self.add(key, replace(entry, output_digests=tuple(digests)))

    def _rewrite(self, living: Callable[[dict[str, JournalEntry], int], dict[str, JournalEntry] | None]) -> None:
        """Write the journal anew with what `living` leaves of its entries, read again, and of so many lines.

        None leaves it as it is.
        """
        if not self._file.is_file():
            return
        with _locked(self._file) as file:
            file.seek(0)
            lines = _decoded(file.read()).splitlines()
            entries = living(dict(_parse(lines)), len(lines))
            if entries is not None:
                replace_file(self._file, [_line(*pair) for pair in sorted(entries.items())], scratch=self._home)
                self._line_count = len(entries)


def stamp(path: Path) -> str:
    """What tells cheaply that a file was not touched since: size and times; raises OSError."""
    status = path.stat()
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def files_beside(folder: Path) -> frozenset[str]:
    """The files below a folder that a run put there beside its results, such as hints and composites, as paths.

    They are no pictures for further work. Nothing where no run wrote into this very folder.
    """
    try:
        lines = _read(folder / STATE_FOLDER / _FILE).splitlines()
    except OSError:
        return frozenset()
    return frozenset(
        str(folder / path)
        for key, entry in dict(_parse(lines)).items()
        if entry.results is not None
        for path in (key, *entry.beside)[entry.results :]
    )


def note_intent(scratch: Path, key: str, command: str, output_digests: tuple[str, ...]) -> None:
    """Write down what is about to be put in place, so that the next run knows the files of a killed one."""
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / f"{_NOTES}{os.getpid()}").open("a", encoding="ascii") as file:
        file.write(_line(key, JournalEntry(command, "", "", output_digests)))


# which runs are alive


def _in_use(scratch: Path) -> bool:
    process = scratch.name.rpartition("-")[2]
    elsewhere = not scratch.name.startswith(f"unfinished-{platform.node()}-")
    if elsewhere or os.name == "nt" or not process.isdecimal():  # on Windows os.kill(process, 0) would end the process
        return time.time() - scratch.stat().st_mtime < 24 * 3600
    return int(process) != os.getpid() and _alive(int(process))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


# the file


def _read(path: Path) -> str:
    """The text of a file of ours, nothing where there is none; raises OSError."""
    try:
        return _decoded(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""


def _decoded(data: bytes) -> str:
    return data.decode("ascii", "replace")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The journal, open to be added to by one process at a time; raises OSError."""
    while True:
        with path.open("a+b") as file:
            _lock(file)
            if _is_at(file, path):  # else somebody rewrote it meanwhile
                yield file
                return


def _lock(file: BinaryIO) -> None:
    """Lock a file until it is closed, where the file system can and nobody holds it for long."""
    if sys.platform == "win32":
        return
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:
            return
        else:
            return


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _is_torn(file: BinaryIO) -> bool:
    """Whether the last line has no end."""
    if not file.seek(0, os.SEEK_END):
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _most_lines(entries: Collection[str]) -> int:
    """How long the journal may be: beyond, superseded lines outnumber living ones."""
    return 2 * len(entries) + 16


def _compacted(entries: dict[str, JournalEntry], line_count: int) -> dict[str, JournalEntry] | None:
    return entries if line_count > _most_lines(entries) else None


# lines


def _line(key: str, entry: JournalEntry) -> str:
    """`[key, command, inputs, settings, *outputs]`, and behind them what else is known, by name."""
    details: dict[str, Any] = {
        "from": entry.source,
        "beside": entry.beside,
        "stamps": entry.stamps,
        "results": entry.results,
    }
    known = {name: value for name, value in details.items() if value not in ("", (), None)}
    digests = entry.inputs_digest, entry.settings_digest, *entry.output_digests
    return json.dumps([key, entry.command, *digests, *([known] if known else [])]) + "\n"


def _parse(lines: Iterable[str]) -> Iterator[tuple[str, JournalEntry]]:
    """The entries of whole lines, in order; what is none is passed over."""
    for line in lines:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(values, list) or len(values) < 4:
            continue
        details = values.pop() if isinstance(values[-1], dict) else {}
        if len(values) >= 4 and _are_texts(values):
            key, command, inputs_digest, settings_digest, *digests = values
            kept = sys.intern(command), inputs_digest, sys.intern(settings_digest)  # many entries share them
            yield key, JournalEntry(*kept, tuple(digests), **_details(details))


def _details(details: dict[str, Any]) -> dict[str, Any]:
    """What a line says beside digests, as the fields of an entry; what is of another kind is not known."""
    source, results = details.get("from"), details.get("results")
    lists = {name: details.get(name, ()) for name in ("beside", "stamps")}
    return {
        "source": source if isinstance(source, str) else "",
        "results": results if type(results) is int and results >= 0 else None,
        **{name: tuple(texts) for name, texts in lists.items() if isinstance(texts, list) and _are_texts(texts)},
    }


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
