"""A dataset's description and its rows are what their schemas say, in every layout."""

import json
from pathlib import Path

import pytest

from tests.conftest import Cli
from tests.schemas.checking import problems


@pytest.mark.parametrize("layout", ["own", "aligned", "unaligned", "webdataset"])
def test_description_and_rows_fit(cli: Cli, art: Path, layout: str) -> None:
    (art / "colour" / "a.json").write_text('{"licence": "CC0-1.0", "author": "Ann"}')
    ran = cli("build-dataset", art / "colour", "-o", art / "set", "--size", 32, "--layout", layout, "-j", 1, "-q")
    assert ran.code == 0, ran.err
    description = json.loads((art / "set" / "dataset.json").read_text())
    assert problems("dataset", description) == []
    rows = [json.loads(line) for line in (art / "set" / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 3
    assert [problem for row in rows for problem in problems("dataset-row", row)] == []
    assert problems("dataset-row", {**rows[0], "sha256": {"colour": "abc"}})
    assert problems("dataset", {**description, "complete": "yes"})
