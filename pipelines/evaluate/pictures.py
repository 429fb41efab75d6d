"""Which pictures are evaluated: each of the truth beside the result, lines and hints of its name, method by method."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, find_sources
from pipelines.core.batch.plan import BatchSettings, Job
from pipelines.core.errors import NothingMatchedError, UsageError
from pipelines.core.files import show_path
from pipelines.evaluate.options import References
from pipelines.evaluate.task import PictureJob

PICTURES = "pictures"
"""The folder of the report that holds a small file of scores for each picture of each method."""

_NAMED = 5  # missing pictures that a note names


@dataclass(frozen=True)
class PictureSet:
    """What there is to measure, and what a partial evaluation goes without."""

    jobs: tuple[PictureJob, ...]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # method -> pictures without a result
    strays: tuple[str, ...] = ()  # results that no truth asks for, names in a list that none has
    passed_over: Mapping[str, int] = field(default_factory=dict)  # kinds of files of the truth that are no pictures

    def notes(self) -> Iterator[str]:
        """Say what was missing, method by method."""
        for label, names in self.missing.items():
            count = len(names) + sum(job.method == label for job in self.jobs)
            yield f"{label}: {len(names)} of {count} pictures are missing and not evaluated: {_listed(names)}"
        if self.strays:
            strays = "1 picture has" if len(self.strays) == 1 else f"{len(self.strays)} pictures have"
            yield f"{strays} no truth to be held against: {_listed(self.strays)}"


def find_pictures(
    places: Mapping[str, Path], references: References, output: Path, settings: BatchSettings, *, partial: bool = False
) -> PictureSet:
    """Each picture of the truth, or of the list that `settings` holds, and each result without a truth.

    A picture without a result is a job that fails; with `partial` it is missing and no job. Raises UsageError for
    places that do not exist or do not fit together and NothingMatchedError where nothing is there.
    """
    truth = Path(references.truth)
    _check_places(places, truth, output)
    results = {label: CompanionFiles(place, "the results") for label, place in places.items()}
    if any(files.single == truth.is_dir() for files in results.values()):
        raise UsageError("one of results and --truth is a file, the other a folder", hint="Give two of a kind")
    sources = find_sources([references.truth], settings.selection, exclude=[output])
    truths: Sequence[Source] = sources
    unknown: list[PurePosixPath] = []
    if settings.listed is not None:
        folders = [truth, *places.values(), *(Path(place) for place in (references.lines, references.hints) if place)]
        truths, unknown = _chosen(truths, settings.listed, settings.root, folders)
    companions = _find_companions(references, truths)
    jobs: list[PictureJob] = []
    for label, files in results.items():
        jobs += [_picture_job(label, source, files, companions, output) for source in truths]
        jobs += [_without_truth(label, stem, files.place / stem) for stem in unknown]
        if settings.selection == Selection() and settings.listed is None and truth.is_dir():
            jobs += _results_without_truth(label, files, output)
    if not jobs:
        raise NothingMatchedError("the list names no picture of the truth", hint="Check --files-from")
    pictures = _without_missing(jobs) if partial else PictureSet(tuple(jobs))
    return replace(pictures, passed_over=sources.passed_over)


def _check_places(places: Mapping[str, Path], truth: Path, output: Path) -> None:
    if not truth.exists():
        raise UsageError(f"{show_path(truth)} does not exist", hint="Check --truth")
    if any(os.path.realpath(place) == os.path.realpath(output) for place in (truth, *places.values())):
        raise UsageError(f"{show_path(output)} is both input and output", hint="Give another folder after -o")


def _find_companions(references: References, truths: Sequence[Source]) -> dict[str, CompanionFiles]:
    """The folders of lines and hints; raises UsageError for one that has nothing to do with the truth."""
    places = {"lines": references.lines, "hints": references.hints}
    folders = {name: Path(place) for name, place in places.items() if place is not None}
    companions = {name: CompanionFiles(folder, f"--{name}") for name, folder in folders.items()}
    for name, files in companions.items():
        if files.single and Path(references.truth).is_dir():
            raise UsageError(f"--{name} is one file, --truth a folder", hint="Give a folder of them, by name")
        if truths and not any(files.of(source.relative) for source in truths):
            raise UsageError(f"nothing in --{name} has the name of a truth", hint=f"Check --{name}")
    return companions


def _picture_job(
    label: str, source: Source, results: CompanionFiles, companions: Mapping[str, CompanionFiles], output: Path
) -> PictureJob:
    stem = source.relative.with_suffix("")
    paths = {"result": results.of(source.relative), "truth": source.path}
    paths |= {name: files.of(source.relative) for name, files in companions.items()}
    reads = tuple((name, path) for name, path in paths.items() if path is not None)
    problem = source.problem or (None if paths["result"] else results.missing(source.relative))
    scores = output / PICTURES / label / stem.with_name(stem.name + ".json")
    return PictureJob(label, str(stem), Job(reads, (scores,) if problem is None else (), source.relative, problem))


def _results_without_truth(label: str, results: CompanionFiles, output: Path) -> Iterator[PictureJob]:
    """A failed job for each result that no truth asks for."""
    for path in results.unused():
        if output.resolve() not in path.resolve().parents:
            stem = PurePosixPath(path.relative_to(results.place).as_posix()).with_suffix("")
            yield _without_truth(label, stem, path)
    for relative, entry in results.unread(unused=True):
        yield PictureJob(label, str(relative), Job((("result", entry.path),), (), relative, entry.problem))


def _without_truth(label: str, stem: PurePosixPath, path: Path) -> PictureJob:
    missing = UsageError(f"there is no truth '{show_path(stem)}' for it", hint="Check --truth")
    return PictureJob(label, str(stem), Job((("result", path),), (), stem, missing))


# a list of pictures


def _chosen(
    truths: Sequence[Source], listed: Sequence[str], root: Path | None, folders: Sequence[Path]
) -> tuple[list[Source], list[PurePosixPath]]:
    """The truths that a list names, and what it names that is no truth.

    A line is a picture or a folder, of the truth, the results, lines or hints, or relative to any of them or `root`.
    """
    by_name = {source.relative.with_suffix(""): source for source in truths}
    below: dict[PurePosixPath, list[PurePosixPath]] = {}
    for name in by_name:
        for folder in name.parents:
            below.setdefault(folder, []).append(name)
    chosen: set[PurePosixPath] = set()
    unknown: dict[PurePosixPath, None] = {}
    for text in listed:
        relative = _relative_name(text, [*folders, *([root] if root else [])])
        names = [name for name in (relative.with_suffix(""), relative) if name in by_name][:1] or below.get(relative)
        if names:
            chosen.update(names)
        else:
            unknown[relative.with_suffix("")] = None
    return [source for name, source in by_name.items() if name in chosen], list(unknown)


def _relative_name(text: str, folders: Sequence[Path]) -> PurePosixPath:
    """The path of a line of the list below the innermost of some folders that holds it, else as it is written."""
    path = Path(os.path.normpath(Path(text).absolute()))  # links are names of their own
    places = [Path(os.path.normpath((each.parent if each.is_file() else each).absolute())) for each in folders]
    holding = [place for place in places if path.is_relative_to(place)]
    if holding:
        return PurePosixPath(path.relative_to(max(holding, key=lambda place: len(place.parts))).as_posix())
    return PurePosixPath(Path(os.path.normpath(text)).as_posix())


# a partial evaluation


def _without_missing(jobs: Sequence[PictureJob]) -> PictureSet:
    """Leave out jobs that lack result or truth; raises NothingMatchedError where a method is left without any."""
    there = tuple(each for each in jobs if each.job.problem is None)
    missing: dict[str, list[str]] = {}
    strays: dict[str, None] = {}
    for each in jobs:
        if each.job.problem is not None and any(role == "truth" for role, _ in each.job.reads):
            missing.setdefault(each.method, []).append(each.name)
        elif each.job.problem is not None:
            strays[each.name] = None
    labels = dict.fromkeys(each.method for each in jobs)
    for label in labels:
        if not any(each.method == label for each in there):
            raise NothingMatchedError(f"{label} has no picture of the truth", hint="Check the results and --truth")
    return PictureSet(there, {label: tuple(names) for label, names in missing.items()}, tuple(strays))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(show_path, names[:_NAMED])) + more
