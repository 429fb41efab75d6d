"""Measures colouring on made-up real paper: pencil, scans, photos, toned pages, against the same drawing in clean ink.

    python benchmarks/real_paper.py [--corpus DIR] [--split test] [--sets monsters openmoji ...] [--limit 12]
                                    [--kinds pencil scan ...] [--side 384] [--seed 5] [--cache DIR]
                                    [--levels] [--json results/real_paper.json] [--sheets DIR] [--pages DIR]

Pictures are monsters drawn by examples/monsters.py and, with a corpus, its pairs; all on white with a margin. Each is
coloured once from its clean ink and once from each kind of page that benchmarks/_paper_kinds.py makes of it (light,
tooth, tint and softness by seed and name), always from the same four dabs: discs in the middle of the largest flat
part of the figure's four largest colours. Ways of colouring:

fillnet  what `colorize` does by default, from the page in colour
flat     `colorize --model flat`
G'MIC    fx_colorize_lineart_smart as in benchmarks/flat_quality.py, from the page in grey; white on black is inverted
G'MIC+   with --levels: the same after what an artist would do first, the white point at 95 % of the median tone

Only colour is judged: the colour layer is multiplied by the clean drawing and compared with the true picture (PSNR on
RGB, mean CIEDE2000). A toned panel has a ground that no dab names: there the figure alone is judged, of clean ink too.
The ratio is mean dE00 of a kind over that of clean ink on the same pictures, with a 95 % bootstrap interval over them.
`rest` is what is left of the paper: mean dE00 between the finished picture and the colour layer where no line is near.
--pages writes drawings, hints and truth as files, --sheets contact sheets of each kind and of each picture: page with
hints, finished results, truth.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from _paper_kinds import KINDS
from _paper_subjects import CLEAN, MONSTERS, Subject, monsters_of, pairs_of
from flat_quality import SETS, Example, gmic_colour, over_colour
from numpy.typing import NDArray
from quality import write
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines.core.imaging.picture import encode_png
from pipelines.inference import Predictor

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Errors = tuple[NDArray[np.float64], NDArray[np.float64]]  # squared levels and CIEDE2000, (H, W) each
Sheet = dict[str, list[Bytes]]  # kind -> cells of a row
Way = Callable[[str, Bytes, Bytes], tuple[Bytes, Bytes]]  # kind, page, hints -> colour layer, finished picture

FIGURE_ONLY = ("toned",)  # kinds where the figure alone is judged
NEAR = 4  # px: a line this near leaves its soft edge
RESAMPLES = 2000
FIGURES = ("psnr", "de00", "clean_psnr", "clean_de00", "rest")
TARGET = 1.3  # times the dE00 of clean ink
ON_SHEET = 12  # pictures of a contact sheet


@dataclass(frozen=True)
class Score:
    """How one page was coloured in one way, and how the same pixels of clean ink were."""

    name: str
    kind: str
    way: str
    psnr: float
    de00: float
    clean_psnr: float
    clean_de00: float
    rest: float


# ways of colouring


def ways_of(names: Sequence[str], cache: Path | None, *, levels: bool) -> dict[str, Way]:
    """The ways of colouring by name; `cache` keeps G'MIC's results, None leaves G'MIC out."""
    ways = {name: _by_model(Predictor(name)) for name in names}
    if cache is not None:
        ways["G'MIC"] = _by_gmic(cache, levels=False)
        if levels:
            ways["G'MIC+"] = _by_gmic(cache, levels=True)
    return ways


def _by_model(predictor: Predictor) -> Way:
    def colour(kind: str, page: Bytes, hints: Bytes) -> tuple[Bytes, Bytes]:
        result = predictor.predict(page, hints=hints)
        return result.colour, result.picture

    return colour


def _by_gmic(cache: Path, *, levels: bool) -> Way:
    def colour(kind: str, page: Bytes, hints: Bytes) -> tuple[Bytes, Bytes]:
        grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)
        if kind == "white_on_black":
            grey = np.asarray(255 - grey, np.uint8)
        if levels:
            grey = np.asarray(cv2.convertScaleAbs(grey, alpha=255 / max(1.0, 0.95 * float(np.median(grey)))), np.uint8)
        painted = gmic_colour(Example(kind, page, grey, hints), cache)
        return painted, over_colour(grey, painted)

    return colour


# figures


def differences(result: Bytes, truth: Bytes) -> Errors:
    """Squared error in levels and CIEDE2000 at each pixel, (H, W) each."""
    squares = ((result.astype(np.float64) - truth) ** 2).mean(axis=2)
    return squares, np.asarray(deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)), np.float64)


def _figures(errors: Errors, judged: Mask) -> tuple[float, float]:
    squares, shades = (float(error[judged].mean()) for error in errors)
    return 10 * float(np.log10(255**2 / max(squares, 0.01))), shades


def measure(subject: Subject, kinds: Sequence[str], ways: Mapping[str, Way], seed: int) -> tuple[list[Score], Sheet]:
    """Colour every page of a picture in every way; returns scores, and for each kind a row of its sheet."""
    clean: dict[str, Errors] = {}
    scores: list[Score] = []
    rows: Sheet = {}
    bare = cv2.erode(subject.lines, np.ones([2 * NEAR + 1] * 2, np.uint8)) == 255
    for kind in (CLEAN, *kinds):
        page = subject.page(kind, seed)
        judged = subject.figure if kind in FIGURE_ONLY else np.ones(subject.lines.shape, np.bool_)
        rows[kind] = [with_hints(page, subject.hints)]
        for name, way in ways.items():
            colour, picture = way(kind, page, subject.hints)
            errors = differences(over_colour(subject.lines, colour), subject.truth)
            clean.setdefault(name, errors)
            of_page, of_clean = _figures(errors, judged), _figures(clean[name], judged)
            rest = float(differences(picture, colour)[1][bare].mean())
            scores.append(Score(subject.name, kind, name, *of_page, *of_clean, rest))
            rows[kind].append(picture)
        rows[kind].append(subject.truth)
    return scores, rows


def with_hints(page: Bytes, hints: Bytes) -> Bytes:
    """The page with its dabs on it."""
    return np.where(hints[..., 3:] > 0, hints[..., :3], page)


def summarise(scores: Sequence[Score]) -> dict[str, dict[str, float]]:
    """Way -> mean figures, the ratio to clean ink and its interval, over the scores of one kind or several."""
    table: dict[str, dict[str, float]] = {}
    for way in dict.fromkeys(score.way for score in scores):
        mine = [score for score in scores if score.way == way]
        low, high = _ratio_interval(mine)
        table[way] = {name: float(np.mean([getattr(score, name) for score in mine])) for name in FIGURES}
        table[way] |= {"ratio": table[way]["de00"] / table[way]["clean_de00"], "low": low, "high": high}
    return table


def _ratio_interval(scores: Sequence[Score]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the ratio of means, pictures drawn with all their pages."""
    names = sorted({score.name for score in scores})
    sums = np.array(
        [
            [sum(getattr(one, field) for one in scores if one.name == name) for field in ("de00", "clean_de00")]
            for name in names
        ]
    )
    picks = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    totals = sums[picks].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    return float(low), float(high)


# output


def print_table(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Print a block for each kind, and whether the targets are met."""
    for kind, figures in table.items():
        for way, figure in figures.items():
            line = "{kind:16s} {way:8s} {psnr:6.2f} dB  dE00 {de00:6.2f}  {ratio:5.2f} x clean [{low:.2f}, {high:.2f}]"
            line += "  rest {rest:5.2f}"
            print(line.format(kind=kind, way=way, **figure))
            kind = ""
    kinds = [kind for kind in table if kind not in (CLEAN, "all kinds")]
    ways = list(table["all kinds"])
    peers = [way for way in ways if way.startswith("G'MIC")]
    for way in ways:
        near = [kind for kind in kinds if table[kind][way]["ratio"] <= TARGET]
        said = f"{way}: at most {TARGET} x clean ink on {len(near)} of {len(kinds)} kinds"
        for peer in peers if way not in peers else []:
            behind = [kind for kind in kinds if table[kind][way]["de00"] >= table[kind][peer]["de00"]]
            said += f", ahead of {peer} on all but {', '.join(behind) or 'none'}"
        print(said)


def sheet(rows: Sequence[Sequence[Bytes]], side: int) -> bytes:
    """Return a contact sheet as PNG, a row a picture."""
    framed = [
        np.hstack(
            [
                np.pad(cell, ((0, side - cell.shape[0]), (0, side - cell.shape[1]), (0, 0)), constant_values=255)
                for cell in row
            ]
        )
        for row in rows
    ]
    return encode_png(np.ascontiguousarray(np.vstack(framed), np.uint8))


def write_sheets(rows: Mapping[str, Sheet], folder: Path) -> None:
    """Write FOLDER/KIND.png for each kind, of pictures spread evenly, and FOLDER/SET/NAME.png of all kinds for each."""
    chosen = dict(list(rows.items())[:: max(1, -(-len(rows) // ON_SHEET))])
    side = max(max(cell.shape) for row in chosen.values() for cells in row.values() for cell in cells)
    sheets = {kind: [row[kind] for row in chosen.values()] for kind in next(iter(chosen.values()))}
    for name, cells in {**sheets, **{name: list(row.values()) for name, row in chosen.items()}}.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sheet(cells, side))


def write_pages(subject: Subject, kinds: Sequence[str], folder: Path, seed: int) -> None:
    """Write FOLDER/KIND/NAME.png, and the same of hints and truth."""
    for kind in (CLEAN, *kinds):
        write(folder / kind / f"{subject.name}.png", subject.page(kind, seed))
    write(folder / "hints" / f"{subject.name}.png", subject.hints)
    write(folder / "truth" / f"{subject.name}.png", subject.truth)


def subjects(arguments: argparse.Namespace) -> Iterator[Subject]:
    """All pictures that were asked for."""
    for wanted in arguments.sets:
        if wanted == MONSTERS:
            yield from monsters_of(arguments.limit or 12, arguments.side, arguments.seed)
        else:
            size = {"limit": arguments.limit, "side": arguments.side}
            yield from pairs_of(arguments.corpus, wanted, arguments.split, **size)


def run(arguments: argparse.Namespace, cache: Path | None) -> tuple[int, dict[str, dict[str, dict[str, float]]]]:
    """Measure all pictures; returns how many, and kind -> way -> figures, with "all kinds" at the end."""
    ways = ways_of(arguments.models, cache, levels=arguments.levels)
    scores: list[Score] = []
    rows: dict[str, Sheet] = {}
    for subject in subjects(arguments):
        if arguments.pages:
            write_pages(subject, arguments.kinds, arguments.pages, arguments.seed)
        of_picture, row = measure(subject, arguments.kinds, ways, arguments.seed)
        scores += of_picture
        rows[subject.name] = row
        print(".", end="", file=sys.stderr, flush=True)
    print(f"\n{len(rows)} pictures", file=sys.stderr)
    if not rows:
        sys.exit(f"no pictures in split {arguments.split} of {', '.join(arguments.sets)}")
    if arguments.sheets:
        write_sheets(rows, arguments.sheets)
    table = {kind: summarise([one for one in scores if one.kind == kind]) for kind in (CLEAN, *arguments.kinds)}
    return len(rows), {**table, "all kinds": summarise([one for one in scores if one.kind != CLEAN])}


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"))
    parser.add_argument("--split", default="test", choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", help=f"{MONSTERS} and sets of the corpus; default: all there are")
    parser.add_argument("--limit", type=int, help="pictures of each set; default 12 monsters, all of the corpus")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--models", nargs="+", default=["fillnet", "flat"])
    parser.add_argument("--side", type=int, default=384, help="longer side, px")
    parser.add_argument("--seed", type=int, default=5, help="of monsters and of pages")
    parser.add_argument("--levels", action="store_true", help="G'MIC once more, its page with paper made white")
    parser.add_argument("--no-gmic", action="store_true", help="leave G'MIC out")
    parser.add_argument("--cache", type=Path, help="folder for G'MIC's results; default: a temporary one")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--pages", type=Path, help="folder for the pages themselves")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.sets = arguments.sets or [MONSTERS, *(SETS if arguments.corpus else ())]
    if arguments.corpus is None and set(arguments.sets) != {MONSTERS}:
        parser.error("say where the pictures are: --corpus DIR or COLORIZE_CLI_CORPUS")
    arguments.corpus = arguments.corpus and Path(arguments.corpus)
    return arguments


def main() -> None:
    """Parse the command line, measure, print the table, and write JSON if asked."""
    arguments = _parsed()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as temporary:
        cache: Path | None = arguments.cache or Path(temporary)
        if arguments.no_gmic or shutil.which("gmic") is None:
            print("without G'MIC")
            cache = None
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
        count, table = run(arguments, cache)
    print_table(table)
    if arguments.json:
        about = {name: getattr(arguments, name) for name in ("sets", "split", "limit", "side", "seed")}
        arguments.json.write_text(
            json.dumps({**about, "n": count, "results": table}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
