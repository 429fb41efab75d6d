"""The stage blend: two folders of pictures, matched by name, in one size."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.blend import blend
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Report
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging import blend_modes
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.picture import encode_png, read_picture
from tests import drawings
from tests.core.batch.test_folders import refuse_scans_of

ONE = BatchSettings(jobs=1)


def blended(
    folder: Path, base: drawings.Bytes, top: drawings.Bytes, mode: str = "normal", opacity: float = 1
) -> Report:
    drawings.write(folder / "base" / "a.png", base)
    drawings.write(folder / "top" / "a.png", top)
    places = (str(folder / name) for name in ("base", "top", "out"))
    return blend(*places, mode=mode, opacity=opacity, batch=ONE)


def flat(height: int, width: int, *colour: int) -> drawings.Bytes:
    return np.full((height, width, len(colour)), colour, np.uint8)


def test_pictures_of_one_size_are_blended_as_the_mode_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    base, top = (rng.integers(0, 256, (9, 12, 3)).astype(np.uint8) for _ in range(2))
    report = blended(tmp_path, base, top, "multiply", 0.5)
    assert report.counts["done"] == 1
    assert report.records[0].warnings == ()
    expected = blend_modes.blend(base, top, "multiply", opacity=0.5)
    assert (drawings.read(tmp_path / "out" / "a.png") == expected).all()


def test_the_top_comes_to_the_size_of_the_base_and_that_is_said(tmp_path: Path) -> None:
    report = blended(tmp_path, flat(30, 40, 0, 0, 0), flat(60, 81, 9, 8, 7))
    assert report.records[0].warnings == ("top was resized from 81x60 to 40x30",)
    assert (drawings.read(tmp_path / "out" / "a.png") == flat(30, 40, 9, 8, 7)).all()


def test_a_top_of_another_shape_is_not_stretched(tmp_path: Path) -> None:
    report = blended(tmp_path, flat(30, 40, 0, 0, 0), flat(30, 30, 9, 8, 7))
    assert report.counts["failed"] == 1
    assert "base is 40x30, top 30x30: not the same shape" in report.records[0].reason


def test_where_the_base_is_transparent_the_top_stands_as_it_is(tmp_path: Path) -> None:
    base = flat(8, 8, 0, 100, 255, 255)
    base[:4, :, 3] = 0
    blended(tmp_path, base, flat(8, 8, 90, 80, 70), "multiply")
    out = drawings.read(tmp_path / "out" / "a.png")
    assert (out[:4] == (90, 80, 70, 255)).all()
    assert (out[4:, :, 0] == 0).all()
    assert (out[4:, :, 2] == 70).all()


def test_what_has_no_partner_on_either_side_is_a_failure_of_its_own(tmp_path: Path) -> None:
    for name in ("base/a", "base/b", "top/a", "top/c"):
        drawings.write(tmp_path / f"{name}.png", flat(4, 4, 1, 2, 3))
    places = [str(tmp_path / name) for name in ("base", "top", "out")]
    report = blend(*places, batch=ONE)
    assert report.counts == {"done": 1, "skipped": 0, "failed": 2}
    assert {Path(record.input).name for record in report.of("failed")} == {"b.png", "c.png"}


def test_what_cannot_work_is_refused_before_any_work(tmp_path: Path) -> None:
    picture = str(drawings.write(tmp_path / "base" / "a.png", flat(4, 4, 1, 2, 3)))
    folder, out = str(tmp_path / "base"), str(tmp_path / "out")
    with pytest.raises(SettingsError, match="Did you mean 'multiply'"):
        blend(folder, folder, out, mode="multipy")
    with pytest.raises(UsageError, match="one of --base and --top is a file"):
        blend(folder, picture, out)
    with pytest.raises(UsageError, match="does not exist"):
        blend(str(tmp_path / "nowhere"), folder, out)
    assert not Path(out).exists()


def test_the_result_says_what_the_base_says(tmp_path: Path) -> None:
    for name, author in (("base", "Ann"), ("top", "Bob")):
        (tmp_path / name).mkdir()
        data = encode_png(flat(4, 4, 9, 9, 9), metadata=PictureMetadata(texts=(Text("Author", author),)))
        (tmp_path / name / "a.png").write_bytes(data)
    blend(*(str(tmp_path / name) for name in ("base", "top", "out")), batch=ONE)
    assert read_picture(tmp_path / "out" / "a.png").metadata == PictureMetadata(texts=(Text("Author", "Ann"),))


def test_partners_differ_in_unicode_form_and_folders_that_cannot_be_read_are_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawings.write(tmp_path / "base" / "\u00f6.png", np.zeros((4, 4, 3), np.uint8))
    drawings.write(tmp_path / "top" / "o\u0308.png", np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "top" / "lost").mkdir()
    refuse_scans_of("lost", monkeypatch)
    report = blend(str(tmp_path / "base"), str(tmp_path / "top"), str(tmp_path / "out"))
    assert report.counts == {"done": 1, "skipped": 0, "failed": 1}
    assert "permission denied" in report.of("failed")[0].reason
