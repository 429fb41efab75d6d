"""`colorize-cli contact-sheet`."""

from pathlib import Path

from tests import drawings
from tests.conftest import Cli


def test_contact_sheet_shows_every_column(cli: Cli, art: Path) -> None:
    ran = cli("contact-sheet", art / "lines", art / "colour", "-o", art / "sheet.png", "--cell", 64, "--across", 1)
    assert ran.code == 0, ran.err
    assert drawings.read(art / "sheet.png").shape == (28 + 3 * 72, 2 * 72, 3)
