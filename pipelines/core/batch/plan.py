"""What a run will do, known and checked before any work: which files are read and written, and how."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipelines.core.batch.inputs import Selection, Source, find_sources
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES


@dataclass(frozen=True, slots=True)
class Job:
    """One input: what is read under which name, and what is written."""

    reads: Sequence[tuple[str, Path | None]]  # name -> file (None = standard input); the first is the input
    outputs: Sequence[Path | None]  # None = standard output
    relative: PurePosixPath  # of the input; seeds its randomness
    problem: ColorizeError | None = None  # known before the work begins, such as a missing partner

    @property
    def input(self) -> str:
        """The input as the report names it."""
        path = self.reads[0][1]
        return "-" if path is None else str(path)


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
    settings: Mapping[str, object]  # resolved, for the report; their digest decides what is stale
    trusting: bool = True  # False: outputs are read again, since others build on them; only unchanged ones are skipped


def find(
    inputs: Sequence[str],
    output: str | None,
    settings: BatchSettings,
    *,
    suffix: str = ".png",
    aside: Sequence[str | None] = (),
) -> tuple[list[Source], Destination]:
    """The input pictures of a run and where its outputs go.

    `output` is a folder, "-" for standard output, or, for a single input, a file that ends in `suffix`; None is
    standard output where the input is "-". Folders `aside` (hints, references) inside an input are not taken for
    inputs. Raises UsageError for input and output being the same folder or for
    several inputs into one file or pipe, NothingMatchedError where there is no input.
    """
    if output is None and list(inputs) != ["-"]:
        raise UsageError("there is no place for the results", hint="Give a folder with -o")
    if not inputs and settings.listed is None:
        raise UsageError("there is no input", hint="Name pictures or folders, or use --files-from")
    if output == "":
        raise UsageError("the output is empty", hint="Check the variables in the command")
    target = "-" if output is None else output
    ending = Path(target).suffix.lower()
    to_file = ending == suffix and not os.path.isdir(target)
    if ending in PICTURE_SUFFIXES and not to_file and not os.path.isdir(target):
        raise UsageError(
            f"results are {suffix} files, not {show_path(Path(target).suffix)}",
            hint=f"Give a folder or a {suffix} file after -o",
        )
    folder = None if target == "-" else Path(target).parent if to_file else Path(target)
    for text in inputs:
        if folder is not None and not to_file and os.path.realpath(text) == os.path.realpath(folder):
            raise UsageError(f"{show_path(text)} is both input and output", hint="Give another folder after -o")
    hidden = [Path(place) for place in (*aside, None if to_file else folder) if place is not None]
    sources = find_sources(inputs, settings.selection, listed=settings.listed, root=settings.root, leave_out=hidden)
    if len(sources) > 1 and (to_file or folder is None):
        raise UsageError(
            f"{len(sources)} pictures cannot go to one place: {show_path(target)}", hint="Give a folder after -o"
        )
    if folder is not None and folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{show_path(folder)} is a file, not a folder", hint=f"Give a folder or a {suffix} file after -o"
        )
    return sources, Destination(folder, Path(target) if to_file else None, settings.keep_extension)


def check(plan: Plan) -> None:
    """Refuse a plan in which files would be lost; raises UsageError before any work is done."""
    inputs = {os.path.realpath(path) for job in plan.jobs for _, path in job.reads if path is not None}
    makers: dict[str, Job] = {}
    folders: dict[Path, str] = {}
    for job in plan.jobs:
        if len(job.outputs) > 1 and None in job.outputs:
            raise UsageError(f"{len(job.outputs)} files cannot go to one pipe", hint="Give a folder after -o")
        for output in job.outputs:
            if output is None:
                continue
            real = f"{folders.setdefault(output.parent, os.path.realpath(output.parent))}{os.sep}{output.name}"
            if real in inputs:
                raise UsageError(
                    f"{show_path(output)} is read and would be overwritten", hint="Give another folder after -o"
                )
            other = makers.setdefault(os.path.normcase(real), job)
            if other is not job:
                raise UsageError(
                    f"{show_path(other.input)} and {show_path(job.input)} would both become {show_path(output)}",
                    hint="Rename one, name the folder above both, or use --keep-extension",
                )
    for real in folders.values():
        if os.path.normcase(real) in makers:
            raise UsageError(
                f"{show_path(makers[os.path.normcase(real)].input)} would become the file {show_path(real)}, "
                "which other results need as a folder",
                hint="Rename one, or use --keep-extension",
            )
