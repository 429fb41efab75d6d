"""Stage: folders of pictures -> one labelled contact sheet, a row per picture, a column per folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipelines.core.batch import run
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.images import Picture, decode_picture, encode_png
from pipelines.core.inputs import Partners, find_sources
from pipelines.core.plans import BatchSettings, Job, Plan
from pipelines.core.report import Observer, Report
from pipelines.core.settings import plain
from pipelines.core.workers import Made

_LABEL_HEIGHT = 28  # px
_GAP = 8  # px between cells
_MOST_PIXELS = 1 << 27  # 134 megapixels of cells
_CHECKER = (238, 250)  # the two greys that stand behind transparency


@dataclass(frozen=True)
class Sheet:
    """The work: every cell fitted into a square, rows side by side until the sheet is about as wide as high."""

    stems: tuple[str, ...]
    labels: tuple[str, ...]
    cell: int  # px
    across: int  # rows of pictures that stand side by side

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Made:
        """Files named STEM/COLUMN in, one PNG out; a picture that cannot be read leaves an empty cell and a warning."""
        warnings: list[str] = []
        strips = [
            np.hstack([self._cell(files.get(f"{stem}/{column}"), stem, warnings) for column in range(len(self.labels))])
            for stem in self.stems
        ]
        strips += [np.full_like(strips[0], 255)] * (-len(strips) % self.across)
        rows = [np.hstack(strips[i : i + self.across]) for i in range(0, len(strips), self.across)]
        label = np.hstack([_heading(text, self.cell + _GAP) for text in self.labels] * self.across)
        return Made((encode_png(np.vstack([label, *rows]), level=6),), tuple(warnings))

    def _cell(self, data: bytes | None, stem: str, warnings: list[str]) -> NDArray[np.uint8]:
        frame = np.full((self.cell + _GAP, self.cell + _GAP, 3), 255, np.uint8)
        if data is None:
            return frame
        try:
            picture = decode_picture(data)
        except ColorizeError as error:
            warnings.append(f"{stem}: {error}")
            return frame
        small = _fitted(picture, self.cell)
        height, width = small.shape[:2]
        top, left = (self.cell + _GAP - height) // 2, (self.cell + _GAP - width) // 2
        frame[top : top + height, left : left + width] = small
        return frame


def contact_sheet(
    folders: Sequence[str],
    output: str,
    *,
    labels: Sequence[str] = (),
    cell: int = 256,
    across: int | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Lay the pictures of the same name in `folders` side by side, written to the PNG file `output`.

    The first folder says which pictures are shown (`batch.selection.limit` at most); `labels` default to the folders'
    names; `cell` is the longer side of a cell in px; `across` rows stand side by side (None: about a square sheet).
    Raises UsageError for labels that do not fit and NothingMatchedError for an empty first folder.
    """
    settings = batch or BatchSettings()
    if labels and len(labels) != len(folders):
        raise UsageError(f"{len(labels)} labels for {len(folders)} folders", hint="Give one --label per folder")
    if Path(output).suffix.lower() != ".png":
        raise UsageError(f"the sheet cannot be written to {output}", hint="Give a .png file after -o")
    columns = [Partners(Path(folder), "the folders") for folder in folders]
    stems = [source.relative.with_suffix("") for source in find_sources([folders[0]], settings.selection)]
    if len(stems) * len(folders) * cell * cell > _MOST_PIXELS:
        raise UsageError(
            f"a sheet of {len(stems)} rows with {len(folders)} cells of {cell} px would be too large to look at",
            hint="Use --limit, --include or a smaller --cell",
        )
    reads = _reads(stems, columns)
    names = tuple(labels) or tuple(Path(folder).resolve().name for folder in folders)
    side = across or max(1, round((len(stems) / len(folders)) ** 0.5))
    work = Sheet(tuple(map(str, stems)), names, cell, side)
    path = Path(output)
    plan = Plan("contact-sheet", (Job(reads, (path,), PurePosixPath(path.name)),), path.parent, plain(work))
    return run(plan, work, settings, observer=observer)


def _reads(stems: Sequence[PurePosixPath], columns: Sequence[Partners]) -> tuple[tuple[str, Path | None], ...]:
    cells = ((stem, column, partners.of(stem)) for stem in stems for column, partners in enumerate(columns))
    return tuple((f"{stem}/{column}", path) for stem, column, path in cells if path is not None)


def _fitted(picture: Picture, cell: int) -> NDArray[np.uint8]:
    """The picture over a checkerboard, its longer side `cell` px."""
    scale = cell / max(picture.height, picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    rgb = cv2.resize(picture.rgb, size, interpolation=method)
    if picture.alpha is None:
        return rgb  # type: ignore[return-value]
    alpha = cv2.resize(picture.alpha, size, interpolation=method)[..., None] / 255.0
    rows, columns = np.indices((size[1], size[0])) // 8
    checker = np.where((rows + columns) % 2, *_CHECKER)[..., None]
    mixed: NDArray[np.uint8] = np.rint(rgb * alpha + checker * (1 - alpha)).astype(np.uint8)
    return mixed


def _heading(text: str, width: int) -> NDArray[np.uint8]:
    """A text, centred, on a white strip, uint8 (_LABEL_HEIGHT, width, 3)."""
    strip = Image.new("RGB", (width, _LABEL_HEIGHT), "white")
    font = ImageFont.load_default(size=16)
    ImageDraw.Draw(strip).text((width / 2, _LABEL_HEIGHT / 2), text, fill=(60, 60, 60), font=font, anchor="mm")
    return np.asarray(strip)
