"""`colorize-cli regions`."""

from pathlib import Path

import numpy as np

from tests import drawings
from tests.conftest import Cli, files_in


def test_it_writes_labels_of_16_bit_and_a_preview(cli: Cli, art: Path) -> None:
    assert cli("regions", art / "lines", "-o", art / "r", "-j", 1).code == 0
    labels = drawings.read(art / "r" / "a.png")
    assert labels.dtype == np.uint16
    assert len({labels[48, 25], labels[48, 71], labels[2, 2]} - {0}) == 3
    assert drawings.read(art / "r" / "a.preview.png").shape == (96, 96, 3)


def test_it_writes_no_preview_where_none_is_wanted(cli: Cli, art: Path) -> None:
    assert cli("regions", art / "lines", "-o", art / "r", "-j", 1, "--no-preview").code == 0
    assert files_in(art / "r") == ["a.png", "deep/b.png", "deep/c.png"]
