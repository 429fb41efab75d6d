"""`colorize-cli init`."""

import json
from pathlib import Path

from tests.conftest import Cli
from tests.schemas.checking import problems


def test_json_says_what_was_found_and_fits_its_schema(cli: Cli, art: Path) -> None:
    content = json.loads(cli("init", art, "--json").out)
    assert problems("init", content) == []
    assert content["lines"] == "lines"
    assert content["pictures"] == 3
    assert problems("init", {**content, "pictures": "many"})
