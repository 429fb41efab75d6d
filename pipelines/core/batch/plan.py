"""What a run will do, known and checked before any work: which files are read and written, and how."""

import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, Sources, find_sources
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES
from pipelines.core.volumes import Naming, naming_in

if TYPE_CHECKING:
    from pipelines.core.batch.changed_files import ChangedFiles


@dataclass(frozen=True, slots=True)
class Job:
    """One input: what is read under which name, and what is written.

    `reads` and `outputs` are tuples, or, where these would take too much memory for every job of a long list, small
    picklable objects whose `__iter__` works them out each time anew.
    """

    reads: Iterable[tuple[str, Path | None]]  # name -> file (None = standard input); the first is the input
    outputs: Iterable[Path | None]  # None = standard output; the first is the one by which the journal knows the job
    relative: PurePosixPath  # of the input; seeds its randomness
    problem: ColorizeError | None = None  # known before the work begins, such as a missing partner

    @property
    def input(self) -> str:
        """The input as the report names it."""
        _, path = next(iter(self.reads))
        return "-" if path is None else str(path)

    @property
    def output(self) -> Path | None:
        """The first output; None is standard output, or that there is none, as in a job with a problem."""
        return next(iter(self.outputs), None)

    def key(self, folder: Path) -> str:
        """The name under which the journal of a folder remembers the job: the path of its first output."""
        return "" if self.output is None else path_from(folder, self.output)

    @property
    def reads_stdin(self) -> bool:
        """Whether anything is read from standard input."""
        return any(path is None for _, path in self.reads)


@dataclass(frozen=True)
class BatchSettings:
    """How a batch is run, whatever the work."""

    jobs: int | None = None  # worker processes; None = one per physical core
    seed: int = 0  # of every random choice, together with the input's relative path
    overwrite: bool = False  # make everything again, replacing files that this tool did not write
    dry_run: bool = False  # say what would be done
    fail_fast: bool = False  # stop at the first failure
    selection: Selection = field(default_factory=Selection)
    listed: tuple[str, ...] | None = None  # input paths read from a list
    listed_from_stdin: bool = False  # which was standard input
    changed: "ChangedFiles | None" = None  # only inputs that these touch; None = all
    root: Path | None = None  # the folder below which listed paths keep their folders in the output
    keep_extension: bool = False  # a.jpg becomes a.jpg.png instead of a.png
    prune: bool = False  # remove results whose input is gone


@dataclass(frozen=True)
class Destination:
    """Where outputs go: into a folder, to one named file in it, or (folder None) to standard output."""

    folder: Path | None
    file: Path | None = None
    keep_extension: bool = False

    def place(self, relative: PurePosixPath, suffix: str) -> Path | None:
        """The path of the output of the input at `relative`: the same path with a new suffix."""
        if self.folder is None:
            return None
        if self.file is not None:
            return self.file if suffix == self.file.suffix.lower() else self.file.with_suffix(suffix)
        return self.folder / relative.with_name((relative.name if self.keep_extension else relative.stem) + suffix)


@dataclass(frozen=True)
class Plan:
    """Everything that is known before the work starts."""

    command: str
    jobs: tuple[Job, ...]
    output: Path | None  # the folder that holds the outputs and their state; None = standard output
    settings: Mapping[str, object]  # resolved; their digest decides what is stale
    trusting: bool = True  # False: outputs are read again, since others build on them, and changed ones made again
    reported_settings: Mapping[str, object] | None = None  # what the report shows instead of `settings`
    notes: tuple[str, ...] = ()  # about the run as a whole, known before it: they go into the report
    results: int | None = 1  # so many of a job's outputs, from the first, are pictures for further work; None: all
    passed_over: Mapping[str, int] = field(default_factory=dict)  # kinds of files beside the inputs that are none


def path_from(folder: Path, path: Path) -> str:
    """A path as seen from a folder, with / between its parts."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.absolute().as_posix()


def job_for(
    source: Source,
    outputs: Iterable[Path | None],
    *,
    name: str = "picture",
    more: Sequence[tuple[str, Path | None]] = (),
    problem: ColorizeError | None = None,
) -> Job:
    """The job of an input that is read as `name`, with `more` files; one with a problem of its own writes nothing."""
    reads = ((name, source.path), *more)
    if source.problem is not None:
        return Job(reads, (), source.relative, source.problem)
    return Job(reads, outputs, source.relative, problem)


def rows_of_unread(companions: Mapping[str, CompanionFiles | None], settings: BatchSettings) -> tuple[Job, ...]:
    """A failed row for each folder of companions, by what they are read as, that cannot be read and nobody asked for.

    Where only some of the inputs were looked at, none: others may ask for it.
    """
    if settings.selection != Selection() or settings.listed is not None:
        return ()
    unread = {
        entry.path: Job(((name, entry.path),), (), relative, entry.problem)
        for name, files in companions.items()
        for relative, entry in (files.unread(unused=True) if files else ())
    }
    return tuple(unread.values())


def find(
    inputs: Sequence[str],
    output: str | None,
    settings: BatchSettings,
    *,
    suffix: str = ".png",
    exclude: Sequence[str | None] = (),
) -> tuple[Sources, Destination]:
    """The input pictures of a run and where its outputs go.

    `output` is a folder, "-" for standard output, or, for a single input, a file that ends in `suffix`; None is
    standard output where the input is "-". Folders `exclude` (hints, references) inside an input are not taken for
    inputs. Raises UsageError for input and output being the same folder or for several inputs into one file or pipe,
    NothingMatchedError where there is no input.
    """
    if output is None and list(inputs) != ["-"]:
        raise UsageError("there is no place for the results", hint="Give a folder with -o")
    if "-" in inputs and sys.stdin is None:
        raise UsageError("standard input is closed", hint="Send a picture into it, or name files or folders")
    if "-" in inputs and settings.listed_from_stdin:
        raise UsageError("standard input cannot be both the list and a picture", hint="Leave out - or --files-from -")
    if not inputs and settings.listed is None:
        raise UsageError("there is no input", hint="Name pictures or folders, or use --files-from")
    target = "-" if output is None else output
    destination = _destination(target, suffix, keep_extension=settings.keep_extension)
    folder = None if destination.file is not None else destination.folder
    for text in inputs:
        if folder is not None and _are_one(text, folder):
            raise UsageError(f"{show_path(text)} is both input and output", hint="Give another folder after -o")
    excluded = [Path(place) for place in (*exclude, folder) if place is not None]
    sources = find_sources(inputs, settings.selection, listed=settings.listed, root=settings.root, exclude=excluded)
    if len(sources) > 1 and folder is None:
        raise UsageError(
            f"{len(sources)} pictures cannot go to one place: {show_path(target)}", hint="Give a folder after -o"
        )
    if destination.folder is not None and _is_file(destination.folder):
        raise UsageError(
            f"{show_path(destination.folder)} is a file, not a folder",
            hint=f"Give a folder or a {suffix} file after -o",
        )
    return sources, destination


def _destination(target: str, suffix: str, *, keep_extension: bool) -> Destination:
    """What the text after -o means; raises UsageError for a file that could not be one of the results."""
    if target == "":
        raise UsageError("the output is empty", hint="Check the variables in the command")
    path = Path(target)
    ending = path.suffix.lower()
    if target == "-":
        return Destination(None, keep_extension=keep_extension)
    if os.path.isdir(target) or ending not in (*PICTURE_SUFFIXES, suffix):
        return Destination(path, keep_extension=keep_extension)
    if ending != suffix:
        raise UsageError(
            f"results are {suffix} files, not {show_path(path.suffix)}",
            hint=f"Give a folder or a {suffix} file after -o",
        )
    return Destination(path.parent, path, keep_extension)


def _is_file(path: Path) -> bool:
    """Whether there is something that is no folder; what cannot be looked at, its writer will meet."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _are_one(text: str, folder: Path) -> bool:
    """Whether an input is the folder of the results, under whatever name."""
    try:
        return Path(text).samefile(folder)
    except (OSError, ValueError):
        return os.path.realpath(text) == os.path.realpath(folder)


def check(plan: Plan) -> None:
    """Refuse a plan in which files would be lost; raises UsageError before any work is done."""
    claims = _Claims(plan)
    for job in plan.jobs:
        outputs = tuple(job.outputs)
        if len(outputs) > 1 and None in outputs:
            raise UsageError(f"{len(outputs)} files cannot go to one pipe", hint="Give a folder after -o")
        for output in outputs:
            if output is not None:
                claims.add(output, job)
    claims.check_twins()
    claims.check_folders()


class _Claims:
    """Which job makes which file, and what else would be in its place."""

    def __init__(self, plan: Plan) -> None:
        self._inputs = {os.path.realpath(path) for job in plan.jobs for _, path in job.reads if path is not None}
        self._makers: dict[str, Job] = {}  # by the name of the file, as far as this system tells names apart
        self._folders: dict[Path, str] = {}  # of outputs -> where they really are
        self._seen = {hash(_LOOSE.key(path)) for path in self._inputs}  # names in all spellings
        self._twins: list[tuple[Path, str, Job]] = []  # outputs whose name was seen in another spelling

    def add(self, output: Path, job: Job) -> None:
        """Note that the job makes a file; raises UsageError where it may not."""
        folder = self._folders.setdefault(output.parent, os.path.realpath(output.parent))
        real = f"{folder}{os.sep}{output.name}"
        if real in self._inputs:
            raise _overwritten(output)
        other = self._makers.setdefault(os.path.normcase(real), job)
        if other is not job:
            raise UsageError(
                f"{show_path(other.input)} and {show_path(job.input)} would both become {show_path(output)}",
                hint="Rename one, name the folder above both, or use --keep-extension",
            )
        spelling = hash(_LOOSE.key(real))
        if spelling in self._seen:
            self._twins.append((output, real, job))
        self._seen.add(spelling)

    def check_twins(self) -> None:
        """Raise UsageError for names that differ only in case or Unicode form where the volume takes them for one."""
        namings: dict[Path, Naming] = {}
        for output, real, job in self._twins:
            if output.parent not in namings:
                namings[output.parent] = naming_in(output.parent)
            naming = namings[output.parent]
            if naming == Naming():
                continue
            key = naming.key(real)
            for other, maker in self._makers.items():
                if maker is not job and naming.key(other) == key:
                    raise UsageError(
                        f"{show_path(maker.input)} and {show_path(job.input)} would become one file, "
                        f"{show_path(output)}: where it goes, {naming.describe()} tells no names apart",
                        hint="Rename one",
                    )
            if any(naming.key(path) == key and _are_one(path, output) for path in self._inputs):
                raise _overwritten(output)

    def check_folders(self) -> None:
        """Raise UsageError for a file where other files need a folder."""
        for real in self._folders.values():
            maker = self._makers.get(os.path.normcase(real))
            if maker is not None:
                raise UsageError(
                    f"{show_path(maker.input)} would become the file {show_path(real)}, "
                    "which other results need as a folder",
                    hint="Rename one, or use --keep-extension",
                )


_LOOSE = Naming(folds_case=True, folds_form=True)


def _overwritten(output: Path) -> UsageError:
    return UsageError(f"{show_path(output)} is read and would be overwritten", hint="Give another folder after -o")
