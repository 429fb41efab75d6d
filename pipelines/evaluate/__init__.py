"""Stage: folders of results beside the truth -> figures with intervals, tables, pages to look at."""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from pipelines.core import registry
from pipelines.core.batch.inputs import CompanionFiles, Selection, find_sources
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Observer, Record, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MethodError, OutputExistsError, PictureError, SettingsError, UsageError
from pipelines.core.files import fingerprint, show_path
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.line_art import ink_layer, line_drawing
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.core.settings import digest, plain
from pipelines.metrics.base.aggregate import (
    aggregate,
    check_packages,
    compare,
    describe,
    judge,
    make,
    needs_of,
    without_sets,
)
from pipelines.metrics.base.case import WHITE, Case
from pipelines.metrics.base.metric import Score
from pipelines.metrics.base.results import Evaluation, MethodResult, PictureScores
from pipelines.regions import trapped_ball
from pipelines.reports import ballot, data, page, sheet, table
from pipelines.reports.base.gallery import choose, show

PICTURES = "pictures"
"""The folder of the report that holds a small file of figures for each picture of each method."""
GALLERY = 24
"""How many pictures the page shows."""

_FIRST = ("psnr", "ssim", "ms_ssim", "delta_e")  # columns that people look for first


@dataclass(frozen=True)
class References:
    """Pictures that lie beside the results, matched by name: all but the truth may be missing."""

    truth: str
    lines: str | None = None
    hints: str | None = None


@dataclass(frozen=True)
class EvaluateOptions:
    """What is measured and how it is judged."""

    metrics: tuple[str, ...] = ()  # empty: all that need no weights and for which the partners are there
    weights: Mapping[str, str] = field(default_factory=dict)  # metric -> file of its network
    frames: bool = False  # names that differ in their last number alone are frames of one sequence
    resize: bool = False  # bring pictures of another size to the truth's
    compare: tuple[tuple[str, str], ...] = ()  # is the second better than the first?
    least: Mapping[str, float] = field(default_factory=dict)  # metric -> limit that no method may be under
    most: Mapping[str, float] = field(default_factory=dict)  # metric -> limit that no method may be over
    gallery: int = GALLERY  # pictures on the page
    ballot: int | None = None  # pairs on a page for blind votes; None: no such page


@dataclass
class EvaluationReport(Report):
    """The outcome of an evaluation: a row for each picture of each method, and what they come to."""

    evaluation: Evaluation | None = None

    @property
    def table(self) -> str:
        """The summary as plain text; empty where nothing was evaluated."""
        return "" if self.evaluation is None else table.write(self.evaluation)

    @property
    def exit_code(self) -> int:
        """As of any run, and 1 where a limit was not kept."""
        verdicts = self.evaluation.verdicts if self.evaluation else ()
        return super().exit_code or int(not all(verdict.passed for verdict in verdicts))

    def summary(self) -> dict[str, Any]:
        """The run in one dictionary, with the figures of each method."""
        found = json.loads(data.write(self.evaluation)) if self.evaluation else {}
        return super().summary() | {name: found.get(name) for name in ("metrics", "methods", "comparisons", "limits")}


@dataclass(frozen=True)
class MeasureTask:
    """The work on one picture: decode it and its partners, measure, and write the figures as JSON."""

    metrics: tuple[str, ...]
    resize: bool = False
    weights: Mapping[str, str] = field(default_factory=dict)  # metric -> file of its network

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Files named result, truth, lines, hints in; figures out."""
        pictures = {name: _decoded(name, content) for name, content in files.items()}
        case, warnings = self._case(pictures)
        given = {"weights", "frames", *files} | ({"regions"} if "lines" in files else set())
        figures = {
            name: _checked(name, make(name, self.weights.get(name)).measure(case))
            for name in self.metrics
            if needs_of(name) <= given
        }
        written = {"figures": figures, "warnings": warnings}
        return Produced((json.dumps(data.sound(written)).encode(),), tuple(warnings))

    def _case(self, pictures: Mapping[str, Picture]) -> tuple[Case, list[str]]:
        truth = pictures["truth"].over_white()
        warnings: list[str] = []
        fitted = {
            name: self._fitted(name, _layer(name, picture), truth.shape[:2], warnings)
            for name, picture in pictures.items()
            if name != "truth"
        }
        lines = ink = regions = None
        if "lines" in fitted:
            art = _picture(fitted["lines"])
            lines, ink = line_drawing(art), ink_layer(art)
            if any("regions" in needs_of(name) for name in self.metrics):
                regions = trapped_ball.segment(lines, trapped_ball.Params())
        result = composite(fitted["result"], WHITE)
        return Case("", result, truth, lines, ink, fitted.get("hints"), regions), warnings

    def _fitted(self, name: str, array: U8, shape: tuple[int, ...], warnings: list[str]) -> U8:
        """Bring a picture to the truth's size if that is wanted; raises MethodError if not."""
        height, width = shape
        if array.shape[:2] == (height, width):
            return array
        sizes = f"{array.shape[1]}x{array.shape[0]}, the truth {width}x{height}"
        if not self.resize:
            raise MethodError(f"the {name}: {sizes}", hint="Use --resize to bring it to the truth's size")
        warnings.append(f"the {name} was resized: {sizes}")
        smaller = array.shape[0] * array.shape[1] > height * width
        method = cv2.INTER_NEAREST if name == "hints" else cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(array, (width, height), interpolation=method), np.uint8)


def evaluate(
    results: Sequence[str],
    beside: References,
    output: str,
    *,
    asked: EvaluateOptions | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> EvaluationReport:
    """MetricInfo `results`, folders (or files) written PATH or LABEL=PATH, against the truth; write a report to `output`.

    Pictures are matched by relative path without suffix; one without a partner is a failed row. Raises UsageError for
    paths, labels or metrics that do not exist or do not fit together and NothingMatchedError where there is no truth.
    """
    settings, wish = batch or BatchSettings(), asked or EvaluateOptions()
    places = _places(results)
    chosen = _chosen(wish, beside)
    _check_names(wish, chosen, tuple(places))
    work = MeasureTask(chosen, wish.resize, {name: str(wish.weights[name]) for name in chosen if name in wish.weights})
    tasks = list(_jobs(places, beside, Path(output), settings))
    settled = plain(work) | {"files": _digests(work)}
    plan = Plan("evaluate", tuple(job for _, _, job in tasks), Path(output), settled, trusting=False)
    report = run(plan, work, settings, observer=observer)
    whole = EvaluationReport(**{item.name: getattr(report, item.name) for item in fields(Report)})
    whole.output = output
    whole.settings |= {"methods": {label: str(place) for label, place in places.items()}, "beside": plain(beside)}
    if settings.dry_run or report.stopped_by:
        return whole
    rows = [_row(label, name, job, record) for (label, name, job), record in zip(tasks, report.records, strict=True)]
    found = _evaluation(places, beside, chosen, rows)
    whole.evaluation = _judged(found, wish, _left_out(wish, chosen))
    whole.notes += whole.evaluation.notes
    _write(whole.evaluation, Path(output), wish, settings)
    return whole


# what is measured


def _chosen(wish: EvaluateOptions, beside: References) -> tuple[str, ...]:
    """The metrics to measure; raises UsageError for one that does not exist or lacks what it needs."""
    given = {"frames"} if wish.frames else set()
    if beside.lines is not None:
        given |= {"lines", "regions"}
    if beside.hints is not None:
        given.add("hints")

    def missing_of(name: str) -> list[str]:
        return sorted(needs_of(name) - given - ({"weights"} if name in wish.weights else set()))

    for name in (*wish.metrics, *wish.weights):
        if missing := missing_of(name):
            words, way = _WAYS[missing[0]]
            raise UsageError(f"{name} needs {words}", hint=way.format(name=name))
    found = wish.metrics or [name for name in registry.names("metrics") if not missing_of(name)]
    for name in found:
        check_packages(name)
    if wish.metrics:
        return tuple(dict.fromkeys(found))
    return tuple(sorted(found, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)))


_WAYS = {  # what a metric may need: in words, and how it is given
    "lines": ("the line art", "Give --lines DIR"),
    "regions": ("the line art", "Give --lines DIR"),
    "hints": ("the hints", "Give --hints DIR"),
    "frames": (
        "to be told that there are frames",
        "Give --frames where walk/3 and walk/4 are of one sequence",
    ),
    "weights": (
        "the weights of its network",
        "Give --weights {name}=FILE, or a folder with {name}.* in COLORIZE_CLI_WEIGHTS",
    ),
}


def _digests(work: MeasureTask) -> dict[str, str]:
    """Digests of the weights, so that figures of other weights are stale; raises UsageError where there is no file."""
    return {name: _file_digest(name, Path(path)) for name, path in work.weights.items()}


def _file_digest(name: str, path: Path) -> str:
    try:
        return fingerprint(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the weights of {name} cannot be read ({show_path(path)}: {error.strerror})", hint="Check --weights"
        ) from error


def _checked(name: str, figure: Score) -> Score:
    """A figure to nine digits, since the last ones depend on how many threads a matrix product was given."""
    if not isinstance(figure, float):
        return figure
    if math.isnan(figure):
        raise MethodError(f"{name} is not a number for this picture", hint="Leave it out with --metric")
    return float(f"{figure:.9g}")


def _check_names(wish: EvaluateOptions, chosen: tuple[str, ...], labels: tuple[str, ...]) -> None:
    """Find out before the work whether what is asked for can be answered."""
    for label in (name for pair in wish.compare for name in pair):
        if label not in labels:
            raise UsageError(f"there is no method '{label}' to compare", hint=registry.suggestion(label, labels))
    for first, second in wish.compare:
        if first == second:
            raise UsageError(f"'{first}' cannot be compared with itself", hint="Name two methods after --compare")
    for name, limit in (*wish.least.items(), *wish.most.items()):
        if name not in chosen:
            raise SettingsError(f"'{name}' is not measured", hint=registry.suggestion(name, chosen))
        if math.isnan(limit):
            raise SettingsError(f"the limit of {name} is not a number", hint=f"Write {name}=NUMBER")
    if wish.ballot is not None and len(labels) < 2:
        raise UsageError("there is nothing to choose from", hint="Name two folders of results or more for --ab")


# which pictures


def _places(results: Sequence[str]) -> dict[str, Path]:
    """Label -> folder; raises UsageError for labels that are alike or that could not be a folder's name."""
    places: dict[str, Path] = {}
    for text in results:
        label, place = _labelled(text)
        if not label or label in (".", "..") or set(label) & set('/\\:*?"<>|') or not label.isprintable():
            raise UsageError(f"'{show_path(label)}' is no name for a method", hint="Write NAME=PATH")
        if label in places:
            raise UsageError(f"two methods are called '{label}'", hint="Give names: first=PATH second=PATH")
        places[label] = place
    if not places:
        raise UsageError("there are no results", hint="Name folders of results before --truth")
    return places


def _labelled(text: str) -> tuple[str, Path]:
    label, equals, rest = text.partition("=")
    if equals and not Path(text).exists():
        return label, Path(rest)
    path = Path(text)
    return path.resolve().name if path.is_dir() else path.stem, path


def _jobs(
    places: Mapping[str, Path], beside: References, output: Path, settings: BatchSettings
) -> Iterator[tuple[str, str, Job]]:
    """MethodResult, picture and job for each picture of the truth and each left-over result."""
    if settings.listed is not None:
        raise UsageError("the truth says which pictures are evaluated", hint="Use --include instead of --files-from")
    if not Path(beside.truth).exists():
        raise UsageError(f"{show_path(beside.truth)} does not exist", hint="Check --truth")
    if any(os.path.realpath(place) == os.path.realpath(output) for place in (Path(beside.truth), *places.values())):
        raise UsageError(f"{show_path(output)} is both input and output", hint="Give another folder after -o")
    truths = find_sources([beside.truth], settings.selection, leave_out=[output])
    given = (("lines", beside.lines), ("hints", beside.hints))
    aside = {name: CompanionFiles(Path(place), f"--{name}") for name, place in given if place is not None}
    whole = settings.selection == Selection() and Path(beside.truth).is_dir()
    for name, partner in aside.items():
        if partner.single and Path(beside.truth).is_dir():
            raise UsageError(f"--{name} is one file, --truth a folder", hint="Give a folder of them, by name")
        if not any(partner.of(source.relative) for source in truths):
            raise UsageError(f"nothing in --{name} has the name of a truth", hint=f"Check --{name}")
    for label, place in places.items():
        partners = CompanionFiles(place, "the results")
        if partners.single == Path(beside.truth).is_dir():
            raise UsageError("one of results and --truth is a file, the other a folder", hint="Give two of a kind")
        for source in truths:
            stem = source.relative.with_suffix("")
            found = {"result": partners.of(source.relative), "truth": source.path}
            found |= {name: others.of(source.relative) for name, others in aside.items()}
            reads = tuple((name, path) for name, path in found.items() if path is not None)
            problem = None if found["result"] else partners.missing(source.relative)
            kept = output / PICTURES / label / stem.with_name(stem.name + ".json")
            yield label, str(stem), Job(reads, (kept,) if problem is None else (), source.relative, problem)
        if whole:
            yield from _left_over(label, place, partners, output)


def _left_over(label: str, place: Path, partners: CompanionFiles, output: Path) -> Iterator[tuple[str, str, Job]]:
    """A failed job for each result that no truth asks for."""
    for path in partners.unused():
        if output.resolve() not in path.resolve().parents:
            stem = PurePosixPath(path.relative_to(place).as_posix()).with_suffix("")
            missing = UsageError(f"there is no truth '{show_path(stem)}' for it", hint="Check --truth")
            yield label, str(stem), Job((("result", path),), (), stem, missing)


# one picture


def _decoded(name: str, content: bytes) -> Picture:
    try:
        return decode_picture(content)
    except PictureError as error:  # which of several files it is has to be said
        raise PictureError(f"the {name}: {error.message}", hint=error.hint) from error


def _layer(name: str, picture: Picture) -> U8:
    """RGBA (H, W, 4), whatever the picture has."""
    if name == "hints" and picture.alpha is None:
        raise PictureError("the hints: they are opaque all over", hint="Hints are transparent but for the hints")
    return picture.layer()


def _picture(layer: U8) -> Picture:
    alpha = np.ascontiguousarray(layer[..., 3])
    return Picture(np.ascontiguousarray(layer[..., :3]), None if int(alpha.min()) == 255 else alpha)


def _row(label: str, name: str, job: Job, record: Record) -> PictureScores:
    """What is known of a picture after the run, from the file of its figures."""
    files = {key: str(path) for key, path in job.reads if path is not None}
    if record.status == "failed":
        return PictureScores(label, name, {}, record.reason, (), files)
    output = job.outputs[0]
    assert output is not None
    try:
        kept = json.loads(output.read_bytes())
        figures = {key: float(value) if value in ("inf", "-inf") else value for key, value in kept["figures"].items()}
        return PictureScores(label, name, figures, "", tuple(kept["warnings"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return PictureScores(label, name, {}, f"{show_path(output)} is damaged. Use --overwrite", (), files)


# all pictures


def _evaluation(
    places: Mapping[str, Path], beside: References, chosen: Sequence[str], rows: Sequence[PictureScores]
) -> Evaluation:
    """What the rows come to, method by method."""
    methods = []
    for label, place in places.items():
        own = [row for row in rows if row.method == label]
        aggregates = {name: aggregate(name, own) for name in chosen}
        methods.append(MethodResult(label, str(place), aggregates, sum(bool(row.problem) for row in own)))
    notes = tuple(
        f"{method.label}: {one.caution}" for method in methods for one in method.aggregates.values() if one.caution
    )
    notes += (*_resized(methods, rows), *_lacking(beside, methods, rows))
    measures = tuple(map(describe, chosen))
    return Evaluation(beside.truth, measures, tuple(methods), tuple(map(without_sets, rows)), notes=notes)


def _resized(methods: Sequence[MethodResult], rows: Sequence[PictureScores]) -> Iterator[str]:
    """Say of how many pictures of each method something was brought to the truth's size."""
    for method in methods:
        own = [row for row in rows if row.method == method.label]
        count = sum(bool(row.warnings) for row in own)
        if count:
            yield f"{method.label}: {count} of {len(own)} pictures were resized (--resize)"


def _lacking(beside: References, methods: Sequence[MethodResult], rows: Sequence[PictureScores]) -> Iterator[str]:
    """Say of how many pictures there is no line art or no hints, so that they count in fewer metrics."""
    for option, given in (("lines", beside.lines), ("hints", beside.hints)):
        for method in methods if given is not None else ():
            own = [row for row in rows if row.method == method.label and not row.problem]
            count = sum(option not in row.files for row in own)
            if count:
                yield f"{method.label}: {count} of {len(own)} pictures have nothing in --{option}: n is lower there"


def _nothing_shared(found: Evaluation, wish: EvaluateOptions) -> Iterator[str]:
    """Say of comparisons that were asked for that there is nothing to compare."""
    for first, second in wish.compare:
        if not any(compare(found, first, second)):
            yield f"{first} and {second} have no picture in common: there is nothing to compare"


def _left_out(wish: EvaluateOptions, chosen: Sequence[str]) -> tuple[str, ...]:
    """What was not measured for want of a folder, where nothing was chosen."""
    if wish.metrics:
        return ()
    others = {name: needs_of(name) - {"regions"} for name in registry.names("metrics") if name not in chosen}
    found = ((option, [name for name, needs in others.items() if needs == {option}]) for option in ("lines", "hints"))
    return tuple(f"not measured without --{option}: {', '.join(names)}" for option, names in found if names)


def _judged(found: Evaluation, wish: EvaluateOptions, left_out: tuple[str, ...]) -> Evaluation:
    """Add comparisons, verdicts and what was left out."""
    return replace(
        found,
        notes=(*left_out, *found.notes, *_nothing_shared(found, wish)),
        comparisons=tuple(made for first, second in wish.compare for made in compare(found, first, second)),
        verdicts=(*judge(found, wish.least, under=True), *judge(found, wish.most, under=False)),
    )


# writing


@dataclass(frozen=True)
class _Reporting:
    """The work of writing the report files: what was found, and the pictures that are shown."""

    evaluation: Evaluation
    shown: tuple[str, ...]
    paths: tuple[str, ...]  # of the files read, which are named by their place here
    ballot: tuple[ballot.BallotPair, ...] | None

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Pictures in; report.json, report.csv, report.html and, where wanted, ab.html out."""
        pictures = {path: files[str(at)] for at, path in enumerate(self.paths)}
        rows: dict[str, list[PictureScores]] = {name: [] for name in self.shown}
        for row in self.evaluation.rows:
            rows.get(row.name, []).append(row)
        gallery = [show(name, rows[name], pictures) for name in self.shown]
        made = [data.write(self.evaluation), sheet.write(self.evaluation), page.write(self.evaluation, gallery)]
        if self.ballot is not None:
            made.append(ballot.write(self.ballot, pictures, rng))
        return Produced(tuple(made))


def _write(evaluation: Evaluation, output: Path, wish: EvaluateOptions, settings: BatchSettings) -> None:
    """Write the report files; raises OutputExistsError where something else is in their way."""
    shown = tuple(choose(evaluation, wish.gallery))
    pairs = None
    if wish.ballot is not None:
        pairs = ballot.draw(evaluation.rows, wish.ballot, np.random.default_rng(settings.seed))
        if not pairs:
            raise UsageError("no picture has results of two methods", hint="Leave out --ab")
    used = {path for row in evaluation.rows if row.name in set(shown) for path in row.files.values()}
    used |= {path for pair in pairs or () for path in pair.files} or set(evaluation.rows[0].files.values())
    paths = tuple(path for path in sorted(used) if Path(path).is_file())
    reads = tuple((str(at), Path(path)) for at, path in enumerate(paths))
    names = ["report.json", "report.csv", "report.html", *(["ab.html"] if pairs is not None else [])]
    content = digest([json.loads(data.write(evaluation)), shown, plain(pairs)])
    job = Job(reads, tuple(output / name for name in names), PurePosixPath("report"))
    plan = Plan("evaluate-report", (job,), output, {"content": content})
    work = _Reporting(evaluation, shown, paths, pairs)
    report = run(plan, work, BatchSettings(jobs=1, seed=settings.seed, overwrite=settings.overwrite))
    for record in report.of("failed"):
        raise OutputExistsError(record.reason)
