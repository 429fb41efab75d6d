"""Draws the sheet of twelve kinds of line art: page with dabs, coloured by another checkout, coloured by this one.

    python benchmarks/paper_sheet.py OLD_CHECKOUT [-o docs/real-paper.png] [--side 384] [--cell 240] [--seed 5]

The pages are those of benchmarks/real_paper.py, a monster each; and two more kinds: a stencil, opaque around
transparent areas, and soft ink of a dark grey on white. Both checkouts run as users run them, with their defaults.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from _checkouts import Checkout
from _paper_kinds import KINDS
from _paper_subjects import CLEAN, Subject, monsters_of
from numpy.typing import NDArray

from pipelines.core.imaging.picture import encode_png, read_picture

Bytes = NDArray[np.uint8]

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 2  # kinds side by side
LABEL = 22  # px, the height of a caption


def page_of(subject: Subject, kind: str, seed: int) -> Bytes:
    """A page of one of the twelve kinds, RGB or RGBA."""
    if kind == "stencil":
        around = np.where(subject.figure & (subject.lines > 128), np.uint8(0), np.uint8(255))
        return np.dstack([subject.page(CLEAN, seed), around])
    if kind == "soft_grey":
        soft = cv2.GaussianBlur(subject.lines, (0, 0), 1.2).astype(np.float32)
        return np.dstack([np.rint(90 + soft * (165 / 255)).astype(np.uint8)] * 3)
    return subject.page(kind, seed)


def coloured(checkout: Checkout, arguments: list[str]) -> None:
    """Run a checkout's `colorize`; ends the program where it fails."""
    run = checkout.run(["colorize", *arguments, "-q"])
    if run.code:
        raise SystemExit(f"{checkout.name}: {run.complaint}")


def cell(picture: Bytes, side: int) -> Bytes:
    """A picture over white, at the size of a cell."""
    if picture.shape[2] == 4:
        share = picture[..., 3:] / 255
        picture = np.rint(picture[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def row(kind: str, cells: list[Bytes]) -> Bytes:
    """The three pictures of a kind side by side, with a caption above."""
    pictures = np.hstack(cells)
    caption = np.full((LABEL, pictures.shape[1], 3), 255, np.uint8)
    text = f"{kind.replace('_', ' ')}: page and dabs, before, now"
    cv2.putText(caption, text, (6, LABEL - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([caption, pictures])


def main() -> None:
    """Read the command line, colour, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD_CHECKOUT")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "real-paper.png")
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--cell", type=int, default=240)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    kinds = [*KINDS, "soft_grey", "stencil"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("pages", "hints", "old", "new"):
            (work / name).mkdir()
        subjects = dict(zip(kinds, monsters_of(len(kinds), options.side, options.seed), strict=True))
        for kind, subject in subjects.items():
            (work / "pages" / f"{kind}.png").write_bytes(encode_png(page_of(subject, kind, options.seed)))
            (work / "hints" / f"{kind}.png").write_bytes(encode_png(subject.hints))
        for name, root in (("old", options.old.resolve()), ("new", ROOT)):
            checkout = Checkout(name, root, work)
            checkout.check()
            coloured(checkout, ["pages", "-o", name, "--hints", "hints"])
        for kind, subject in subjects.items():
            page = cell(read_picture(work / "pages" / f"{kind}.png").layer(), options.cell)
            dabs = cv2.resize(subject.hints, (options.cell, options.cell), interpolation=cv2.INTER_NEAREST)
            shown = np.where(dabs[..., 3:] > 0, dabs[..., :3], page)
            results = [cell(read_picture(work / name / f"{kind}.png").layer(), options.cell) for name in ("old", "new")]
            rows.append(row(kind, [shown, *results]))
    sheet = np.vstack([np.hstack(rows[start : start + COLUMNS]) for start in range(0, len(rows), COLUMNS)])
    options.output.write_bytes(encode_png(np.ascontiguousarray(sheet, np.uint8), level=9))
    print(options.output)


if __name__ == "__main__":
    main()
