"""`colorize-cli extract-lines`."""

from pathlib import Path

from tests import drawings
from tests.conftest import Cli


def test_it_writes_grey_line_art_of_the_same_size(cli: Cli, art: Path) -> None:
    assert cli("extract-lines", art / "colour", "-o", art / "l", "-j", 1, "-q").code == 0
    lines = drawings.read(art / "l" / "a.png")
    assert lines.shape == (96, 96)
    assert lines.min() == 0, "the circles have outlines"
    assert lines[2, 2] == 255


def test_keep_tone_cleans_up_instead(cli: Cli, art: Path) -> None:
    assert cli("extract-lines", art / "colour", "-o", art / "l", "--keep-tone", "-j", 1, "-q").code == 0
    assert len(set(drawings.read(art / "l" / "a.png").ravel().tolist())) > 2
    wrong = cli("extract-lines", art / "colour", "-o", art / "m", "--keep-tone", "--method", "xdog")
    assert wrong.code == 2
    assert "--keep-tone" in wrong.err
