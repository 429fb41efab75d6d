"""Removes the results of inputs that are gone, and nothing else: what the journal says this command made of them.

An input is gone where it lay below a folder of this run's inputs and is not there any more, and where nothing of this
run takes its result's place. A file that somebody changed since, or outside the output folder, is never removed.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.core.batch.folders import remove_if_empty
from pipelines.core.batch.journal import Journal, JournalEntry
from pipelines.core.batch.plan import Job, Plan
from pipelines.core.files import fingerprint, show_path

_SHOWN = 5  # most files that are named


def prune(plan: Plan, *, dry_run: bool) -> tuple[str, ...]:
    """Remove the results of a plan's command whose inputs are gone; returns what is to be said of them."""
    folder = plan.output
    if folder is None:
        return ()
    try:
        journal = Journal(folder)
        entries = journal.remembered()
    except OSError as error:
        return (f"nothing was pruned: the journal cannot be read ({error.strerror})",)
    roots = {root for job in plan.jobs for root in _root_of(job)}
    current = {_place_of(output) for job in plan.jobs for output in job.outputs if output is not None}
    gone = {
        key: entry
        for key, entry in entries.items()
        if entry.command == plan.command and _place_of(folder / key) not in current and _is_gone(entry, folder, roots)
    }
    removed, kept, forgotten = [], [], []
    for key, entry in sorted(gone.items()):
        fates = dict(_fates(folder, key, entry, current))
        removed += [path for path, is_ours in fates.items() if is_ours]
        kept += [path for path, is_ours in fates.items() if not is_ours]
        forgotten += [key] if all(fates.values()) else []
    if dry_run:
        return tuple(_notes(removed, kept, "would be removed"))
    failures = [(path, error) for path in removed for error in _remove(path, folder)]
    failed = {str(path) for path, _ in failures}
    with contextlib.suppress(OSError):  # then they are looked for again the next time
        journal.forget([key for key in forgotten if str(folder / key) not in failed])
    removed = [path for path in removed if str(path) not in failed]
    return (
        *_notes(removed, kept, "removed"),
        *(f"{show_path(path)} cannot be removed: {error.strerror}" for path, error in failures[:_SHOWN]),
    )


def _place_of(path: Path) -> str:
    """The whole path, without . and .., and with links as they are."""
    return os.path.normpath(path.absolute())


def _root_of(job: Job) -> Iterator[str]:
    """The folder below which the job's input keeps its place in the output; nothing for one that has none."""
    _, source = next(iter(job.reads))
    parts = job.relative.parts
    if source is not None and parts:
        path = Path(_place_of(source))
        if path.parts[-len(parts) :] == parts:
            yield str(path.parents[len(parts) - 1])


def _is_gone(entry: JournalEntry, folder: Path, roots: Iterable[str]) -> bool:
    if not entry.source or "\0" in entry.source:
        return False
    source = _place_of(folder / entry.source)
    if not any(source.startswith(os.path.join(root, "")) for root in roots):
        return False
    try:
        os.lstat(source)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # in a folder that cannot be read it may be there
        return False
    return False


def _fates(folder: Path, key: str, entry: JournalEntry, current: Iterable[str]) -> Iterator[tuple[Path, bool]]:
    """The files of an entry that are there and nobody else makes, and whether they are as they were made."""
    for name, digest in zip((key, *entry.beside), entry.output_digests, strict=False):
        path = folder / name
        if _is_inside(name, folder) and _place_of(path) not in current and path.is_file():
            with contextlib.suppress(OSError):
                yield path, fingerprint(path.read_bytes()) == digest


def _is_inside(name: str, folder: Path) -> bool:
    """Whether a path from a folder stays below it, wherever links lead."""
    if "\0" in name or ".." in Path(name).parts or Path(name).is_absolute():
        return False
    return Path(os.path.realpath((folder / name).parent)).is_relative_to(os.path.realpath(folder))


def _remove(path: Path, folder: Path) -> Iterator[OSError]:
    """Remove a file, and the folders that it leaves empty; the error where it cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        yield error
        return
    for parent in path.relative_to(folder).parents[:-1]:
        if not remove_if_empty(folder / parent):
            return


def _notes(removed: list[Path], kept: list[Path], what: str) -> Iterator[str]:
    if removed:
        yield f"of inputs that are gone {len(removed)} files {what}: {_listed(removed)}"
    if kept:
        yield f"of inputs that are gone {len(kept)} files kept, since they were changed: {_listed(kept)}"


def _listed(paths: list[Path]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(map(show_path, paths[:_SHOWN])) + more
