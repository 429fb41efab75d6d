"""Remembers what each output was made from, in one journal per output folder, so that unchanged work is skipped.

The journal is `OUT/.colorize-cli/state.jsonl`: a line per finished input, appended after its outputs are in place.
A line cut off by a crash is ignored; the work it stood for is then done again with the same result.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.inputs import STATE_FOLDER


@dataclass(frozen=True, slots=True)
class Entry:
    """What one output was made from, as digests."""

    sources: str  # of the bytes of every file read, in order
    settings: str  # of command, version and settings
    outputs: tuple[str, ...]  # of the bytes of every file written


class State:
    """The journal of one output folder."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / STATE_FOLDER
        self._journal = self._home / "state.jsonl"
        self._entries, self._lines, self._torn = _load(self._journal)

    def get(self, key: str) -> Entry | None:
        """What is known of the output `key` (its path relative to the folder)."""
        return self._entries.get(key)

    def add(self, key: str, entry: Entry) -> None:
        """Remember that `key` was made, now and for later runs."""
        self._entries[key] = entry
        self._home.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="ascii") as journal:
            journal.write("\n" * self._torn + _line(key, entry))
        self._torn = False
        self._lines += 1

    def compact(self) -> None:
        """Rewrite the journal where superseded lines outnumber living ones."""
        if self._lines > 2 * len(self._entries) + 16:
            text = "".join(_line(key, entry) for key, entry in sorted(self._entries.items()))
            replace_file(self._journal, text.encode("ascii"), scratch=self._home)
            self._lines = len(self._entries)


def fingerprint(files: Iterable[bytes]) -> str:
    """A digest of several files' bytes in order."""
    whole = hashlib.blake2b(digest_size=12)
    for data in files:
        whole.update(len(data).to_bytes(8, "little"))
        whole.update(data)
    return whole.hexdigest()


def scratch_folder(folder: Path) -> Path:
    """The folder of this process's unfinished files, inside the output folder's hidden state folder.

    Being on the same file system, a finished file is moved out of it in one step, and nobody ever sees half a file.
    """
    return folder / STATE_FOLDER / f"unfinished-{os.getpid()}"


def replace_file(path: Path, data: bytes, *, scratch: Path) -> None:
    """Write a file aside, in `scratch`, then move it to `path` in one step."""
    scratch.mkdir(parents=True, exist_ok=True)
    aside = scratch / f"{hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()}-{os.getpid()}"
    try:
        aside.write_bytes(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove what killed runs left unfinished in an output folder; living processes keep theirs."""
    for left in (folder / STATE_FOLDER).glob("unfinished-*"):
        if not _in_use(left):
            shutil.rmtree(left, ignore_errors=True)


def _in_use(left: Path) -> bool:
    process = left.name.rpartition("-")[2]
    if os.name == "nt":  # there os.kill(process, 0) would end the process
        return time.time() - left.stat().st_mtime < 24 * 3600
    return process.isdigit() and int(process) != os.getpid() and _alive(int(process))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _line(key: str, entry: Entry) -> str:
    return json.dumps([key, entry.sources, entry.settings, *entry.outputs]) + "\n"


def _load(journal: Path) -> tuple[dict[str, Entry], int, bool]:
    text = journal.read_text(encoding="ascii", errors="replace") if journal.exists() else ""
    entries: dict[str, Entry] = {}
    lines = text.splitlines()
    for line in lines:
        try:
            key, sources, settings, *outputs = json.loads(line)
        except ValueError:
            continue
        entries[key] = Entry(sources, settings, tuple(outputs))
    return entries, len(lines), bool(text) and not text.endswith("\n")
