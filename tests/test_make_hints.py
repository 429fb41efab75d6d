"""The stage make-hints: hints, and what they look like on line art."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import UsageError
from pipelines.core.imaging.compositing import composite
from pipelines.lines import adaptive
from pipelines.make_hints import make_hints
from tests import drawings

ONE = BatchSettings(jobs=1)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return drawings.write(tmp_path / "art" / "a.png", drawings.two_circles_coloured())


def test_hints_have_the_pictures_size_and_only_its_colours(picture: Path, tmp_path: Path) -> None:
    assert make_hints([str(picture)], str(tmp_path / "out"), values={"hints": "6"}, batch=ONE).counts["done"] == 1
    hints = drawings.read(tmp_path / "out" / "a.png")
    assert hints.shape == (96, 96, 4)
    assert set(np.unique(hints[..., 3])) == {0, 255}
    colours = {tuple(colour) for colour in hints[hints[..., 3] > 0][:, :3].tolist()}
    assert colours <= {drawings.RED, drawings.BLUE, drawings.WHITE}
    assert {drawings.RED, drawings.BLUE} <= colours


def test_a_composite_without_line_art_lies_on_extracted_lines(picture: Path, tmp_path: Path) -> None:
    make_hints([str(picture)], str(tmp_path / "out"), composite=True, batch=ONE)
    hints, painted = (drawings.read(tmp_path / "out" / name) for name in ("a.png", "a.composite.png"))
    lines = adaptive.extract(drawings.two_circles_coloured(), adaptive.Params(), np.random.default_rng(0))
    assert (painted == composite(hints, np.dstack([lines] * 3))).all()


def test_line_art_of_another_size_or_none_is_a_failure(picture: Path, tmp_path: Path) -> None:
    drawings.write(tmp_path / "art" / "b.png", drawings.two_circles_coloured())
    lines = drawings.write(tmp_path / "lines" / "a.png", drawings.two_circles(48)).parent
    report = make_hints([str(picture.parent)], str(tmp_path / "out"), composite=True, lines=str(lines), batch=ONE)
    reasons = {Path(record.input).name: record.reason for record in report.of("failed")}
    assert "the line art is 48x48, the picture 96x96" in reasons["a.png"]
    assert "there is no picture 'b'" in reasons["b.png"]


def test_line_art_without_a_composite_is_refused(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--lines is for --composite alone"):
        make_hints([str(picture)], str(tmp_path / "out"), lines=str(tmp_path))
    assert not (tmp_path / "out").exists()
