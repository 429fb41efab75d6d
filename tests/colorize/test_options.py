"""Facts about what is asked of the stage: what cannot be written is refused, palettes are found."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.colorize import Guides, OutputOptions, colorize
from pipelines.core.errors import UsageError
from tests import drawings
from tests.colorize.frames import run, seen
from tests.conftest import Cli
from tests.drawings import BLUE, RED


def test_variants_cannot_be_locked(art: Path) -> None:
    with pytest.raises(UsageError, match="one colouring"):
        colorize([str(art / "lines")], str(art / "out"), guides=Guides(lock=True), shown=OutputOptions(variants=2))


def test_the_palette_is_found_in_finished_pictures(walk: Path, cli: Cli) -> None:
    for name, colour in (("a", RED), ("b", BLUE)):
        picture = np.full((64, 64, 3), 255, np.uint8)
        cv2.rectangle(picture, (8, 8), (55, 55), colour, -1)
        drawings.write(walk / "finished" / f"{name}.png", picture)
    (walk / "finished" / "c.png").write_bytes(b"no picture")
    arguments = ("colorize", walk / "lines", "-o", walk / "out", "--palette-from", walk / "finished", "--model", "flat")
    done = cli(*arguments, "--background", "paper", "-j", 1)
    assert done.code == 0, done.err
    colours = {colour for found in seen(walk).values() for colour in found}
    assert colours <= {RED, BLUE} and len(colours) == 2


def test_what_is_wrong_with_palettes_is_said(walk: Path) -> None:
    (walk / "two.hex").write_text("1e3cc8\n")
    (walk / "empty").mkdir()
    with pytest.raises(UsageError, match="two palettes"):
        run(walk, palette="two.hex", palette_from="lines")
    with pytest.raises(UsageError, match="does not exist"):
        run(walk, palette_from="nowhere")
    with pytest.raises(UsageError, match="no colours"):
        run(walk, palette_from="empty")
    with pytest.raises(UsageError, match="cannot be read"):
        run(walk, palette_from="two.hex")
