"""Measures ways of colouring on the corpus, all of them through `evaluate`: the baselines of docs/results.md.

    python benchmarks/quality.py [--corpus DIR ...] [--splits val test] [--sets openmoji ...] [--limit 40] [--side 256]
                                 [--method NAME=SPEC ...] [--work DIR] [--json results/quality.json]

A SPEC is `lines` (the line art alone), `mean` (the mean colour of the corpus's training pictures under the line art),
`gmic` (G'MIC's smart coloring, run as in benchmarks/flat_quality.py), whatever `colorize --model` takes (`fillnet`,
`flat`, a run, a checkpoint), or several of these joined by + (merged as `colorize` merges by default); :tint after it
stands for --lines tint, :unhinted for no hints at all, :likely for no hints and --unhinted likely; :discs, :strokes
(30 of them), :points (8 on average, of the size for networks of 128 px), :dabs1, :dabs2, :dabs4 and :dabs8 (of the main
colours, as an artist would) for those instead of the model's own kind, for gmic too; `oracle` is flat colour in which
each area without a hint has the best of the hinted colours, white and black: what any choice among them could reach;
:raw for what the network paints before areas and lines bring it to full size (then --side has to be the network's
size). Such as

    --method lines=lines --method flat=flat --method fillnet=fillnet --method tint=fillnet:tint
    --method automatic=fillnet:unhinted --method merged=runs/pix2pix+runs/cyclegan

Every pair of the corpus is taken at a longer side of --side px (area average, colour over white). Hints are k-medoids
hints of the coloured picture: discs as in training for networks, preset `fills` for models without weights;
hint_obedience is measured under the latter for all. The folder --work keeps pictures and figures, so that a second run
does only what is new. The JSON holds, for each split and set and for all sets together, mean, 95 % interval and n.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from flat_quality import Example, gmic_colour, over_colour
from numpy.typing import NDArray

from pipelines.colorize import FillOptions, Guides, OutputOptions, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.picture import encode_png, read_picture
from pipelines.evaluate import EvaluationReport, References, evaluate
from pipelines.flatting.reading import LineReading
from pipelines.inference.model_source import find_models
from pipelines.make_hints import make_hints
from pipelines.metrics.base.aggregate import aggregate
from pipelines.metrics.base.results import Aggregate, PictureScores
from pipelines.models.fillnet.inputs import HINTED, fill_drawing
from pipelines.segmentation.line_art import line_drawing

HINTS: dict[str, tuple[str, str | None, dict[str, object]]] = {  # kind of hints -> method, preset, settings
    "fills": ("kmedoids", "fills", {}),
    "discs": ("kmedoids", None, {}),
    "strokes": ("strokes", None, {"strokes": "30,30"}),
    "points": ("points", "coarse", {}),
    "dabs1": ("dabs", "one", {}),
    "dabs2": ("dabs", "two", {}),
    "dabs4": ("dabs", "four", {}),
    "dabs8": ("dabs", "eight", {}),
}
KEPT = ("psnr", "ssim", "delta_e", "bleed_rate", "grouping", "region_purity", "hint_obedience", "line_exactness")
"""The metrics that the JSON holds."""
WAYS = {"tint", "unhinted", "likely", "raw", *HINTS} - {"fills"}


def rows_in(corpora: Sequence[Path], split: str, sets: Sequence[str] | None, limit: int | None) -> dict[str, Any]:
    """The same of several corpora, whose sets have names of their own, as paths that lead to the files."""
    return {
        name: [{**row, "color": corpus / row["color"], "line": corpus / row["line"]} for row in rows]
        for corpus in corpora
        for name, rows in rows_of(corpus, split, sets, limit).items()
    }


def rows_of(corpus: Path, split: str, sets: Sequence[str] | None, limit: int | None) -> dict[str, list[dict[str, Any]]]:
    """The pairs of a split by set; `limit` takes that many of each set, spread evenly."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "pair" and row["split"] == split and (sets is None or row["set"] in sets):
            found.setdefault(row["set"], []).append(row)
    if limit:
        found = {
            name: [rows[at] for at in np.unique(np.linspace(0, len(rows) - 1, limit).round().astype(int))]
            for name, rows in found.items()
        }
    return dict(sorted(found.items()))


def kinds_of(methods: Mapping[str, str]) -> set[str]:
    """The kinds of hints that are needed: those of `fills` always, to measure obedience."""
    own = {way for spec in methods.values() for way in spec.split(":") if way in HINTS}
    return {"fills", "discs", *own}


def prepare(rows: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path, side: int, kinds: Iterable[str]) -> None:
    """Write truth and lines at their size, and the hints of the kinds wanted."""
    for name, members in rows.items():
        for row in members:
            truth, lines = (folder / kind / name / f"{row['name']}.png" for kind in ("truth", "lines"))
            if truth.exists() and lines.exists():
                continue
            colour = fit(read_picture(row["color"]).over_white(), side)
            line = line_drawing(read_picture(row["line"]))
            size = (colour.shape[1], colour.shape[0])
            write(lines, np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8))
            write(truth, colour)
    for kind in sorted(kinds):
        method, preset, values = HINTS[kind]
        output = str(folder / "hints" / kind)
        report = make_hints([str(folder / "truth")], output, method=method, preset=preset, values=values)
        check(report.exit_code, f"hints {kind}")


def mean_colour(corpora: Sequence[Path]) -> NDArray[np.uint8]:
    """The mean colour, RGB (3,), of the training pictures that are pairs, over white; each counts alike."""
    members = [row for rows in rows_in(corpora, "train", None, None).values() for row in rows]
    means = [read_picture(row["color"]).over_white().mean(axis=(0, 1)) for row in members]
    return np.asarray(np.rint(np.mean(means, axis=0)), np.uint8)


def lay_under(colour: NDArray[np.uint8], folder: Path, name: str) -> Path:
    """Lay one colour under all lines; returns the folder of the results."""
    for place in sorted((folder / "lines").rglob("*.png")):
        lines = read_picture(place).rgb
        painted = np.rint(lines * (colour / 255.0)).astype(np.uint8)
        write(folder / "results" / name / place.relative_to(folder / "lines"), painted)
    return folder / "results" / name


def by_gmic(folder: Path, name: str, kind: str) -> Path:
    """Colour all lines by G'MIC from hints of a kind, where that was not done yet; returns the folder."""
    for place in sorted((folder / "lines").rglob("*.png")):
        relative = place.relative_to(folder / "lines")
        result = folder / "results" / name / relative
        hints = read_picture(folder / "hints" / kind / relative)
        if result.exists() or hints.alpha is None:
            continue
        (folder / "gmic").mkdir(exist_ok=True)
        lines = read_picture(place).rgb
        example = Example(str(relative), lines, lines[..., 0], np.dstack([hints.rgb, hints.alpha]))
        write(result, over_colour(example.lines, gmic_colour(example, folder / "gmic")))
    return folder / "results" / name


def by_oracle(folder: Path, name: str, kind: str) -> Path:
    """Fill all lines flat, each area without a hint in the best of the hinted colours, white and black."""
    for place in sorted((folder / "lines").rglob("*.png")):
        relative = place.relative_to(folder / "lines")
        lines = read_picture(place).rgb
        truth, hints = (read_picture(folder / part / relative) for part in ("truth", f"hints/{kind}"))
        filled = fill_drawing(LineReading(lines[..., 0]), hints.layer())
        colours, areas = filled.facts.colours.copy(), filled.flat.areas
        offered = [colours[filled.facts.confidence == HINTED], np.array([[255] * 3, [0] * 3], np.uint8)]
        choices = np.unique(np.vstack(offered), axis=0)
        paper = lines[..., 0] >= 128
        for area in np.flatnonzero(filled.facts.confidence != HINTED).tolist():
            seen = truth.rgb[(areas == area) & paper]
            if area and len(seen):
                apart = ciede2000(srgb_to_lab(np.median(seen, axis=0)[None]), srgb_to_lab(choices))
                colours[area] = choices[int(apart.argmin())]
        write(folder / "results" / name / relative, over_colour(lines[..., 0], colours[areas]))
    return folder / "results" / name


def paint(folder: Path, name: str, spec: str, jobs: int | None) -> Path:
    """Colour all lines one way; returns the folder of the results."""
    if spec == "lines":
        return folder / "lines"
    spec, *ways = spec.split(":")
    if set(ways) - WAYS:
        sys.exit(f"{name}: after : comes {', '.join(sorted(WAYS))}")
    models = spec.split("+")
    if len(models) > 1:
        models = [f"model{number}={model}" for number, model in enumerate(models, 1)]
    sources = find_models(models)
    kinds = {source.traits.hint_preset for source in sources}
    kind = next((way for way in ways if way in HINTS), "discs" if "discs" in kinds else "fills")
    output = folder / "results" / name
    report = colorize(
        [str(folder / "lines")],
        str(output),
        model=models,
        guides=None if {"unhinted", "likely"} & set(ways) else Guides(hints=str(folder / "hints" / kind)),
        background="paper",
        lines="tint" if "tint" in ways else "keep",
        filling=FillOptions(unhinted="likely" if "likely" in ways else "lively"),
        shown=OutputOptions(steps="raw" in ways),
        batch=BatchSettings(jobs=jobs),
    )
    check(report.exit_code, name)
    return output / "steps" / f"{sources[0].label}-raw" if "raw" in ways else output


def measure(
    folder: Path, methods: Mapping[str, str], jobs: int | None, mean: NDArray[np.uint8] | None = None
) -> EvaluationReport:
    """Colour every way and evaluate them side by side; the report stays in the folder."""
    places = []
    for name, spec in methods.items():
        plain = mean if spec == "mean" else None
        way, _, kind = spec.partition(":")
        if way in ("gmic", "oracle"):
            made = (by_gmic if way == "gmic" else by_oracle)(folder, name, kind or "fills")
        else:
            made = paint(folder, name, spec, jobs) if plain is None else lay_under(plain, folder, name)
        places.append(f"{name}={made}")
    references = References(*(str(folder / name) for name in ("truth", "lines", "hints/fills")))
    report = evaluate(places, references, str(folder / "report"), batch=BatchSettings(jobs=jobs))
    check(report.exit_code, "evaluate")
    return report


def summarise(report: EvaluationReport, sets: Sequence[str]) -> dict[str, Any]:
    """Set (and "all") -> method -> metric -> mean, interval, n."""
    assert report.evaluation is not None
    names = [metric.name for metric in report.evaluation.metrics if metric.name in KEPT]
    labels = [method.label for method in report.evaluation.methods]
    found: dict[str, Any] = {}
    for group in (*sets, "all"):
        rows = [row for row in report.evaluation.rows if group in ("all", row.name.partition("/")[0])]
        found[group] = {label: _figures([row for row in rows if row.method == label], names) for label in labels}
    return found


def _figures(rows: Sequence[PictureScores], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {name: _plain(aggregate(name, rows)) for name in names}


def _plain(found: Aggregate) -> dict[str, Any]:
    bounds = (found.interval.low, found.interval.high) if found.interval else (None, None)
    value, low, high = (
        None if number is None or not np.isfinite(number) else round(number, 5) for number in (found.value, *bounds)
    )
    return {"value": value, "low": low, "high": high, "n": found.n, "of": found.of, "infinite": found.infinite}


def write(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as PNG, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(picture))


def check(code: int, what: str) -> None:
    """Leave where a stage's exit code says that pictures failed."""
    if code:
        sys.exit(f"{what}: some pictures failed")


@contextlib.contextmanager
def work_folder(wanted: Path | None) -> Iterator[Path]:
    """The folder wanted, or a temporary one."""
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    known = [Path(text) for text in os.environ.get("COLORIZE_CLI_CORPUS", "").split(os.pathsep) if text]
    parser.add_argument("--corpus", type=Path, nargs="+", default=known, help="folders with manifest.jsonl")
    parser.add_argument("--splits", nargs="+", default=["val", "test"], choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", help="default: all that have pairs")
    parser.add_argument("--limit", type=int, help="pictures of each set, spread evenly; default all")
    parser.add_argument("--side", type=int, default=256, help="longer side, px")
    parser.add_argument("--method", action="append", metavar="NAME=SPEC", help="default: lines=lines flat=flat")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--work", type=Path, help="folder to keep; default: a temporary one")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not arguments.corpus:
        parser.error("say where the pictures are: --corpus DIR or COLORIZE_CLI_CORPUS")
    arguments.method = dict(text.split("=", 1) for text in arguments.method or ["lines=lines", "flat=flat"])
    return arguments


def main() -> None:
    """Parse the command line, measure, print tables, and write JSON if asked."""
    arguments = _parsed()
    mean = mean_colour(arguments.corpus) if "mean" in arguments.method.values() else None
    splits: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    with work_folder(arguments.work) as work:
        for split in arguments.splits:
            rows = rows_in(arguments.corpus, split, arguments.sets, arguments.limit)
            prepare(rows, work / split, arguments.side, kinds_of(arguments.method))
            report = measure(work / split, arguments.method, arguments.jobs, mean)
            splits[split] = summarise(report, list(rows))
            assert report.evaluation is not None
            metrics = {
                one.name: [one.unit, one.higher_is_better] for one in report.evaluation.metrics if one.name in KEPT
            }
            print(f"{split}\n{report.table}\n", flush=True)
    if arguments.json:
        about = {
            "side": arguments.side,
            "limit": arguments.limit,
            "methods": list(arguments.method),
            "metrics": metrics,
        }
        arguments.json.write_text(
            json.dumps({**about, "splits": splits}, separators=(",", ":")) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
