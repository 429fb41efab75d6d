"""Measures line extractors against the designers' own line art: F-measure of ink with a tolerance of 2 pixels.

    python benchmarks/line_quality.py [--corpus DIR] [--split test] [--sets openmoji ...] [--limit 40] [--json out.json]

Ink is what is darker than 128. Precision is the share of extracted ink within 2 px of true ink, recall the share of
true ink within 2 px of extracted ink, F their harmonic mean. A set's figures are the mean over its pictures, and the
mean of the worst tenth of them. Times are the median per picture of the extraction alone, in one thread. Pictures are
taken at the size they have (longer side 512, in wp-monsters 256) unless --side says otherwise.
"""

import argparse
import json
import os
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.picture import read_picture
from pipelines.lines import adaptive, xdog

Bytes = NDArray[np.uint8]
Extractor = Callable[[Bytes, np.random.Generator], Bytes]

TARGETED = ("openmoji", "streamline-emojis", "robohash-monsters", "adventurer", "wp-monsters")
TOLERANCE = 2  # px


@dataclass(frozen=True)
class Pair:
    """A coloured picture and the designer's line art of it."""

    name: str
    picture: Bytes
    lines: Bytes


def otsu(image: Bytes, _: np.random.Generator) -> Bytes:
    """One threshold for the whole picture."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], np.uint8)


def local_mean(image: Bytes, _: np.random.Generator) -> Bytes:
    """OpenCV's adaptiveThreshold with a window of 61 px and an offset of 30 levels."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    mode = cv2.ADAPTIVE_THRESH_MEAN_C
    return np.asarray(cv2.adaptiveThreshold(grey, 255, mode, cv2.THRESH_BINARY, 61, 30), np.uint8)


def extractors() -> dict[str, Extractor]:
    """Return every extractor that is measured, by name."""
    presets = {
        f"xdog {name}": lambda image, rng, params=params: xdog.extract(image, params, rng)
        for name, params in xdog.PRESETS.items()
    }
    return {
        "otsu": otsu,
        "adaptiveThreshold(61, 30)": local_mean,
        "adaptive": lambda image, rng: adaptive.extract(image, adaptive.Params(), rng),
        **presets,
    }


def f_measure(found: Bytes, truth: Bytes, tolerance: float = TOLERANCE) -> float:
    """F-measure of two line drawings' ink; 1 where neither has any."""
    found_ink, true_ink = found < 128, truth < 128
    if not found_ink.any() or not true_ink.any():
        return float(found_ink.any() == true_ink.any())
    precision = float(np.mean(_distance_to(true_ink)[found_ink] <= tolerance))
    recall = float(np.mean(_distance_to(found_ink)[true_ink] <= tolerance))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _distance_to(ink: NDArray[np.bool_]) -> NDArray[np.float32]:
    paper = np.where(ink, np.uint8(0), np.uint8(1))
    return np.asarray(cv2.distanceTransform(paper, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def worst_tenth(figures: Sequence[float]) -> float:
    """Mean of the lowest tenth of the figures, of at least one."""
    return float(np.mean(sorted(figures)[: max(1, -(-len(figures) // 10))]))


def pairs(corpus: Path, wanted: str, split: str, limit: int | None, *, side: int | None) -> list[Pair]:
    """Read the pairs of one set and split; `limit` takes that many, spread evenly."""
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if (row["set"], row["split"], row["kind"]) == (wanted, split, "pair")]
    if limit and len(rows) > limit:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, limit).round().astype(int)]
    return [_pair(corpus, row, side) for row in rows]


def _pair(corpus: Path, row: Mapping[str, str], side: int | None) -> Pair:
    picture, lines = (read_picture(corpus / row[kind]).over_white() for kind in ("color", "line"))
    grey = np.asarray(cv2.cvtColor(lines, cv2.COLOR_RGB2GRAY), np.uint8)
    return Pair(row["name"], _resized(picture, side), _resized(grey, side))


def _resized(picture: Bytes, side: int | None) -> Bytes:
    height, width = picture.shape[:2]
    if side is None or side == max(height, width):
        return picture
    scale = side / max(height, width)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=way), np.uint8)


def measure(extractor: Extractor, data: Sequence[Pair], seed: int) -> dict[str, float]:
    """Mean, worst tenth and minimum of F over the pairs, and the median time in milliseconds."""
    figures, times = [], []
    for pair in data:
        rng = np.random.default_rng([seed, zlib.crc32(pair.name.encode())])
        began = time.perf_counter()
        found = extractor(pair.picture, rng)
        times.append((time.perf_counter() - began) * 1000)
        figures.append(f_measure(found, pair.lines))
    return {
        "pictures": len(data),
        "mean": float(np.mean(figures)),
        "worst_tenth": worst_tenth(figures),
        "least": min(figures),
        "milliseconds": float(np.median(times)),
    }


def run(arguments: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every extractor on every set and print the table as it grows."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for wanted in arguments.sets:
        data = pairs(arguments.corpus, wanted, arguments.split, arguments.limit, side=arguments.side)
        if not data:
            print(f"{wanted}: no pairs in split {arguments.split}")
            continue
        print(f"{wanted}, {arguments.split}, n = {len(data)}")
        for name, extractor in extractors().items():
            figures = measure(extractor, data, arguments.seed)
            results.setdefault(name, {})[wanted] = figures
            line = "  {:28s} {mean:.3f} / {worst_tenth:.3f}   least {least:.3f}   {milliseconds:7.1f} ms"
            print(line.format(name, **figures), flush=True)
    for name, by_set in results.items():
        print(f"mean of sets  {name:28s} {np.mean([figures['mean'] for figures in by_set.values()]):.4f}")
    return results


def main() -> None:
    """Parse the command line, measure, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"))
    parser.add_argument("--split", default="test", choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", default=list(TARGETED))
    parser.add_argument("--limit", type=int, help="pictures of each set, spread evenly; default all")
    parser.add_argument("--side", type=int, help="resize picture and truth to this longer side first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("say where the pictures are: --corpus DIR or COLORIZE_CLI_CORPUS")
    arguments.corpus = Path(arguments.corpus)
    cv2.setNumThreads(1)
    results = run(arguments)
    if arguments.json:
        about = {"split": arguments.split, "limit": arguments.limit, "side": arguments.side, "seed": arguments.seed}
        arguments.json.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
