"""Measures ways of merging what two networks painted (F6), to choose the defaults of `colorize --merge`.

    python benchmarks/merge_sweep.py PIX2PIX CYCLEGAN [--corpus DIR] [--split val] [--sets openmoji ...] [--limit 6]
                                     [--side 256] [--json results.json]

PIX2PIX and CYCLEGAN are runs or checkpoints; any two models may be given, `flat` too. Pictures are painted as `colorize
--reference` does, from k-medoids hints of the coloured picture, at their own size. Then each network alone, and each
merge of the two, base and top exchanged, in the modes `divide` (direct) and `shading` at several opacities, gets the
line art on top and is compared with the coloured picture over white, both shrunk to a longer side of --side px. PSNR
and SSIM are scikit-image's on RGB (SSIM: channel_axis=2, data_range=255), dE00 its CIEDE2000, mean over pixels; the
figures are means over all pictures, of which --limit are taken of each set, spread evenly.
"""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from pipelines.core.imaging.compositing import composite, fit
from pipelines.core.imaging.picture import read_picture
from pipelines.flatting.reading import LineReading
from pipelines.hints import kmedoids
from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.model_source import ModelSource, find_models
from pipelines.inference.types import ColorGuide, ColorResult, Drawing
from pipelines.segmentation.line_art import ink_layer, line_drawing

Bytes = NDArray[np.uint8]

MODES = ("divide", "shading")
OPACITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
METRICS = ("psnr", "ssim", "de00")


@dataclass(frozen=True)
class Example:
    """A coloured picture and its line art, with hints."""

    truth: Bytes  # RGB (H, W, 3)
    ink: Bytes  # RGBA (H, W, 4)
    drawing: Drawing


def rows_of(corpus: Path, split: str, sets: Sequence[str], limit: int) -> Iterator[Mapping[str, str]]:
    """The pairs of a split, `limit` of each set, spread evenly."""
    lines = (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if (row["split"], row["kind"]) == (split, "pair")]
    for name in sets or sorted({row["set"] for row in rows}):
        own = [row for row in rows if row["set"] == name]
        for index in np.unique(np.linspace(0, len(own) - 1, min(limit, len(own))).round().astype(int)):
            yield own[index]


def load(corpus: Path, row: Mapping[str, str]) -> Example | None:
    """Read a pair and place its hints; None where line art and colour differ in size."""
    colour, line = read_picture(corpus / row["color"]), read_picture(corpus / row["line"])
    if colour.rgb.shape != line.rgb.shape:
        return None
    truth, rng = colour.over_white(), np.random.default_rng(0)
    hints = {
        preset: kmedoids.place(truth, colour.alpha, params, rng)
        for preset, params in (("discs", kmedoids.Params()), ("fills", kmedoids.PRESETS["fills"]))
    }
    guides = {preset: ColorGuide(found, None) for preset, found in hints.items()}
    return Example(truth, ink_layer(line), Drawing(LineReading(line_drawing(line)), guides, rng))  # type: ignore[arg-type]


def score(result: Bytes, truth: Bytes) -> tuple[float, float, float]:
    """PSNR in dB, SSIM and the mean of CIEDE2000; identical pictures have the PSNR of a squared error of .01."""
    error = max(float(np.mean((result.astype(np.float64) - truth) ** 2)), 0.01)
    similarity = float(structural_similarity(result, truth, channel_axis=2, data_range=255))
    apart = float(deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)).mean())
    return 10 * float(np.log10(255**2 / error)), similarity, apart


def results_of(made: Mapping[str, ColorResult]) -> Iterator[tuple[str, Bytes]]:
    """The colour of each network alone and of every merge, by name."""
    for label, result in made.items():
        yield f"{label} alone", result.colour
    first, second = list(made)[:2]
    for base, top in ((first, second), (second, first)):
        for mode in MODES:
            for opacity in OPACITIES:
                merged = ResolvedMerge(mode, base, (top,), opacity).merge(made)
                yield f"{mode:8} base {base}, top {top}, opacity {opacity}", merged.colour


def measure(models: Sequence[ModelSource], example: Example, side: int) -> dict[str, tuple[float, float, float]]:
    """The figures of one picture for every way."""
    made = {model.label: model.predict([example.drawing], "cpu")[0] for model in models}
    truth = fit(example.truth, side)
    return {name: score(fit(composite(example.ink, colour), side), truth) for name, colour in results_of(made)}


def main() -> None:
    """Parse the command line, measure, print the table, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("networks", nargs=2, metavar="RUN", help="run or checkpoint, or NAME=RUN, or flat")
    parser.add_argument("--corpus", type=Path, default=os.environ.get("COLORIZE_CLI_CORPUS"))
    parser.add_argument("--split", default="val", choices=["train", "val", "test"])
    parser.add_argument("--sets", nargs="+", default=[])
    parser.add_argument("--limit", type=int, default=6, help="pictures of each set")
    parser.add_argument("--side", type=int, default=256, help="px of the longer side at which pictures are compared")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("say where the pictures are: --corpus DIR or COLORIZE_CLI_CORPUS")
    cv2.setNumThreads(1)
    models = find_models(arguments.networks)
    if all(model.is_network for model in models):
        models += find_models(["flat"])  # alone, to compare with
    found = (load(Path(arguments.corpus), row) for row in _rows(arguments))
    scores = [measure(models, example, arguments.side) for example in found if example is not None]
    if not scores:
        parser.error(f"there are no pairs in split {arguments.split}")
    means = {name: np.mean([one[name] for one in scores], axis=0).tolist() for name in scores[0]}
    print(f"{arguments.split}, n = {len(scores)}")
    for name, (psnr, similarity, apart) in means.items():
        print(f"  {name:56} {psnr:6.2f} dB   SSIM {similarity:.4f}   dE00 {apart:.2f}")
    if arguments.json:
        table = {name: dict(zip(METRICS, figures, strict=True)) for name, figures in means.items()}
        about = {"split": arguments.split, "limit": arguments.limit, "side": arguments.side, "n": len(scores)}
        arguments.json.write_text(json.dumps({**about, "results": table}, indent=1) + "\n", encoding="utf-8")


def _rows(arguments: argparse.Namespace) -> Iterator[Mapping[str, str]]:
    return rows_of(Path(arguments.corpus), arguments.split, arguments.sets, arguments.limit)


if __name__ == "__main__":
    main()
