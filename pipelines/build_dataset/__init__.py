"""Stage: coloured pictures -> a dataset of pairs to learn from: colour, lines, hints and composite of each picture.

Three passes at most, each through `batch.run`: measuring, where pictures are to be left out; making, one job a picture;
packing, where shards are wanted. Between them only small files are read that the jobs left, one at a time, so that
memory does not grow with the pictures.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Job, Plan, check, find
from pipelines.core.batch.report import Observer, Record, Report
from pipelines.core.batch.runner import NullObserver, run
from pipelines.core.batch.workers import Produced
from pipelines.core.data import curation, layout, shards, stale_files
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.curation import Choice, Curation, Stop
from pipelines.core.data.layout import OWN_LINES, Artifact, DatasetLayout, Domain, Format, Row
from pipelines.core.data.manifest import MANIFEST, check_folder, files_of, rows_of, write_about, write_rows
from pipelines.core.data.pairing import InputLayout, Mismatch, Pair, PairingResult, find_pairs, read_pair
from pipelines.core.data.splits import SPLITS, Shares, split_named, split_of
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.files import STATE_FOLDER, sha256, show_path
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colourfulness import boost_for, saturate
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import Framing, find_foreground, place_in_frame, resized
from pipelines.core.imaging.line_art import line_drawing
from pipelines.core.imaging.picture import Picture, encode_png
from pipelines.core.method_specs import MethodSpec, by_method, method_specs
from pipelines.core.settings import plain

LINE_SCALE = 2  # lines are found at up to so many times the frame's scale, then shrunk, as drawn line art would be
_LISTED = 8  # names that a message or a note holds at most


@dataclass(frozen=True)
class Recipe:
    """What is made of each picture."""

    framing: Framing = field(default_factory=Framing)
    lines: tuple[str, ...] = ()  # METHOD or METHOD:PRESET, "own" = its own line art; empty = own if any, else adaptive
    hints: tuple[str, ...] = ("kmedoids",)  # METHOD or METHOD:PRESET
    draws: int = 1  # hint maps of each method, each from random numbers of its own
    values: Mapping[str, object] = field(default_factory=dict)  # METHOD.NAME -> value, or "LOW..HIGH"
    saturation_boost: float = 0.0  # 0.5 = half as much again for grey pictures, nothing for highly colourful ones


@dataclass(frozen=True)
class Splitting:
    """Which split a picture goes to."""

    shares: Shares = field(default_factory=Shares)
    keep: bool = False  # where a sidecar or a folder names the split, that one
    group_pattern: str | None = None  # regular expression: names in which it finds the same text stay together
    group_by: str | None = None  # name of a sidecar's value: pictures with the same value stay together

    def __post_init__(self) -> None:
        """Refuse a pattern that is none."""
        try:
            re.compile(self.group_pattern or "")
        except re.error as error:
            message = f"'{self.group_pattern}' is not a regular expression: {error}"
            raise SettingsError(message, hint="Write --group such as '^[^_]+', the name up to its first _") from error


@dataclass(frozen=True)
class Storing:
    """How the dataset lies on disk."""

    layout: Format = "own"
    domain: Domain = "composite"  # what A is, in the layouts that have an A and a B
    shard_size: int = 256  # samples in a shard; a worker holds a shard in memory
    prune: bool = False  # remove files of earlier runs that are no longer part of the dataset


# the work on one picture ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SampleTask:
    """The work on one picture: frame it, find its lines, place its hints, paint the composites."""

    reading: InputLayout
    framing: Framing
    lines: tuple[MethodSpec, ...]
    hints: tuple[MethodSpec, ...]
    saturation_boost: float
    place: DatasetLayout

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """`picture` (and `lines`) in; what was made, as JSON, and the PNG of each piece out."""
        picture, own = read_pair(files, self.reading)
        making = _Making(self, picture, own, int(rng.integers(1 << 62)))
        lines = self.labels(has_own=own is not None)
        pieces = self.place.pieces(lines, [kind.label for kind in self.hints])
        made = {piece.key: encode_png(making.array(piece)) for piece in pieces}
        row = {
            "source": {"width": picture.width, "height": picture.height, "sha256": sha256(files["picture"])},
            **making.about,
            "sha256": {key: sha256(data) for key, data in made.items()},
        }
        return Produced((json.dumps(row).encode(), *made.values()), making.warnings())

    def labels(self, *, has_own: bool) -> tuple[str, ...]:
        """The kinds of lines that a picture gets."""
        return tuple(kind.label for kind in self.lines if has_own or kind.method != OWN_LINES)


class _Making:
    """One picture on its way through the work; each array is worked out once."""

    def __init__(self, work: SampleTask, picture: Picture, own: Picture | None, seed: int) -> None:
        self._work, self._picture, self._own, self._seed = work, picture, own, seed
        self._shape = picture.rgb.shape[:2]
        figure = find_foreground(picture)
        self._layout = place_in_frame(work.framing, self._shape, figure)
        self._part = self._layout.cut(picture.over_white())
        rows, columns = self._layout.place(self._shape)
        self._size = columns.stop - columns.start, rows.stop - rows.start
        measured = curation.measure_colour(picture, figure)
        factor = round(boost_for(measured, work.saturation_boost), 3)
        self._colour = saturate(resized(self._part, self._size), factor)
        self._ground = work.framing.pad or figure.ground or (255, 255, 255)
        self._kinds = {(kind.family, kind.label): kind for kind in (*work.lines, *work.hints)}
        self._made: dict[Artifact, U8] = {}
        self._drawn: dict[str, Any] = {}
        self.about: dict[str, Any] = {
            "view": [round(value, 3) for value in self._layout.view],
            "covers": [columns.start, rows.start, *self._size],
            "figure": figure.box() is not None,
            "colourfulness": measured,
            "saturation_factor": factor,
            "drawn": self._drawn,
        }

    def array(self, piece: Artifact) -> U8:
        """The pixels of a piece."""
        if piece not in self._made:
            self._made[piece] = self._make(piece)
        return self._made[piece]

    def warnings(self) -> tuple[str, ...]:
        """What the user should look at."""
        found = []
        if self._work.reading in ("AB", "BA") and self._own is not None:
            own, coloured = (
                curation.measure_colour(half, find_foreground(half)) for half in (self._own, self._picture)
            )
            if own > coloured:
                found.append("its line half is more colourful than its colour half: is --read the wrong way round?")
        if int(self._colour.min()) == 255:
            found.append("it is blank in its frame")
        return tuple(found)

    def _make(self, piece: Artifact) -> U8:
        match piece.role:
            case "colour":
                return self._laid(self._colour, self._ground)
            case "lines":
                return self._laid(self._lines(self._kinds["lines", piece.lines]), 255)
            case "hints":
                return self._laid(self._hints(self._kinds["hints", piece.hints]), 0)
            case "composite":
                lines = _as_rgb(self.array(Artifact("lines", piece.lines)))
                return composite(self.array(Artifact("hints", "", piece.hints)), lines)
        source = self.array(Artifact(self._work.place.domain, piece.lines, piece.hints))
        return np.hstack([_as_rgb(source), self.array(Artifact("colour"))])

    def _laid(self, array: U8, fill: int | tuple[int, ...]) -> U8:
        return self._layout.laid(array, self._shape, fill)

    def _lines(self, kind: MethodSpec) -> U8:
        if kind.method == OWN_LINES:
            assert self._own is not None
            whole = resized(line_drawing(self._own), (self._shape[1], self._shape[0]))
            return resized(self._layout.cut(whole), self._size)
        rng, params = self._draw(kind)
        lines: U8 = kind.load().extract(self._image_for_lines(), params, rng)
        return resized(lines, self._size)

    def _image_for_lines(self) -> U8:
        width, height = self._size
        if self._part.shape[1] <= width:
            return resized(self._part, self._size)
        if self._part.shape[1] <= LINE_SCALE * width:
            return self._part
        return resized(self._part, (LINE_SCALE * width, LINE_SCALE * height))

    def _hints(self, kind: MethodSpec) -> U8:
        rng, params = self._draw(kind)
        alpha = self._picture.alpha
        seen = None if alpha is None else resized(self._layout.cut(alpha), self._size)
        hints: U8 = kind.load().place(self._colour, seen, params, rng)
        return hints

    def _draw(self, kind: MethodSpec) -> tuple[np.random.Generator, Any]:
        """A kind's own random numbers, whatever other kinds there are, and its settings for this picture."""
        rng = np.random.default_rng([self._seed, *f"{kind.family} {kind.label}".encode()])
        params = kind.drawn(rng)
        if kind.ranges:
            self._drawn[kind.label] = {name: getattr(params, name) for name, _, _ in kind.ranges}
        return rng, params


def _as_rgb(array: U8) -> U8:
    return np.dstack([array] * 3) if array.ndim == 2 else array


# the stage --------------------------------------------------------------------------------------------------


def build_dataset(
    inputs: Sequence[str],
    output: str | None,
    *,
    reading: InputLayout = "pictures",
    lines: str | None = None,
    strict: bool = False,
    recipe: Recipe | None = None,
    curation: Curation | None = None,
    splitting: Splitting | None = None,
    storing: Storing | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Build a dataset in the folder `output` from the coloured pictures in `inputs`.

    Line art is read from the folder `lines` by name, or as `reading` says, or extracted. The dataset is what this call
    says: pictures of earlier calls that are not in `inputs` leave its manifest. With `strict`, pictures that have no
    partner, or one of another shape, raise UsageError before any work; else they are listed. Raises UsageError and
    SettingsError before any work too where options or paths cannot work together.
    """
    settings, chosen, kept = batch or BatchSettings(), recipe or Recipe(), storing or Storing()
    whole = replace(settings.selection, limit=None)  # of pairs the limit counts, not of files
    sources, destination = find(inputs, output, replace(settings, selection=whole))
    if destination.folder is None or destination.file is not None:
        raise UsageError("a dataset is a folder", hint="Give a folder after -o")
    check_folder(destination.folder)
    line_kinds, hint_kinds, notes = _kinds(chosen, has_own=lines is not None or reading != "pictures")
    place = DatasetLayout(kept.layout, kept.domain, several=len(line_kinds) * len(hint_kinds) > 1)
    work = SampleTask(reading, chosen.framing, line_kinds, hint_kinds, chosen.saturation_boost, place)
    found = find_pairs(sources, reading, lines=Path(lines) if lines else None, selection=settings.selection)
    del sources  # each takes as much memory as its pair
    if strict and found.mismatches:
        raise UsageError(_listing(found.mismatches), hint="Mend them, or leave out --strict to go on without them")
    building = _Building(destination.folder, work, settings, splitting or Splitting(), kept)
    building.notes += notes
    return building.run(found, curation or Curation(), observer or NullObserver())


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A picture that was found, and what is to become of it."""

    pair: Pair
    name: str  # of everything made from it
    lines: tuple[str, ...]  # the kinds of lines it gets
    split: str
    reason: str  # why it is left out; empty where it is not


class _Building:
    """One dataset on its way: from pairs to candidates, to files, to a manifest, to shards."""

    def __init__(
        self, folder: Path, work: SampleTask, settings: BatchSettings, splitting: Splitting, storing: Storing
    ) -> None:
        self.folder, self.work, self.settings, self.splitting, self.storing = folder, work, settings, splitting, storing
        self.credits = Attributions()
        self.hints = [kind.label for kind in work.hints]
        self.notes: list[str] = []
        self.about: dict[str, Any] = {}

    def run(self, found: PairingResult, chosen: Curation, observer: Observer) -> Report:
        """Measure, make, write the manifest, pack."""
        mismatches = [[str(item.name), item.kind] for item in found.mismatches]
        self.about = {"settings": self._settings(chosen), "mismatches": mismatches}
        choice, stopped_by = self._choice(found.pairs, chosen)
        candidates = self._candidates(found, choice)
        if stopped_by:
            records = [_skipped(item.pair.picture, "not reached") for item in candidates]
            return Report(
                "build-dataset", self.about["settings"], tuple(records), stopped_by=stopped_by, output=str(self.folder)
            )
        report = self._make(candidates, found.mismatches, observer)
        if found.mismatches:
            self.notes.append(_listing(found.mismatches))
        if not self.settings.dry_run and not report.stopped_by:
            outcomes = zip(candidates, report.records, strict=False)
            made = [item for item, record in outcomes if record.status == "done" or record.reason == "unchanged"]
            report = self._finish(made, candidates, report)
        return replace(report, settings=self.about["settings"], notes=tuple(self.notes))

    def _settings(self, chosen: Curation) -> dict[str, Any]:
        whole: dict[str, Any] = plain(self.work)
        return {**whole, **plain({"curation": chosen, "splitting": self.splitting}), "seed": self.settings.seed}

    # candidates

    def _choice(self, pairs: Sequence[Pair], chosen: Curation) -> tuple[Choice, Stop]:
        """What is left out, and what stopped the measuring."""
        if not chosen.wanted:
            return Choice(), ""
        if self.settings.dry_run:
            self.notes.append("a dry run measures nothing: no picture is left out for what it looks like")
            return Choice(), ""
        measured, stopped_by = curation.measure(pairs, self.work.reading, self.folder, self.settings)
        choice = curation.choose(pairs, measured, chosen)
        self.notes += choice.notes
        self.about["left_out"] = choice.figures
        return choice, stopped_by

    def _candidates(self, found: PairingResult, choice: Choice) -> list[_Candidate]:
        lacking = {str(mismatch.path): mismatch.reason for mismatch in found.mismatches}
        candidates = []
        for index, pair in enumerate(found.pairs):
            lines = self.work.labels(has_own=pair.lines is not None or self.work.reading in ("AB", "BA"))
            reason = choice.reasons.get(index, "") or ("" if lines else lacking[str(pair.picture)])
            name = str(pair.name if self.settings.keep_extension else pair.name.with_suffix(""))
            split = "" if reason else self._split(pair, name)
            candidates.append(_Candidate(pair, name, lines, split, reason))
        return candidates

    def _split(self, pair: Pair, name: str) -> str:
        splitting = self.splitting
        credit = self.credits.of(pair.picture) if splitting.keep or splitting.group_by else {}
        if splitting.keep:
            folders = str(PurePosixPath(name).parent)
            named = split_named(str(credit.get("split", ""))) or split_named(folders)
            if named is not None:
                return named
        key = str(pair.name.with_suffix(""))
        if splitting.group_by in credit:
            key = str(credit[splitting.group_by])
        elif splitting.group_pattern is not None:
            match = re.search(splitting.group_pattern, key)
            key = (match and match[match.lastindex or 0]) or key
        return split_of(key, self.settings.seed, splitting.shares)

    # files

    def _make(self, candidates: Sequence[_Candidate], mismatches: Sequence[Mismatch], observer: Observer) -> Report:
        """Make the files; the report has a record for every candidate, then for what matches none of them."""
        jobs = tuple(self._job(item) for item in candidates if not item.reason)
        plan = Plan("build-dataset", jobs, self.folder, plain(self.work))
        check(plan)
        if not self.settings.dry_run:
            write_about(self.folder, {"complete": False, **self._shape()})
        left_out = [_skipped(item.pair.picture, item.reason) for item in candidates if item.reason]
        paired = {str(item.pair.picture) for item in candidates} if mismatches else set()
        alone = [_skipped(item.path, item.reason) for item in mismatches if str(item.path) not in paired]
        report = run(plan, self.work, self.settings, observer=_Watching(observer, [*left_out, *alone]))
        made, left = iter(report.records), iter(left_out)
        return replace(report, records=(*(next(left if item.reason else made) for item in candidates), *alone))

    def _job(self, item: _Candidate) -> Job:
        reads: list[tuple[str, Path | None]] = [("picture", item.pair.picture)]
        if item.pair.lines is not None:
            reads.append(("lines", item.pair.lines))
        outputs = _Outputs(self.folder, self.work.place, item, self.hints)
        return Job(tuple(reads), outputs, item.pair.name)

    # manifest and shards

    def _finish(self, made: Sequence[_Candidate], candidates: Sequence[_Candidate], report: Report) -> Report:
        """Write the manifest, and the shards where they are wanted; then say that the dataset is whole."""
        packed = self.storing.layout == "webdataset"
        groups = _grouped(made, self.hints, self.storing.shard_size) if packed else {}
        wanted = (item for item in candidates if not item.reason)
        current = {file for item in wanted for file in _files_of(item, self.work.place, self.hints)}
        left = stale_files.clear_stale(self.folder, current | set(groups), prune=self.storing.prune)
        tally, whole = _Tally(), True
        if packed:
            for shard, members in groups.items():
                write_rows(self.folder, _rows_file(shard), self._packed_rows(shard, members, made))
            report, whole = self._pack(list(groups), report)
            rows = (row for shard in groups for row in rows_of(self.folder, _rows_file(shard)))
        else:
            rows = (row for item in made for row in self._rows(item))
        write_rows(self.folder, MANIFEST, tally.counted(rows))
        self.about |= tally.about()
        self.notes += [*tally.notes(self.work, self.splitting.shares), *left.notes(), *self.credits.problems]
        write_about(self.folder, {"complete": whole, **self._shape(), **self.about})
        return report

    def _shape(self) -> dict[str, Any]:
        size = self.work.framing.size
        return {"layout": self.storing.layout, "size": list(size) if size else None}

    def _rows(self, item: _Candidate) -> Iterator[Row]:
        """The manifest's rows of one picture, in full."""
        made = json.loads((self.folder / layout.row_file(item.name)).read_bytes())
        credit = self.credits.of(item.pair.picture)
        for row in self.work.place.samples(item.split, item.name, item.lines, self.hints):
            yield {
                **row,
                "sha256": {role: made["sha256"][key] for role, key in self.work.place.keys(row).items()},
                "source": {"path": str(item.pair.name), **made["source"]},
                **{name: made[name] for name in ("view", "covers", "figure", "colourfulness", "saturation_factor")},
                "settings": self._settings_of(row, made["drawn"]),
                "licence": credit.get("licence"),
                "author": credit.get("author"),
                "credit": credit,
            }

    def _settings_of(self, row: Row, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The methods and settings of a sample; `drawn` are those that were drawn for this picture."""
        found = {}
        for family, kinds in (("lines", self.work.lines), ("hints", self.work.hints)):
            label = row["line_method" if family == "lines" else "hint_method"]
            for kind in kinds:
                if kind.label == label:
                    params = plain(kind.params) or {}
                    found[family] = {"method": kind.method, **params, **drawn.get(label, {})}
        return found

    def _packed_rows(self, shard: str, members: Sequence[tuple[int, int]], made: Sequence[_Candidate]) -> Iterator[Row]:
        for index, number in members:
            row = list(self._rows(made[index]))[number]
            kept = {name: value for name, value in row.items() if name not in layout.ROLES}
            yield {"shard": shard, "key": shards.key_of(row), **kept}

    def _pack(self, names: Sequence[str], report: Report) -> tuple[Report, bool]:
        """The third pass, a job per shard; what fails joins the report. Whether all shards are there."""
        jobs = tuple(Job(_Reads(self.folder, shard), (self.folder / shard,), PurePosixPath(shard)) for shard in names)
        packed = run(Plan("pack-dataset", jobs, self.folder, {}), shards.Packing(), self.settings)
        failed = packed.of("failed")
        report = replace(report, records=(*report.records, *failed), stopped_by=packed.stopped_by)
        return report, not failed and not packed.stopped_by


@dataclass(frozen=True, slots=True)
class _Reads(Sequence[tuple[str, Path]]):
    """What the job of a shard reads, worked out when it is looked at: its rows, and the files of its samples."""

    folder: Path
    shard: str

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[tuple[str, Path]]:
        yield "rows", self.folder / _rows_file(self.shard)
        for row in rows_of(self.folder, _rows_file(self.shard)):
            for role, file in files_of(row):
                yield f"{row['key']}/{role}", self.folder / file


@dataclass(frozen=True, slots=True)
class _Outputs(Sequence[Path]):
    """The outputs of a job, worked out when they are looked at: kept, five paths a picture would take most memory."""

    folder: Path
    place: DatasetLayout
    item: _Candidate
    hints: Sequence[str]

    def __len__(self) -> int:
        return 1 + len(self.place.pieces(self.item.lines, self.hints))

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Path]:
        return (self.folder / file for file in _files_of(self.item, self.place, self.hints))


def _files_of(item: _Candidate, place: DatasetLayout, hints: Sequence[str]) -> list[str]:
    """The files of a picture in the dataset's folder: the hidden one that says what was made, then its pieces."""
    pieces = place.pieces(item.lines, hints)
    return [layout.row_file(item.name), *(place.file_of(piece, item.split, item.name) for piece in pieces)]


class _Watching:
    """Tells an observer also of pictures that are left out before the work."""

    def __init__(self, observer: Observer, left_out: Sequence[Record]) -> None:
        self._observer, self._left_out = observer, left_out

    def started(self, total: int) -> None:
        """Count those left out too, and say so at once."""
        self._observer.started(total + len(self._left_out))
        for record in self._left_out:
            self._observer.recorded(record)

    def recorded(self, record: Record) -> None:
        """Pass a record on."""
        self._observer.recorded(record)


class _Tally:
    """Counts what is in a dataset, from the rows of its manifest as they pass."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()
        self.pictures: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self.factors: list[float] = [0, 0.0, 0.0]  # pictures with a boost, the sum and the greatest of their factors
        self.figures = 0
        self._seen: set[int] = set()

    def counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Let rows pass and count them."""
        for row in rows:
            self.samples[row["split"]] += 1
            name = hash(row["name"])
            if name not in self._seen:
                self._seen.add(name)
                self._count_picture(row)
            yield row

    def _count_picture(self, row: Row) -> None:
        self.pictures[row["split"]] += 1
        self.licences[row["licence"] or "not known"] += 1
        self.figures += row["figure"]
        factor = row["saturation_factor"]
        if factor > 1:
            self.factors = [self.factors[0] + 1, self.factors[1] + factor, max(self.factors[2], factor)]

    def about(self) -> dict[str, Any]:
        """The counts, for the description of the dataset."""
        boosted, total, greatest = self.factors
        mean = round(total / boosted, 3) if boosted else None
        return {
            "pictures": {split: self.pictures[split] for split in SPLITS},
            "samples": {split: self.samples[split] for split in SPLITS},
            "licences": dict(sorted(self.licences.items())),
            "saturation": {"boosted": int(boosted), "mean_factor": mean, "greatest_factor": greatest or None},
        }

    def notes(self, work: SampleTask, shares: Shares) -> list[str]:
        """The counts in words."""
        total = sum(self.pictures.values())
        splits = ", ".join(f"{split} {self.pictures[split]}" for split in SPLITS)
        found = [f"{total} pictures in {sum(self.samples.values())} samples; pictures: {splits}"]
        wanted = [split for split in ("val", "test", "display") if getattr(shares, split) and not self.pictures[split]]
        if wanted and total:
            found.append(f"no picture fell to {' or '.join(wanted)}: few pictures, or a share that is small")
        if work.saturation_boost:
            boosted, factors, greatest = self.factors
            reach = f", by {factors / boosted:.2f} on average and {greatest:.2f} at most" if boosted else ""
            found.append(f"saturation raised in {int(boosted)} of {total} pictures{reach}")
        if work.framing.centre != "off":
            rest = "" if self.figures == total else "; in the others no plain ground shows the figure"
            found.append(f"centred: {self.figures} of {total} pictures{rest}")
        unknown = self.licences["not known"]
        if 0 < unknown < total:
            found.append(f"the licence of {unknown} of {total} pictures is not known")
        return found


def _kinds(recipe: Recipe, *, has_own: bool) -> tuple[tuple[MethodSpec, ...], tuple[MethodSpec, ...], list[str]]:
    """The kinds of lines and of hints that are made, and what to tell the user of them."""
    lines = recipe.lines or ((OWN_LINES,) if has_own else ("adaptive",))
    if OWN_LINES in lines and not has_own:
        raise UsageError(
            "the pictures have no line art of their own", hint="Give --lines DIR or --read AB, BA or pairs"
        )
    if recipe.draws < 1:
        raise SettingsError(f"{recipe.draws} draws make no hints", hint="Use --draws 1 or more")
    known = [name.partition(":")[0] for name in (*lines, *recipe.hints) if name != OWN_LINES]
    values = by_method(recipe.values, known)
    extracted = method_specs("lines", [name for name in lines if name != OWN_LINES], values)
    own = [MethodSpec(OWN_LINES, "lines", OWN_LINES)] if OWN_LINES in lines else []
    hints, notes = [], []
    for kind in method_specs("hints", recipe.hints, values):
        draws = recipe.draws if recipe.draws == 1 or _varies(kind) else 1
        hints += [kind, *(replace(kind, label=f"{kind.label}-{number}") for number in range(1, draws))]
        if draws < recipe.draws:
            notes.append(
                f"{kind.label} draws the same hints every time, so one draw was made; "
                f"a random setting makes it vary, such as --set {kind.method}.hints=4..16"
            )
    return (*own, *extracted), tuple(hints), notes


def _varies(kind: MethodSpec) -> bool:
    """Whether a hint method's random numbers, or the settings drawn from them, make a difference."""
    if kind.ranges:
        return True
    picture = np.zeros((48, 48, 3), np.uint8)
    picture[4:24, 4:44], picture[24:44, 4:24], picture[24:44, 24:44] = (220, 40, 30), (40, 170, 80), (30, 60, 200)
    maps = [kind.load().place(picture, None, kind.params, np.random.default_rng(seed)).tobytes() for seed in range(8)]
    return len(set(maps)) > 1


def _grouped(made: Sequence[_Candidate], hints: Sequence[str], size: int) -> dict[str, list[tuple[int, int]]]:
    """Which samples, as (picture, number of the sample), each shard holds: mixed, yet the same in every run."""
    order = []
    for index, item in enumerate(made):
        for number in range(len(item.lines) * len(hints)):
            mixed = hashlib.blake2b(f"{item.name}\n{number}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
            order.append((item.split, mixed, index, number))
    order.sort()
    groups: dict[str, list[tuple[int, int]]] = {}
    counts: Counter[str] = Counter()
    for split, _, index, number in order:
        groups.setdefault(f"{split}-{counts[split] // size:06}.tar", []).append((index, number))
        counts[split] += 1
    return groups


def _rows_file(shard: str) -> str:
    """The hidden file with the rows of a shard's samples."""
    return f"{STATE_FOLDER}/shards/{shard}.jsonl"


def _skipped(path: Path, reason: str) -> Record:
    return Record(str(path), (), "skipped", reason)


def _listing(mismatches: Sequence[Mismatch]) -> str:
    """What does not match, in one sentence: each kind with the first few names."""
    kinds: dict[str, list[str]] = {}
    for item in mismatches:
        kinds.setdefault(item.kind, []).append(show_path(item.name))
    parts = []
    for kind, names in kinds.items():
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        parts.append(f"{kind}: {', '.join(names[:_LISTED])}{more}")
    pictures = "1 picture does" if len(mismatches) == 1 else f"{len(mismatches)} pictures do"
    return f"{pictures} not match; {'; '.join(parts)}"
