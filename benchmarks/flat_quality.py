"""Measures flat colour against G'MIC's "Colorize lineart [smart coloring]" on the same ten hints.

    python benchmarks/flat_quality.py [--corpus DIR] [--split test] [--sets openmoji ...] [--limit 20] [--cache DIR]
                                      [--preset fills] [--json results.json] [--sheets DIR]

Every pair of the corpus is taken at a longer side of 256 px (area average, colour over white). The hints are the
k-medoids hints of the coloured picture, discs of radius 4. Four colourings are compared with the coloured picture:

lines    the line art alone
G'MIC    the third layer of fx_colorize_lineart_smart, with white corners added to the hints for its background
flat     models/flat.py with its own settings
ceiling  each area that ink (darker than 191) encloses filled with the true median colour

Colours are multiplied by the line art. PSNR and SSIM are scikit-image's on RGB over white (SSIM: channel_axis=2,
data_range=255), dE00 its CIEDE2000, mean over pixels; a set's figure is the mean over its pictures. G'MIC's result of a
picture is kept in the folder --cache. --sheets writes a contact sheet for each set, the worst for flat first.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from pipelines.core.imaging.picture import decode_picture, encode_png, read_picture
from pipelines.hints import kmedoids
from pipelines.models import flat
from pipelines.regions import trapped_ball
from pipelines.segmentation.line_art import line_drawing

Bytes = NDArray[np.uint8]

SETS = ("openmoji", "streamline-emojis", "wp-monsters", "robohash-monsters", "adventurer", "streamline-stickies")
SIDE = 256  # px
CORNER = 4  # px: the white corners that G'MIC gets as hints for the background
GMIC_ARGUMENTS = "1,95,0,0,1,24,200,0,75,2,60,20,90,1,10,1,0"
METRICS = ("psnr", "ssim", "de00")


@dataclass(frozen=True)
class Example:
    """A coloured picture, its line art and its hints."""

    name: str
    picture: Bytes  # RGB (H, W, 3)
    lines: Bytes  # (H, W)
    hints: Bytes  # RGBA (H, W, 4)


def rows_of(corpus: Path, wanted: str, split: str, limit: int | None) -> list[Mapping[str, str]]:
    """Return the pairs of one set and split in the manifest; `limit` takes that many, spread evenly."""
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if (row["set"], row["split"], row["kind"]) == (wanted, split, "pair")]
    if limit and len(rows) > limit:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, limit).round().astype(int)]
    return rows


def load(corpus: Path, row: Mapping[str, str], settings: kmedoids.Params) -> Example:
    """Read a pair, shrink it and place the hints."""
    colour, line = read_picture(corpus / row["color"]), read_picture(corpus / row["line"])
    picture, lines = _shrunk(colour.over_white()), _shrunk(line_drawing(line))
    alpha = None if colour.alpha is None else _shrunk(colour.alpha)
    return Example(row["name"], picture, lines, kmedoids.place(picture, alpha, settings, np.random.default_rng(0)))


def _shrunk(array: Bytes) -> Bytes:
    height, width = array.shape[:2]
    size = tuple(max(1, round(side * SIDE / max(height, width))) for side in (width, height))
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.uint8)


def lines_alone(example: Example) -> Bytes:
    """White everywhere."""
    return np.full_like(example.picture, 255)


def flat_colour(example: Example) -> Bytes:
    """Return what models/flat.py paints."""
    return flat.fill(example.lines, example.hints, None, flat.Params(), np.random.default_rng(0)).colour


def ceiling(example: Example) -> Bytes:
    """Fill every area that ink encloses with the median of its true colours, the ink with the nearest area's."""
    settings = trapped_ball.Params(gap=0, sliver=0, ink=191, under_lines=True)
    areas = trapped_ball.segment(example.lines, settings)
    paper = example.lines >= 191
    colours = np.full((int(areas.max()) + 1, 3), 255, np.uint8)
    for area in range(1, len(colours)):
        colours[area] = np.median(example.picture[(areas == area) & paper], axis=0)
    return colours[areas]


def gmic_colour(example: Example, cache: Path) -> Bytes:
    """Return what G'MIC paints, from the cache if it is there."""
    hints = example.hints.copy()
    for rows in (slice(0, CORNER), slice(-CORNER, None)):
        for columns in (slice(0, CORNER), slice(-CORNER, None)):
            corner = hints[rows, columns]
            corner[corner[..., 3] == 0] = 255
    digest = hashlib.sha256(hints.tobytes() + example.lines.tobytes()).hexdigest()[:24]
    kept = cache / f"{digest}.png"
    if not kept.exists():
        kept.write_bytes(_run_gmic(hints, example.lines))
    return decode_picture(kept.read_bytes()).rgb


def _run_gmic(hints: Bytes, lines: Bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        spots, line, out = (Path(folder, name) for name in ("spots.png", "line.png", "out.png"))
        spots.write_bytes(encode_png(hints))
        line.write_bytes(encode_png(np.dstack([lines] * 3)))
        command = ["gmic", str(spots), str(line), "fx_colorize_lineart_smart", GMIC_ARGUMENTS, "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return sorted(Path(folder).glob("out*.png"))[2].read_bytes()


def over_colour(lines: Bytes, colour: Bytes) -> Bytes:
    """Multiply colour by line art, rounded."""
    return ((colour.astype(np.int32) * lines[..., None] + 127) // 255).astype(np.uint8)


def score(result: Bytes, truth: Bytes) -> tuple[float, float, float]:
    """Return PSNR in dB, SSIM and the mean of CIEDE2000; identical pictures have the PSNR of a squared error of .01."""
    error = max(float(np.mean((result.astype(np.float64) - truth) ** 2)), 0.01)
    similarity = float(structural_similarity(result, truth, channel_axis=2, data_range=255))
    return (
        10 * float(np.log10(255**2 / error)),
        similarity,
        float(deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)).mean()),
    )


def results_of(example: Example, cache: Path | None) -> dict[str, Bytes]:
    """Return the finished picture of each way of colouring."""
    colours = {"lines": lines_alone(example)}
    if cache is not None:
        colours["G'MIC"] = gmic_colour(example, cache)
    colours |= {"flat": flat_colour(example), "ceiling": ceiling(example)}
    return {way: over_colour(example.lines, colour) for way, colour in colours.items()}


def sheet(examples: Sequence[Example], results: Sequence[Mapping[str, Bytes]], order: Sequence[int]) -> bytes:
    """Return a contact sheet as PNG: hints on the line art, G'MIC, flat, truth, a row a picture."""
    rows = []
    for index in order:
        example, made = examples[index], results[index]
        shown = np.where(example.hints[..., 3:] > 0, example.hints[..., :3], example.lines[..., None])
        cells = [shown, made.get("G'MIC", made["lines"]), made["flat"], example.picture]
        framed = [np.pad(cell, ((0, SIDE - cell.shape[0]), (0, SIDE - cell.shape[1]), (0, 0))) for cell in cells]
        rows.append(np.hstack(framed))
    return encode_png(np.ascontiguousarray(np.vstack(rows), np.uint8))


def measure(
    examples: Sequence[Example], cache: Path | None, sheets: Path | None, name: str
) -> dict[str, dict[str, float]]:
    """Return each way's mean figures over a set; write its contact sheet if wanted."""
    results = [results_of(example, cache) for example in examples]
    scores = {
        way: np.array([score(made[way], example.picture) for made, example in zip(results, examples, strict=True)])
        for way in results[0]
    }
    if sheets is not None:
        order = np.argsort(scores["flat"][:, 0])[:24].tolist()
        (sheets / f"{name}.png").write_bytes(sheet(examples, results, order))
    return {way: dict(zip(METRICS, figures.mean(axis=0).tolist(), strict=True)) for way, figures in scores.items()}


def run(arguments: argparse.Namespace, cache: Path | None) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every set and print the table as it grows."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    settings = kmedoids.PRESETS[arguments.preset]
    for name in arguments.sets:
        examples = [
            load(arguments.corpus, row, settings)
            for row in rows_of(arguments.corpus, name, arguments.split, arguments.limit)
        ]
        if not examples:
            print(f"{name}: no pairs in split {arguments.split}")
            continue
        table[name] = measure(examples, cache, arguments.sheets, name)
        print(f"{name}, {arguments.split}, n = {len(examples)}")
        for way, figures in table[name].items():
            print(
                f"  {way:8s} {figures['psnr']:6.2f} dB   SSIM {figures['ssim']:.4f}   dE00 {figures['de00']:.2f}",
                flush=True,
            )
    _print_verdict(table)
    return table


def _print_verdict(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    ahead = [
        (figures["flat"][metric] - figures["G'MIC"][metric]) * (-1 if metric == "de00" else 1) > 0
        for figures in table.values()
        if "G'MIC" in figures
        for metric in METRICS
    ]
    if ahead:
        print(f"flat is ahead of G'MIC on {sum(ahead)} of {len(ahead)} figures")


def main() -> None:
    """Parse the command line, measure, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"))
    parser.add_argument("--split", default="test", choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--limit", type=int, help="pictures of each set, spread evenly; default all")
    parser.add_argument("--preset", default="fills", choices=sorted(kmedoids.PRESETS), help="of the k-medoids hints")
    parser.add_argument("--cache", type=Path, help="folder for G'MIC's results; default: a temporary one")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("say where the pictures are: --corpus DIR or COLORIZE_CLI_CORPUS")
    arguments.corpus = Path(arguments.corpus)
    cv2.setNumThreads(1)
    for folder in (arguments.cache, arguments.sheets):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        cache = arguments.cache or Path(temporary)
        if shutil.which("gmic") is None:
            print("gmic is not installed: its figures are left out")
            cache = None
        results = run(arguments, cache)
    if arguments.json:
        about = {"split": arguments.split, "limit": arguments.limit, "preset": arguments.preset, "side": SIDE}
        arguments.json.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
