"""`colorize-cli blend`."""

import json
from pathlib import Path

import numpy as np

from tests import drawings
from tests.conftest import Cli


def test_blend_matches_by_name_and_reports_what_has_no_partner(cli: Cli, art: Path) -> None:
    drawings.write(art / "top" / "a.png", np.full((96, 96, 3), 128, np.uint8))
    drawings.write(art / "top" / "alone.png", np.full((96, 96, 3), 128, np.uint8))
    arguments = (
        "blend",
        "--base",
        art / "colour",
        "--top",
        art / "top",
        "-o",
        art / "out",
        "--mode",
        "multiply",
        "-j",
        1,
    )
    ran = cli(*arguments, "--json")
    assert ran.code == 1
    summary = json.loads(ran.out)
    assert (summary["inputs"], summary["done"], summary["failed"]) == (4, 1, 3)
    assert any("alone" in name for name in summary["failures"])
    assert tuple(drawings.read(art / "out" / "a.png")[2, 2]) == (128, 128, 128)
