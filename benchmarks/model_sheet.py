"""Draws the sheet of what trained networks make of the same drawings: finished above, what the network painted below.

    python benchmarks/model_sheet.py [-o docs/models.png] [--drawings 4] [--side 256] [--cell 160] [--seed 11]
                                     NAME=MODEL[:HINTS] ...

Drawings are monsters of examples/monsters.py. HINTS: discs, strokes, points or none, as `make-hints` finds them in the
monster's own colours; the default is discs. The first columns are the page with discs and the true picture. Such as

    flat=flat pix2pix=runs/pix2pix paintstorch=runs/paintstorch:strokes anime=runs/anime:none
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from _paper_subjects import Subject, monsters_of
from quality import HINTS, check, write

from pipelines.colorize import Guides, OutputOptions, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.panels import panel
from pipelines.core.imaging.picture import Picture, encode_png, read_picture
from pipelines.inference.model_source import find_models
from pipelines.make_hints import make_hints

ROOT = Path(__file__).resolve().parent.parent
NO_HINTS = "none"
SHOWN = ("discs", "strokes", "points")
SERIAL = BatchSettings(jobs=1)
Row = list[tuple[str, Picture | None]]


def prepare(subjects: list[Subject], work: Path) -> None:
    """Write truth, lines and every kind of hints."""
    for number, subject in enumerate(subjects):
        write(work / "truth" / f"{number}.png", subject.truth)
        write(work / "lines" / f"{number}.png", np.dstack([subject.lines] * 3))
    for kind in SHOWN:
        method, preset, values = HINTS[kind]
        output = str(work / kind)
        report = make_hints([str(work / "truth")], output, method=method, preset=preset, values=values, batch=SERIAL)
        check(report.exit_code, f"hints {kind}")


def painted_by(name: str, spec: str, work: Path) -> tuple[Path, Path | None]:
    """Colour every drawing one way; returns the folders of the results and of what a network painted."""
    model, _, kind = spec.partition(":")
    source = find_models([model])[0]
    guides = None if kind == NO_HINTS else Guides(hints=str(work / (kind or "discs")))
    output = work / "results" / name
    report = colorize(
        [str(work / "lines")],
        str(output),
        model=[model],
        guides=guides,
        background="paper",
        shown=OutputOptions(steps=source.is_network),
        batch=SERIAL,
    )
    check(report.exit_code, name)
    raw = output / "steps" / f"{source.label}-raw"
    return output, raw if raw.is_dir() else None


def rows_of(number: int, folders: dict[str, tuple[Path, Path | None]], work: Path) -> tuple[Row, Row]:
    """What is shown of a drawing: finished, and painted."""
    truth, lines = (read_picture(work / kind / f"{number}.png") for kind in ("truth", "lines"))
    page = Picture(composite(read_picture(work / "discs" / f"{number}.png").layer(), lines.rgb))
    finished: Row = [("page", page), ("truth", truth)]
    painted: Row = [("", None), ("", None)]
    for name, (results, raw) in folders.items():
        finished.append((name, read_picture(results / f"{number}.png")))
        painted.append(("" if raw is None else "as painted", None if raw is None else _enlarged(raw, number)))
    return finished, painted


def _enlarged(folder: Path, number: int) -> Picture:
    """What a network painted, twice as large, smooth: the panel enlarges by whole pixels."""
    small = read_picture(folder / f"{number}.png").rgb
    return Picture(np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8))


def main() -> None:
    """Read the command line, colour, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL[:HINTS]")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "models.png")
    parser.add_argument("--drawings", type=int, default=4)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--cell", type=int, default=160)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepare(list(monsters_of(options.drawings, options.side, options.seed)), work)
        specs = dict(text.split("=", 1) for text in options.models)
        folders = {name: painted_by(name, spec, work) for name, spec in specs.items()}
        strips = [
            panel(row, cell=options.cell)
            for number in range(options.drawings)
            for row in rows_of(number, folders, work)
        ]
    options.output.write_bytes(encode_png(np.vstack(strips)))


if __name__ == "__main__":
    main()
