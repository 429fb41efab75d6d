"""Remembers what each output was made from, in one journal per output folder, so that unchanged work is skipped.

The journal is `OUT/.colorize-cli/state.jsonl`: a line per finished input, appended after its outputs are in place.
A line cut off by a crash is ignored; the work it stood for is then done again with the same result.
"""

import json
import os
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.files import STATE_FOLDER, replace_file


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one output was made from, as digests."""

    command: str  # that made it
    sources: str  # of the names and bytes of every file read, in order
    settings: str  # of command, version and settings
    outputs: tuple[str, ...]  # of the bytes of every file written


class Journal:
    """The journal of one output folder."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / STATE_FOLDER
        self._journal = self._home / "state.jsonl"
        self._entries, self._lines, self._torn = _load(self._journal)

    def get(self, key: str) -> JournalEntry | None:
        """What is known of the output `key` (its path relative to the folder)."""
        return self._entries.get(key)

    def add(self, key: str, entry: JournalEntry) -> None:
        """Remember that `key` was made, now and for later runs."""
        self._entries[key] = entry
        self._home.mkdir(parents=True, exist_ok=True)
        with self._journal.open("a", encoding="ascii") as journal:
            journal.write("\n" * self._torn + _line(key, entry))
        self._torn = False
        self._lines += 1

    def adopt(self, scratch: Path) -> None:
        """Remember files that a run put in place and could not remember itself, because it was interrupted or killed.

        Their settings are unknown, so they are made again; their bytes are known, so they may be replaced.
        """
        for note in sorted(scratch.glob("made-*")):
            for line in note.read_text(encoding="ascii", errors="replace").splitlines():
                key, entry = _parsed(line)
                if entry is not None and (key not in self._entries or self._entries[key].outputs != entry.outputs):
                    self.add(key, entry)

    def compact(self) -> None:
        """Rewrite the journal where superseded lines outnumber living ones."""
        if self._lines > 2 * len(self._entries) + 16:
            text = "".join(_line(key, entry) for key, entry in sorted(self._entries.items()))
            replace_file(self._journal, text.encode("ascii"), scratch=self._home)
            self._lines = len(self._entries)


def note_intent(scratch: Path, key: str, command: str, outputs: tuple[str, ...]) -> None:
    """Write down what is about to be put in place, so that a killed run still knows its own files (see State.adopt)."""
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / f"made-{os.getpid()}").open("a", encoding="ascii") as note:
        note.write(_line(key, JournalEntry(command, "", "", outputs)))


def recover(folder: Path, memory: Journal) -> None:
    """Adopt what killed runs made and remove what they left unfinished; living processes keep theirs."""
    for left in (folder / STATE_FOLDER).glob("unfinished-*"):
        if not _in_use(left):
            memory.adopt(left)
            shutil.rmtree(left, ignore_errors=True)


def _in_use(left: Path) -> bool:
    process = left.name.rpartition("-")[2]
    elsewhere = not left.name.startswith(f"unfinished-{platform.node()}-")
    if elsewhere or os.name == "nt" or not process.isdigit():  # on Windows os.kill(process, 0) would end the process
        return time.time() - left.stat().st_mtime < 24 * 3600
    return int(process) != os.getpid() and _alive(int(process))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _line(key: str, entry: JournalEntry) -> str:
    return json.dumps([key, entry.command, entry.sources, entry.settings, *entry.outputs]) + "\n"


def _parsed(line: str) -> tuple[str, JournalEntry | None]:
    try:
        key, command, sources, settings, *outputs = json.loads(line)
    except (ValueError, TypeError):
        return "", None
    return key, JournalEntry(command, sources, settings, tuple(outputs))


def _load(journal: Path) -> tuple[dict[str, JournalEntry], int, bool]:
    text = journal.read_text(encoding="ascii", errors="replace") if journal.exists() else ""
    entries: dict[str, JournalEntry] = {}
    lines = text.splitlines()
    for line in lines:
        key, entry = _parsed(line)
        if entry is not None:
            entries[key] = entry
    return entries, len(lines), bool(text) and not text.endswith("\n")
