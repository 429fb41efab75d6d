"""What a run will do, known and checked before any work: which files are read and written, and how."""

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipelines.core.batch.inputs import Selection, Source, find_sources
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

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
    changed: "ChangedFiles | None" = None  # only inputs that these touch; None = all
    root: Path | None = None  # the folder below which listed paths keep their folders in the output
    keep_extension: bool = False  # a.jpg becomes a.jpg.png instead of a.png


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
    trusting: bool = True  # False: outputs are read again, since others build on them; only unchanged ones are skipped
    reported_settings: Mapping[str, object] | None = None  # what the report shows instead of `settings`
    notes: tuple[str, ...] = ()  # about the run as a whole, known before it: they go into the report


def find(
    inputs: Sequence[str],
    output: str | None,
    settings: BatchSettings,
    *,
    suffix: str = ".png",
    exclude: Sequence[str | None] = (),
) -> tuple[list[Source], Destination]:
    """The input pictures of a run and where its outputs go.

    `output` is a folder, "-" for standard output, or, for a single input, a file that ends in `suffix`; None is
    standard output where the input is "-". Folders `exclude` (hints, references) inside an input are not taken for
    inputs. Raises UsageError for input and output being the same folder or for several inputs into one file or pipe,
    NothingMatchedError where there is no input.
    """
    if output is None and list(inputs) != ["-"]:
        raise UsageError("there is no place for the results", hint="Give a folder with -o")
    if not inputs and settings.listed is None:
        raise UsageError("there is no input", hint="Name pictures or folders, or use --files-from")
    target = "-" if output is None else output
    destination = _destination(target, suffix, keep_extension=settings.keep_extension)
    folder = None if destination.file is not None else destination.folder
    for text in inputs:
        if folder is not None and os.path.realpath(text) == os.path.realpath(folder):
            raise UsageError(f"{show_path(text)} is both input and output", hint="Give another folder after -o")
    excluded = [Path(place) for place in (*exclude, folder) if place is not None]
    sources = find_sources(inputs, settings.selection, listed=settings.listed, root=settings.root, exclude=excluded)
    if len(sources) > 1 and folder is None:
        raise UsageError(
            f"{len(sources)} pictures cannot go to one place: {show_path(target)}", hint="Give a folder after -o"
        )
    if destination.folder is not None and destination.folder.exists() and not destination.folder.is_dir():
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


def check(plan: Plan) -> None:
    """Refuse a plan in which files would be lost; raises UsageError before any work is done."""
    inputs = {os.path.realpath(path) for job in plan.jobs for _, path in job.reads if path is not None}
    makers: dict[str, Job] = {}
    folders: dict[Path, str] = {}  # of outputs -> where they really are
    for job in plan.jobs:
        outputs = tuple(job.outputs)
        if len(outputs) > 1 and None in outputs:
            raise UsageError(f"{len(outputs)} files cannot go to one pipe", hint="Give a folder after -o")
        for output in outputs:
            if output is not None:
                folder = folders.setdefault(output.parent, os.path.realpath(output.parent))
                _claim(output, f"{folder}{os.sep}{output.name}", job, inputs=inputs, makers=makers)
    for real in folders.values():
        if os.path.normcase(real) in makers:
            raise UsageError(
                f"{show_path(makers[os.path.normcase(real)].input)} would become the file {show_path(real)}, "
                "which other results need as a folder",
                hint="Rename one, or use --keep-extension",
            )


def _claim(output: Path, real: str, job: Job, *, inputs: Container[str], makers: dict[str, Job]) -> None:
    """Note in `makers` that the job makes the file `output`, really `real`; raises UsageError where it may not."""
    if real in inputs:
        raise UsageError(f"{show_path(output)} is read and would be overwritten", hint="Give another folder after -o")
    other = makers.setdefault(os.path.normcase(real), job)
    if other is not job:
        raise UsageError(
            f"{show_path(other.input)} and {show_path(job.input)} would both become {show_path(output)}",
            hint="Rename one, name the folder above both, or use --keep-extension",
        )
