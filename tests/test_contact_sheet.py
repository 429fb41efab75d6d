"""The stage contact-sheet: a row per picture, a column per folder."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.contact_sheet import contact_sheet
from pipelines.core.errors import NothingMatchedError, UsageError
from pipelines.core.imaging.panels import GAP
from tests import drawings
from tests.core.batch.test_folders import refuse_scans_of

HEADING = 28  # px


def write_folders(folder: Path, *names: str) -> list[str]:
    """Two folders with squares: dark ones in the first, light ones in the second."""
    for name in names:
        drawings.write(folder / "dark" / f"{name}.png", np.full((20, 20, 3), 10, np.uint8))
        drawings.write(folder / "light" / f"{name}.png", np.full((20, 20, 3), 200, np.uint8))
    return [str(folder / "dark"), str(folder / "light")]


def test_a_picture_stands_in_the_row_of_its_name_and_the_column_of_its_folder(tmp_path: Path) -> None:
    folders = write_folders(tmp_path, "a", "b")
    (tmp_path / "light" / "a.png").unlink()
    assert contact_sheet(folders, str(tmp_path / "sheet.png"), cell=40, across=1).counts["done"] == 1
    sheet = drawings.read(tmp_path / "sheet.png")
    assert sheet.shape == (HEADING + 2 * (40 + GAP), 2 * (40 + GAP), 3)
    middles = sheet[HEADING + 24 :: 48, 24::48, 0]
    assert middles.tolist() == [[10, 255], [10, 200]]


def test_rows_stand_side_by_side_until_the_sheet_is_about_square(tmp_path: Path) -> None:
    folders = write_folders(tmp_path, *"abcdefgh")
    contact_sheet(folders, str(tmp_path / "sheet.png"), cell=16)
    rows_across = 2  # 8 rows of 2 cells: 4 x 4 cells
    assert drawings.read(tmp_path / "sheet.png").shape == (HEADING + 4 * 24, rows_across * 2 * 24, 3)


def test_a_picture_that_cannot_be_read_leaves_an_empty_cell_and_a_warning(tmp_path: Path) -> None:
    folders = write_folders(tmp_path, "a")
    (tmp_path / "dark" / "a.png").write_bytes(b"no picture")
    report = contact_sheet(folders, str(tmp_path / "sheet.png"), cell=40)
    (warning,) = report.records[0].warnings
    assert warning.startswith("a: it is not a picture")
    assert drawings.read(tmp_path / "sheet.png")[HEADING + 24, 24].tolist() == [255] * 3


def test_what_cannot_work_is_refused_before_any_work(tmp_path: Path) -> None:
    folders, sheet = write_folders(tmp_path, "a", "b"), str(tmp_path / "sheet.png")
    with pytest.raises(UsageError, match="3 labels for 2 folders"):
        contact_sheet(folders, sheet, labels=("x", "y", "z"))
    with pytest.raises(UsageError, match=r"Give a \.png file"):
        contact_sheet(folders, str(tmp_path / "sheet.jpg"))
    with pytest.raises(UsageError, match="too large to look at"):
        contact_sheet(folders, sheet, cell=8192)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingMatchedError):
        contact_sheet([str(tmp_path / "empty"), *folders], sheet)
    assert not Path(sheet).exists()


def test_folders_that_cannot_be_read_are_rows_beside_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = write_folders(tmp_path, "a", "lost/b")
    (tmp_path / "dark" / "gone").mkdir()
    refuse_scans_of("gone", monkeypatch)
    (tmp_path / "light" / "lost").rename(tmp_path / "light" / "locked")
    (tmp_path / "dark" / "lost").rename(tmp_path / "dark" / "locked")
    real = tmp_path / "light" / "locked"
    refuse_scans_of(real.name, monkeypatch, above="light")
    report = contact_sheet(folders, str(tmp_path / "sheet.png"), cell=40, across=1)
    assert report.counts == {"done": 1, "skipped": 0, "failed": 2}
    assert {record.input for record in report.of("failed")} == {str(real), str(tmp_path / "dark" / "gone")}
    assert drawings.read(tmp_path / "sheet.png")[HEADING + 24 :: 48, 24::48, 0].tolist() == [[10, 200], [10, 255]]


def test_names_that_are_no_utf_8_are_shown(tmp_path: Path) -> None:
    folders = write_folders(tmp_path, "a")
    for folder in folders:
        (Path(folder) / "a.png").rename(Path(folder) / "caf\udce9.png")
    assert contact_sheet(folders, str(tmp_path / "sheet.png"), cell=40).counts["done"] == 1
