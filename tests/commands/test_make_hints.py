"""`colorize-cli make-hints`."""

from pathlib import Path

import numpy as np

from tests import drawings
from tests.conftest import Cli, files_in


def test_it_writes_hints_with_transparency_and_the_composite_where_it_is_wanted(cli: Cli, art: Path) -> None:
    assert cli("make-hints", art / "colour", "-o", art / "h", "-j", 1, "--composite", "--set", "hints=4").code == 0
    assert drawings.read(art / "h" / "a.png").shape == (96, 96, 4)
    assert drawings.read(art / "h" / "a.composite.png").shape == (96, 96, 3)
    assert cli("make-hints", art / "colour", "-o", art / "plain", "-j", 1).code == 0
    assert files_in(art / "plain") == ["a.png", "deep/b.png", "deep/c.png"]


def test_a_composite_lies_on_the_line_art_given(cli: Cli, art: Path) -> None:
    lines = art / "own" / "a.png"
    drawings.write(lines, np.full((96, 96), 200, np.uint8))
    command = ("make-hints", art / "colour" / "a.png", "-o", art / "h", "--composite", "--lines", lines)
    assert cli(*command).code == 0
    hints, composite = (drawings.read(art / "h" / name) for name in ("a.png", "a.composite.png"))
    assert (composite[hints[..., 3] == 0] == 200).all()
    assert (composite[hints[..., 3] == 255] == hints[hints[..., 3] == 255][:, :3]).all()
