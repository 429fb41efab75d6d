"""Remembers what each output was made from, in one journal per output folder, so that unchanged work is skipped.

The journal is `OUT/.colorize-cli/state.jsonl`: a line per finished input, appended after its outputs are in place.
A line cut off by a crash is ignored; the work it stood for is then done again with the same result.

A worker puts files in place before the main process can add a line for them. So each notes its intent first, in the
scratch folder of its run; at the end of the run, or in the next one if it was killed, the journal recovers the notes.
"""

import contextlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.files import STATE_FOLDER, replace_file

_NOTES = "made-"  # and the process: the files of noted intents


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one output was made from, as digests."""

    command: str  # that made it
    inputs_digest: str  # of the names and bytes of every file read, in order; empty: not known
    settings_digest: str  # of command, version and settings; empty: not known
    output_digests: tuple[str, ...]  # of the bytes of every file written


class Journal:
    """The journal of one output folder."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; raises OSError."""
        self._home = folder / STATE_FOLDER
        self._file = self._home / "state.jsonl"
        text = self._file.read_text(encoding="ascii", errors="replace") if self._file.exists() else ""
        self._entries = dict(_parse(text))
        self._line_count = len(text.splitlines())
        self._is_torn = bool(text) and not text.endswith("\n")

    def get(self, key: str) -> JournalEntry | None:
        """What is known of the output `key` (its path relative to the folder)."""
        return self._entries.get(key)

    def add(self, key: str, entry: JournalEntry) -> None:
        """Remember that `key` was made, now and for later runs; raises OSError."""
        self._entries[key] = entry
        self._home.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="ascii") as file:
            file.write("\n" * self._is_torn + _line(key, entry))
        self._is_torn = False
        self._line_count += 1

    def recover(self) -> None:
        """Take over what killed runs left and remove what they did not finish; living processes keep theirs."""
        for scratch in self._home.glob("unfinished-*"):
            if not _in_use(scratch):
                self._recover_notes(scratch)
                shutil.rmtree(scratch, ignore_errors=True)

    def close(self, scratch: Path) -> None:
        """End a run: recover what was put in place and not added, since the run was interrupted, and tidy up."""
        with contextlib.suppress(OSError):
            self._recover_notes(scratch)
            self._compact()
        shutil.rmtree(scratch, ignore_errors=True)

    def _recover_notes(self, scratch: Path) -> None:
        """Add files that were put in place without an entry.

        Their settings are unknown, so they are made again; their bytes are known, so they may be replaced.
        """
        for note in sorted(scratch.glob(f"{_NOTES}*")):
            for key, entry in _parse(note.read_text(encoding="ascii", errors="replace")):
                known = self._entries.get(key)
                if known is None or known.output_digests != entry.output_digests:
                    self.add(key, entry)

    def _compact(self) -> None:
        """Rewrite the journal where superseded lines outnumber living ones."""
        if self._line_count > 2 * len(self._entries) + 16:
            lines = (_line(key, entry) for key, entry in sorted(self._entries.items()))
            replace_file(self._file, lines, scratch=self._home)
            self._line_count = len(self._entries)


def note_intent(scratch: Path, key: str, command: str, output_digests: tuple[str, ...]) -> None:
    """Write down what is about to be put in place, so that the next run knows the files of a killed one."""
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / f"{_NOTES}{os.getpid()}").open("a", encoding="ascii") as file:
        file.write(_line(key, JournalEntry(command, "", "", output_digests)))


def _in_use(scratch: Path) -> bool:
    process = scratch.name.rpartition("-")[2]
    elsewhere = not scratch.name.startswith(f"unfinished-{platform.node()}-")
    if elsewhere or os.name == "nt" or not process.isdigit():  # on Windows os.kill(process, 0) would end the process
        return time.time() - scratch.stat().st_mtime < 24 * 3600
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
    return json.dumps([key, entry.command, entry.inputs_digest, entry.settings_digest, *entry.output_digests]) + "\n"


def _parse(text: str) -> Iterator[tuple[str, JournalEntry]]:
    """The entries of whole lines, in order; what is none is passed over."""
    for line in text.splitlines():
        try:
            key, command, inputs_digest, settings_digest, *output_digests = json.loads(line)
        except (ValueError, TypeError):
            continue
        yield key, JournalEntry(command, inputs_digest, settings_digest, tuple(output_digests))
