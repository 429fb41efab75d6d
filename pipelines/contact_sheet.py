"""Stage: folders of pictures -> one labelled contact sheet, a row per picture, a column per folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.core.batch.inputs import CompanionFiles, Sources, find_sources
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.panels import GAP, framed, heading
from pipelines.core.imaging.picture import decode_picture, encode_png
from pipelines.core.settings import plain

_MAX_PIXELS = 1 << 27  # 134 megapixels of cells


@dataclass(frozen=True)
class SheetTask:
    """The task: every cell fitted into a square, rows side by side until the sheet is about as wide as high."""

    stems: tuple[str, ...]
    labels: tuple[str, ...]
    cell: int  # px
    across: int  # rows of pictures that stand side by side

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Files named STEM/COLUMN in, one PNG out; a picture that cannot be read leaves an empty cell and a warning."""
        warnings: list[str] = []
        strips = [
            np.hstack([self._cell(files.get(f"{stem}/{column}"), stem, warnings) for column in range(len(self.labels))])
            for stem in self.stems
        ]
        strips += [np.full_like(strips[0], 255)] * (-len(strips) % self.across)
        rows = [np.hstack(strips[start : start + self.across]) for start in range(0, len(strips), self.across)]
        headings = np.hstack([heading(text, self.cell + GAP) for text in self.labels] * self.across)
        return Produced((encode_png(np.vstack([headings, *rows]), level=6),), tuple(warnings))

    def _cell(self, data: bytes | None, stem: str, warnings: list[str]) -> U8:
        try:
            return framed(None if data is None else decode_picture(data), self.cell)
        except ColorizeError as error:
            warnings.append(f"{stem}: {error}")
            return framed(None, self.cell)


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
    columns = [CompanionFiles(Path(folder), "the folders") for folder in folders]
    sources = find_sources([folders[0]], settings.selection)
    stems = [source.relative.with_suffix("") for source in sources if source.problem is None]
    if len(stems) * len(folders) * cell * cell > _MAX_PIXELS:
        raise UsageError(
            f"a sheet of {len(stems)} rows with {len(folders)} cells of {cell} px would be too large to look at",
            hint="Use --limit, --include or a smaller --cell",
        )
    reads = _reads(stems, columns)
    names = tuple(labels) or tuple(Path(folder).resolve().name for folder in folders)
    rows_across = across or max(1, round((len(stems) / len(folders)) ** 0.5))
    task = SheetTask(tuple(map(str, stems)), names, cell, rows_across)
    path = Path(output)
    jobs = [Job(reads, (path,), PurePosixPath(path.name))] if stems else []
    jobs += _rows_of_unread(sources, columns[1:])
    plan = Plan("contact-sheet", tuple(jobs), path.parent, plain(task), passed_over=sources.passed_over)
    return run(plan, task, settings, observer=observer)


def _reads(stems: Sequence[PurePosixPath], columns: Sequence[CompanionFiles]) -> tuple[tuple[str, Path | None], ...]:
    cells = ((stem, column, files.of(stem)) for stem in stems for column, files in enumerate(columns))
    unread = {entry.path for files in columns for _, entry in files.unread()}
    return tuple((f"{stem}/{column}", path) for stem, column, path in cells if path is not None and path not in unread)


def _rows_of_unread(sources: Sources, others: Sequence[CompanionFiles]) -> list[Job]:
    """A failed row for each folder that cannot be read, in the first folder or any other."""
    problems: dict[Path | None, tuple[PurePosixPath, ColorizeError | None]]
    problems = {source.path: (source.relative, source.problem) for source in sources if source.problem is not None}
    for files in others:
        problems |= {entry.path: (relative, entry.problem) for relative, entry in files.unread()}
    return [Job((("picture", path),), (), relative, problem) for path, (relative, problem) in problems.items()]
