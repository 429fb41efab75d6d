"""The stage extract-lines: what a method finds in a picture over white, as grey PNG."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.picture import encode_png, read_picture
from pipelines.extract_lines import extract_lines
from pipelines.lines import xdog
from tests import drawings

ONE = BatchSettings(jobs=1)


def test_the_file_holds_what_the_method_finds_with_its_settings(tmp_path: Path) -> None:
    picture = drawings.two_circles_coloured()
    drawings.write(tmp_path / "art" / "a.png", picture)
    values = {"sigma": "0.8"}
    report = extract_lines([str(tmp_path / "art")], str(tmp_path / "out"), method="xdog", values=values, batch=ONE)
    assert report.counts == {"done": 1, "skipped": 0, "failed": 0}
    expected = xdog.extract(picture, xdog.Params(sigma=0.8), np.random.default_rng(0))
    lines = drawings.read(tmp_path / "out" / "a.png")
    assert lines.ndim == 2
    assert (lines == expected).all()


def test_what_is_transparent_is_paper(tmp_path: Path) -> None:
    rgba = np.dstack([drawings.two_circles_coloured(), np.full((96, 96), 255, np.uint8)])
    rgba[:, 48:] = 0  # black, but nowhere to be seen
    drawings.write(tmp_path / "a.png", rgba)
    extract_lines([str(tmp_path / "a.png")], str(tmp_path / "out"), batch=ONE)
    lines = drawings.read(tmp_path / "out" / "a.png")
    assert (lines[:, 56:] == 255).all()
    assert (lines[:, :44] < 128).any()


def test_lines_say_what_their_picture_says(tmp_path: Path) -> None:
    metadata = PictureMetadata((11811, 11811), (Text("Author", "Ann"),))
    (tmp_path / "a.png").write_bytes(encode_png(drawings.two_circles_coloured(), metadata=metadata))
    extract_lines([str(tmp_path / "a.png")], str(tmp_path / "out"), batch=ONE)
    assert read_picture(tmp_path / "out" / "a.png").metadata == metadata
    extract_lines([str(tmp_path / "a.png")], str(tmp_path / "clean"), keep_tone=True)
    assert read_picture(tmp_path / "clean" / "a.png").metadata == metadata


def test_unknown_methods_presets_and_settings_are_refused_before_any_work(tmp_path: Path) -> None:
    picture = str(drawings.write(tmp_path / "a.png", drawings.two_circles_coloured()))
    out = str(tmp_path / "out")
    with pytest.raises(UsageError, match="Did you mean 'adaptive'"):
        extract_lines([picture], out, method="adaptve")
    with pytest.raises(SettingsError, match="no preset 'fast'"):
        extract_lines([picture], out, preset="fast")
    with pytest.raises(SettingsError, match="no setting 'windw'"):
        extract_lines([picture], out, values={"windw": 3})
    assert not Path(out).exists()


def test_keep_tone_writes_grey_strokes_on_white_paper_and_skips_what_is_there(tmp_path: Path) -> None:
    page = np.full((300, 300, 3), (240, 230, 210), np.uint8)
    page[100:106, 40:260] = (120, 115, 105)
    drawings.write(tmp_path / "a.png", page)
    for counts in ({"done": 1, "skipped": 0, "failed": 0}, {"done": 0, "skipped": 1, "failed": 0}):
        report = extract_lines([str(tmp_path / "a.png")], str(tmp_path / "out"), keep_tone=True, batch=ONE)
        assert report.counts == counts
    grey = drawings.read(tmp_path / "out" / "a.png")
    assert grey.ndim == 2
    assert (grey[:90] == 255).all()
    assert (np.abs(grey[102:104, 60:240].astype(int) - 127) < 12).all()


@pytest.mark.parametrize("wrong", [{"method": "xdog"}, {"preset": "salac"}, {"values": {"window": 0.1}}])
def test_keep_tone_refuses_settings_of_methods(tmp_path: Path, wrong: dict[str, Any]) -> None:
    picture = str(drawings.write(tmp_path / "a.png", drawings.two_circles_coloured()))
    with pytest.raises(UsageError, match="--keep-tone"):
        extract_lines([picture], str(tmp_path / "out"), keep_tone=True, batch=ONE, **wrong)
